import CallRecords
import Hummingbird
import ManagementAPI
import Vocabulary

extension Handlers {
    func listCalls() async -> Reply {
        let calls = await services.control.liveCalls()
        return .page(calls.sorted { $0.id > $1.id }.map(\.document))
    }

    func hangUpCall(_ exchange: Exchange) async throws -> Reply {
        let text = exchange.path("id")
        guard let id = CallIdentifier(text), await services.control.hangUp(id) else {
            throw Problem(.notFound, "there is no live call \"\(text)\"")
        }
        return .nothing
    }

    func listCallRecords(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.limit()
        let before = try cursor(exchange)
        // One more than asked for shows whether there is a next page.
        let records = try await services.records.callRecords(matching: try filter(exchange), before: before, limit: limit + 1)
        let page = records.prefix(limit)
        return .page(page.map(\.document), next: records.count > limit ? page.last?.id.description : nil)
    }

    func getCallRecord(_ exchange: Exchange) async throws -> Reply {
        let text = exchange.path("id")
        guard let id = CallIdentifier(text), let record = try await services.records.callRecord(id) else {
            throw Problem(.notFound, "there is no call record \"\(text)\"")
        }
        return .json(record.document)
    }

    func cursor(_ exchange: Exchange) throws(Problem) -> CallIdentifier? {
        guard let text = exchange.query("before") else { return nil }
        guard let id = CallIdentifier(text) else {
            throw Problem(.malformedRequest, "before must be the identifier of a call record")
        }
        return id
    }

    private func filter(_ exchange: Exchange) throws(Problem) -> CallRecordFilter {
        var filter = CallRecordFilter(
            caller: exchange.query("caller"), callee: exchange.query("callee"), mappingGateway: exchange.query("mappingGateway"),
            routingGateway: exchange.query("routingGateway"))
        filter.from = try exchange.time("from")
        filter.to = try exchange.time("to")
        if let name = exchange.query("endReason") {
            guard let reason = EndReason.allCases.first(where: { $0.name == name }) else {
                let names = EndReason.allCases.map(\.name)
                throw Problem(.malformedRequest, "there is no end reason \"\(name)\"; \(Suggestion.remedy(for: name, among: names))")
            }
            filter.endReason = reason
        }
        return filter
    }
}
