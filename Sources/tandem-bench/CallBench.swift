import CAllocationCount
import CallRecords
import Glibc
import Routing
import SIPMessages
import SwitchCore
import Vocabulary

/// A whole call through the pure shard, without sockets and store: what the core itself costs when
/// its code and data are in the caches.
enum CallBench {
    private static let calls = 5_000
    private static let switchAddress = NetworkAddress(ipv4: 0x7F00_0001, port: 5060)
    private static let caller = NetworkAddress(ipv4: 0x7F00_0002, port: 5070)
    private static let callee = NetworkAddress(ipv4: 0x7F00_0003, port: 5080)

    static func run() {
        let configuration = SwitchConfiguration(
            mappingGateways: [MappingGateway(name: "customer-a", addresses: [caller.host])],
            routingGateways: [RoutingGateway(name: "carrier-x", addresses: [callee])])
        var world = World(
            shard: Shard(
                ShardConfiguration(
                    seed: 1, listeners: [ListenerDescription(transport: .udp, local: switchAddress)], switchConfiguration: configuration),
                now: .zero))
        for number in 0..<calls / 10 { world.call(number) }
        world.nanoseconds = 0
        world.allocations = 0
        for number in 0..<calls { world.call(calls + number) }
        report("core alone, a whole call, caches cold between messages", Double(world.nanoseconds / UInt64(calls)), "ns")
        report("allocations of the core in a call", Double(world.allocations / UInt64(calls)), "")
    }

    /// One shard, its clock, and the two peers' side of the calls.
    private struct World: ~Copyable {
        var shard: Shard
        var instant = Instant.zero
        var nanoseconds: UInt64 = 0
        var allocations: UInt64 = 0
        var spare: [UInt8] = []

        init(shard: consuming Shard) { self.shard = shard }

        mutating func call(_ number: Int) {
            // A thousand calls a second, as far as timers are concerned.
            instant = instant + .milliseconds(1)
            let invite = ParseBench.invite.replacing("1-24580@", with: "\(number)@").replacing("524287-1---0f3eb", with: "\(number)---0f3eb")
                .replacing("192.0.2.11:5060;branch", with: "\(caller);branch")
            let first = deliver(invite, from: caller)
            guard let outgoing = first.first(where: { $0.hasPrefix("INVITE") }) else { preconditionFailure("no INVITE went out") }
            func answer(_ status: String, to request: String, body: String = "") -> String {
                let kept = ["Via", "From", "To", "Call-ID", "CSeq"].map {
                    "\($0): \(header($0, request))" + ($0 == "To" && !request.contains("tag=callee") ? ";tag=callee" : "")
                }
                return "SIP/2.0 \(status)\r\n" + kept.joined(separator: "\r\n")
                    + "\r\nContact: <sip:\(callee)>\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
            }
            _ = deliver(answer("100 Trying", to: outgoing), from: callee)
            _ = deliver(answer("180 Ringing", to: outgoing), from: callee)
            _ = deliver(answer("200 OK", to: outgoing, body: "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n"), from: callee)
            let answered = committed().first { $0.hasPrefix("SIP/2.0 200") } ?? ""
            let contact = String(header("Contact", answered).dropFirst().dropLast())
            func inDialog(_ method: String, _ cseq: Int) -> String {
                "\(method) \(contact) SIP/2.0\r\nVia: SIP/2.0/UDP \(caller);branch=z9hG4bK\(method)\(number)\r\nMax-Forwards: 70\r\n"
                    + "From: \(header("From", answered))\r\nTo: \(header("To", answered))\r\nCall-ID: \(header("Call-ID", answered))\r\n"
                    + "CSeq: \(cseq) \(method)\r\nContent-Length: 0\r\n\r\n"
            }
            _ = deliver(inDialog("ACK", 1), from: caller)
            let ended = deliver(inDialog("BYE", 2), from: caller)
            guard let bye = ended.first(where: { $0.hasPrefix("BYE") }) else { preconditionFailure("no BYE went out") }
            _ = deliver(answer("200 OK", to: bye), from: callee)
            shard.records.exchange(with: &spare)
        }

        private mutating func deliver(_ text: String, from source: NetworkAddress) -> [String] {
            var bytes = Array(text.utf8)
            let now = Moment(instant: instant, wall: WallTime(microseconds: 1_800_000_000_000_000 + instant.nanoseconds / 1_000))
            let flow = Flow(transport: .udp, listener: 0, remote: source)
            bytes.withUnsafeMutableBytes { buffer in
                measured { (shard: inout Shard) in
                    shard.messageReceived(buffer, from: flow, at: now)
                    shard.handleTimeouts(at: now)
                }
            }
            return sent()
        }

        private mutating func committed() -> [String] {
            let now = Moment(instant: instant, wall: WallTime(microseconds: 1_800_000_000_000_000))
            let commit = RecordCommit.committed(through: shard.records.lastSequence)
            measured { (shard: inout Shard) in shard.recordsCommitted(commit, at: now) }
            return sent()
        }

        private mutating func measured(_ body: (inout Shard) -> Void) {
            let before = cac_allocations()
            let start = CallBench.now()
            body(&shard)
            nanoseconds += CallBench.now() - start
            allocations += cac_allocations() - before
        }

        private mutating func sent() -> [String] {
            let messages = (0..<shard.outbox.count).map { shard.outbox.message(at: $0).string }
            shard.outbox.removeAll()
            return messages
        }

        private func header(_ name: String, _ message: String) -> String {
            guard let line = message.split(separator: "\r\n").first(where: { $0.hasPrefix(name + ":") }) else { return "" }
            return String(line.dropFirst(name.count + 2))
        }
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
