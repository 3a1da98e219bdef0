import Vocabulary

/// What a decision needs of the configured objects, made once per snapshot: plain numbers side by side,
/// filters that several objects share made once. Indices run as in `SwitchConfiguration`.
struct DecisionTables: Sendable {
    var mappingGateways: [CompiledOrigin] = []
    var phones: [CompiledPhone] = []
    var routingGateways: [CompiledRoutingGateway] = []
    var groups: [CompiledGroup] = []
    /// Group indices of all gateways, one range each.
    var groupIndices: [Int32] = []
    /// Periods of all gateways, one range each.
    var periods: [CompiledPeriod] = []
    var checks: [NumberCheck] = []
    var masks: [GatewayMask] = []
    var orderings: [RouteOrdering] = []
    /// Whether any gateway has settings by time of day.
    var usesPeriods: Bool { !periods.isEmpty }

    /// Index into `periods` of the one that holds now.
    func period(_ range: Range<Int32>, at time: LocalTime) -> Int? {
        for index in range where periods[Int(index)].contains(time) { return Int(index) }
        return nil
    }

    func refusal(_ check: CheckIndex, of number: Bytes) -> NumberRefusal? {
        check == .none ? nil : checks[Int(check.rawValue)].refusal(of: number)
    }
}

/// Index into `DecisionTables.checks`.
struct CheckIndex: RawRepresentable, Sendable, Hashable {
    var rawValue: Int32
    static let none = CheckIndex(rawValue: -1)
}

/// A mapping gateway, as far as the decision goes.
struct CompiledOrigin: Sendable {
    var isLocked: Bool
    var calleeKind: CalleeKind
    var rewritesCaller: Bool
    var rewritesCallee: Bool
    var capacity: Int32?
    var callsPerSecond: Int32?
    var groups: Range<Int32>
    var periods: Range<Int32>
    var callerCheck: CheckIndex
    var calleeCheck: CheckIndex
    /// Index into `DecisionTables.masks`; nil: every routing gateway may be used.
    var mask: Int32?
    /// Index into `DecisionTables.orderings`.
    var ordering: Int32
}

/// A phone, as far as the decision goes.
struct CompiledPhone: Sendable {
    var mayCall: Bool
    var mayBeCalled: Bool
    /// Reached at a configured address instead of where it registered.
    var isStatic: Bool
    var rewritesOutgoingCallee: Bool
    var outgoingLines: Int32?
    var incomingLines: Int32?
    var lines: Int32?
    /// Whom it calls, and who calls it.
    var calleeCheck: CheckIndex
    var callerCheck: CheckIndex
    var mask: Int32?

    var limits: LineLimits {
        LineLimits(made: outgoingLines.map(Int.init), received: incomingLines.map(Int.init), all: lines.map(Int.init))
    }
}

/// A routing gateway, as far as the decision goes.
struct CompiledRoutingGateway: Sendable {
    struct Flags: OptionSet, Sendable {
        var rawValue: UInt16
        static let locked = Flags(rawValue: 1)
        static let terminates = Flags(rawValue: 2)
        static let protectRoute = Flags(rawValue: 4)
        static let returnsCalls = Flags(rawValue: 8)
        static let registersHere = Flags(rawValue: 16)
        static let registration = Flags(rawValue: 32)
        static let withoutAddress = Flags(rawValue: 64)
        /// One of its prefixes begins another: a number can match both.
        static let nestedPrefixes = Flags(rawValue: 128)
        static let optionsCheck = Flags(rawValue: 256)
        static let allowsPublish = Flags(rawValue: 512)
        static let measuresAnswers = Flags(rawValue: 1024)
        static let callerPool = Flags(rawValue: 2048)
    }

    var flags: Flags
    var priority: Int32
    var capacity: Int32?
    var callsPerSecond: Int32?
    var reservedLines: Int32
    /// Its place when all are ordered by name.
    var nameOrder: Int32
    var groups: Range<Int32>
    var periods: Range<Int32>
    var callerCheck: CheckIndex
    var calleeCheck: CheckIndex
}

struct CompiledGroup: Sendable {
    var capacity: Int32?
    var callsPerSecond: Int32?
}

/// A period with what it leaves unsaid filled in from its gateway.
struct CompiledPeriod: Sendable {
    var weekdays: UInt8
    var isBarred: Bool
    var begin: Int32
    var end: Int32
    var capacity: Int32?
    var callsPerSecond: Int32?
    var priority: Int32
    var callerCheck: CheckIndex
    var calleeCheck: CheckIndex

    func contains(_ time: LocalTime) -> Bool {
        weekdays >> UInt8(time.weekday) & 1 == 1 && begin <= time.secondOfDay && time.secondOfDay < end
    }
}

/// Which routing gateways a caller may use, one bit each.
struct GatewayMask: Sendable {
    private var words: [UInt64]

    init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

    mutating func insert(_ gateway: Int) { words[gateway >> 6] |= 1 << UInt64(gateway & 63) }
    func contains(_ gateway: Int) -> Bool { words[gateway >> 6] >> UInt64(gateway & 63) & 1 == 1 }
}
