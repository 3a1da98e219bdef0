import Vocabulary

/// Bounds and choices of the transport around the shards.
public struct TransportSettings: Sendable {
    public var streams = StreamSettings()
    /// Messages and bytes that may wait in one shard's mailbox: of streams, and of other shards' sockets.
    public var mailboxMessages = 16_384
    public var mailboxBytes = 16 << 20
    /// Datagrams and bytes that may wait per socket while its send buffer is full.
    public var delayedDatagrams = 1_024
    public var delayedBytes = 2 << 20
    /// Whom to ask for names, in this order, at most three; empty: the name servers of /etc/resolv.conf.
    public var nameServers: [NetworkAddress] = []
    /// Bind each shard's thread to the processor with its number.
    public var pinsShards = false
    /// Used when there is a listener of transport tls.
    public var tls = TLSSettings()

    public init() {}
}
