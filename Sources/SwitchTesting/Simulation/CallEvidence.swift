import CallRecords
import Routing
import Vocabulary

/// Everything that is known about one finished call without asking the switch.
public struct CallEvidence {
    public var index: Int
    public var plan: CallPlan
    public var caller: PeerCall
    public var callees: [PeerCall]
    public var records: [CallRecord]
    public var facts: WireTap.Facts
    /// When the store committed the call as answered, by identifier.
    public var openedAt: [CallIdentifier: Instant]
    public var networkIsPerfect: Bool
    public var storeFailed: Bool
    /// The switch was killed and started again while the call was on.
    public var switchRestarted = false
    /// An operator ended it.
    public var wasHungUp = false
    /// When no process ran, in order.
    public var outages: [Outage] = []
    /// When a process died with a record of this call that was not committed: each one is the begin of an outage.
    public var lostAt: [Instant] = []
    /// When the switch gave the store an end that it had decided itself, by the call's identifier.
    public var endDecidedAt: [CallIdentifier: Instant] = [:]
    /// When such an end was lost with the process that had decided it: what was seen of the end before counts no more.
    public var endLostAt: [CallIdentifier: Instant] = [:]
    /// When each record was committed.
    public var recordedAt: [CallIdentifier: Instant] = [:]
    /// By how much a restored answer may lie before the one that passed.
    public var answerError = Interval.zero
    /// By how much no clock could know better: jumps of the wall clock, when the machine was booted too.
    public var clockError = Interval.zero
    /// The longest durations that the reference model allows; more than one when several processes took the INVITE.
    public var limits: [Interval] = []
    /// Until when it may be billed if a party died, in the same way.
    public var deathBilling: Set<DeathBilling> = [.detection]
}

extension CallEvidence {
    /// Records of an answer that the caller may have heard. One that was recorded before any answer left is of a call
    /// whose process died between the commit and the answer.
    var answeredRecords: [CallRecord] {
        records.filter { record in
            guard record.answeredAt.isSet else { return false }
            guard let sent = facts.answerSentAt, let recorded = recordedAt[record.id] else { return true }
            return recorded >= sent
        }
    }
}

/// A time without a process.
public struct Outage: Sendable, Equatable {
    public var from: Instant
    public var to: Instant

    public init(from: Instant, to: Instant) {
        self.from = from
        self.to = to
    }
}
