import Routing
import Vocabulary

extension RoutingGateway: ManagedObject {
    public static var kind: ObjectKind { .routingGateway }

    public init(blank name: String) { self.init(name: name, addresses: []) }

    public static let fields: [ObjectField<RoutingGateway>] = [
        ObjectField(
            "addresses",
            meaning: "where calls are sent: IP, IP:port (5060, for TLS 5061 unless given), optionally followed by ;transport=udp, "
                + ";transport=tcp or ;transport=tls; may be left out where registration is given",
            schema: ["type": "array", "minItems": 1, "maxItems": 64, "uniqueItems": true, "items": ["type": "string"]],
            read: { node, gateway, reading in
                if node.elements?.isEmpty == true, reading.document["registration"]?.text != nil { return }
                let remedy = "write a list such as [\"192.0.2.1:5060\"]"
                guard let elements = reading.elements(of: node, field: "addresses", atMost: 64, remedy: remedy) else { return }
                var named: TransportKind?
                gateway.addresses = reading.distinct(elements, field: "addresses") { element, path, reading in
                    guard let read = AddressText.read(element, field: path, use: .target, &reading) else { return nil }
                    if let transport = read.transport {
                        if let named, named != transport {
                            reading.refuse(
                                path, at: element.position, "the addresses of one gateway name different transports",
                                remedy: "make a gateway of its own for each transport")
                        }
                        named = transport
                    }
                    return read.address
                }
                if let named { gateway.transport = named }
            },
            write: { .list($0.addresses.map { .text($0.description) }) }),
        ObjectField(
            "transport", meaning: "udp, tcp or tls, for all addresses; udp unless set",
            schema: ["type": "string", "enum": ["udp", "tcp", "tls"]],
            read: { node, gateway, reading in
                guard let transport = TransportKind.allCases.first(where: { "\($0.name)" == node.text?.lowercased() }) else {
                    return reading.refuse("transport", at: node.position, "\(node.shape) is no transport for calls", remedy: "write udp, tcp or tls")
                }
                let isNamedOtherwise = (reading.document["addresses"]?.elements ?? []).contains { element in
                    let text = element.text?.lowercased() ?? ""
                    return text.contains(";transport=") && !text.hasSuffix(";transport=\(transport.name)")
                }
                if isNamedOtherwise {
                    reading.refuse(
                        "transport", at: node.position, "an address names another transport than \(transport.name)",
                        remedy: "name the transport in one place only")
                }
                gateway.transport = transport
            },
            write: { .text("\($0.transport.name)") }),
        ObjectField(
            "prefixes", meaning: "callee prefixes that the gateway takes; \"\" takes any number; [\"\"] unless set",
            schema: [
                "type": "array", "minItems": 1, "maxItems": 10_000, "uniqueItems": true,
                "items": ["type": "string", "pattern": "^[+]?[*#]*[0-9]*$", "maxLength": 32],
            ],
            read: { node, gateway, reading in
                let remedy = "write a list such as [\"44\", \"+1415\"], or [\"\"] to take any number"
                guard let elements = reading.elements(of: node, field: "prefixes", atMost: 10_000, remedy: remedy) else { return }
                gateway.prefixes = reading.distinct(elements, field: "prefixes") { element, path, reading in
                    guard let text = element.text, text.isNumberPrefix else {
                        reading.refuse(
                            path, at: element.position,
                            "\(element.shape) is no prefix: at most 32 digits, before them \"+\", \"*\" or \"#\"", remedy: remedy)
                        return nil
                    }
                    return text
                }
            },
            write: { .list($0.prefixes.map { .text($0) }) }),
        .integer("priority", \.priority, range: 0...65_535, meaning: "the lower number is tried first; 10 unless set"),
        .flag("locked", \.locked, meaning: "true takes the gateway out of routing; false unless set"),
        .flag(
            "streamForLargeRequests", \.streamForLargeRequests,
            meaning: "whether an INVITE above 1300 bytes goes by TCP, and by UDP only when that fails; false unless set"),
        .flag(
            "sessionTimer", \.sessionTimer,
            meaning: "whether a session timer (RFC 4028) may run with this gateway; true unless set"),
        .optionalInteger(
            "maximumDuration", \.maximumDuration, range: 1...864_000,
            meaning: "longest call in seconds; none unless set. The shortest limit of a call counts"),
        .optionalInteger(
            "probeInterval", \.probeInterval, range: 10...86_400,
            meaning: "seconds between OPTIONS within answered calls to a peer without session timer; none unless set"),
        .optionalName(
            "registration", of: .registration, \.registration,
            meaning: "name of the Registration through which calls go: with its identity, by its proxy; none unless set"),
    ]

    /// A gateway needs somewhere to send calls to.
    public static func complete(_ gateway: inout RoutingGateway, _ reading: inout ObjectReading) {
        guard reading.document["addresses"] == nil, gateway.registration == nil else { return }
        let meaning = fields.first { $0.name == "addresses" }?.meaning ?? ""
        reading.refuse("addresses", at: reading.document.position, "the field is missing", remedy: "add addresses: \(meaning)")
    }
}

extension String {
    /// Digits, before them optionally `+`, then any of `*` and `#`; may be empty.
    fileprivate var isNumberPrefix: Bool {
        var rest = Substring(self)
        if rest.first == "+" { rest = rest.dropFirst() }
        rest = rest.drop { $0 == "*" || $0 == "#" }
        return utf8.count <= 32 && rest.utf8.allSatisfy(\.isASCIIDigit)
    }
}
