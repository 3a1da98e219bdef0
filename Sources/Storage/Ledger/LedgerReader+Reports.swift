import CallRecords
import GRDB
import ManagementAPI
import Vocabulary

// Reports over the records of a period. Each reads them all, within the range of identifiers that the
// period gives; what a record says of its rule and limit stands in its decision, a JSON text.
extension LedgerReader {
    /// The decision, NULL where it is no JSON: SQLite's functions refuse such a text.
    private static let decision = "CASE WHEN json_valid(decision) THEN decision END"

    /// At most `limit` rows, most calls first.
    public func limitEnds(in period: ReportPeriod, limit: Int) throws(StorageError) -> [LimitEnds] {
        let (conditions, arguments) = period.conditions(before: nil)
        let sql = """
            SELECT mapping_gateway, end_reason,
                CASE WHEN end_reason IN (\(LedgerReader.codes(LimitEnds.limits))) THEN
                    coalesce(CAST(json_extract(\(LedgerReader.decision), '$.rule.limitOf') AS TEXT), '\(Report.unknown)')
                ELSE '' END AS limit_source,
                count(*) AS calls, sum(duration_milliseconds)
            FROM calls WHERE \(conditions) AND end_reason IN (\(LedgerReader.codes(LimitEnds.reasons)))
            GROUP BY mapping_gateway, end_reason, limit_source
            ORDER BY calls DESC, mapping_gateway, end_reason, limit_source LIMIT ?
            """
        return try read { database in
            try Row.fetchAll(database, sql: sql, arguments: arguments + [max(0, limit)]).compactMap { row in
                guard let reason = EndReason(rawValue: row[1]) else { return nil }
                return LimitEnds(
                    mappingGateway: row[0] ?? "", endReason: reason, limitSource: row[2] ?? "", calls: row[3],
                    durationMilliseconds: row[4] ?? 0)
            }
        }
    }

    /// At most `limit` calls with identifiers below `before`, newest first.
    public func callsNearLimit(
        in period: ReportPeriod, within percent: Int, before: CallIdentifier?, limit: Int
    ) throws(StorageError) -> [CallNearLimit] {
        let (conditions, arguments) = period.conditions(before: before)
        let sql = """
            SELECT id, received_at, caller_received, callee_received, mapping_gateway, routing_gateway, duration_milliseconds, end_reason,
                CAST(json_extract(\(LedgerReader.decision), '$.rule.limitSeconds') AS INTEGER) AS limit_seconds,
                CAST(json_extract(\(LedgerReader.decision), '$.rule.limitOf') AS TEXT)
            FROM calls WHERE \(conditions) AND end_reason NOT IN (\(LedgerReader.codes(LimitEnds.limits))) AND limit_seconds > 0
            ORDER BY id DESC
            """
        return try read { database in
            var calls: [CallNearLimit] = []
            let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
            while calls.count < limit, let row = try rows.next() {
                let (duration, bound): (Int64, Int64) = (row[6], row[8])
                guard CallNearLimit.isNear(durationMilliseconds: duration, limitSeconds: bound, within: percent),
                    let reason = EndReason(rawValue: row[7])
                else { continue }
                calls.append(
                    CallNearLimit(
                        id: CallIdentifier(rawValue: row[0]), receivedAt: WallTime(microseconds: row[1]), caller: row[2] ?? "",
                        callee: row[3] ?? "", mappingGateway: row[4] ?? "", routingGateway: row[5] ?? "", durationMilliseconds: duration,
                        limitSeconds: bound, limitSource: row[9] ?? "", endReason: reason))
            }
            return calls
        }
    }

    /// At most `limit` gateways, most calls first.
    public func timerSupport(in period: ReportPeriod, limit: Int) throws(StorageError) -> [TimerSupport] {
        let (conditions, arguments) = period.conditions(before: nil)
        let sql = """
            SELECT mapping_gateway, count(*) FILTER (WHERE rule = '\(TimerSupport.timerRule)'),
                count(*) FILTER (WHERE rule <> '\(TimerSupport.timerRule)'), count(*) FILTER (WHERE rule IS NULL)
            FROM (
                SELECT mapping_gateway, json_extract(\(LedgerReader.decision), '$.rule.name') AS rule
                FROM calls WHERE \(conditions)
            )
            GROUP BY mapping_gateway ORDER BY count(*) DESC, mapping_gateway LIMIT ?
            """
        return try read { database in
            try Row.fetchAll(database, sql: sql, arguments: arguments + [max(0, limit)]).map { row in
                TimerSupport(mappingGateway: row[0] ?? "", withTimer: row[1], withoutTimer: row[2], unknown: row[3])
            }
        }
    }

    private static func codes(_ reasons: [EndReason]) -> String { reasons.map { "\($0.rawValue)" }.joined(separator: ", ") }
}

extension ReportPeriod {
    /// The answered calls of the period, as conditions on `calls`.
    fileprivate func conditions(before cursor: CallIdentifier?) -> (sql: String, arguments: StatementArguments) {
        let (sql, arguments) = CallFilter(receivedFrom: from, receivedBefore: to).conditions(before: cursor)
        return ("\(sql) AND answered_at > 0", arguments)
    }
}
