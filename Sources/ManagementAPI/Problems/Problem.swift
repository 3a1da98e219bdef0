/// Why a request to the management interface was not done (RFC 9457).
public struct Problem: Error, Hashable, Sendable {
    /// The kinds of problem, each with its HTTP status and its name in the `type` URI.
    public enum Category: String, CaseIterable, Sendable {
        case malformedRequest = "malformed-request"
        case unauthenticated = "unauthenticated"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        /// Somebody else changed it since it was read (If-Match).
        case revisionMismatch = "revision-mismatch"
        case bodyTooLarge = "body-too-large"
        case unsupportedMediaType = "unsupported-media-type"
        /// The documents or values break rules; `errors` lists them.
        case validationFailed = "validation-failed"
        case internalFault = "internal-fault"
        case notReady = "not-ready"

        public var status: Int {
            switch self {
            case .malformedRequest: 400
            case .unauthenticated: 401
            case .notFound: 404
            case .methodNotAllowed: 405
            case .revisionMismatch: 412
            case .bodyTooLarge: 413
            case .unsupportedMediaType: 415
            case .validationFailed: 422
            case .internalFault: 500
            case .notReady: 503
            }
        }

        public var title: String {
            switch self {
            case .malformedRequest: "The request is malformed"
            case .unauthenticated: "A valid token is required"
            case .notFound: "There is no such thing"
            case .methodNotAllowed: "The method is not allowed here"
            case .revisionMismatch: "It was changed meanwhile"
            case .bodyTooLarge: "The request body is too large"
            case .unsupportedMediaType: "The media type is not supported"
            case .validationFailed: "The documents break rules, nothing was changed"
            case .internalFault: "The switch failed to do it"
            case .notReady: "The switch is not ready"
            }
        }
    }

    public var category: Category
    public var detail: String
    public var errors: [FieldProblem]

    public init(_ category: Category, _ detail: String, errors: [FieldProblem] = []) {
        self.category = category
        self.detail = detail
        self.errors = errors
    }

    /// Documents or values that break rules.
    public static func refused(_ errors: [FieldProblem]) -> Problem {
        Problem(.validationFailed, "\(errors.count) rule\(errors.count == 1 ? " is" : "s are") broken", errors: errors)
    }
}

extension Problem {
    private static let typePrefix = "urn:tandem:problem:"

    /// The problem as `application/problem+json` carries it.
    public var document: DocumentNode {
        [
            "type": .text(Problem.typePrefix + category.rawValue), "title": .text(category.title),
            "status": .number(category.status), "detail": .text(detail), "errors": .list(errors.map(\.document)),
        ]
    }

    /// Reads a problem document; nil when it is none of ours.
    public init?(_ document: DocumentNode) {
        guard let type = document["type"]?.text, type.hasPrefix(Problem.typePrefix),
            let category = Category(rawValue: String(type.dropFirst(Problem.typePrefix.count)))
        else { return nil }
        self.init(
            category, document["detail"]?.text ?? category.title,
            errors: (document["errors"]?.elements ?? []).compactMap { FieldProblem($0) })
    }
}
