import Vocabulary

/// What was decided about a call, with every reason: the numbers after the caller's dial plan, the refusal
/// if there is one, and each candidate with its verdict. Reused from call to call, so that deciding allocates nothing.
public struct CallDecision: Sendable {
    /// After the caller's dial plan.
    public var caller: [UInt8] = []
    public var callee: [UInt8] = []
    /// The rules of the dial plan that matched; nil where none did.
    public var callerRule: Int?
    public var calleeRule: Int?
    /// Index of the caller's period that holds now.
    public var period: Int?
    /// Why the call is not taken at all; nil when candidates may be tried.
    public var refusal: CallRefusal?
    /// The number behind the refusal: the limit for `full` and `rateExceeded`, the group's index for `groupFull`
    /// and `groupRateExceeded`, for `callerGroup` and `calleeGroup` the place in the caller's list of the black
    /// list that has the number, -1 when no white list has it; for the dynamic blacklist the kind of its entry.
    public var refusalDetail: Int32 = 0
    /// In the order to try them, with the verdict of each that cannot be used.
    public var candidates: [Candidate] = []
    /// How many gateways matched beyond those listed.
    public var unlisted = 0

    // Room to work in.
    var found: [Candidate] = []
    var ranks: [CandidateRank] = []

    /// Most candidates listed for one call.
    public static let maximumCandidates = 256

    public init() {}

    mutating func begin() {
        caller.removeAll(keepingCapacity: true)
        callee.removeAll(keepingCapacity: true)
        callerRule = nil
        calleeRule = nil
        period = nil
        refusal = nil
        refusalDetail = 0
        candidates.removeAll(keepingCapacity: true)
        unlisted = 0
    }

    /// What can be tried, in order.
    public var isUsable: Bool { refusal == nil && candidates.contains { $0.verdict.isUsable } }
}

/// Why a call is refused before any gateway is tried. The wire form (`rawValue`) stays.
public enum CallRefusal: UInt8, Sendable, Hashable, CaseIterable {
    /// The caller's gateway or phone is locked.
    case locked = 1
    /// The period of the caller's gateway bars calls now.
    case periodBarred
    /// As many calls as its capacity are up, or the lines of its group are.
    case full
    case groupFull
    /// More calls within a second than it may make.
    case rateExceeded
    case callerPrefix
    case calleePrefix
    case callerLength
    case calleeLength
    /// A black list has the number, or a white list has not.
    case callerGroup
    case calleeGroup
    case callerBlacklisted
    case calleeBlacklisted
    /// The callee is, or is not, a phone of the platform (`calleeE164Restrict`).
    case calleeKind
    /// The dial plan left no callee.
    case noCallee
    /// More calls within a second than its group may make.
    case groupRateExceeded
}
