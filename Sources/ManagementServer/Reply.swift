import HTTPTypes
import Hummingbird
import ManagementAPI

/// An answer before it becomes HTTP.
struct Reply: Sendable {
    var status: HTTPResponse.Status
    var mediaType: String
    var text: String
    /// In place of the text where the answer is no text.
    var bytes: [UInt8]?
    var headers: HTTPFields = [:]

    static func json(_ document: DocumentNode, status: HTTPResponse.Status = .ok) -> Reply {
        Reply(status: status, mediaType: "application/json", text: document.json())
    }

    /// A page of a list; `next` continues it.
    static func page(_ items: [DocumentNode], next: String? = nil) -> Reply {
        .json(["items": .list(items), "next": next.map { .text($0) } ?? .null])
    }

    static func text(_ text: String) -> Reply { Reply(status: .ok, mediaType: "text/plain; version=0.0.4; charset=utf-8", text: text) }

    static func plainText(_ text: String) -> Reply { Reply(status: .ok, mediaType: "text/plain; charset=utf-8", text: text) }

    static func file(_ bytes: [UInt8], mediaType: String) -> Reply { Reply(status: .ok, mediaType: mediaType, text: "", bytes: bytes) }

    static let nothing = Reply(status: .noContent, mediaType: "", text: "")

    static func problem(_ problem: Problem) -> Reply {
        var reply = Reply.json(problem.document, status: .init(code: problem.category.status))
        reply.mediaType = "application/problem+json"
        if problem.category == .unauthenticated { reply.headers[.wwwAuthenticate] = "Bearer realm=\"tandem\"" }
        return reply
    }

    /// Carries the revision as a strong ETag.
    func tagged(_ revision: Int64) -> Reply {
        var reply = self
        reply.headers[.eTag] = "\"\(revision)\""
        return reply
    }
}

extension Reply: ResponseGenerator {
    func response(from request: Request, context: some RequestContext) -> Response {
        var headers = headers
        headers[.cacheControl] = "no-store"
        guard status != .noContent else { return Response(status: status, headers: headers) }
        headers[.contentType] = mediaType
        let body = bytes.map { ByteBuffer(bytes: $0) } ?? ByteBuffer(string: text)
        headers[.contentLength] = "\(body.readableBytes)"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
