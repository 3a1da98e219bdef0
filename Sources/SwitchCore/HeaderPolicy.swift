import SIPMessages
import Vocabulary

/// Which header fields cross from one leg to the other. `docs/headers.md` is the same table for people.
///
/// A leg's own fields are written anew; what would show one side's network to the other is dropped;
/// everything else, unknown fields included, is passed as it stands.
enum HeaderPolicy {
    /// Whether a field of a request or response is passed to the other leg. Fields that describe the
    /// body go with the body (`describesBody`).
    static func isPassed(_ name: HeaderName) -> Bool {
        switch name {
        // Written by each leg for itself.
        case .via, .from, .to, .callID, .cseq, .maxForwards, .contact, .contentLength, .route, .recordRoute, .require, .proxyRequire,
            .supported, .unsupported, .allow, .allowEvents, .rseq, .rack, .sessionExpires, .minSE, .userAgent, .server, .timestamp,
            .expires, .minExpires, .retryAfter, .path, .serviceRoute:
            false
        // Between one side and us only.
        case .authorization, .proxyAuthorization, .wwwAuthenticate, .proxyAuthenticate, .authenticationInfo, .pChargingVector:
            false
        // Name hosts, calls or dialogs of one side, which mean nothing on the other.
        case .warning, .inReplyTo, .replaces, .join, .referTo, .referredBy, .organization:
            false
        // Of event packages, which are not passed.
        case .event, .subscriptionState, .sipETag, .sipIfMatch:
            false
        // By each gateway's rules (`isIdentity`).
        case .privacy, .pAssertedIdentity, .pPreferredIdentity, .remotePartyID, .diversion, .historyInfo:
            false
        // With the body.
        case .contentType, .contentDisposition, .contentEncoding, .contentLanguage, .mimeVersion:
            false
        case .date, .reason, .subject, .priority, .accept, .acceptEncoding, .acceptLanguage, .acceptContact, .rejectContact,
            .requestDisposition, .alertInfo, .callInfo, .errorInfo, .replyTo, .pEarlyMedia, .identity, .other:
            true
        }
    }

    /// Fields that say who calls, or who was called first: in responses they are passed; in requests each gateway gets
    /// what its rules say (`CallerIdentity`).
    static func isIdentity(_ name: HeaderName) -> Bool {
        switch name {
        case .privacy, .pAssertedIdentity, .pPreferredIdentity, .remotePartyID, .diversion, .historyInfo: true
        default: false
        }
    }

    static func describesBody(_ name: HeaderName) -> Bool {
        switch name {
        case .contentType, .contentDisposition, .contentEncoding, .contentLanguage, .mimeVersion: true
        default: false
        }
    }
}

extension Outbox {
    /// Copies the fields that cross to the other leg.
    mutating func appendPassed(from message: Message) {
        for i in 0..<message.fieldCount {
            let field = message[i]
            guard HeaderPolicy.isPassed(field.name) || (!message.isRequest && HeaderPolicy.isIdentity(field.name)) else { continue }
            appendField(field)
        }
    }

    /// Writes the body of `message` with its describing fields and Content-Length, and ends the message.
    mutating func appendBody(of message: Message?) {
        guard let message, !message.body.isEmpty else {
            append("Content-Length: 0\r\n\r\n")
            return
        }
        for i in 0..<message.fieldCount {
            let field = message[i]
            if HeaderPolicy.describesBody(field.name) { appendField(field) }
        }
        append("Content-Length: ")
        append(decimal: UInt64(message.body.count))
        append("\r\n\r\n")
        append(message.body)
    }

    private mutating func appendField(_ field: Message.HeaderField) {
        if field.name == .other { append(field.writtenName) } else { append(field.name.name) }
        append(": ")
        append(unfolding: field.value)
        append("\r\n")
    }
}
