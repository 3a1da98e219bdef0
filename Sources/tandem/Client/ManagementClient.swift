import Foundation
import ManagementAPI
import ManagementServer

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Asks a running switch over its REST interface.
struct ManagementClient: Sendable {
    private let base: URL
    private let token: ManagementToken
    private let session: URLSession

    init(base: URL, token: ManagementToken) {
        self.base = base
        self.token = token
        ManagementClient.loopbackGoesDirect
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 30
        session = URLSession(configuration: configuration)
    }

    /// A proxy of the environment cannot reach this machine's loopback, so it is not asked for it. The
    /// library below reads the environment, therefore it is changed, once, and only where a proxy is set.
    private static let loopbackGoesDirect: Void = {
        let environment = ProcessInfo.processInfo.environment
        guard ["http_proxy", "all_proxy", "ALL_PROXY"].contains(where: { environment[$0] != nil }) else { return }
        let others = (environment["no_proxy"] ?? environment["NO_PROXY"]).map { $0 + "," } ?? ""
        setenv("no_proxy", others + "127.0.0.1,::1,localhost", 1)
    }()

    struct Answer: Sendable {
        var status: Int
        var document: DocumentNode

        /// The elements of a list page.
        var items: [DocumentNode] { document["items"]?.elements ?? [] }
    }

    enum Body: Sendable {
        case yaml(String)
        case json(DocumentNode)
    }

    /// Asks and returns a success. A refusal becomes a failure with its exit status; `file` is how the
    /// user called the text that was sent. Statuses of `accepting` count as success too.
    func ask(
        _ endpoint: Endpoint, _ path: [String: String] = [:], query: [(String, String)] = [], body: Body? = nil, file: String = "request",
        accepting: Set<Int> = []
    ) async throws -> Answer {
        let (data, status) = try await send(request(endpoint, path, query: query, body: body))
        let text = String(decoding: data, as: UTF8.self)
        let document = text.isEmpty ? DocumentNode.null : try? DocumentNode(json: text)
        guard (200..<300).contains(status) || accepting.contains(status) else {
            throw ManagementClient.failure(status, document.flatMap { Problem($0) }, file: file)
        }
        guard let document else {
            throw CommandFailure(.failed, "\(base) did not answer with JSON; is it a switch of this version?")
        }
        return Answer(status: status, document: document)
    }

    /// Asks for an answer that is no JSON and returns its bytes; a refusal becomes a failure as with `ask`.
    func fetch(_ endpoint: Endpoint, _ path: [String: String] = [:], query: [(String, String)] = []) async throws -> Data {
        let (data, status) = try await send(request(endpoint, path, query: query, body: nil))
        guard (200..<300).contains(status) else {
            let problem = (try? DocumentNode(json: String(decoding: data, as: UTF8.self))).flatMap { Problem($0) }
            throw ManagementClient.failure(status, problem, file: "request")
        }
        return data
    }

    private func request(_ endpoint: Endpoint, _ path: [String: String], query: [(String, String)], body: Body?) throws -> URLRequest {
        let description = endpoint.description
        let parts = description.path.split(separator: "/").map { part -> String in
            guard part.hasPrefix("{") else { return String(part) }
            return ManagementClient.escaped(path[String(part.dropFirst().dropLast())] ?? "")
        }
        let parameters = query.map { "\($0.0)=\(ManagementClient.escaped($0.1))" }.joined(separator: "&")
        let target = base.absoluteString.trimmingSuffix("/") + "/" + parts.joined(separator: "/") + (parameters.isEmpty ? "" : "?" + parameters)
        guard let url = URL(string: target) else { throw CommandFailure(.wrongUsage, "\(target) is no URL") }
        var request = URLRequest(url: url)
        request.httpMethod = description.method.rawValue
        request.setValue("Bearer \(token.text)", forHTTPHeaderField: "Authorization")
        switch body {
        case .yaml(let text):
            request.httpBody = Data(text.utf8)
            request.setValue("application/yaml", forHTTPHeaderField: "Content-Type")
        case .json(let document):
            request.httpBody = Data(document.json().utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        case nil: break
        }
        return request
    }

    private func send(_ request: URLRequest) async throws -> (Data, Int) {
        do {
            let (data, response) = try await session.data(for: request)
            guard let response = response as? HTTPURLResponse else {
                throw CommandFailure(.failed, "\(base) did not answer with HTTP")
            }
            return (data, response.statusCode)
        } catch let error as URLError {
            throw CommandFailure(.failed, "cannot reach the switch at \(base): \(error.localizedDescription); is it running?")
        }
    }

    private static func failure(_ status: Int, _ problem: Problem?, file: String) -> CommandFailure {
        guard let problem else { return CommandFailure(.failed, "the switch answered with HTTP status \(status)") }
        switch problem.category {
        case .validationFailed: return CommandFailure(.refused, lines: problem.errors.map { $0.line(file: file) })
        case .revisionMismatch: return CommandFailure(.refused, problem.detail)
        case .malformedRequest: return CommandFailure(.wrongUsage, problem.detail)
        case .unauthenticated, .notFound, .methodNotAllowed, .bodyTooLarge, .unsupportedMediaType, .internalFault, .notReady:
            return CommandFailure(.failed, "\(problem.category.title): \(problem.detail)")
        }
    }

    /// Everything but RFC 3986's unreserved characters, percent-encoded.
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(
            withAllowedCharacters: CharacterSet(
                charactersIn:
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")) ?? ""
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
