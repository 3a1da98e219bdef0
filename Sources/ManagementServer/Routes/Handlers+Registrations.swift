import CallRecords
import Hummingbird
import ManagementAPI

extension Handlers {
    func listRegistrations() async -> Reply {
        .page(await services.control.registrations().sorted { $0.name < $1.name }.map(\.document))
    }

    func getRegistration(_ exchange: Exchange) async throws -> Reply {
        let name = exchange.path("name")
        let statuses = await services.control.registrations()
        guard let status = statuses.first(where: { $0.name == name }) else {
            let near = Suggestion.nearest(to: name, among: statuses.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
            throw Problem(.notFound, "the switch holds no registration \"\(name)\"\(near)")
        }
        return .json(status.document)
    }

    func listRegistrationEvents(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.limit()
        let before = try exchange.number("before") ?? .max
        let name = exchange.query("name")
        let wanted = await services.control.registrationEvents().filter { event in
            event.id < before && name.map { $0 == event.event.status.name } ?? true
        }
        let page = wanted.prefix(limit)
        return .page(page.map(\.document), next: wanted.count > limit ? page.last.map { "\($0.id)" } : nil)
    }

    /// Begins the stop, and answers before the switch has stopped.
    func stop() async -> Reply {
        await services.control.requestStop()
        return .json(await services.control.stopProgress().document, status: .accepted)
    }

    func getStop(_ exchange: Exchange) async throws -> Reply {
        let first = await services.control.stopProgress()
        guard try exchange.flag("wait") == true, first.phase != .ending else { return .json(first.document) }
        for _ in 0..<Handlers.looksWhileWaiting {
            try await Task.sleep(for: .milliseconds(50))
            let progress = await services.control.stopProgress()
            if progress != first { return .json(progress.document) }
        }
        return .json(first.document)
    }

    /// Every 50 ms for a second.
    static let looksWhileWaiting = 20
}
