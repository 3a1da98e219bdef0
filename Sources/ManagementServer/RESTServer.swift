import Hummingbird
import HummingbirdCore
import Logging
import ManagementAPI
import ServiceLifecycle
import Vocabulary

/// The management interface over HTTP. What it offers is `Endpoint`; how each is answered stands in `Routes`.
public struct RESTServer: Sendable {
    private let settings: RESTServerSettings
    private let services: ManagementServices
    private let logger: Logger

    public init(settings: RESTServerSettings, services: ManagementServices, logger: Logger) {
        self.settings = settings
        self.services = services
        self.logger = logger
    }

    /// Serves until the task is cancelled or the surrounding service group shuts down gracefully.
    /// `onListening` is told the address that was bound.
    public func run(onListening: @escaping @Sendable (NetworkAddress) async -> Void = { _ in }) async throws {
        let listen = settings.listen
        let logger = logger
        let application = Application(
            router: router(),
            server: .http1(configuration: .init(idleTimeout: .nanoseconds(settings.idleTimeout.nanoseconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(listen.hostDescription, port: Int(listen.port)),
                availableConnectionsDelegate: MaximumAvailableConnections(settings.mostConnections)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) } ?? listen.port
                var bound = listen
                bound.port = port
                logger.info("management interface is listening", metadata: ["address": "\(bound)"])
                await onListening(bound)
            },
            logger: logger)
        // Cancelling asks for a graceful end: connections finish the request they are in.
        var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        let group = ServiceGroup(configuration: configuration)
        let serving = Task { try await group.run() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            Task { await group.triggerGracefulShutdown() }
        }
    }

    /// One route per endpoint of the contract.
    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ProblemMiddleware())
        let handlers = Handlers(settings: settings, services: services)
        let check = TokenCheck(token: services.token)
        for endpoint in Endpoint.allCases {
            let description = endpoint.description
            router.on(RouterPath(description.path), method: description.method.http) { request, context in
                if description.access == .token { try check.admit(request) }
                return try await handlers.answer(endpoint, Exchange(request: request, context: context, longestBody: settings.longestBody))
            }
        }
        return router
    }
}

extension EndpointDescription.Method {
    var http: HTTPRequest.Method {
        switch self {
        case .get: .get
        case .put: .put
        case .post: .post
        case .delete: .delete
        }
    }
}
