import Hummingbird
import ManagementAPI

extension Handlers {
    func drain() async throws -> Reply {
        try await services.control.drain()
        return .json(try await services.control.drainProgress().document)
    }

    func cancelDrain() async throws -> Reply {
        try await services.control.cancelDrain()
        return .json(try await services.control.drainProgress().document)
    }

    func getDrain(_ exchange: Exchange) async throws -> Reply {
        let first = try await services.control.drainProgress()
        guard try exchange.flag("wait") == true, first.isDraining, first.calls > 0 else { return .json(first.document) }
        for _ in 0..<Handlers.looksWhileWaiting {
            try await Task.sleep(for: .milliseconds(50))
            let progress = try await services.control.drainProgress()
            if progress != first { return .json(progress.document) }
        }
        return .json(first.document)
    }
}
