import Routing
import Vocabulary

extension Phone: PasswordBearer {
    public static var kind: ObjectKind { .phone }

    public init(blank name: String) { self.init(name: name) }

    /// A phone is named by its number.
    public static func fault(ofName name: String) -> String? {
        let digits = name.utf8.first == UInt8(ascii: "+") ? name.utf8.dropFirst() : name.utf8[...]
        return (1...longestNumber).contains(digits.count) && digits.allSatisfy(\.isASCIIDigit)
            ? nil : "a phone's name is its number: 1 to \(longestNumber) digits, before them optionally \"+\""
    }

    public static var namePattern: String { "^[+]?[0-9]{1,\(longestNumber)}$" }

    /// With "+" before it, it still fits the tables of numbers.
    private static var longestNumber: Int { NumberText.longest - 1 }

    public static let fields: [ObjectField<Phone>] = Array(
        [ownFields, lineFields, placeFields, routeFields, ObjectField.numberListFields, numberFields, ObjectField.boundFields].joined())

    private static let ownFields: [ObjectField<Phone>] = [
        .note("displayName", \.displayName, bound: 128, meaning: "display name of its calls; none unless set"),
        .choice("lock", \.lock, meaning: "which calls are barred: none, outgoing, incoming or both; none unless set"),
    ]

    private static let routeFields: [ObjectField<Phone>] = [
        .nameFilter(
            "routingGatewayGroups", of: .gatewayGroup, \.routingGroups,
            meaning: "gateway groups whose routing gateways its calls may use (allow), or may not (deny); all unless set")
    ]

    private static let numberFields: [ObjectField<Phone>] = [
        .dialPlan("outgoingCalleeRewrite", \.outgoingCalleeRewrite, meaning: "dial plan of the callee that it dials; none unless set"),
        .dialPlan("incomingCalleeRewrite", \.incomingCalleeRewrite, meaning: "dial plan of the callee of calls to it; none unless set"),
        .dialPlan("incomingCallerRewrite", \.incomingCallerRewrite, meaning: "dial plan of the caller of calls to it; none unless set"),
        .choice(
            "ringback", \.ringback,
            meaning: "what it hears while the callee rings (sipRemoteRingSignal): passThrough, sessionProgress (183 with SDP) or ringing "
                + "(180 with SDP); passThrough unless set"),
    ]

    private static let lineFields: [ObjectField<Phone>] = [
        lines("outgoingLines", \.outgoingLines, "most calls at once that it made (lineCallOut)"),
        lines("incomingLines", \.incomingLines, "most calls at once that it received (lineCallIn)"),
        lines("lines", \.lines, "most calls at once in both directions together (lineCapacity)"),
    ]

    private static let placeFields: [ObjectField<Phone>] = [
        ObjectField(
            "address",
            meaning: "where it is when it does not register: IP or IP:port (5060, for TLS 5061 unless given), optionally followed by "
                + ";transport=udp, ;transport=tcp or ;transport=tls; it registers unless set",
            schema: ["type": ["string", "null"]],
            read: { node, phone, reading in
                guard !node.isNull, let read = AddressText.read(node, field: "address", use: .target, &reading) else { return }
                phone.address = read.address
                phone.transport = read.transport ?? .udp
            },
            write: { phone in
                phone.address.map { .text(phone.transport == .udp ? "\($0)" : "\($0);transport=\(phone.transport.name)") } ?? .null
            })
    ]

    private static func lines(
        _ name: String, _ path: WritableKeyPath<Phone, Int?> & Sendable, _ meaning: String
    ) -> ObjectField<Phone> {
        .optionalInteger(name, path, range: 0...10_000, meaning: "\(meaning); 0 allows none; no limit unless set")
    }

    public var resolvedPassword: String? {
        get { password.isEmpty ? nil : password }
        set { password = newValue ?? "" }
    }

    public var passwordNeed: String? { address == nil ? "the phone registers, and no password of it is stored yet" : nil }
}
