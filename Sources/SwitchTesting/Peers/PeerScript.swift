import Vocabulary

/// What a party does inside a dialog of its own accord.
public enum DialogAction: Sendable, Equatable {
    case bye
    /// A new offer; `holds` makes it send-only.
    case reinvite(holds: Bool)
    case update
    case info
    case options
    case message
    /// An INFO whose CSeq number was used before.
    case staleInfo
    /// A method that the switch does not pass.
    case refer
    /// A BYE that is not of this dialog: a wrong tag beside the right Call-ID.
    case forgedBye(PeerForgery)
    /// From here on it neither hears nor says anything.
    case dieSilently
    /// From here on it answers 481 to whatever comes, and says nothing itself.
    case loseDialog
}

/// Which tag of a forged request is wrong.
public enum PeerForgery: Sendable, Equatable { case fromTag, toTag }

/// An action and how long after the answer (for a callee: after its ACK) it is done.
public struct TimedAction: Sendable, Equatable {
    public var after: Interval
    public var action: DialogAction

    public init(after: Interval, _ action: DialogAction) {
        self.after = after
        self.action = action
    }
}

/// Whether and when a caller acknowledges the answer.
public enum AcknowledgePolicy: Sendable, Equatable {
    case always
    case never
    /// The first so many answers (copies included) stay without ACK.
    case afterIgnoring(Int)
}

/// Use of reliable provisional responses (RFC 3262).
public enum Reliability: Sendable, Equatable { case none, supported, required }

/// How a caller behaves.
public struct CallerScript: Sendable, Equatable {
    public var isLateOffer = false
    public var reliability = Reliability.none
    /// CANCEL so long after the INVITE, unless it is over by then.
    public var cancelsAfter: Interval?
    public var acknowledges = AcknowledgePolicy.always
    public var inDialog: [TimedAction] = []
    public var answersBye = true
    /// Sends PRACK for reliable provisional responses.
    public var sendsPrack = true
    /// How it uses the session timer.
    public var session = SessionScript()
    /// So long after its dialog has ended it sends another BYE in it.
    public var lateBye: Interval?

    public init() {}
}

/// One provisional response of a callee.
public struct ScriptedProvisional: Sendable, Equatable {
    public var after: Interval
    public var status: Int
    public var hasMedia: Bool
    public var isReliable: Bool
    /// Which branch of a forking vendor speaks.
    public var fork: Int

    public init(after: Interval, status: Int, hasMedia: Bool = false, isReliable: Bool = false, fork: Int = 0) {
        self.after = after
        self.status = status
        self.hasMedia = hasMedia
        self.isReliable = isReliable
        self.fork = fork
    }
}

/// A final response of a callee.
public struct ScriptedFinal: Sendable, Equatable {
    public var after: Interval
    public var status: Int
    public var fork: Int

    public init(after: Interval, status: Int, fork: Int = 0) {
        self.after = after
        self.status = status
        self.fork = fork
    }
}

/// What a callee does with CANCEL.
public enum CancelPolicy: Sendable, Equatable {
    case terminates
    /// The answer was on its way: 200 to the INVITE.
    case answersAnyway
    /// 200 to the CANCEL and no final response to the INVITE, ever.
    case staysSilent
}

/// How a callee behaves at one attempt.
public struct CalleeScript: Sendable, Equatable {
    /// Answers with nothing at all, as a dead host does.
    public var isDead = false
    public var sendsTrying = true
    public var provisionals: [ScriptedProvisional] = []
    /// The first that is due decides; a second 2xx is another fork that answers as well.
    public var finals: [ScriptedFinal] = []
    public var inDialog: [TimedAction] = []
    public var onCancel = CancelPolicy.terminates
    public var answersBye = true
    /// How it uses the session timer.
    public var session = SessionScript()
    /// So long after its dialog has ended it sends another BYE in it.
    public var lateBye: Interval?

    public init() {}
}
