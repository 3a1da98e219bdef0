import Routing
import Vocabulary

extension MappingGateway: ManagedObject {
    public static var kind: ObjectKind { .mappingGateway }

    public init(blank name: String) { self.init(name: name, addresses: []) }

    public static let fields: [ObjectField<MappingGateway>] = [
        ObjectField(
            "addresses",
            meaning: "source addresses of the customer's calls: IP for any port, or IP:port; may be left out where registration is given",
            schema: ["type": "array", "minItems": 1, "maxItems": 256, "uniqueItems": true, "items": ["type": "string"]],
            read: { node, gateway, reading in
                if node.elements?.isEmpty == true, reading.document["registration"]?.text != nil { return }
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
            meaning: "name of a Registration: calls that arrive at its Contact are taken for this gateway, whatever address they come from; "
                + "none unless set"),
    ]

    /// A gateway without addresses is known by its registration.
    public static func complete(_ gateway: inout MappingGateway, _ reading: inout ObjectReading) {
        guard reading.document["addresses"] == nil, gateway.registration == nil else { return }
        let meaning = fields.first { $0.name == "addresses" }?.meaning ?? ""
        reading.refuse("addresses", at: reading.document.position, "the field is missing", remedy: "add addresses: \(meaning)")
    }
}
