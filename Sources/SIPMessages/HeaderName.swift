import Vocabulary

/// A header field name that the switch knows; every other one is `other` and is kept by its bytes.
/// Names are compared without regard to case; compact forms (RFC 3261, section 7.3.3) are the same name.
public enum HeaderName: UInt8, Hashable, Sendable, CaseIterable {
    case other
    case via, from, to, callID, cseq, maxForwards, contact, contentLength, contentType
    case route, recordRoute, require, proxyRequire, supported, unsupported, allow
    case expires, minExpires, retryAfter, reason, warning, date, timestamp
    case rseq, rack, sessionExpires, minSE
    case userAgent, server, subject, organization, priority
    case authorization, proxyAuthorization, wwwAuthenticate, proxyAuthenticate, authenticationInfo
    case accept, acceptEncoding, acceptLanguage, acceptContact, rejectContact, requestDisposition
    case contentDisposition, contentEncoding, contentLanguage, mimeVersion
    case alertInfo, callInfo, errorInfo, inReplyTo, replyTo
    case privacy, pAssertedIdentity, pPreferredIdentity, remotePartyID, diversion, historyInfo
    case pChargingVector, pEarlyMedia, identity
    case referTo, referredBy, replaces, join
    case event, allowEvents, subscriptionState, sipETag, sipIfMatch
    case path, serviceRoute

    /// The full name as we write it; empty for `other`.
    public var name: StaticString {
        switch self {
        case .other: ""
        case .via: "Via"
        case .from: "From"
        case .to: "To"
        case .callID: "Call-ID"
        case .cseq: "CSeq"
        case .maxForwards: "Max-Forwards"
        case .contact: "Contact"
        case .contentLength: "Content-Length"
        case .contentType: "Content-Type"
        case .route: "Route"
        case .recordRoute: "Record-Route"
        case .require: "Require"
        case .proxyRequire: "Proxy-Require"
        case .supported: "Supported"
        case .unsupported: "Unsupported"
        case .allow: "Allow"
        case .expires: "Expires"
        case .minExpires: "Min-Expires"
        case .retryAfter: "Retry-After"
        case .reason: "Reason"
        case .warning: "Warning"
        case .date: "Date"
        case .timestamp: "Timestamp"
        case .rseq: "RSeq"
        case .rack: "RAck"
        case .sessionExpires: "Session-Expires"
        case .minSE: "Min-SE"
        case .userAgent: "User-Agent"
        case .server: "Server"
        case .subject: "Subject"
        case .organization: "Organization"
        case .priority: "Priority"
        case .authorization: "Authorization"
        case .proxyAuthorization: "Proxy-Authorization"
        case .wwwAuthenticate: "WWW-Authenticate"
        case .proxyAuthenticate: "Proxy-Authenticate"
        case .authenticationInfo: "Authentication-Info"
        case .accept: "Accept"
        case .acceptEncoding: "Accept-Encoding"
        case .acceptLanguage: "Accept-Language"
        case .acceptContact: "Accept-Contact"
        case .rejectContact: "Reject-Contact"
        case .requestDisposition: "Request-Disposition"
        case .contentDisposition: "Content-Disposition"
        case .contentEncoding: "Content-Encoding"
        case .contentLanguage: "Content-Language"
        case .mimeVersion: "MIME-Version"
        case .alertInfo: "Alert-Info"
        case .callInfo: "Call-Info"
        case .errorInfo: "Error-Info"
        case .inReplyTo: "In-Reply-To"
        case .replyTo: "Reply-To"
        case .privacy: "Privacy"
        case .pAssertedIdentity: "P-Asserted-Identity"
        case .pPreferredIdentity: "P-Preferred-Identity"
        case .remotePartyID: "Remote-Party-ID"
        case .diversion: "Diversion"
        case .historyInfo: "History-Info"
        case .pChargingVector: "P-Charging-Vector"
        case .pEarlyMedia: "P-Early-Media"
        case .identity: "Identity"
        case .referTo: "Refer-To"
        case .referredBy: "Referred-By"
        case .replaces: "Replaces"
        case .join: "Join"
        case .event: "Event"
        case .allowEvents: "Allow-Events"
        case .subscriptionState: "Subscription-State"
        case .sipETag: "SIP-ETag"
        case .sipIfMatch: "SIP-If-Match"
        case .path: "Path"
        case .serviceRoute: "Service-Route"
        }
    }

    public init(_ text: Bytes) {
        if text.count == 1 {
            self = HeaderName.compact(text[0].lowercased)
            return
        }
        // Length and first letter leave at most a handful of candidates, usually one.
        let key = UInt16(truncatingIfNeeded: text.count) << 8 | UInt16(text.count > 0 ? text[0].lowercased : 0)
        func one(_ candidate: HeaderName) -> HeaderName { text.equalsIgnoringCase(candidate.name) ? candidate : .other }
        func two(_ a: HeaderName, _ b: HeaderName) -> HeaderName {
            text.equalsIgnoringCase(a.name) ? a : text.equalsIgnoringCase(b.name) ? b : .other
        }
        func three(_ a: HeaderName, _ b: HeaderName, _ c: HeaderName) -> HeaderName {
            text.equalsIgnoringCase(a.name) ? a : two(b, c)
        }
        func at(_ length: Int, _ letter: Unicode.Scalar) -> UInt16 { UInt16(length) << 8 | UInt16(UInt8(ascii: letter)) }
        switch key {
        case at(2, "t"): self = one(.to)
        case at(3, "v"): self = one(.via)
        case at(4, "f"): self = one(.from)
        case at(4, "c"): self = one(.cseq)
        case at(4, "d"): self = one(.date)
        case at(4, "p"): self = one(.path)
        case at(4, "j"): self = one(.join)
        case at(4, "r"): self = two(.rseq, .rack)
        case at(5, "a"): self = one(.allow)
        case at(5, "r"): self = one(.route)
        case at(5, "e"): self = one(.event)
        case at(6, "r"): self = one(.reason)
        case at(6, "s"): self = one(.server)
        case at(6, "a"): self = one(.accept)
        case at(6, "m"): self = one(.minSE)
        case at(7, "c"): self = two(.contact, .callID)
        case at(7, "r"): self = one(.require)
        case at(7, "e"): self = one(.expires)
        case at(7, "s"): self = one(.subject)
        case at(7, "w"): self = one(.warning)
        case at(7, "p"): self = one(.privacy)
        case at(8, "p"): self = one(.priority)
        case at(8, "r"): self = three(.referTo, .replaces, .replyTo)
        case at(8, "i"): self = one(.identity)
        case at(8, "s"): self = one(.sipETag)
        case at(9, "s"): self = one(.supported)
        case at(9, "t"): self = one(.timestamp)
        case at(9, "d"): self = one(.diversion)
        case at(9, "c"): self = one(.callInfo)
        case at(10, "u"): self = one(.userAgent)
        case at(10, "a"): self = one(.alertInfo)
        case at(10, "e"): self = one(.errorInfo)
        case at(11, "u"): self = one(.unsupported)
        case at(11, "m"): self = one(.minExpires)
        case at(11, "r"): self = two(.retryAfter, .referredBy)
        case at(11, "i"): self = one(.inReplyTo)
        case at(12, "m"): self = two(.maxForwards, .mimeVersion)
        case at(12, "c"): self = one(.contentType)
        case at(12, "r"): self = one(.recordRoute)
        case at(12, "a"): self = one(.allowEvents)
        case at(12, "h"): self = one(.historyInfo)
        case at(12, "o"): self = one(.organization)
        case at(12, "s"): self = one(.sipIfMatch)
        case at(13, "p"): self = two(.proxyRequire, .pEarlyMedia)
        case at(13, "a"): self = one(.authorization)
        case at(13, "s"): self = one(.serviceRoute)
        case at(14, "c"): self = one(.contentLength)
        case at(14, "a"): self = one(.acceptContact)
        case at(14, "r"): self = one(.rejectContact)
        case at(15, "s"): self = one(.sessionExpires)
        case at(15, "a"): self = two(.acceptEncoding, .acceptLanguage)
        case at(15, "r"): self = one(.remotePartyID)
        case at(16, "c"): self = two(.contentEncoding, .contentLanguage)
        case at(16, "w"): self = one(.wwwAuthenticate)
        case at(17, "p"): self = one(.pChargingVector)
        case at(18, "p"): self = one(.proxyAuthenticate)
        case at(18, "s"): self = one(.subscriptionState)
        case at(19, "c"): self = one(.contentDisposition)
        case at(19, "p"): self = two(.pAssertedIdentity, .proxyAuthorization)
        case at(19, "a"): self = one(.authenticationInfo)
        case at(19, "r"): self = one(.requestDisposition)
        case at(20, "p"): self = one(.pPreferredIdentity)
        default: self = .other
        }
    }

    private static func compact(_ letter: UInt8) -> HeaderName {
        switch letter {
        case UInt8(ascii: "a"): .acceptContact
        case UInt8(ascii: "b"): .referredBy
        case UInt8(ascii: "c"): .contentType
        case UInt8(ascii: "d"): .requestDisposition
        case UInt8(ascii: "e"): .contentEncoding
        case UInt8(ascii: "f"): .from
        case UInt8(ascii: "i"): .callID
        case UInt8(ascii: "j"): .rejectContact
        case UInt8(ascii: "k"): .supported
        case UInt8(ascii: "l"): .contentLength
        case UInt8(ascii: "m"): .contact
        case UInt8(ascii: "o"): .event
        case UInt8(ascii: "r"): .referTo
        case UInt8(ascii: "s"): .subject
        case UInt8(ascii: "t"): .to
        case UInt8(ascii: "u"): .allowEvents
        case UInt8(ascii: "v"): .via
        case UInt8(ascii: "x"): .sessionExpires
        case UInt8(ascii: "y"): .identity
        default: .other
        }
    }
}
