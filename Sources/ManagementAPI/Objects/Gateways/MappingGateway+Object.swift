import Routing
import Vocabulary

/// Who a customer's gateway is. What its calls may do and how they are set up stands in the files beside this one.
extension MappingGateway: PasswordBearer {
    public static var kind: ObjectKind { .mappingGateway }

    public init(blank name: String) { self.init(name: name, addresses: []) }

    public static let fields: [ObjectField<MappingGateway>] = Array(
        [identityFields, capacityFields, numberFields, setupFields, ObjectField.boundFields].joined())

    private static let identityFields: [ObjectField<MappingGateway>] = [
        ObjectField(
            "addresses", meaning: addressesMeaning,
            schema: ["type": "array", "maxItems": 256, "uniqueItems": true, "items": ["type": "string"]],
            read: { node, gateway, reading in
                guard let elements = reading.optionalElements(of: node, field: "addresses", atMost: 256, remedy: addressesRemedy) else { return }
                gateway.addresses = reading.distinct(elements, field: "addresses") { element, path, reading in
                    AddressText.read(element, field: path, use: .source, &reading)?.address
                }
            },
            write: { .list($0.addresses.map { .text($0.description) }) }),
        .integer(
            "priority", \.priority, range: 0...65_535,
            meaning: "decides among gateways with the same address: the lower number takes the call; 10 unless set"),
        .flag("locked", \.locked, meaning: "true refuses the customer's calls; false unless set"),
        .choice(
            "authentication", \.authentication,
            meaning: "how its calls are recognised (sipAuthenticationMethod): address (any port), addressAndPort (the port too, where an address "
                + "has one), or password (digest, user name is the gateway's name); addressAndPort unless set"),
        .flag(
            "registersHere", \.registersHere,
            meaning: "whether it registers here with its name and password, and calls from where it registered; false unless set"),
        .optionalName(
            "registration", of: .registration, \.registration,
            meaning: "name of a Registration: calls that arrive at its Contact are taken for this gateway, whatever address they come from; "
                + "none unless set"),
    ]

    private static let addressesMeaning =
        "source addresses of the customer's calls: IP for any port, or IP:port; may be left out where registration is given, "
        + "with registersHere and with authentication: password"
    private static let addressesRemedy = "write a list such as [\"192.0.2.1\"]"

    /// A gateway without addresses is known by its registration, its binding or its password.
    public static func complete(_ gateway: inout MappingGateway, _ reading: inout ObjectReading) {
        guard gateway.registration == nil, !gateway.registersHere, gateway.authentication != .password else { return }
        guard let node = reading.document["addresses"] else {
            return reading.refuse(
                "addresses", at: reading.document.position, "the field is missing", remedy: "add addresses: \(addressesMeaning)")
        }
        if node.elements?.isEmpty == true { reading.refuse("addresses", at: node.position, "the list is empty", remedy: addressesRemedy) }
    }

    public var resolvedPassword: String? {
        get { password }
        set { password = newValue }
    }

    public var passwordNeed: String? {
        if registersHere { return "the gateway registers here, and no password of it is stored yet" }
        return authentication == .password ? "the gateway authenticates by password, and none is stored yet" : nil
    }
}
