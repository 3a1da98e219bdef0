/// What one shard's datagram loop has done since it began.
public struct DatagramStatistics: Sendable, Equatable {
    public var datagramsReceived: UInt64 = 0
    public var datagramsSent: UInt64 = 0
    /// System calls that received something, and that sent something.
    public var receiveCalls: UInt64 = 0
    public var sendCalls: UInt64 = 0
    /// Times that the loop waited.
    public var waits: UInt64 = 0
    /// Datagrams without a byte; they are dropped.
    public var emptyDatagrams: UInt64 = 0
    /// Sent although longer than 1300 bytes, so that they may be fragmented (RFC 3261, section 18.1.1).
    public var oversizedDatagramsSent: UInt64 = 0
    /// Arrived while the socket's receive buffer was full, and lost.
    public var datagramsLost: UInt64 = 0
    /// Handed to the shard that owns their call.
    public var datagramsSteered: UInt64 = 0
    /// Steered here by other shards and dropped because the mailbox was full.
    public var steeredDatagramsDropped: UInt64 = 0
    /// Had to wait because the socket's buffer was full.
    public var datagramsDelayed: UInt64 = 0
    /// Dropped because too many waited.
    public var delayedDatagramsDropped: UInt64 = 0
    /// Dropped because a queue or memory of this machine was full.
    public var datagramsDroppedLocally: UInt64 = 0
    /// Refused by the system for their destination.
    public var sendFailures: UInt64 = 0
    /// ICMP errors that say a destination cannot be reached.
    public var unreachableReports: UInt64 = 0
    /// Messages for streams that no stream listener could send.
    public var unroutableStreamMessages: UInt64 = 0

    public init() {}

    /// The sums of both.
    public static func + (a: DatagramStatistics, b: DatagramStatistics) -> DatagramStatistics {
        var sum = a
        for field in fields { sum[keyPath: field] += b[keyPath: field] }
        return sum
    }

    private static var fields: [WritableKeyPath<DatagramStatistics, UInt64>] {
        [
            \.datagramsReceived, \.datagramsSent, \.receiveCalls, \.sendCalls, \.waits, \.emptyDatagrams, \.datagramsLost,
            \.oversizedDatagramsSent, \.datagramsSteered, \.steeredDatagramsDropped, \.datagramsDelayed,
            \.delayedDatagramsDropped, \.datagramsDroppedLocally, \.sendFailures, \.unreachableReports, \.unroutableStreamMessages,
        ]
    }
}
