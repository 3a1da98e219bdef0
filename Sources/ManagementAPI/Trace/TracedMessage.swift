import CallRecords
import Vocabulary

/// One SIP message as it went over the wire, with when, where and which way.
public struct TracedMessage: Hashable, Sendable {
    public var envelope: TraceEnvelope
    public var bytes: [UInt8]

    public init(envelope: TraceEnvelope, bytes: [UInt8]) {
        self.envelope = envelope
        self.bytes = bytes
    }

    /// The first line without its end, what steers a terminal replaced.
    public var startLine: String { bytes.withBytes { MessageLines($0).startLine.string.printable } }

    public var callID: String? { bytes.withBytes { MessageLines.callID(of: $0)?.string } }

    /// Number and method, such as `2 INVITE`; nil when there is none.
    public var cseq: String? {
        bytes.withBytes { message in
            MessageLines.first("CSeq", in: message).map { value in
                value.string.printable.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
        }
    }

    /// The method of a request; nil for a response.
    public var method: String? {
        let words = startLine.split(separator: " ", maxSplits: 1)
        guard let first = words.first, !first.hasPrefix("SIP/") else { return nil }
        return String(first)
    }

    /// The status of a response; nil for a request.
    public var status: Int? {
        let words = startLine.split(separator: " ", maxSplits: 2)
        guard words.count > 1, words[0].hasPrefix("SIP/") else { return nil }
        return Int(words[1])
    }

    /// Whether it carries a session description.
    public var hasSDP: Bool {
        bytes.withBytes { message in
            guard let type = MessageLines.first("Content-Type", compact: "c", in: message) else { return false }
            return type.startsIgnoringCase(with: "application/sdp") || type.startsIgnoringCase(with: "multipart/")
        }
    }

    /// Whether it carries credentials for a server or a proxy.
    public var hasCredentials: Bool {
        bytes.withBytes { message in
            MessageLines.first("Authorization", in: message) != nil || MessageLines.first("Proxy-Authorization", in: message) != nil
        }
    }

    /// The lifetime in seconds that a REGISTER or its answer names: the first Contact's parameter, else
    /// the header field (RFC 3261, section 10.2.1.1).
    public var expires: Int? {
        bytes.withBytes { message in
            if let contact = MessageLines.first("Contact", compact: "m", in: message), let seconds = TracedMessage.expires(inContact: contact) {
                return seconds
            }
            return MessageLines.first("Expires", in: message)?.decimal.flatMap { Int(exactly: $0) }
        }
    }

    private static func expires(inContact contact: Bytes) -> Int? {
        // The header field's parameters stand behind the angle brackets.
        let start = contact.firstIndex(of: UInt8(ascii: ">")) ?? 0
        for parameter in contact.from(start).string.split(separator: ";").dropFirst() {
            let parts = parameter.prefix { $0 != "," }.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "expires" else { continue }
            return Int(parts[1].prefix { $0.isNumber })
        }
        return nil
    }
}

extension String {
    /// What a stranger sent must not steer a terminal: control and format characters become "?".
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                    default: scalar
                    }
                }))
    }
}
