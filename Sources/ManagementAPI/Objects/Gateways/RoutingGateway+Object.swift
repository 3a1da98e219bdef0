import Routing
import Vocabulary

/// Where a vendor's gateway is and which calls reach it. Capacity and numbers, identity, and switching stand in the
/// files beside this one.
extension RoutingGateway: PasswordBearer {
    public static var kind: ObjectKind { .routingGateway }

    public init(blank name: String) { self.init(name: name, addresses: []) }

    public static let fields: [ObjectField<RoutingGateway>] = Array(
        [placeFields, routingFields, capacityFields, numberFields, identityFields, switchingFields, ObjectField.boundFields].joined())

    private static let placeFields: [ObjectField<RoutingGateway>] = [
        ObjectField(
            "addresses", meaning: addressesMeaning,
            schema: ["type": "array", "maxItems": 64, "uniqueItems": true, "items": ["type": "string"]],
            read: { node, gateway, reading in
                guard let elements = reading.optionalElements(of: node, field: "addresses", atMost: 64, remedy: addressesRemedy) else { return }
                var named: TransportKind?
                let places = reading.distinct(elements, field: "addresses") { element, path, reading -> Place? in
                    guard let (place, transport) = Place.read(element, field: path, &reading) else { return nil }
                    if let transport {
                        if let named, named != transport {
                            reading.refuse(
                                path, at: element.position, "the addresses of one gateway name different transports",
                                remedy: "make a gateway of its own for each transport")
                        }
                        named = transport
                    }
                    return place
                }
                gateway.addresses = places.compactMap(\.address)
                gateway.hosts = places.compactMap(\.host)
                if let named { gateway.transport = named }
            },
            write: { .list($0.addresses.map { .text($0.description) } + $0.hosts.map { .text(ProxyText.write($0)) }) }),
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
        .flag(
            "registersHere", \.registersHere,
            meaning: "whether it registers here with its name and password, and calls go to where it registered; false unless set"),
        .optionalName(
            "registration", of: .registration, \.registration,
            meaning: "name of the Registration through which calls go: with its identity, by its proxy; none unless set"),
        .flag(
            "streamForLargeRequests", \.streamForLargeRequests,
            meaning: "whether an INVITE above 1300 bytes goes by TCP, and by UDP only when that fails; false unless set"),
    ]

    private static let addressesMeaning =
        "where calls are sent: IP, IP:port (5060, for TLS 5061 unless given) or a host name (looked up by SRV unless it has a port; names are "
        + "tried after addresses), optionally followed by ;transport=udp, ;transport=tcp or ;transport=tls; may be left out where registration "
        + "is given, and with registersHere"
    private static let addressesRemedy = "write a list such as [\"192.0.2.1:5060\"]"

    /// A gateway needs exactly one place to send calls to, and groups to keep lines free in.
    public static func complete(_ gateway: inout RoutingGateway, _ reading: inout ObjectReading) {
        let node = reading.document["addresses"]
        if gateway.registersHere {
            if gateway.registration != nil {
                reading.refuse(
                    "registration", at: reading.document["registration"]?.position ?? .none,
                    "the gateway registers here, and calls cannot go by an account at an upstream too", remedy: "keep registersHere or registration")
            }
            if node?.elements?.isEmpty == false {
                reading.refuse(
                    "addresses", at: node?.position ?? .none, "the gateway registers here, and calls go to where it registered",
                    remedy: "leave addresses out, or registersHere")
            }
        } else if gateway.registration == nil {
            if node == nil {
                reading.refuse("addresses", at: reading.document.position, "the field is missing", remedy: "add addresses: \(addressesMeaning)")
            } else if node?.elements?.isEmpty == true {
                reading.refuse("addresses", at: node?.position ?? .none, "the list is empty", remedy: addressesRemedy)
            }
        }
        checkSwitching(of: gateway, &reading)
        if (gateway.reservedLines ?? 0) > 0, gateway.groups.isEmpty {
            reading.refuse(
                "reservedLines", at: reading.document["reservedLines"]?.position ?? .none,
                "lines are reserved in gateway groups, and the gateway belongs to none", remedy: "add gatewayGroups, or leave reservedLines out")
        }
    }

    public var resolvedPassword: String? {
        get { password }
        set { password = newValue }
    }

    public var passwordNeed: String? { registersHere ? "the gateway registers here, and no password of it is stored yet" : nil }
}

/// One element of a routing gateway's addresses.
private enum Place: Hashable {
    case address(NetworkAddress)
    /// Looked up by its name.
    case host(NextHop)

    var address: NetworkAddress? {
        if case .address(let address) = self { address } else { nil }
    }

    var host: NextHop? {
        if case .host(let host) = self { host } else { nil }
    }

    /// The place, and the transport that it names; nil and a problem where it is none.
    static func read(_ node: DocumentNode, field: String, _ reading: inout ObjectReading) -> (Place, TransportKind?)? {
        let text = node.text ?? ""
        let name = text.prefix { $0 != ";" }
        // What has letters is a name, unless it is an IPv6 address.
        if name.utf8.contains(where: \.isASCIILetter), name.utf8.filter({ $0 == UInt8(ascii: ":") }).count <= 1 {
            switch ProxyText.read(text) {
            case .success(let hop): return (.host(hop), hop.transport)
            case .failure(let refusal):
                reading.refuse(
                    field, at: node.position, refusal.rule,
                    remedy: "write an IP address, such as \"192.0.2.1:5080\", or a host name, such as \"sip.example.net;transport=tcp\"")
                return nil
            }
        }
        return AddressText.read(node, field: field, use: .target, &reading).map { (.address($0.address), $0.transport) }
    }
}
