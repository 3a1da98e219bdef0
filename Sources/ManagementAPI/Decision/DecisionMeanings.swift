import Routing

// What refusals and verdicts mean, for people.

extension CallRefusal {
    /// `detail`: the number behind it; `group`: the name behind it.
    func meaning(detail: Int?, group: String?) -> String {
        let limit = detail.map { ", \($0)" } ?? ""
        let name = group.map { " \($0)" } ?? ""
        return switch self {
        case .locked: "the caller's gateway or phone is locked"
        case .periodBarred: "a period of the caller's gateway bars calls at this time"
        case .full: "as many calls as the caller may have are up" + limit
        case .groupFull: "all lines of the caller's gateway group\(name) are taken"
        case .rateExceeded: "the caller has made as many calls within a second as it may" + limit
        case .callerPrefix: "the beginning of the caller is not allowed"
        case .calleePrefix: "the beginning of the callee is not allowed"
        case .callerLength: "the length of the caller is not allowed"
        case .calleeLength: "the length of the callee is not allowed"
        case .callerGroup: group.map { "the caller is on the black list \($0)" } ?? "the caller is on no white list"
        case .calleeGroup: group.map { "the callee is on the black list \($0)" } ?? "the callee is on no white list"
        case .callerBlacklisted: "the caller is on the dynamic blacklist" + (group.map { ", as \($0)" } ?? "")
        case .calleeBlacklisted: "the callee is on the dynamic blacklist" + (group.map { ", as \($0)" } ?? "")
        case .calleeKind: "the callee is, or is not, a phone of this switch"
        case .noCallee: "the dial plan left no callee"
        case .groupRateExceeded: "the caller's gateway group\(name) has made as many calls within a second as it may"
        }
    }
}

extension Candidate.Verdict {
    /// Empty where the verdict itself says all. `detail`: the number behind it; `group`: the name behind it.
    func meaning(detail: Int?, group: String?) -> String {
        let limit = detail.map { ", \($0)" } ?? ""
        let name = group.map { " \($0)" } ?? ""
        return switch self {
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
        case .callerGroup: group.map { "the caller is on its black list \($0)" } ?? "the caller is on no white list of it"
        case .calleeGroup: group.map { "the callee is on its black list \($0)" } ?? "the callee is on no white list of it"
        case .retryAfter: "it asked to be left alone" + (detail.map { " for \($0) s more" } ?? "")
        case .noAddressAlive: "none of its addresses answers OPTIONS"
        case .notRegistered: "it registers here, and is not registered"
        case .full: "all its lines are taken" + limit
        case .groupFull: "all lines of its gateway group\(name) are taken"
        case .linesReserved: "no more lines are free in its gateway group\(name) than are kept free"
        case .publishedFull: "it published a capacity that is used up" + limit
        case .rateExceeded: "it was given as many calls within a second as it may" + limit
        case .groupRateExceeded: "its gateway group\(name) was given as many calls within a second as it may"
        case .searchTerminated: "a gateway with a longer prefix ends the search"
        case .noPoolNumber: "no number of its caller pool is free"
        case .protectDelayOver: "SS_TRY_PROTECT_ROUTE_DELAY was over"
        }
    }
}
