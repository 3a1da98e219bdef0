import Vocabulary

/// The answer to a request whose end cannot be told; after it the connection is closed. It is
/// stateless (RFC 3261, section 8.2.7) and made from what can be read of the request.
enum FramingRejection {
    /// Nil when nothing may or can be answered: a response, an ACK, or a request without the header
    /// fields that an answer repeats (section 8.2.6.2).
    static func response(to header: Bytes, _ violation: StreamFramer.Violation) -> [UInt8]? {
        var fields = HeaderFields(header)
        let start = fields.startLine
        guard start.count > 8, start.from(start.count - 8).equalsIgnoringCase(" SIP/2.0"), !start.starts(with: "ACK ") else { return nil }

        var response = Array(statusLine(violation).utf8)
        var copied: Set<Repeated> = []
        while let field = fields.next() {
            guard let name = Repeated(field.name) else { continue }
            guard name == .via || copied.insert(name).inserted else { return nil }
            copied.insert(name)
            response += field.line.array
            if name == .to, !hasTag(field.value) { response += Array(";tag=\(tag(of: header))".utf8) }
            response += [0x0D, 0x0A]
        }
        guard copied.count == Repeated.allCases.count else { return nil }
        response += Array("Content-Length: 0\r\n\r\n".utf8)
        return response
    }

    /// The header fields that a response repeats from its request.
    private enum Repeated: CaseIterable {
        case via, from, to, callID, cseq

        init?(_ name: Bytes) {
            if name.equalsIgnoringCase("via") || name.equalsIgnoringCase("v") {
                self = .via
            } else if name.equalsIgnoringCase("from") || name.equalsIgnoringCase("f") {
                self = .from
            } else if name.equalsIgnoringCase("to") || name.equalsIgnoringCase("t") {
                self = .to
            } else if name.equalsIgnoringCase("call-id") || name.equalsIgnoringCase("i") {
                self = .callID
            } else if name.equalsIgnoringCase("cseq") {
                self = .cseq
            } else {
                return nil
            }
        }
    }

    private static func statusLine(_ violation: StreamFramer.Violation) -> String {
        let status =
            switch violation {
            case .headerSectionTooLarge, .bodyTooLarge: "513 Message Too Large"
            case .contentLengthMissing: "400 Missing Content-Length"
            case .contentLengthInvalid: "400 Invalid Content-Length"
            case .contentLengthConflicting: "400 Conflicting Content-Length"
            }
        return "SIP/2.0 \(status)\r\n"
    }

    /// Whether a To value has a tag among the parameters after its address.
    private static func hasTag(_ value: Bytes) -> Bool {
        var rest = value
        if let close = value.firstIndex(of: UInt8(ascii: ">")) { rest = value.from(close + 1) }
        while let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) {
            rest = rest.from(semicolon + 1).trimmed
            if rest.startsIgnoringCase(with: "tag=") { return true }
        }
        return false
    }

    /// The same for each retransmission of a request, as a stateless answer needs.
    private static func tag(of header: Bytes) -> String { String(header.hash(seed: 0x5349_5046), radix: 36) }
}
