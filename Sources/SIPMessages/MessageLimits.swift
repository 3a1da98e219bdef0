/// Bounds on what is accepted from the network. Each has its own verdict (`MessageDefect`).
public struct MessageLimits: Sendable {
    /// Bytes of a whole message. A UDP datagram cannot be larger.
    public var messageSize = 65_535
    /// Header fields of a message.
    public var headerCount = 256
    /// Bytes of one header field, folded lines included.
    public var headerLength = 16_384
    /// Bytes of a Request-URI; a longer one is refused with 414.
    public var uriLength = 2_048

    public init() {}
}
