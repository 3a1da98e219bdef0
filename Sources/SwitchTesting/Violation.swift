import Vocabulary

/// Something that must not happen, found by a peer or a checker.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
    /// The rule that was broken.
    public enum Rule: String, Sendable, CaseIterable {
        /// A call taken by the switch has not exactly one record.
        case oneRecordPerCall
        /// A call that the caller saw answered is not recorded as answered.
        case answerRecorded
        /// An answer went out before the store had the call.
        case answerAfterCommit
        /// The record's duration is not what was seen on the wire.
        case durationTrue
        /// A record names other attempts than gateways saw.
        case attemptsTrue
        /// A party of an answered call neither sent nor received BYE.
        case bothLegsEnd
        /// A request got no final answer, or several different ones.
        case oneFinalAnswer
        /// A message shows one leg's identifiers or addresses to the other.
        case topologyHidden
        /// The same message came again more often than the rules allow.
        case boundedRepetition
        /// Something is left over in the switch or the store at the end.
        case nothingLeftOver
        /// A party was told that its BYE is taken, or was hung up by the switch, and the end of the call went with the
        /// process; or an end that was stored was not carried out.
        case endRecorded
        /// A call went on after its limit, or was cut before it.
        case limitKept
        /// A call went on after its session had expired.
        case sessionKept
        /// A call was ended although both parties were there and kept their sessions.
        case endedForCause
        /// A record has a length of time that cannot be.
        case lengthsPossible
        /// A record is of no call that anybody began, or was committed twice.
        case recordOfBegunCall
        /// What a record bills, or all of them together, is not what the reference model says.
        case billedAsModel
        /// The switch sent what a peer cannot read, or broke the rules of SIP.
        case soundMessages
    }

    public var rule: Rule
    /// Number of the simulated call, when it is known.
    public var call: Int?
    public var detail: String
    public var at: Instant

    public init(_ rule: Rule, call: Int?, _ detail: String, at: Instant) {
        self.rule = rule
        self.call = call
        self.detail = detail
        self.at = at
    }

    public var description: String { "\(rule.rawValue)\(call.map { " in call \($0)" } ?? ""): \(detail)" }
}
