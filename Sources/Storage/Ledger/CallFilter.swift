import CallRecords
import GRDB
import Vocabulary

/// Which call records are asked for; an absent part takes any.
public struct CallFilter: Sendable, Equatable {
    public var mappingGateway: String?
    /// The last gateway tried.
    public var routingGateway: String?
    /// Beginning of the caller's number, as received or as routed.
    public var callerPrefix: String?
    /// Beginning of the callee's number, as received or as routed.
    public var calleePrefix: String?
    public var endReason: EndReason?
    /// When the INVITE came in: from `receivedFrom`, and before `receivedBefore`.
    public var receivedFrom: WallTime?
    public var receivedBefore: WallTime?

    public init(
        mappingGateway: String? = nil, routingGateway: String? = nil, callerPrefix: String? = nil,
        calleePrefix: String? = nil, endReason: EndReason? = nil, receivedFrom: WallTime? = nil, receivedBefore: WallTime? = nil
    ) {
        self.mappingGateway = mappingGateway
        self.routingGateway = routingGateway
        self.callerPrefix = callerPrefix
        self.calleePrefix = calleePrefix
        self.endReason = endReason
        self.receivedFrom = receivedFrom
        self.receivedBefore = receivedBefore
    }
}

extension CallFilter {
    /// How far a wall clock may have been set back while calls kept rising identifiers: the upper end
    /// of a time range begins this much later in the order of identifiers.
    private static let clockSlack = Interval.seconds(600)

    /// The filter as conditions on `calls`, the cheapest first, joined by AND.
    ///
    /// An identifier is never earlier than the moment its call was received, so a time range is first
    /// of all a range of identifiers, which the index finds.
    func conditions(before cursor: CallIdentifier?) -> (sql: String, arguments: StatementArguments) {
        var parts: [String] = []
        var arguments = StatementArguments()
        func require(_ part: String, _ values: any DatabaseValueConvertible...) {
            parts.append(part)
            for value in values { arguments += [value] }
        }
        if let cursor { require("id < ?", cursor.rawValue) }
        if let from = receivedFrom {
            require("id >= ? AND received_at >= ?", CallFilter.firstIdentifier(at: from), from.microseconds)
        }
        if let before = receivedBefore {
            require("id < ? AND received_at < ?", CallFilter.firstIdentifier(at: before + CallFilter.clockSlack), before.microseconds)
        }
        if let endReason { require("end_reason = ?", Int64(endReason.rawValue)) }
        if let mappingGateway { require("mapping_gateway = ?", mappingGateway) }
        if let routingGateway { require("routing_gateway = ?", routingGateway) }
        for (side, prefix) in [("caller", callerPrefix), ("callee", calleePrefix)] {
            guard let prefix, !prefix.isEmpty else { continue }
            require(
                "(substr(\(side)_received, 1, ?) = ? OR substr(\(side)_routed, 1, ?) = ?)",
                prefix.unicodeScalars.count, prefix, prefix.unicodeScalars.count, prefix)
        }
        return (parts.isEmpty ? "1" : parts.joined(separator: " AND "), arguments)
    }

    /// No identifier minted at or after `time` is smaller.
    private static func firstIdentifier(at time: WallTime) -> Int64 {
        var mint = CallIdentifier.Mint(origin: 0)
        return mint.next(at: time).rawValue
    }
}
