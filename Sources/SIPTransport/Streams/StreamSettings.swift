import Vocabulary

/// Bounds and times of SIP over streams.
public struct StreamSettings: Sendable {
    /// Most connections at once, accepted and opened. Further ones are closed at once, or not opened.
    public var maximumConnections = 1_000
    /// Most accepted connections at once from one source address.
    public var maximumConnectionsPerSource = 64
    /// Most accepted connections at once that have not brought a whole message yet, in all and from one source address.
    public var maximumSilentConnections = 500
    public var maximumSilentConnectionsPerSource = 32
    /// An accepted connection must bring its first whole message this long after it is open.
    public var firstMessageTimeout = Interval.seconds(20)
    /// Bytes of messages that are not whole yet, of all connections together; beyond them the connection that brings more is cut.
    public var maximumHeldBytes = 32 << 20
    /// Longest header section of a message, in bytes.
    public var maximumHeaderBytes = 65_536
    /// Longest body of a message, in bytes.
    public var maximumBodyBytes = 65_536
    /// Bytes that may wait for a peer that does not read; beyond them its connection is cut.
    public var maximumUnsentBytes = 1 << 20
    /// An accepted connection without traffic is closed after this time.
    public var idleTimeout = Interval.seconds(15 * 60)
    /// A connection that we opened is closed this long after its last message. Longer than the longest
    /// lifetime of a registration, whose calls come in by it.
    public var openedIdleTimeout = Interval.seconds(9_000)
    /// A message must be complete this long after its first byte.
    public var messageTimeout = Interval.seconds(30)
    /// A connection must be open this long after it was asked for.
    public var connectTimeout = Interval.seconds(5)
    /// A peer that could not be reached is left alone for this time, then twice as long each time, up to
    /// `longestReconnectPause`; messages for it fail at once meanwhile.
    public var reconnectPause = Interval.seconds(1)
    public var longestReconnectPause = Interval.seconds(30)
    /// TLS must be agreed on this long after its connection is there.
    public var handshakeTimeout = Interval.seconds(10)
    /// Most unfinished TLS handshakes at once, in all and from one source address.
    public var maximumHandshakes = 200
    public var maximumHandshakesPerSource = 16
    /// A connection that we opened is pinged after 80 to 100 % of this time without a byte received.
    public var keepaliveInterval = Interval.seconds(120)
    /// The answer to a ping must come within this time.
    public var pongTimeout = Interval.seconds(10)
    /// Whether a peer that never answered a ping is cut as well. Many servers ignore pings.
    public var requiresFirstPong = false
    /// A connection that we opened is given up by the system when what was sent is not acknowledged for this time.
    public var acknowledgementTimeout = Interval.seconds(30)

    public init() {}
}

/// Which end of a connection we are.
enum StreamRole: Sendable {
    /// The peer connected to a listener.
    case accepted
    /// We connected to the peer.
    case opened
}
