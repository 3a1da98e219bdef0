/// How many answered calls of one mapping gateway were under the rule of the session timer.
public struct TimerSupport: Hashable, Sendable {
    /// The rule's name in the decision of a record.
    public static let timerRule = "sessionTimer"

    public var mappingGateway: String
    public var withTimer: Int
    public var withoutTimer: Int
    /// Calls whose record names no rule.
    public var unknown: Int

    public init(mappingGateway: String, withTimer: Int, withoutTimer: Int, unknown: Int) {
        self.mappingGateway = mappingGateway
        self.withTimer = withTimer
        self.withoutTimer = withoutTimer
        self.unknown = unknown
    }

    public var calls: Int { withTimer + withoutTimer + unknown }

    /// The share of calls with timer among those whose rule is known, in tenths of a percent, rounded; nil without any.
    public var shareInTenths: Int64? {
        let known = Int64(withTimer) + Int64(withoutTimer)
        return known == 0 ? nil : (Int64(withTimer) * 1000 + known / 2) / known
    }

    public var document: DocumentNode {
        [
            "mappingGateway": .optional(mappingGateway), "calls": .number(calls), "withTimer": .number(withTimer),
            "withoutTimer": .number(withoutTimer), "unknown": .number(unknown),
            "percentWithTimer": shareInTenths.map { .tenths($0) } ?? .null,
        ]
    }
}
