import CallRecords
import Vocabulary

/// A call that came near its limit, and was not ended by it.
public struct CallNearLimit: Hashable, Sendable {
    public var id: CallIdentifier
    public var receivedAt: WallTime
    /// As received.
    public var caller: String
    public var callee: String
    public var mappingGateway: String
    public var routingGateway: String
    public var durationMilliseconds: Int64
    /// The limit that held at the end, in seconds, and whose it was.
    public var limitSeconds: Int64
    public var limitSource: String
    public var endReason: EndReason

    public init(
        id: CallIdentifier, receivedAt: WallTime, caller: String, callee: String, mappingGateway: String, routingGateway: String,
        durationMilliseconds: Int64, limitSeconds: Int64, limitSource: String, endReason: EndReason
    ) {
        self.id = id
        self.receivedAt = receivedAt
        self.caller = caller
        self.callee = callee
        self.mappingGateway = mappingGateway
        self.routingGateway = routingGateway
        self.durationMilliseconds = durationMilliseconds
        self.limitSeconds = limitSeconds
        self.limitSource = limitSource
        self.endReason = endReason
    }

    /// Whether a duration belongs into the report. A call that outlived its limit without being ended by it was
    /// counted from later than its answer (its caller had switched the session timer off): how near it came to
    /// the limit its record does not say.
    public static func isNear(durationMilliseconds: Int64, limitSeconds: Int64, within percent: Int) -> Bool {
        LimitNearness.isNear(durationMilliseconds: durationMilliseconds, limitSeconds: limitSeconds, within: percent)
            && LimitNearness.percent(durationMilliseconds: durationMilliseconds, limitSeconds: limitSeconds) <= 100
    }

    /// Duration in hundredths of the limit.
    public var percent: Int { LimitNearness.percent(durationMilliseconds: durationMilliseconds, limitSeconds: limitSeconds) }

    public var document: DocumentNode {
        [
            "id": .text(id.description), "startTime": receivedAt.document, "caller": .text(caller), "callee": .text(callee),
            "mappingGateway": .optional(mappingGateway), "routingGateway": .optional(routingGateway),
            "durationMilliseconds": .number(durationMilliseconds), "limitSeconds": .number(limitSeconds),
            "limitSource": .optional(limitSource), "percent": .number(percent), "endReason": .text(endReason.name),
        ]
    }
}
