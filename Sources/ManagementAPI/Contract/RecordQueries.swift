import CallRecords
import Vocabulary

/// Questions to the store of call records. They are answered by readers and never delay calls.
public protocol RecordQueries: Sendable {
    /// Newest first, with identifiers below `before`, at most `limit`.
    func callRecords(matching filter: CallRecordFilter, before: CallIdentifier?, limit: Int) async throws -> [CallRecord]
    func callRecord(_ id: CallIdentifier) async throws -> CallRecord?

    /// Answered calls that a limit or evidence of death ended, by mapping gateway and reason; most calls first.
    func limitEnds(in period: ReportPeriod, limit: Int) async throws -> [LimitEnds]
    /// Answered calls that lasted to within `percent` of their limit (`LimitNearness`) and ended otherwise: newest
    /// first, with identifiers below `before`.
    func callsNearLimit(in period: ReportPeriod, within percent: Int, before: CallIdentifier?, limit: Int) async throws -> [CallNearLimit]
    /// Answered calls by mapping gateway, with and without a session timer; most calls first.
    func timerSupport(in period: ReportPeriod, limit: Int) async throws -> [TimerSupport]
}

/// Which call records are wanted; what is nil does not matter.
public struct CallRecordFilter: Hashable, Sendable {
    /// Beginning of the number, as received or as routed.
    public var caller: String?
    public var callee: String?
    public var mappingGateway: String?
    public var routingGateway: String?
    public var endReason: EndReason?
    /// Received at or after.
    public var from: WallTime?
    /// Received before.
    public var to: WallTime?

    public init(
        caller: String? = nil, callee: String? = nil, mappingGateway: String? = nil, routingGateway: String? = nil,
        endReason: EndReason? = nil, from: WallTime? = nil, to: WallTime? = nil
    ) {
        self.caller = caller
        self.callee = callee
        self.mappingGateway = mappingGateway
        self.routingGateway = routingGateway
        self.endReason = endReason
        self.from = from
        self.to = to
    }

    /// Whether a record passes; what a store's query must agree with.
    public func matches(_ record: CallRecord) -> Bool {
        (caller.map { record.caller.begins(with: $0) } ?? true)
            && (callee.map { record.callee.begins(with: $0) } ?? true)
            && (mappingGateway.map { $0 == record.mappingGateway } ?? true)
            && (routingGateway.map { $0 == record.routingGateway } ?? true)
            && (endReason.map { $0 == record.endReason } ?? true)
            && (from.map { record.receivedAt >= $0 } ?? true)
            && (to.map { record.receivedAt < $0 } ?? true)
    }
}

extension NumberHistory {
    fileprivate func begins(with prefix: String) -> Bool { received.hasPrefix(prefix) || routed.hasPrefix(prefix) }
}
