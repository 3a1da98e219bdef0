import CallRecords

/// How many calls of one mapping gateway ended for one reason, and how long they were.
public struct LimitEnds: Hashable, Sendable {
    /// The reasons of the report: limits, and what shows that a party is gone.
    public static let reasons: [EndReason] = [.noTimerLimit, .maximumDuration, .sessionExpired, .peerSilent, .dialogLost]
    /// Those of them that are limits.
    public static let limits: [EndReason] = [.noTimerLimit, .maximumDuration]

    public var mappingGateway: String
    public var endReason: EndReason
    /// Whose limit it was: a parameter's name or a gateway's, `Report.unknown`, or empty where no limit ended the calls.
    public var limitSource: String
    public var calls: Int
    /// The sum over the calls.
    public var durationMilliseconds: Int64

    public init(mappingGateway: String, endReason: EndReason, limitSource: String, calls: Int, durationMilliseconds: Int64) {
        self.mappingGateway = mappingGateway
        self.endReason = endReason
        self.limitSource = limitSource
        self.calls = calls
        self.durationMilliseconds = durationMilliseconds
    }

    public var document: DocumentNode {
        [
            "mappingGateway": .optional(mappingGateway), "endReason": .text(endReason.name), "endReasonMeaning": .text(endReason.meaning),
            "limitSource": .optional(limitSource), "calls": .number(calls), "minutes": .tenths((durationMilliseconds + 3_000) / 6_000),
            "durationMilliseconds": .number(durationMilliseconds),
        ]
    }
}

extension DocumentNode {
    /// A number with one digit behind the point, never below zero.
    static func tenths(_ value: Int64) -> DocumentNode { .plain("\(max(0, value) / 10).\(max(0, value) % 10)") }
}
