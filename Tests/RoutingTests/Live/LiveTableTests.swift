import Routing
import Testing
import Vocabulary

/// What stands across configuration changes, and what is forgotten.
@Suite("Live table")
struct LiveTableTests {
    static func configuration(_ names: [String], _ live: LiveTable) -> SwitchConfiguration {
        SwitchConfiguration(
            mappingGateways: names.map { MappingGateway(name: $0, addresses: []) }, routingGateways: names.map { Decide.gateway($0) },
            phones: names.map { Phone(name: $0) }, groups: names.map { Decide.group($0) }, live: live)
    }

    @Test("an object is found by kind and name, wherever it stands in the configuration")
    func kept() {
        let live = LiveTable()
        let before = Self.configuration(["a", "b"], live)
        let after = Self.configuration(["c", "b"], live)
        #expect(after.routingLive[1] === before.routingLive[1] && after.phoneLive[1] === before.phoneLive[1])
        #expect(after.mappingLive[1] === before.mappingLive[1] && after.groupLive[1] === before.groupLive[1])
        #expect(after.routingLive[1] !== after.mappingLive[1] && after.routingLive[0] !== before.routingLive[0])
        #expect(live.object(.phone, named: "b") === after.phoneLive[1] && live.object(.phone, named: "x") == nil)
    }

    @Test("what the configuration no longer has is forgotten once its calls are over")
    func forgotten() {
        let live = LiveTable()
        let before = Self.configuration(["a", "b"], live)
        #expect(live.count == 8)
        let after = Self.configuration(["b"], live)
        var kept = before.routingLive[0].occupy(1)
        live.forget(absentFrom: after)
        #expect(kept[0].isTaken && live.count == 5 && live.object(.routingGateway, named: "a") === before.routingLive[0])
        kept.removeAll()
        live.forget(absentFrom: after)
        #expect(live.count == 4 && live.object(.routingGateway, named: "a") == nil)
    }

    @Test("a snapshot of its own knows nothing of another one's calls")
    func apart() { #expect(Self.configuration(["a"], LiveTable()).phoneLive[0] !== Self.configuration(["a"], LiveTable()).phoneLive[0]) }
}
