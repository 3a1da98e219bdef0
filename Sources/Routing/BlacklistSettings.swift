import Vocabulary

/// The parameters of the dynamic blacklists as typed values, taken once per snapshot.
public struct BlacklistSettings: Sendable, Hashable {
    /// So many calls within a time.
    public struct Rate: Sendable, Hashable {
        public var limit: Int
        public var interval: Interval

        public init(limit: Int, interval: Interval) {
            self.limit = limit
            self.interval = interval
        }
    }

    /// `SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT` and `_CHECK_INTERVAL`; nil where either is None: not watched.
    public var maliciousCaller: Rate?
    /// `SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE`; nil: until removed by hand.
    public var maliciousCallerExpiry: Interval?
    /// `SS_BLACK_LIST_NO_ANSWER_LIMIT` and `_PERIODS`; nil where either is None: not watched.
    public var unansweredCallee: Rate?
    /// `SS_BLACK_LIST_NO_ANSWER_EXPIRE`; nil: until removed by hand.
    public var unansweredCalleeExpiry: Interval?
    /// `SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT`; nil: not watched.
    public var concurrentCalls: Int?
    /// `SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE`; nil: until removed by hand.
    public var concurrentCallsExpiry: Interval?

    /// Whether callers are watched at all.
    public var watchesCallers: Bool { maliciousCaller != nil || concurrentCalls != nil }

    public init(_ values: ParameterValues = ParameterValues()) {
        func seconds(_ definition: ParameterDefinition) -> Interval? { values.integer(definition).map { .seconds(Int64($0)) } }
        func rate(_ limit: ParameterDefinition, _ interval: ParameterDefinition) -> Rate? {
            guard let limit = values.integer(limit), let interval = seconds(interval) else { return nil }
            return Rate(limit: limit, interval: interval)
        }
        maliciousCaller = rate(.maliciousCallLimit, .maliciousCallInterval)
        maliciousCallerExpiry = seconds(.maliciousCallExpire)
        unansweredCallee = rate(.noAnswerLimit, .noAnswerPeriods)
        unansweredCalleeExpiry = seconds(.noAnswerExpire)
        concurrentCalls = values.integer(.concurrentCallLimit)
        concurrentCallsExpiry = seconds(.concurrentCallExpire)
    }
}
