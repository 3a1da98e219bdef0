import CallRecords
import Containers
import Routing
import SIPMessages
import Vocabulary

@testable import SwitchCore

/// An address that the test wrote itself.
func address(_ text: String) -> NetworkAddress {
    guard let address = NetworkAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
}

func udp(_ remote: String) -> Flow { Flow(transport: .udp, listener: 0, remote: address(remote)) }

extension String {
    /// The bytes with every LF turned into CRLF.
    var crlf: [UInt8] {
        var bytes: [UInt8] = []
        for byte in utf8 {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        return bytes
    }

    var lines: [String] { split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init) }

    /// Values of a header field, written in full or as the text says.
    func values(_ name: String) -> [String] {
        lines.filter { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    func value(_ name: String) -> String { values(name).first ?? "" }
}

/// One shard between a customer at 192.0.2.2 and a carrier at 192.0.2.50.
final class ShardBench {
    var shard: Shard
    /// Milliseconds since the shard began.
    var time: Int64 = 0
    let startOfDay: Int64 = 1_800_000_000_000_000

    static let caller = udp("192.0.2.2:5060")
    static let carrier = udp("192.0.2.50:5060")

    init(
        index: Int = 0, count: Int = 1, seed: UInt64 = 5, parameters: ParameterValues = ParameterValues(), maximumTransactions: Int = 500_000
    ) {
        let configuration = SwitchConfiguration(
            mappingGateways: [MappingGateway(name: "customer", addresses: [address("192.0.2.2")])],
            routingGateways: [RoutingGateway(name: "carrier", addresses: [address("192.0.2.50:5060")])], parameters: parameters)
        var settings = ShardConfiguration(
            index: index, count: count, seed: seed, listeners: [ListenerDescription(transport: .udp, local: address("192.0.2.1:5060"))],
            switchConfiguration: configuration)
        settings.maximumTransactions = maximumTransactions
        shard = Shard(settings, now: .zero)
    }

    var now: Moment { Moment(instant: Instant(nanoseconds: time * 1_000_000), wall: WallTime(microseconds: startOfDay + time * 1_000)) }

    func receive(_ text: String, from flow: Flow) {
        var bytes = text.crlf
        bytes.withUnsafeMutableBytes { shard.messageReceived($0, from: flow, at: now) }
    }

    /// What was sent since the last look.
    func sent() -> [(message: String, flow: Flow)] {
        let all = (0..<shard.outbox.count).map { (shard.outbox.message(at: $0).string, shard.outbox.entries[$0].flow) }
        shard.outbox.removeAll()
        return all
    }

    func pass(until end: Int64) {
        while shard.nextDeadline <= Instant(nanoseconds: end * 1_000_000) {
            time = max(time, (shard.nextDeadline - .zero).inMilliseconds)
            shard.handleTimeouts(at: Moment(instant: max(now.instant, shard.nextDeadline), wall: now.wall))
        }
        time = end
        shard.handleTimeouts(at: now)
    }

    func commit() { shard.recordsCommitted(.committed(through: shard.records.lastSequence), at: now) }

    /// Commands for the store since the last look.
    enum Command {
        case opened(CallIdentifier, [UInt8])
        case updated(CallIdentifier, [UInt8])
        case ending(CallIdentifier, [UInt8])
        case closed(CallRecord)
        case registration(StoredRegistration?)
        case registrationRemoved(String)
        case bindings(StoredBindings?)
        case bindingsRemoved(String)
    }

    func commands() -> [Command] {
        var bytes: [UInt8] = []
        shard.records.exchange(with: &bytes)
        return bytes.withBytes { view in
            var reader = RecordReader(view)
            var found: [Command] = []
            while !reader.isAtEnd {
                let tag = reader.tag()
                switch tag {
                case .opened: found.append(.opened(CallIdentifier(rawValue: reader.integer()), reader.text().array))
                case .updated: found.append(.updated(CallIdentifier(rawValue: reader.integer()), reader.text().array))
                case .ending: found.append(.ending(CallIdentifier(rawValue: reader.integer()), reader.text().array))
                case .closed, .closedWithoutBilling: found.append(.closed(reader.callRecord(tag)))
                case .registration:
                    let name = reader.text().string
                    found.append(.registration(StoredRegistration(name: name, state: reader.text().array)))
                case .registrationRemoved: found.append(.registrationRemoved(reader.text().string))
                case .bindings:
                    let account = reader.text().string
                    found.append(.bindings(StoredBindings(account: account, state: reader.text().array)))
                case .bindingsRemoved: found.append(.bindingsRemoved(reader.text().string))
                }
            }
            return found
        }
    }

    // MARK: - Messages of the peers

    /// The caller's INVITE.
    static func invite(number: Int = 1, extra: String = "", body: String = "") -> String {
        """
        INVITE sip:+14155550100@192.0.2.1 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKcaller\(number)
        Max-Forwards: 47
        From: "Caller" <sip:+14155550101@customer.example.net>;tag=callertag\(number)
        To: <sip:+14155550100@192.0.2.1>
        Call-ID: caller-call-\(number)@192.0.2.2
        CSeq: 4711 INVITE
        Contact: <sip:desk@192.0.2.2:5066>
        \(extra)Content-Length: \(body.crlf.count)

        \(body)
        """
    }

    /// A response to a request of ours.
    static func reply(to request: String, _ status: Int, tag: String = "carriertag", extra: String = "", body: String = "") -> String {
        let to = request.value("To")
        return """
            SIP/2.0 \(status) Whatever
            Via: \(request.value("Via"))
            From: \(request.value("From"))
            To: \(to)\(to.contains(";tag=") ? "" : ";tag=\(tag)")
            Call-ID: \(request.value("Call-ID"))
            CSeq: \(request.value("CSeq"))
            \(extra)Content-Length: \(body.crlf.count)

            \(body)
            """
    }

    /// A request of a peer inside a dialog, named by From and To as the peer has them.
    static func request(
        _ method: String, from: String, to: String, callID: String, cseq: Int, via: String, extra: String = "", body: String = ""
    ) -> String {
        """
        \(method) sip:switch@192.0.2.1 SIP/2.0
        Via: SIP/2.0/UDP \(via);branch=z9hG4bK\(method)\(cseq)
        Max-Forwards: 70
        From: \(from)
        To: \(to)
        Call-ID: \(callID)
        CSeq: \(cseq) \(method)
        \(extra)Content-Length: \(body.crlf.count)

        \(body)
        """
    }

    /// An answered and acknowledged call: what each side has of it.
    struct Established {
        var invite: String
        var answer: String
    }

    func establish(_ number: Int = 1) -> Established? {
        receive(Self.invite(number: number), from: Self.caller)
        guard let invite = sent().first(where: { $0.message.hasPrefix("INVITE") })?.message else { return nil }
        receive(Self.reply(to: invite, 200, tag: "carriertag\(number)", extra: "Contact: <sip:gw@192.0.2.50:5070>\n"), from: Self.carrier)
        commit()
        guard let answer = sent().first(where: { $0.message.hasPrefix("SIP/2.0 200") })?.message else { return nil }
        receive(
            Self.request(
                "ACK", from: answer.value("From"), to: answer.value("To"), callID: answer.value("Call-ID"), cseq: 4711, via: "192.0.2.2:5060"),
            from: Self.caller)
        _ = sent()
        return Established(invite: invite, answer: answer)
    }

    /// BYE of the carrier, of the caller.
    static func carrierBye(_ call: Established, cseq: Int = 1) -> String {
        request(
            "BYE", from: call.invite.value("To") + ";tag=carriertag1", to: call.invite.value("From"), callID: call.invite.value("Call-ID"),
            cseq: cseq,
            via: "192.0.2.50:5060")
    }

    static func callerBye(_ call: Established, cseq: Int = 4712) -> String {
        request(
            "BYE", from: call.answer.value("From"), to: call.answer.value("To"), callID: call.answer.value("Call-ID"), cseq: cseq,
            via: "192.0.2.2:5060")
    }

    var callCount: Int { shard.statistics.calls }
    var transactionCount: Int { shard.statistics.transactions }
    var legCount: Int { shard.legCount }
    func restore(_ id: CallIdentifier, _ state: [UInt8]) -> Bool { shard.restoreCall(id, state: state, at: now) }
}
