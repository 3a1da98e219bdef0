import Vocabulary

/// The timers of RFC 3261 (section 17, table 4) and RFC 6026, each with what it is for. Their lengths
/// come from `TransactionTiming`.
public enum SIPTimer: Sendable, CaseIterable {
    /// INVITE request repeated, UDP only. Next wait of the resend list each time.
    case a
    /// INVITE given up when no response came.
    case b
    /// INVITE client waits for repeated failure responses after its ACK, UDP only.
    case d
    /// Other request repeated, UDP only. Next wait of the resend list each time.
    case e
    /// Other request given up when no final response came.
    case f
    /// Failure response to INVITE repeated until ACK, UDP only.
    case g
    /// Failure response to INVITE given up when no ACK came.
    case h
    /// INVITE server waits for repeated ACKs, UDP only.
    case i
    /// Other server transaction answers repeated requests, UDP only.
    case j
    /// Other client transaction absorbs repeated responses, UDP only.
    case k
    /// INVITE server absorbs repeated INVITEs after a 2xx (RFC 6026).
    case l
    /// INVITE client passes on repeated 2xx (RFC 6026).
    case m
}

/// How long timers run, made from `SS_SIP_RESEND_INTERVAL`; a transaction keeps the values it began with.
public final class TransactionTiming: Sendable {
    /// Waits before each repetition, in order.
    public let resendIntervals: [Interval]
    /// Request given up after this: the whole list and one more first wait. 64*T1 with the default list.
    public let giveUp: Interval
    /// Maximum time a message stays in the network (RFC 3261, 17.1.2.2).
    public let t4 = Interval.seconds(5)
    /// Wait between repetitions once a provisional response came (T2 of RFC 3261, 17.1.2.2): the longest of the list.
    public let t2: Interval
    /// How long a peer that keeps to the RFC's own timers may repeat a message (64*T1, T1 of 0.5 s). What answers
    /// or absorbs repetitions stays at least as long, however short our own list is.
    static let peerRepeats = Interval.seconds(32)

    /// `resendIntervals` must not be empty.
    public init(resendIntervals: [Interval] = TransactionTiming.defaultIntervals) {
        precondition(!resendIntervals.isEmpty)
        self.resendIntervals = resendIntervals
        self.giveUp = resendIntervals.reduce(resendIntervals[0], +)
        self.t2 = resendIntervals.reduce(resendIntervals[0]) { max($0, $1) }
    }

    /// T1 of 0.5 s doubled up to T2 of 4 s, ten times.
    public static let defaultIntervals: [Interval] = [500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000].map { .milliseconds($0) }

    /// The wait before repetition number `index`; nil when the list is used up.
    public func wait(_ index: Int) -> Interval? { index < resendIntervals.count ? resendIntervals[index] : nil }

    /// How long `timer` runs from its start; the repeating ones (A, E, G) have their first wait here.
    public func length(_ timer: SIPTimer, reliable: Bool) -> Interval {
        switch timer {
        case .a, .e, .g: reliable ? giveUp : resendIntervals[0]
        case .b, .f, .h: giveUp
        case .l, .m: max(giveUp, TransactionTiming.peerRepeats)
        case .d: reliable ? .zero : max(giveUp, TransactionTiming.peerRepeats)
        case .i, .k: reliable ? .zero : t4
        case .j: reliable ? .zero : max(giveUp, TransactionTiming.peerRepeats)
        }
    }
}

/// Repetition of a message by the resend list: when the next copy is due.
struct Resending: Equatable {
    private(set) var next: Instant
    private var sent = 0
    /// Set when a provisional response came to a request other than INVITE.
    private var isSlowed = false

    init(from now: Instant, timing: TransactionTiming, reliable: Bool) {
        next = reliable ? .never : now + timing.length(.a, reliable: false)
    }

    static let stopped = Resending(next: .never)
    private init(next: Instant) { self.next = next }

    /// Whether a copy is due now; the next one is scheduled.
    mutating func isDue(_ now: Instant, timing: TransactionTiming) -> Bool {
        guard next <= now else { return false }
        sent += 1
        next = isSlowed ? now + timing.t2 : timing.wait(sent).map { now + $0 } ?? .never
        return true
    }

    /// From the next copy on they follow at T2 (section 17.1.2.2, Proceeding).
    mutating func slowDown() { isSlowed = true }
}

/// What a transaction machine asks for after an event. Several may be asked at once.
public struct TransactionActions: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Send the kept message again: the request, or the last response.
    public static let retransmit = TransactionActions(rawValue: 1)
    /// Send the ACK to a failure response (the first time, or again).
    public static let acknowledge = TransactionActions(rawValue: 2)
    /// Pass the message to the user.
    public static let deliver = TransactionActions(rawValue: 4)
    /// Tell the user that no answer came (a client), or no ACK (a server).
    public static let reportTimeout = TransactionActions(rawValue: 8)
    /// The transaction is over and is removed.
    public static let terminate = TransactionActions(rawValue: 16)
    /// The kept request is not needed any more.
    public static let releaseMessage = TransactionActions(rawValue: 32)
}
