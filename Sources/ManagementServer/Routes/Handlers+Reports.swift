import CallRecords
import Hummingbird
import ManagementAPI
import Vocabulary

extension Handlers {
    func getReport(_ exchange: Exchange) async throws -> Reply {
        let report = try report(exchange)
        let limit = try exchange.limit(otherwise: report.usualLimit)
        switch report {
        case .limits:
            return .page(try await services.records.limitEnds(in: try period(exchange), limit: limit).map(\.document))
        case .timerSupport:
            return .page(try await services.records.timerSupport(in: try period(exchange), limit: limit).map(\.document))
        case .nearLimit:
            return try await callsNearLimit(exchange, limit: limit)
        case .longest:
            let answered = await services.control.liveCalls().filter { $0.answeredAt.isSet }
            let sorted = answered.sorted { ($0.durationMilliseconds, $1.id) > ($1.durationMilliseconds, $0.id) }
            return .page(sorted.prefix(limit).map(\.document))
        }
    }

    private func callsNearLimit(_ exchange: Exchange, limit: Int) async throws -> Reply {
        // One more than asked for shows whether there is a next page.
        let calls = try await services.records.callsNearLimit(
            in: try period(exchange), within: try nearness(exchange), before: try cursor(exchange), limit: limit + 1)
        let page = calls.prefix(limit)
        return .page(page.map(\.document), next: calls.count > limit ? page.last?.id.description : nil)
    }

    /// The report of the path, when the query holds nothing that it does not take.
    private func report(_ exchange: Exchange) throws(Problem) -> Report {
        let name = exchange.path("report")
        guard let report = Report(rawValue: name) else {
            let names = Report.allCases.map(\.rawValue)
            throw Problem(.notFound, "there is no report \"\(name)\"; \(Suggestion.remedy(for: name, among: names))")
        }
        for parameter in Endpoint.getReport.description.query.map(\.name)
        where exchange.query(parameter) != nil && !report.queryNames.contains(parameter) {
            throw Problem(.malformedRequest, "the report \(name) takes no \(parameter), only \(report.queryNames.joined(separator: ", "))")
        }
        return report
    }

    private func period(_ exchange: Exchange) throws(Problem) -> ReportPeriod {
        let to = try exchange.time("to")
        let from = try exchange.time("from") ?? (to ?? services.configurator.now()) + ReportPeriod.usualLength * -1
        if let to, to < from { throw Problem(.malformedRequest, "from must not be later than to") }
        return ReportPeriod(from: from, to: to)
    }

    private func nearness(_ exchange: Exchange) throws(Problem) -> Int {
        guard let text = exchange.query("within") else { return Report.usualNearness }
        guard let percent = Int(text), (0...100).contains(percent) else {
            throw Problem(.malformedRequest, "within must be a whole number of percent from 0 to 100")
        }
        return percent
    }
}
