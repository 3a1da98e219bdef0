import CallRecords
import Containers
import Routing
import Vocabulary

/// One try at one gateway, as the call remembers it.
public struct Attempt: Sendable {
    /// Index into the call's candidates; -1 for a call restored after a restart.
    public let candidate: Int
    /// Where it went; nil for a call restored after a restart.
    public let destination: CallDestination?
    public let address: NetworkAddress
    /// The leg that carries it; its slot may be gone after the attempt.
    public let leg: SlabKey
    public let callID: StoredBytes
    /// The numbers that stood in its INVITE.
    public let callerSent: StoredBytes
    public let calleeSent: StoredBytes
    public let startedAt: WallTime
    /// Sent by stream because the request was too large for a datagram.
    public var isMovedToStream = false
    public internal(set) var firstProvisionalAt = WallTime.unset
    public internal(set) var ringingAt = WallTime.unset
    public internal(set) var answeredAt = WallTime.unset
    public internal(set) var endedAt = WallTime.unset
    public internal(set) var status = 0
    public internal(set) var outcome: AttemptOutcome?
    var stage = SetupStage.invite
    /// What the gateway showed so far.
    public internal(set) var signs = SwitchingSettings.Signs()

    public init(
        candidate: Int, destination: CallDestination?, address: NetworkAddress, leg: SlabKey, callID: StoredBytes,
        callerSent: StoredBytes, calleeSent: StoredBytes, startedAt: WallTime
    ) {
        self.candidate = candidate
        self.destination = destination
        self.address = address
        self.leg = leg
        self.callID = callID
        self.callerSent = callerSent
        self.calleeSent = calleeSent
        self.startedAt = startedAt
    }
}

/// How far an attempt has come; each stage has its own timer, which replaces the one before.
public enum SetupStage: Sendable, Equatable {
    /// `SS_SIP_TIMEOUT_INVITE`
    case invite
    /// `SS_SIP_TIMEOUT_TRYING`
    case trying
    /// `SS_SIP_TIMEOUT_SESSION_PROGRESS`
    case progress
    /// `SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP`
    case progressWithMedia
    /// `SS_SIP_TIMEOUT_RINGING`
    case ringing

    /// The stage that a provisional response leads to. Ringing and early media are never left for an earlier stage.
    func after(status: Int, hasMedia: Bool) -> SetupStage {
        if status == 180 { return .ringing }
        if status == 100 { return self == .invite ? .trying : self }
        switch self {
        case .ringing, .progressWithMedia: return self
        case .invite, .trying, .progress: return hasMedia ? .progressWithMedia : .progress
        }
    }

    var timeoutOutcome: AttemptOutcome {
        switch self {
        case .invite: .inviteTimeout
        case .trying: .tryingTimeout
        case .progress: .progressTimeout
        case .progressWithMedia: .progressWithMediaTimeout
        case .ringing: .ringingTimeout
        }
    }
}
