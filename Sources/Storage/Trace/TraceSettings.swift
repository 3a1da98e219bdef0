import Vocabulary

/// Whether and how long the trace keeps SIP messages (boot settings `trace.enabled`, `trace.maximumSize`
/// and `trace.maximumAge`; they take effect at the start).
public struct TraceSettings: Sendable, Equatable {
    /// Whether messages are kept. Default true.
    public var isEnabled = true
    /// Bytes of all files of the trace together. Default 1 GiB, range 1 MiB to 1 TiB; beyond it the oldest
    /// messages go first.
    public var maximumBytes = 1 << 30
    /// How long a message is kept at most. Default 7 days, range 1 minute to 366 days.
    public var maximumAge = Interval.seconds(7 * 86_400)
    /// Bytes at which a file of the trace is full; old messages are deleted by whole files. Default 16 MiB,
    /// and never more than an eighth of `maximumBytes`.
    public var segmentBytes = 16 << 20
    /// The trace pauses while its file system has fewer free bytes: the ledger needs them more. Default 256 MiB.
    public var minimumFreeBytes = 256 << 20
    /// Bytes that may wait for the disk; beyond it messages are dropped and counted. Default 16 MiB.
    public var maximumWaitingBytes = 16 << 20

    /// The time between two tries while tracing pauses. Default 5 s.
    public var retryInterval = Interval.seconds(5)

    public static let bytesRange = 1 << 20...1 << 40
    public static let ageRange = Interval.seconds(60)...Interval.seconds(366 * 86_400)

    public init() {}
}
