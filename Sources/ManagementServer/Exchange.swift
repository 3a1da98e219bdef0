import Hummingbird
import ManagementAPI
import Vocabulary

/// One request with its parts read and bounded.
struct Exchange: Sendable {
    let request: Request
    let context: BasicRequestContext
    let longestBody: Int

    /// A part of the path; the router has made sure that it is there.
    func path(_ name: String) -> String {
        let raw = context.parameters.get(name) ?? ""
        return raw.removingPercentEncoding ?? raw
    }

    func query(_ name: String) -> String? {
        request.uri.queryParameters[name[...]].map { String($0) }
    }

    /// The query's parameters must be ones that the endpoint knows.
    func checkQuery(_ endpoint: Endpoint) throws(Problem) {
        let known = endpoint.description.query.map(\.name)
        for (key, _) in request.uri.queryParameters where !known.contains(String(key)) {
            throw Problem(.malformedRequest, "there is no query parameter \"\(key)\" here; \(Suggestion.remedy(for: String(key), among: known))")
        }
    }

    func flag(_ name: String) throws(Problem) -> Bool? {
        switch query(name) {
        case nil: nil
        case "true", "": true
        case "false": false
        default: throw Problem(.malformedRequest, "\(name) must be true or false")
        }
    }

    func limit(otherwise usual: Int = Endpoint.usualPage) throws(Problem) -> Int {
        guard let text = query("limit") else { return usual }
        guard let limit = Int(text), (1...Endpoint.largestPage).contains(limit) else {
            throw Problem(.malformedRequest, "limit must be a whole number from 1 to \(Endpoint.largestPage)")
        }
        return limit
    }

    /// A whole number, such as the identifier of a list's last element; nil when it is not given.
    func number(_ name: String) throws(Problem) -> Int64? {
        guard let text = query(name) else { return nil }
        guard let number = Int64(text) else { throw Problem(.malformedRequest, "\(name) must be the identifier that a page gave as next") }
        return number
    }

    func time(_ name: String) throws(Problem) -> WallTime? {
        guard let text = query(name) else { return nil }
        guard let time = WallTime(rfc3339: text) else {
            throw Problem(.malformedRequest, "\(name) must be a time such as 2026-01-31T12:00:00Z")
        }
        return time
    }

    func bodyText() async throws -> String {
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > longestBody {
            throw Problem(.bodyTooLarge, "the request body is longer than \(longestBody) bytes")
        }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= longestBody else {
                throw Problem(.bodyTooLarge, "the request body is longer than \(longestBody) bytes")
            }
            bytes.append(contentsOf: part.readableBytesView)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(.malformedRequest, "the request body is not UTF-8")
        }
        return text
    }

    /// The revision of If-Match, as an expectation about `subject`.
    func expectation(about subject: ObjectKey?) throws(Problem) -> Configurator.Expectation {
        if request.headers[.ifNoneMatch] == "*", let subject { return .object(subject, 0) }
        guard let tag = request.headers[.ifMatch] else { return .anything }
        if tag == "*" { return subject.map { .existing($0) } ?? .anything }
        guard tag.hasPrefix("\""), tag.hasSuffix("\""), let revision = Int64(tag.dropFirst().dropLast()) else {
            throw Problem(.malformedRequest, "If-Match must be an ETag as this interface gives it, such as \"12\" in quotes")
        }
        return subject.map { .object($0, revision) } ?? .configuration(revision)
    }
}
