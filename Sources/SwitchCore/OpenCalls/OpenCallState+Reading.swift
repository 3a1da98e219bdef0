import CallControl
import CallRecords
import SIPUserAgent
import Vocabulary

// The stored state of an open call, field by field.
extension RecordReader {
    /// The oldest version that is read: it knows no ends that the switch decided.
    private static let oldestVersion: Int64 = 2

    /// How many integers and how many texts follow one another in a state: the call's own fields and the
    /// texts of the caller's dialog, its integers, then the callee's dialog.
    private static let stateForm: [(integers: Int, texts: Int)] = [
        (14, 8 + 7), (8, 7), (8 + 6 + CallLimitKind.allCases.count + 2 + 2 * 12, 3), (6, 1),
    ]
    /// What version 3 has after that: billing after a death, the end that the switch decided, and the numbers that dial
    /// plans made.
    private static let endingForm: (integers: Int, texts: Int) = (7, 1 + 3)

    /// Whether the bytes are a whole state of a version that is read. A store that was damaged, or written by
    /// another version, must not keep the switch from starting.
    static func isOpenCall(_ state: Bytes) -> Bool {
        guard state.count >= 8 else { return false }
        var reader = RecordReader(state)
        let version = reader.integer()
        guard (oldestVersion...Shard.stateVersion).contains(version) else { return false }
        var position = 0
        for run in version > 2 ? stateForm + [endingForm] : stateForm {
            position += 8 * run.integers
            for _ in 0..<run.texts {
                guard position + 4 <= state.count else { return false }
                position += 4 + (0..<4).reduce(0) { $0 | Int(state[position + $1]) << (8 * $1) }
            }
            guard position <= state.count else { return false }
        }
        return position == state.count
    }

    mutating func address() -> NetworkAddress {
        let family = integer()
        let high = UInt64(bitPattern: integer())
        let low = UInt64(bitPattern: integer())
        let port = UInt16(truncatingIfNeeded: integer())
        return family == 0
            ? NetworkAddress(ipv4: UInt32(truncatingIfNeeded: low), port: port) : NetworkAddress(ipv6High: high, low: low, port: port)
    }

    mutating func limits(answeredAt: Instant) -> CallLimits? {
        let rule = CallRule(rawValue: UInt8(truncatingIfNeeded: integer()))
        let reason = CallRuleReason(rawValue: UInt8(truncatingIfNeeded: integer()))
        let noTimerFrom = answeredAt + Interval(nanoseconds: max(0, integer()))
        var bounds = CallBounds()
        for kind in CallLimitKind.allCases {
            let seconds = Int(clamping: integer())
            guard seconds > 0 else { continue }
            switch kind {
            case .noTimerLimit: bounds.noTimerLimit = seconds
            case .mappingGateway: bounds.mappingGateway = seconds
            case .routingGateway: bounds.routingGateway = seconds
            case .account: bounds.account = seconds
            case .systemMaximum: bounds.systemMaximum = seconds
            }
        }
        guard let rule, let reason else { return nil }
        return CallLimits(CallRuleDecision(rule, reason), bounds: bounds, answeredAt: answeredAt, noTimerFrom: noTimerFrom)
    }

    /// A length of time; one that no call can have is bounded.
    mutating func interval() -> Interval { min(max(Interval(nanoseconds: integer()), .zero), CallClock.oldest) }

    mutating func session(owner: SessionSide, answeredAt: Instant, now: Moment) -> StoredLegSession {
        let interval = UInt32(clamping: integer())
        let refresher = SessionSide(rawValue: UInt8(truncatingIfNeeded: integer()))
        let expiresAt = now.wall + (answeredAt + self.interval() - now.instant)
        let largestMinSE = UInt32(clamping: integer())
        let allowsUpdate = integer() == 1
        let policy = SessionTimerPolicy(
            isEnabled: integer() == 1, interval: UInt32(clamping: integer()), segment: UInt32(clamping: integer()),
            earlyHangup: UInt32(clamping: integer()))
        var stored = StoredLegSession(
            policy: policy, probeInterval: min(max(integer(), 0), 86_400),
            life: ProofOfLife.Kind(rawValue: UInt8(truncatingIfNeeded: integer())) ?? .answer, lifeAfterAnswer: self.interval())
        if interval > 0, let refresher {
            stored.timer = StoredSessionTimer(
                agreement: SessionAgreement(interval: interval, refresher: refresher), expiresAt: expiresAt, largestMinSE: largestMinSE,
                peerAllowsUpdate: allowsUpdate, callIDOwner: owner)
        }
        return stored
    }

    /// The end that the process before had decided. A reason that this version does not know ends the call all the same.
    mutating func ending(answeredAt: Instant, now: Moment) -> StoredEnding? {
        let reason = integer()
        let party = CallParty(rawValue: UInt8(truncatingIfNeeded: integer())) ?? .server
        let endedAt = Moment(instant: min(answeredAt + interval(), now.instant), wall: WallTime(microseconds: integer()))
        let billed = min(answeredAt + interval(), endedAt.instant)
        let cause = integer()
        let note = text()
        guard reason != 0 else { return nil }
        return StoredEnding(
            reason: Int16(exactly: reason).flatMap { EndReason(rawValue: $0) } ?? .processEnded, party: party, endedAt: endedAt,
            billedUntil: Moment(instant: billed, wall: endedAt.wall + (billed - endedAt.instant)),
            reportedCause: cause < 0 ? nil : Int(cause), note: note)
    }

    mutating func dialog() -> StoredDialog {
        let callID = text()
        let localTag = text()
        let local = text()
        let remote = text()
        let remoteTag = text()
        let remoteTarget = text()
        let routes = text()
        let localCSeq = UInt32(clamping: min(integer(), 1 << 30))
        let remoteCSeq = integer()
        return StoredDialog(
            callID: callID, localTag: localTag, local: local, remote: remote, remoteTag: remoteTag, remoteTarget: remoteTarget,
            routes: routes, localCSeq: localCSeq, remoteCSeq: remoteCSeq < 0 ? nil : UInt32(truncatingIfNeeded: remoteCSeq),
            flow: flow())
    }

    mutating func flow() -> Flow {
        let transport = TransportKind(rawValue: UInt8(truncatingIfNeeded: integer())) ?? .udp
        let listener = UInt16(truncatingIfNeeded: integer())
        return Flow(transport: transport, listener: listener, remote: address())
    }
}

/// What a restart must know of a leg beside its dialog.
struct StoredLegSession {
    var policy: SessionTimerPolicy
    /// Nil: no session expiration.
    var timer: StoredSessionTimer?
    /// Seconds between probes; 0: none.
    var probeInterval: Int64
    /// The last proof of life that was stored, and how long after the answer it came.
    var life: ProofOfLife.Kind
    var lifeAfterAnswer: Interval

    /// The switches that the leg's gateway has today hold; without a gateway of its name those of the call's begin do.
    mutating func apply(_ switches: GatewaySwitches?) {
        guard let switches, timer == nil else { return }
        policy.isEnabled = switches.sessionTimer
        probeInterval = Int64(switches.probeInterval ?? 0)
    }
}
