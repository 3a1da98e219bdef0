import Routing
import Vocabulary

extension MappingGateway: ManagedObject {
    public static var kind: ObjectKind { .mappingGateway }

    public init(blank name: String) { self.init(name: name, addresses: []) }

    public static let fields: [ObjectField<MappingGateway>] = [
        ObjectField(
            "addresses", .required,
            meaning: "source addresses of the customer's calls: IP for any port, or IP:port",
            schema: ["type": "array", "minItems": 1, "maxItems": 256, "uniqueItems": true, "items": ["type": "string"]],
            read: { node, gateway, reading in
                let remedy = "write a list such as [\"192.0.2.1\"]"
                guard let elements = reading.elements(of: node, field: "addresses", atMost: 256, remedy: remedy) else { return }
                gateway.addresses = reading.distinct(elements, field: "addresses") { element, path, reading in
                    AddressText.read(element, field: path, use: .source, &reading)?.address
                }
            },
            write: { .list($0.addresses.map { .text($0.description) }) }),
        .integer(
            "priority", \.priority, range: 0...65_535,
            meaning: "decides among gateways with the same address: the lower number takes the call; 10 unless set"),
        .flag("locked", \.locked, meaning: "true refuses the customer's calls; false unless set"),
        .flag(
            "followRedirects", \.followRedirects,
            meaning: "whether a vendor's redirection (3xx) is followed for this customer's calls; false unless set"),
    ]
}
