import Vocabulary

/// A gateway's address as an operator writes it: `IP`, `IP:port` or `[v6]:port`, for a routing
/// gateway optionally followed by `;transport=udp`, `;transport=tcp` or `;transport=tls`.
struct AddressText {
    enum Use {
        /// Source of calls: the port may be left out and then any port is meant.
        case source
        /// Target of calls: the port is filled in, a transport may be named.
        case target
    }

    var address: NetworkAddress
    var transport: TransportKind?

    /// Reads an element of an address list, or adds the problem that it has.
    static func read(_ node: DocumentNode, field: String, use: Use, _ reading: inout ObjectReading) -> AddressText? {
        guard let text = node.text, !text.isEmpty else {
            reading.refuse(field, at: node.position, "\(node.shape) is not an address", remedy: use.example)
            return nil
        }
        let named = reading.document["transport"]?.text?.lowercased()
        switch parse(text, use: use, usually: TransportKind.allCases.first { "\($0.name)" == named } ?? .udp) {
        case .success(let address): return address
        case .failure(let refusal):
            reading.refuse(field, at: node.position, refusal.rule, remedy: refusal.remedy)
            return nil
        }
    }

    private struct Refusal: Error {
        var rule: String
        var remedy: String
    }

    /// `usually`: the transport when the text names none; its port is filled in for a target.
    private static func parse(_ text: String, use: Use, usually: TransportKind) -> Result<AddressText, Refusal> {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        let host = String(parts[0])
        var transport: TransportKind?
        for parameter in parts.dropFirst() {
            guard use == .target else {
                return .failure(Refusal(rule: "a source address has no parameters", remedy: "leave \";\(parameter)\" out"))
            }
            guard let named = TransportKind.allCases.first(where: { "transport=\($0.name)" == parameter.lowercased() }) else {
                return .failure(
                    Refusal(
                        rule: "\";\(parameter)\" is not understood",
                        remedy: "use \";transport=udp\", \";transport=tcp\" or \";transport=tls\""))
            }
            transport = named
        }
        guard let address = NetworkAddress(host, defaultPort: use == .target ? (transport ?? usually).defaultPort : 0) else {
            return .failure(fault(of: host, use: use))
        }
        if address.isUnspecified {
            return .failure(Refusal(rule: "\"\(text)\" is no single host", remedy: use.example))
        }
        if address.port == 0, host.hasExplicitPort {
            return .failure(Refusal(rule: "port 0 cannot be used", remedy: use == .source ? "leave the port out to take any port" : use.example))
        }
        return .success(AddressText(address: address, transport: transport))
    }

    private static func fault(of host: String, use: Use) -> Refusal {
        if host.contains("/") {
            return Refusal(rule: "\"\(host)\" is a network, not an address", remedy: "list the single addresses")
        }
        let looksLikeName = host.utf8.contains { $0.isASCIILetter } && !host.hasPrefix("[") && host.utf8.filter { $0 == 0x3A }.count <= 1
        if looksLikeName {
            return Refusal(rule: "\"\(host)\" is a host name, and host names are not looked up", remedy: use.example)
        }
        return Refusal(rule: "\"\(host)\" is not an IP address with an optional port", remedy: use.example)
    }
}

extension AddressText.Use {
    fileprivate var example: String {
        switch self {
        case .source: "write the IP address, such as \"192.0.2.1\", \"192.0.2.1:5060\" or \"[2001:db8::1]:5060\""
        case .target: "write the IP address, such as \"192.0.2.1\", \"192.0.2.1:5080\" or \"[2001:db8::1]:5080;transport=tcp\""
        }
    }
}

extension String {
    /// Whether the text ends in a colon and digits that are a port, not a group of an IPv6 address.
    fileprivate var hasExplicitPort: Bool {
        hasPrefix("[") ? contains("]:") : utf8.filter { $0 == 0x3A }.count == 1
    }
}
