import SIPUserAgent

/// Counts of the name service; what counts live things is derived from them when asked.
public struct NameStatistics: Sendable, Equatable {
    /// Answers from the name servers and the hosts file, by kind.
    public var answers: UInt64 = 0
    public var absences: UInt64 = 0
    public var silences: UInt64 = 0
    public var serverFailures: UInt64 = 0
    /// Questions that an earlier answer, still valid, answered.
    public var cacheHits: UInt64 = 0
    /// Questions and next hops that were not tried since too many waited.
    public var refusals: UInt64 = 0
    public var locationsInWork = 0
    public var lookupsWaiting = 0
    public var answersKept = 0
    public var threads = 0

    public init() {}

    mutating func count(_ answer: DNSAnswer) {
        switch answer {
        case .records: answers += 1
        case .noSuchName, .noSuchData: absences += 1
        case .failed(.noAnswer): silences += 1
        case .failed(.serverFailure): serverFailures += 1
        case .failed(.overloaded): refusals += 1
        }
    }
}
