import Hummingbird
import ManagementAPI

/// Lets a request pass when it carries the management token (RFC 6750, section 2.1).
struct TokenCheck: Sendable {
    let token: ManagementToken

    func admit(_ request: Request) throws(Problem) {
        guard let header = request.headers[.authorization] else {
            throw Problem(.unauthenticated, "send the header \"Authorization: Bearer TOKEN\" with the token of the data folder")
        }
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer", token.matches(parts[1]) else {
            throw Problem(.unauthenticated, "the token is not the one of this switch")
        }
    }
}
