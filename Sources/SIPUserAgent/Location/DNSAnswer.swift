import Vocabulary

/// What the name servers said to one question.
public enum DNSAnswer: Hashable, Sendable {
    /// `validFor`: the smallest time to live among the records and the aliases that led to them. Never empty.
    case records([DNSRecord], validFor: Interval)
    /// The name does not exist (NXDOMAIN). `validFor`: as the zone's SOA record says (RFC 2308); nil without one.
    case noSuchName(validFor: Interval?)
    /// The name has no records of this type.
    case noSuchData(validFor: Interval?)
    case failed(LookupFailure)

    /// How long the answer may be used: the time to live within bounds.
    public var lifetime: Interval {
        switch self {
        case .records(_, let validFor): min(max(validFor, AnswerLifetime.minimum), AnswerLifetime.maximum)
        case .noSuchName(let validFor), .noSuchData(let validFor):
            min(max(validFor ?? AnswerLifetime.negative, AnswerLifetime.minimum), AnswerLifetime.negativeMaximum)
        case .failed: AnswerLifetime.failure
        }
    }

    /// The same answer with what is left of its time.
    public func aged(to rest: Interval) -> DNSAnswer {
        switch self {
        case .records(let records, _): .records(records, validFor: rest)
        case .noSuchName: .noSuchName(validFor: rest)
        case .noSuchData: .noSuchData(validFor: rest)
        case .failed: self
        }
    }
}

/// Why a question stayed without answer.
public enum LookupFailure: Hashable, Sendable {
    /// No name server answered in time, or none could be reached.
    case noAnswer
    /// The name servers answered that they cannot or will not answer (SERVFAIL, REFUSED and their like).
    case serverFailure
    /// So many names wait to be looked up that this one was not tried.
    case overloaded
}

/// How long answers hold.
public enum AnswerLifetime {
    /// Of records, whatever they say: a time to live of 0 must not make every request ask.
    public static let minimum = Interval.seconds(5)
    public static let maximum = Interval.seconds(86_400)
    /// Of a name or a type that does not exist, where the zone does not say it.
    public static let negative = Interval.seconds(30)
    /// Of a name or a type that does not exist, whatever the zone says (RFC 2308, section 5, advises hours at most).
    public static let negativeMaximum = Interval.seconds(3_600)
    /// Of a failure.
    public static let failure = Interval.seconds(15)
}
