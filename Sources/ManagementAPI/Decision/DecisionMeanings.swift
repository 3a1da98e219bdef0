import Routing

// What refusals and verdicts mean, for people.

extension CallRefusal {
    public var meaning: String {
        switch self {
        case .locked: "the caller's gateway or phone is locked"
        case .periodBarred: "a period of the caller's gateway bars calls at this time"
        case .full: "as many calls as the caller may have are up"
        case .groupFull: "all lines of a gateway group of the caller are taken"
        case .rateExceeded: "the caller has made as many calls within a second as it may"
        case .callerPrefix: "the beginning of the caller is not allowed"
        case .calleePrefix: "the beginning of the callee is not allowed"
        case .callerLength: "the length of the caller is not allowed"
        case .calleeLength: "the length of the callee is not allowed"
        case .callerGroup: "the caller is on a black list, or on no white list"
        case .calleeGroup: "the callee is on a black list, or on no white list"
        case .callerBlacklisted: "the caller is on the dynamic blacklist"
        case .calleeBlacklisted: "the callee is on the dynamic blacklist"
        case .calleeKind: "the callee is, or is not, a phone of this switch"
        case .noCallee: "the dial plan left no callee"
        case .groupRateExceeded: "a gateway group of the caller has made as many calls within a second as it may"
        }
    }
}

extension Candidate.Verdict {
    /// Empty where the verdict itself says all. `detail`: the number behind it.
    func meaning(detail: Int?) -> String {
        switch self {
        case .waiting, .tried, .answered, .notNeeded, .redirected: ""
        case .locked: "it is locked"
        case .sameAsSource: "the call came from there"
        case .registrationDown: "its registration does not stand"
        case .withoutAddress: "it has neither an address nor a registration"
        case .alreadyListed: "it stands in the list already, with a longer prefix"
        case .groupNotAllowed: "the caller may not use its gateway groups"
        case .periodBarred: "a period of it bars calls at this time"
        case .callerPrefix: "the beginning of the caller is not allowed"
        case .calleePrefix: "the beginning of the callee is not allowed"
        case .callerLength: "the length of the caller is not allowed"
        case .calleeLength: "the length of the callee is not allowed"
        case .callerGroup: "the caller is on a black list of it, or on no white list"
        case .calleeGroup: "the callee is on a black list of it, or on no white list"
        case .retryAfter: "it asked to be left alone" + (detail.map { " for \($0) s more" } ?? "")
        case .noAddressAlive: "none of its addresses answers OPTIONS"
        case .notRegistered: "it registers here, and is not registered"
        case .full: "all its lines are taken" + (detail.map { ", \($0)" } ?? "")
        case .groupFull: "all lines of a gateway group of it are taken"
        case .linesReserved: "no more lines are free in a gateway group than are kept free"
        case .publishedFull: "it published a capacity that is used up" + (detail.map { ", \($0)" } ?? "")
        case .rateExceeded: "it was given as many calls within a second as it may" + (detail.map { ", \($0)" } ?? "")
        case .groupRateExceeded: "a gateway group of it was given as many calls within a second as it may"
        case .searchTerminated: "a gateway with a longer prefix ends the search"
        case .noPoolNumber: "no number of its caller pool is free"
        case .protectDelayOver: "SS_TRY_PROTECT_ROUTE_DELAY was over"
        }
    }
}
