import Routing
import Testing
import Vocabulary

/// Where an endpoint is, and which of its bindings calls go to.
@Suite("Live location")
struct LiveLocationTests {
    let start = Instant(nanoseconds: 1_000_000_000_000)

    private func binding(
        _ contact: String, seconds: Int64 = 60, q: UInt16 = 1_000, updated: Int64 = 0, from: String = "192.0.2.7:5060"
    ) -> LiveBinding {
        let moment = Moment(instant: start + .seconds(updated), wall: .unset)
        var binding = LiveBinding(
            contact: Array(contact.utf8), flow: Flow(transport: .udp, listener: 0, remote: NetworkAddress(from)!),
            expiresAt: start + .seconds(seconds), callID: Array("c".utf8), cseq: 1, registeredAt: moment)
        binding.q = q
        return binding
    }

    private func best(_ bindings: [LiveBinding], after: Interval = .zero) -> String? {
        let location = LiveLocation()
        location.update { $0 = bindings }
        return location.best(now: start + after).map { String(decoding: $0.contact, as: UTF8.self) }
    }

    @Test("nobody is reachable without a binding, nor when its time is over")
    func reachable() {
        let location = LiveLocation()
        #expect(!location.isReachable(now: start))
        location.update { $0 = [binding("a"), binding("b", seconds: 90)] }
        #expect(location.isReachable(now: start + .seconds(89)))
        #expect(location.bindings(now: start + .seconds(60)).count == 1)
        #expect(!location.isReachable(now: start + .seconds(90)))
        #expect(location.best(now: start + .seconds(90)) == nil)
        location.update { $0 = [] }
        #expect(!location.isReachable(now: start))
    }

    @Test("calls go to the preferred binding, of equals to the one renewed last")
    func preference() {
        #expect(best([binding("a", q: 500), binding("b", q: 700), binding("c", q: 600)]) == "b")
        #expect(best([binding("a", updated: 2), binding("b", updated: 3), binding("c", updated: 1)]) == "b")
        #expect(best([binding("a", q: 900, updated: 0), binding("b", q: 100, updated: 9)]) == "a")
        #expect(best([binding("a", seconds: 10), binding("b", q: 1)], after: .seconds(10)) == "b")
    }

    @Test("a message from its address is heard, one from another port is not its own")
    func heard() {
        let location = LiveLocation()
        location.update { $0 = [binding("a"), binding("b", from: "192.0.2.8:5060")] }
        location.heard(from: NetworkAddress("192.0.2.8:5060")!, at: start + .seconds(5))
        #expect(location.bindings(now: start).map(\.heardAt) == [start, start + .seconds(5)])
        #expect(location.isBound(from: NetworkAddress("192.0.2.7:5060")!, now: start))
        #expect(!location.isBound(from: NetworkAddress("192.0.2.7:5061")!, now: start))
    }

    @Test("a binding whose texts are as long as they may be takes less than 2 KiB")
    func memory() {
        typealias Limit = LiveBinding.Limit
        // Each array has a head of 32 bytes and is rounded up to 16.
        let texts = [Limit.contact, Limit.path, Limit.callID, Limit.instance, Limit.userAgent]
        #expect(MemoryLayout<LiveBinding>.stride + texts.reduce(0) { $0 + ($1 + 32 + 15) / 16 * 16 } < 2_048)
    }

    @Test("who registered from an address is found by it, as long as one of them is left")
    func sources() {
        let sources = BoundSources()
        let place = NetworkAddress("192.0.2.7:5060")!
        #expect(sources.endpoint(at: place) == nil)
        sources.insert(EndpointName(.phone, "1001"), at: place)
        sources.insert(EndpointName(.phone, "1002"), at: place)
        sources.insert(EndpointName(.phone, "1001"), at: place)
        #expect(sources.endpoint(at: place) == EndpointName(.phone, "1001"))
        #expect(sources.endpoint(at: NetworkAddress("192.0.2.7:5061")!) == nil)
        sources.remove(EndpointName(.phone, "1001"), at: place)
        #expect(sources.endpoint(at: place) == EndpointName(.phone, "1002"))
        sources.remove(EndpointName(.phone, "1002"), at: place)
        #expect(sources.endpoint(at: place) == nil)
    }
}
