import Synchronization

/// What the stream connections have done since the start.
public struct StreamStatistics: Sendable, Equatable {
    /// Connections open now, accepted and opened.
    public var connections = 0
    public var connectionsAccepted: UInt64 = 0
    public var connectionsOpened: UInt64 = 0
    /// Could not be opened: refused, unreachable, timed out, TLS failed.
    public var connectFailures: UInt64 = 0
    /// Messages not sent because their peer could not be reached a moment ago.
    public var messagesHeldBack: UInt64 = 0
    /// Accepted connections on which TLS failed.
    public var handshakeFailures: UInt64 = 0
    /// Closed at once because of the bounds on unfinished TLS handshakes.
    public var refusedForHandshakes: UInt64 = 0
    /// Closed at once because of the bound on all connections.
    public var refusedForTotal: UInt64 = 0
    /// Closed at once because of the bound for one source.
    public var refusedForSource: UInt64 = 0
    /// Closed at once because of the bounds on connections that have not brought a message.
    public var refusedForSilence: UInt64 = 0
    /// Accepted connections closed because their first message did not come.
    public var firstMessageTimeouts: UInt64 = 0
    /// Connections cut because unfinished messages filled the memory meant for them.
    public var cutForMemory: UInt64 = 0
    public var messagesReceived: UInt64 = 0
    public var messagesSent: UInt64 = 0
    public var keepalivesAnswered: UInt64 = 0
    public var keepalivesSent: UInt64 = 0
    /// Connections closed because a keepalive was not answered.
    public var keepalivesUnanswered: UInt64 = 0
    /// Times that a connection waited because a shard's mailbox was full.
    public var readPauses: UInt64 = 0
    /// Connections closed because where their message ends could not be told.
    public var framingViolations: UInt64 = 0
    /// Connections closed because a message stayed incomplete.
    public var messageTimeouts: UInt64 = 0
    public var idleTimeouts: UInt64 = 0
    /// Connections cut because their peer did not read.
    public var slowReadersCut: UInt64 = 0
    /// Messages that could not be sent on any connection.
    public var messagesUndelivered: UInt64 = 0

    public init() {}
}

/// The counts, changed on the event loop and read on any thread.
final class StreamCounters: Sendable {
    private let values = Mutex(StreamStatistics())

    var current: StreamStatistics { values.withLock { $0 } }

    func update(_ change: (inout StreamStatistics) -> Void) { values.withLock { change(&$0) } }
}
