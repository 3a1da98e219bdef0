import Hummingbird
import ManagementAPI

/// Turns whatever a handler throws into a problem document (RFC 9457). The cause of an internal
/// fault goes to the log, not to the client.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = problem(for: error, request, context)
            return Reply.problem(problem).response(from: request, context: context)
        }
    }

    private func problem(for error: any Error, _ request: Request, _ context: Context) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as DocumentSyntaxError: return .refused([FieldProblem(error)])
        case let error as any HTTPResponseError where error.status == .notFound: return notFound(request)
        case let error as any HTTPResponseError where error.status == .contentTooLarge:
            return Problem(.bodyTooLarge, "the request body is longer than this interface takes")
        case let error as any HTTPResponseError where error.status.kind == .clientError:
            return Problem(.malformedRequest, "the request is malformed")
        default:
            context.logger.error("management request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return Problem(.internalFault, "the cause is in the log of the switch")
        }
    }

    /// No route: either the path or only the method is unknown.
    private func notFound(_ request: Request) -> Problem {
        let parts = request.uri.path.split(separator: "/")
        let methods = Endpoint.allCases.map(\.description).filter { description in
            let pattern = description.path.split(separator: "/")
            return pattern.count == parts.count && zip(pattern, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }.map(\.method.rawValue)
        if methods.isEmpty { return Problem(.notFound, "there is no \(request.uri.path)") }
        return Problem(.methodNotAllowed, "\(request.uri.path) takes " + methods.joined(separator: ", "))
    }
}
