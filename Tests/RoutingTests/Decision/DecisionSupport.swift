import Routing
import Vocabulary

/// What the suites about decisions share: addresses, times, and a decision in one line.
enum Decide {
    static func address(_ text: String) -> NetworkAddress {
        guard let address = NetworkAddress(text) else { preconditionFailure("\(text) is no address") }
        return address
    }

    static let customer = address("192.0.2.1:5060")

    /// Wednesday, 2026-07-01, 12:00:00 UTC, at a second of the monotonic clock.
    static func moment(_ second: Int64 = 1_000, wall: Int64 = 1_782_907_200) -> Moment {
        Moment(instant: .zero + .seconds(second), wall: WallTime(microseconds: wall * 1_000_000))
    }

    static func decision(
        _ configuration: SwitchConfiguration, callee: String, caller: String = "14155550100", origin: CallOrigin = .mappingGateway(0),
        source: NetworkAddress = customer, at now: Moment = moment(), random: UInt64 = 1, isForwarded: Bool = false
    ) -> CallDecision {
        var decision = CallDecision()
        caller.withBytes { caller in
            callee.withBytes { callee in
                configuration.decide(
                    CallInquiry(
                        origin: origin, sourceRule: .address, source: source, caller: caller, callee: callee, now: now, random: random,
                        isForwarded: isForwarded),
                    into: &decision)
            }
        }
        return decision
    }

    /// A refusal, or the candidates as `name/prefix length verdict`, with the verdict's number where there is one.
    static func lines(_ decision: CallDecision, _ configuration: SwitchConfiguration) -> [String] {
        if let refusal = decision.refusal { return ["refused: \(refusal)" + (decision.refusalDetail == 0 ? "" : " \(decision.refusalDetail)")] }
        return decision.candidates.map {
            "\(configuration.name(of: $0.destination))/\($0.prefixLength) \($0.verdict.name)" + ($0.detail == 0 ? "" : " \($0.detail)")
        }
    }

    static func gateway(_ name: String, _ prefixes: [String] = [""], _ change: (inout RoutingGateway) -> Void = { _ in }) -> RoutingGateway {
        var gateway = RoutingGateway(name: name, addresses: [address("192.0.2.99:5060")], prefixes: prefixes)
        change(&gateway)
        return gateway
    }

    static func mapping(_ name: String = "customer-a", _ change: (inout MappingGateway) -> Void = { _ in }) -> MappingGateway {
        var gateway = MappingGateway(name: name, addresses: [customer.host])
        change(&gateway)
        return gateway
    }

    static func group(_ name: String, capacity: Int? = nil, callsPerSecond: Int? = nil) -> GatewayGroup {
        var group = GatewayGroup(name: name)
        group.capacity = capacity
        group.callsPerSecond = callsPerSecond
        return group
    }

    /// A binding that stands until so many seconds of the monotonic clock.
    static func binding(from source: NetworkAddress, until second: Int64) -> LiveBinding {
        LiveBinding(
            contact: Array("sip:100@192.0.2.200".utf8), flow: Flow(transport: .udp, listener: 0, remote: source),
            expiresAt: .zero + .seconds(second), callID: Array("1".utf8), cseq: 1, registeredAt: moment(0))
    }
}

extension LiveObject {
    /// Seats for so many calls, kept as long as the box is.
    func occupy(_ count: Int, _ direction: CallDirection = .received) -> [SeatBox] {
        (0..<count).map { _ in SeatBox(takeSeat(direction)) }
    }
}

/// A seat in a place that arrays can hold.
final class SeatBox: Sendable {
    private let seat: Seat?
    init(_ seat: consuming Seat?) { self.seat = seat }

    var isTaken: Bool {
        switch seat {
        case .some: true
        case .none: false
        }
    }
}
