import Routing
import Vocabulary

// Fields that gateways and phones have in common, each table once.

/// A peer whose calls may be bounded and watched.
protocol BoundedPeer {
    var sessionTimer: Bool { get set }
    var maximumDuration: Int? { get set }
    var probeInterval: Int? { get set }
}

/// A peer whose calls' numbers are looked up in number groups.
protocol NumberListed {
    var callerNumberGroups: NameFilter { get set }
    var calleeNumberGroups: NameFilter { get set }
}

/// A gateway, whichever side it is on.
protocol AnyGateway: BoundedPeer, NumberListed {
    var capacity: Int? { get set }
    var callsPerSecond: Int? { get set }
    var groups: [String] { get set }
    var callerPrefixes: PrefixFilter { get set }
    var calleePrefixes: PrefixFilter { get set }
    var callerLengths: LengthFilter { get set }
    var calleeLengths: LengthFilter { get set }
    var callerRewrite: RewriteRules { get set }
    var calleeRewrite: RewriteRules { get set }
    var requestAddress: RequestAddress { get set }
    var registersHere: Bool { get set }
    var registration: String? { get set }
}

extension MappingGateway: AnyGateway {}
extension RoutingGateway: AnyGateway {}
extension Phone: BoundedPeer, NumberListed {}

extension ObjectField where Object: BoundedPeer {
    /// How long calls may last, and how it is seen that they live.
    static var boundFields: [ObjectField] {
        [
            .flag("sessionTimer", \.sessionTimer, meaning: "whether a session timer (RFC 4028) may run with it; true unless set"),
            .optionalInteger(
                "maximumDuration", \.maximumDuration, range: 1...864_000,
                meaning: "longest call in seconds; none unless set. The shortest limit of a call counts"),
            .optionalInteger(
                "probeInterval", \.probeInterval, range: 10...86_400,
                meaning: "seconds between OPTIONS within answered calls to a peer without session timer; none unless set"),
        ]
    }
}

extension ObjectField where Object: NumberListed {
    /// Black and white lists of whole numbers.
    static var numberListFields: [ObjectField] {
        [
            .nameFilter(
                "callerNumberGroups", of: .numberGroup, \.callerNumberGroups,
                meaning: "number groups whose callers alone are taken (allow), or are not taken (deny); none unless set"),
            .nameFilter(
                "calleeNumberGroups", of: .numberGroup, \.calleeNumberGroups,
                meaning: "number groups whose callees alone are taken (allow), or are not taken (deny); none unless set"),
        ]
    }
}

extension ObjectField where Object: AnyGateway {
    /// How many calls it may have.
    static var capacityFields: [ObjectField] {
        [
            .optionalInteger(
                "capacity", \.capacity, range: Capacity.calls, meaning: "most calls at once; 0 takes none; no limit unless set"),
            .optionalInteger(
                "callsPerSecond", \.callsPerSecond, range: Capacity.callsPerSecond,
                meaning: "most new calls within any second; 0 takes none; no limit unless set"),
            .names(
                "gatewayGroups", of: .gatewayGroup, \.groups, meaning: "gateway groups whose lines its calls take; none unless set"),
        ]
    }

    /// Which numbers it takes.
    static var numberFilterFields: [ObjectField] {
        [
            .prefixFilter("callerPrefixes", \.callerPrefixes, meaning: "beginnings of callers that are allowed or denied; all pass unless set"),
            .prefixFilter("calleePrefixes", \.calleePrefixes, meaning: "beginnings of callees that are allowed or denied; all pass unless set"),
            .lengths(
                "callerLengths", \.callerLengths,
                meaning: "lengths of callers that are allowed (callerAllowLength), as [10, 11] or [\"7-9\"]; any unless set"),
            .lengths(
                "calleeLengths", \.calleeLengths,
                meaning: "lengths of callees that are allowed (calleeAllowLength), as [10, 11] or [\"7-9\"]; any unless set"),
        ] + numberListFields
    }

    /// Its dial plans.
    static var dialPlanFields: [ObjectField] {
        [
            .dialPlan("callerRewrite", \.callerRewrite, meaning: "dial plan of the caller: original=target, with | between targets; none unless set"),
            .dialPlan("calleeRewrite", \.calleeRewrite, meaning: "dial plan of the callee: original=target, with | between targets; none unless set"),
        ]
    }

    static var requestAddressField: ObjectField {
        .choice(
            "requestAddress", \.requestAddress,
            meaning: "where requests within a call go (sipRequestAddressMethod): source (where the peer's messages come from), contactPort "
                + "(that IP with the port of Contact) or contact; contact unless set")
    }
}
