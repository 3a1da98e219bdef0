import Vocabulary

/// A host as an operator writes it: a name, or an IP address.
enum HostText {
    /// Why a text cannot be a host; nil when it can. RFC 3261's grammar (section 25.1) is the measure: labels of
    /// letters, digits and hyphens, the last one beginning with a letter; or an IPv4 or IPv6 address.
    static func fault(of text: String) -> String? {
        if text.isEmpty { return "the host is empty" }
        if let address = NetworkAddress(text), !text.contains("]:") {
            return address.isUnspecified ? "\"\(text)\" is no single host" : address.port == 0 ? nil : "\"\(text)\" has a port"
        }
        guard text.utf8.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == 0x2D || $0 == 0x2E }) else {
            return "\"\(printable(text))\" has characters that no host name has"
        }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.count) && $0.first != 0x2D && $0.last != 0x2D }) else {
            return "\"\(text)\" is no host name: between its dots stand 1 to 63 letters, digits and inner hyphens"
        }
        guard labels.last?.first?.isASCIILetter == true else { return "\"\(text)\" is neither a host name nor an IP address" }
        return nil
    }

    /// Without control characters, for an error that is printed.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}

/// Address of a SIP route as an operator writes it: `host`, `host:port`, `[v6]:port`, optionally
/// followed by `;transport=udp`, `;transport=tcp` or `;transport=tls`.
enum ProxyText {
    struct Refusal: Error, Hashable {
        var rule: String
        var remedy: String
    }

    private static let example =
        "write the address of the SIP route, such as \"sip.example.net\", \"192.0.2.10:5060\" or \"sip.example.net;transport=tls\""

    static func read(_ text: String) -> Result<NextHop, Refusal> {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        var transport: TransportKind?
        for parameter in parts.dropFirst() {
            guard transport == nil, let named = TransportKind.allCases.first(where: { "transport=\($0.name)" == parameter.lowercased() }) else {
                let rule = "\";\(HostText.printable(String(parameter)))\" is not understood"
                return .failure(Refusal(rule: rule, remedy: "use one of ;transport=udp, ;transport=tcp and ;transport=tls"))
            }
            transport = named
        }
        let (host, port) = split(String(parts[0]))
        if let fault = HostText.fault(of: host) { return .failure(Refusal(rule: fault, remedy: example)) }
        guard let port else { return .success(NextHop(host: host, transport: transport)) }
        guard let number = UInt16(port), number > 0, port.utf8.allSatisfy(\.isASCIIDigit) else {
            return .failure(Refusal(rule: "\"\(HostText.printable(port))\" is no port", remedy: "write a port from 1 to 65535, or leave it out"))
        }
        return .success(NextHop(host: host, port: number, transport: transport))
    }

    /// What `read` reads again.
    static func write(_ hop: NextHop) -> String {
        let host = hop.host.contains(":") ? "[\(hop.host)]" : hop.host
        return host + (hop.port.map { ":\($0)" } ?? "") + (hop.transport.map { ";transport=\($0.name)" } ?? "")
    }

    /// Host without brackets, and what stands behind its colon; an IPv6 address without brackets has no port.
    private static func split(_ text: String) -> (host: String, port: String?) {
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            let rest = text[text.index(after: close)...]
            let host = String(text[text.index(after: text.startIndex)..<close])
            if rest.isEmpty { return (host, nil) }
            return rest.hasPrefix(":") ? (host, String(rest.dropFirst())) : (text, nil)
        }
        guard text.utf8.filter({ $0 == 0x3A }).count == 1, let colon = text.firstIndex(of: ":") else { return (text, nil) }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
