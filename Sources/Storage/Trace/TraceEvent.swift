import Vocabulary

/// What an operator should hear of the trace.
public enum TraceEvent: Sendable, Equatable {
    /// Messages are not kept for the time being, and why; the switch goes on.
    case paused(reason: String)
    /// Messages are kept again; so many were not.
    case resumed(messagesLost: UInt64)
    /// The disk was too slow for the messages that came: so many were not kept.
    case fellBehind(messagesLost: UInt64)
    /// A file ended with something that is no message (the last process died while it wrote); it was cut off.
    case cut(file: String, bytes: Int)
}

/// Counts of the trace since the start.
public struct TraceStatistics: Sendable, Equatable {
    public var messagesKept: UInt64 = 0
    /// Not kept because the disk was full, failed or was too slow.
    public var messagesLost: UInt64 = 0
    /// Why messages are not kept now; nil while they are.
    public var pauseReason: String?
    /// Files and their bytes.
    public var segments = 0
    public var bytes = 0

    public init() {}
}

/// Runs before each write and may answer an error of the system in its place: how tests make the disk fail.
package typealias TraceFault = @Sendable () -> Int32
