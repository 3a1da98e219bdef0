import SIPUserAgent
import Vocabulary

/// What ends a call that its parties do not end. One rule holds for a call, decided when it is answered.
/// Raw values are stored: append only.
public enum CallRule: UInt8, CaseIterable, Sendable {
    /// The caller's leg has a session timer (RFC 4028): the call lives as long as it is refreshed.
    case sessionTimer = 1
    /// It has none: the call ends when `SS_SIP_NO_TIMER_REINVITE_INTERVAL` has passed.
    case noTimerLimit = 2
    /// It has none, and no such limit is set.
    case none = 3

    private static let names = CaseNames<Self>()
    public var name: String { Self.names[self] }
}

/// Why a call is under its rule. Raw values are stored: append only.
public enum CallRuleReason: UInt8, CaseIterable, Sendable {
    case sessionExpiresInInvite = 1
    case sessionExpiresInAnswer = 2
    case sessionExpiresNotSeen = 3
    case sessionExpiresOnlyOnOtherLeg = 4
    case timerSwitchedOffForGateway = 5
    case timerSwitchedOffByCaller = 6

    private static let names = CaseNames<Self>()
    public var name: String { Self.names[self] }

    /// For operators.
    public var text: String {
        switch self {
        case .sessionExpiresInInvite: "the caller's INVITE had Session-Expires, so the caller supports the session timer"
        case .sessionExpiresInAnswer: "the caller supports the session timer, and the 200 OK to it had Session-Expires"
        case .sessionExpiresNotSeen: "no Session-Expires was seen, so the caller does not support the session timer"
        case .sessionExpiresOnlyOnOtherLeg:
            "only the called side has a session timer; whether the caller is still there cannot be seen"
        case .timerSwitchedOffForGateway: "the session timer is switched off for the caller's gateway"
        case .timerSwitchedOffByCaller: "the caller agreed to a session timer and later switched it off"
        }
    }
}

/// A call's rule with its reason, for the decision record.
public struct CallRuleDecision: Hashable, Sendable {
    public var rule: CallRule
    public var reason: CallRuleReason

    public init(_ rule: CallRule, _ reason: CallRuleReason) {
        self.rule = rule
        self.reason = reason
    }

    /// What was seen of session timers when a call is answered.
    public struct Evidence: Hashable, Sendable {
        /// The switch of the caller's gateway.
        public var isTimerAllowed: Bool
        /// Session-Expires stood in the caller's INVITE.
        public var inInvite: Bool
        /// What the caller's leg agreed upon: Session-Expires stands in the 200 OK to the caller.
        public var callerAgreement: SessionAgreement?
        /// What the callee's leg agreed upon.
        public var calleeAgreement: SessionAgreement?

        public init(isTimerAllowed: Bool = true, inInvite: Bool, callerAgreement: SessionAgreement?, calleeAgreement: SessionAgreement?) {
            self.isTimerAllowed = isTimerAllowed
            self.inInvite = inInvite
            self.callerAgreement = callerAgreement
            self.calleeAgreement = calleeAgreement
        }
    }

    /// Decides the rule at the answer. Only a timer of the caller's own leg shows that the caller is there: one of
    /// the callee's leg runs beside the no-timer limit and does not replace it.
    public init(_ evidence: Evidence, noTimerLimitIsSet: Bool) {
        if evidence.callerAgreement != nil {
            self.init(.sessionTimer, evidence.inInvite ? .sessionExpiresInInvite : .sessionExpiresInAnswer)
            return
        }
        let reason: CallRuleReason =
            if !evidence.isTimerAllowed {
                .timerSwitchedOffForGateway
            } else {
                evidence.calleeAgreement != nil ? .sessionExpiresOnlyOnOtherLeg : .sessionExpiresNotSeen
            }
        self.init(noTimerLimitIsSet ? .noTimerLimit : .none, reason)
    }
}
