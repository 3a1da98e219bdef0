import CallRecords
import Vocabulary

/// Which messages are taken when there are more than asked for.
public enum TracePreference: Sendable {
    case oldest
    case newest
}

/// What the management interface asks of the trace.
public protocol TraceQueries: Sendable {
    /// The messages with one of these Call-IDs from `from` to `to`, both included, in the order of time and at
    /// most `limit`. Everything is there that went over the wire before the question.
    func messages(
        callIDs: Set<String>, from: WallTime?, to: WallTime?, limit: Int, preferring preference: TracePreference
    ) async throws -> [TracedMessage]

    /// The Call-ID under which a registration was sent, as the store keeps it; nil when it keeps none.
    func storedCallID(ofRegistration name: String) async throws -> String?

    /// Why messages are not kept at present, for people; nil while they are.
    func gap() async -> String?
}

/// A switch that keeps no trace.
public struct NoTrace: TraceQueries {
    public init() {}

    public func messages(
        callIDs: Set<String>, from: WallTime?, to: WallTime?, limit: Int, preferring preference: TracePreference
    ) async throws -> [TracedMessage] { [] }

    public func storedCallID(ofRegistration name: String) async throws -> String? { nil }
    public func gap() async -> String? { "this switch keeps no trace" }
}
