import NIOCore
import Vocabulary

/// Bounds and times of SIP over streams.
public struct StreamSettings: Sendable {
    /// Most connections at once, accepted and opened. Further ones are closed at once, or not opened.
    public var maximumConnections = 1_000
    /// Most accepted connections at once from one source address.
    public var maximumConnectionsPerSource = 64
    /// Longest header section of a message, in bytes.
    public var maximumHeaderBytes = 65_536
    /// Longest body of a message, in bytes.
    public var maximumBodyBytes = 65_536
    /// Bytes that may wait for a peer that does not read; beyond them its connection is cut.
    public var maximumUnsentBytes = 1 << 20
    /// A connection without traffic is closed after this time.
    public var idleTimeout = Interval.seconds(15 * 60)
    /// A message must be complete this long after its first byte.
    public var messageTimeout = Interval.seconds(30)
    /// A connection must be open this long after it was asked for.
    public var connectTimeout = Interval.seconds(5)

    public init() {}
}

/// Which end of a connection we are.
public enum StreamRole: Sendable {
    /// A peer connected to the listener with this number.
    case accepted(listener: Int)
    /// We connect to the peer for the listener with this number.
    case opened(listener: Int, to: NetworkAddress)
}

/// Adds handlers to a new connection before the SIP handler sees a byte; the place where TLS goes in.
/// Called on the connection's event loop. An error closes the connection.
public typealias StreamInitializer = @Sendable (any Channel, StreamRole) throws -> Void
