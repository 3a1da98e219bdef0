import CallRecords
import Foundation
import Logging
import ManagementAPI
import Routing
import Vocabulary

@testable import ManagementServer

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A management server on a free loopback port, with fakes behind it.
struct RESTHarness: Sendable {
    let store: MemoryObjectStore
    let control: FakeSwitch
    let configurator: Configurator
    let token: ManagementToken
    let base: String
    private let session = URLSession(configuration: .ephemeral)

    init(store: MemoryObjectStore, control: FakeSwitch, configurator: Configurator, token: ManagementToken, base: String) {
        self.store = store
        self.control = control
        self.configurator = configurator
        self.token = token
        self.base = base
    }

    /// Starts a server, runs the body against it, and stops it.
    static func run(
        calls: Int64 = 0, records: Int64 = 0, longestBody: Int = 1 << 20, secrets: SecretReader = .none,
        liveCalls: [LiveCall] = [], trace: any TraceQueries = NoTrace(), _ body: @Sendable @escaping (RESTHarness) async throws -> Void
    ) async throws {
        let store = MemoryObjectStore()
        let control = FakeSwitch(calls: (0..<calls).map { Sample.liveCall($0 + 1) } + liveCalls)
        var settings = RESTServerSettings(listen: NetworkAddress(ipv4: 0x7F00_0001, port: 0), version: "test")
        settings.longestBody = longestBody
        let token = ManagementToken.random()
        let configurator = Configurator(
            store: store, control: control,
            catalogue: ParameterCatalogue(ParameterDefinition.callParameters + ParameterDefinition.registrationParameters),
            secretReader: secrets, now: { WallTime(microseconds: 1_767_225_600_000_000) })
        let services = ManagementServices(
            configurator: configurator, store: store, records: MemoryRecords(records: (0..<records).map { Sample.record($0 + 1) }),
            control: control, trace: trace, token: token, readDocuments: readJSON)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = RESTServer(settings: settings, services: services, logger: logger)
        let (addresses, announce) = AsyncStream.makeStream(of: NetworkAddress.self)
        let serving = Task {
            defer { announce.finish() }
            try await server.run { announce.yield($0) }
        }
        var iterator = addresses.makeAsyncIterator()
        guard let address = await iterator.next() else {
            try await serving.value
            return
        }
        let harness = RESTHarness(
            store: store, control: control, configurator: configurator, token: token, base: "http://\(address)")
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(harness)) } catch { outcome = .failure(error) }
        serving.cancel()
        _ = await serving.result
        try outcome.get()
    }

    /// Documents as JSON, so that the server's tests need no YAML: an array of them, or one.
    private static func readJSON(_ text: String) throws(DocumentSyntaxError) -> [DocumentNode] {
        let node = try DocumentNode(json: text)
        return node.elements ?? [node]
    }

    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var text: String

        var document: DocumentNode { (try? DocumentNode(json: text)) ?? .null }
        var items: [DocumentNode] { document["items"]?.elements ?? [] }
        /// The name of the problem, when it is one.
        var problem: String? { Problem(document)?.category.rawValue }
    }

    func ask(
        _ method: String, _ path: String, body: String? = nil, headers: [String: String] = [:], bearer: String? = nil
    ) async throws -> Answer {
        guard let url = URL(string: base + path) else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        request.setValue("Bearer \(bearer ?? token.text)", forHTTPHeaderField: "Authorization")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        let fields = response.allHeaderFields.reduce(into: [String: String]()) { $0["\($1.key)".lowercased()] = "\($1.value)" }
        return Answer(status: response.statusCode, headers: fields, text: String(decoding: data, as: UTF8.self))
    }
}
