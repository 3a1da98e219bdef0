import Routing
import Vocabulary

extension RegistrationObject {
    public static let fields: [ObjectField<RegistrationObject>] = [
        ObjectField(
            "proxy", .required,
            meaning: "address of the SIP route: host or host:port, optionally followed by ;transport=udp, ;transport=tcp or ;transport=tls",
            schema: ["type": "string"],
            read: { node, object, reading in
                switch ProxyText.read(node.text ?? "") {
                case .success(let hop): object.registration.proxy = hop
                case .failure(let refusal): reading.refuse("proxy", at: node.position, refusal.rule, remedy: refusal.remedy)
                }
            },
            write: { .text(ProxyText.write($0.registration.proxy)) }),
        ObjectField(
            "host", .required, meaning: "the registrar's domain or host name, without a port", schema: ["type": "string", "maxLength": 253],
            read: { node, object, reading in
                if let fault = HostText.fault(of: node.text ?? "") {
                    return reading.refuse("host", at: node.position, fault, remedy: "write the registrar's domain alone, such as \"sw.example.net\"")
                }
                object.registration.host = node.text ?? ""
            },
            write: { .text($0.registration.host) }),
        .text(
            "username", .required, \.registration.username, bound: 128, allows: { $0.isUserOfURI },
            rule: "is no user part of a SIP URI: letters, digits and -_.!~*'()&=+$,;?/, others as %XX",
            meaning: "user part of the account's address"),
        .text(
            "authUser", .optional, \.registration.authUser, bound: 128, allows: { $0.isQuotable },
            rule: "has control characters, quotes or back-slashes", meaning: "authentication user, where it is not the username"),
        .password, .passwordFile,
        ObjectField(
            "period", meaning: "register period in seconds, 20 to 7200, or auto for what SS_SIP_USER_AGENT_EXPIRE says; auto unless set",
            schema: ["oneOf": [["const": "auto"], ["type": "integer", "minimum": 20, "maximum": 7200]]],
            read: { node, object, reading in
                if node.text?.lowercased() == "auto" { return }
                guard let seconds = node.integer, (20...7200).contains(seconds) else {
                    return reading.refuse(
                        "period", at: node.position, "\(node.printableShape) is neither auto nor a whole number from 20 to 7200 (s)",
                        remedy: "write auto, or the seconds")
                }
                object.registration.period = seconds
            },
            write: { $0.registration.period.map { .number($0) } ?? "auto" }),
        ObjectField(
            "localPort", meaning: "signalling port: that of one of our listeners; the first listener of the transport unless set",
            schema: ["type": ["integer", "null"], "minimum": 1, "maximum": 65_535],
            read: { node, object, reading in
                guard !node.isNull else { return }
                guard let port = node.integer.flatMap({ UInt16(exactly: $0) }), port > 0 else {
                    return reading.refuse(
                        "localPort", at: node.position, "\(node.printableShape) is not a port from 1 to 65535",
                        remedy: "write the port of a listener, or leave it out")
                }
                object.registration.localPort = port
            },
            write: { $0.registration.localPort.map { .number($0) } ?? .null }),
        ObjectField(
            "privacy", meaning: "Ignore, Id or None, or default for what SS_SIP_USER_AGENT_PRIVACY says; default unless set",
            schema: ["type": "string", "enum": .list(["default"] + UserAgentPrivacy.allCases.map { .text($0.rawValue) })],
            read: { node, object, reading in
                let text = node.text?.lowercased() ?? ""
                if text == "default" { return }
                guard let privacy = UserAgentPrivacy.allCases.first(where: { $0.rawValue.lowercased() == text }) else {
                    let words = ["default"] + UserAgentPrivacy.allCases.map(\.rawValue)
                    return reading.refuse(
                        "privacy", at: node.position, "\(node.printableShape) is not possible here",
                        remedy: Suggestion.remedy(for: text, among: words))
                }
                object.registration.privacy = privacy
            },
            write: { .text($0.registration.privacy?.rawValue ?? "default") }),
        .flag("enabled", \.registration.enabled, meaning: "false withdraws the registration and keeps it silent; true unless set"),
    ]

    /// The authentication user is the username where nobody says otherwise.
    public static func complete(_ object: inout RegistrationObject, _ reading: inout ObjectReading) {
        if object.registration.authUser.isEmpty { object.registration.authUser = object.registration.username }
    }
}

extension ObjectField where Object == RegistrationObject {
    /// A text of 1 to `bound` bytes whose form `allows`.
    fileprivate static func text(
        _ name: String, _ presence: Presence, _ path: WritableKeyPath<RegistrationObject, String> & Sendable, bound: Int,
        allows: @escaping @Sendable (String) -> Bool, rule: String, meaning: String
    ) -> ObjectField {
        ObjectField(
            name, presence, meaning: meaning, schema: ["type": "string", "minLength": 1, "maxLength": .number(bound)],
            read: { node, object, reading in
                guard let text = node.text, (1...bound).contains(text.utf8.count) else {
                    return reading.refuse(
                        name, at: node.position, "\(node.printableShape) is no text of 1 to \(bound) bytes",
                        remedy: "write the \(name) of the account")
                }
                guard allows(text) else {
                    return reading.refuse(
                        name, at: node.position, "\(node.printableShape) \(rule)", remedy: "write the \(name) as the upstream gave it")
                }
                object[keyPath: path] = text
            },
            write: { .text($0[keyPath: path]) })
    }
}

extension String {
    var hasControlCharacters: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }

    /// Whether it may stand between quotes as it is.
    fileprivate var isQuotable: Bool { !hasControlCharacters && !contains("\"") && !contains("\\") }

    /// RFC 3261, section 25.1: unreserved, user-unreserved and escaped characters.
    fileprivate var isUserOfURI: Bool {
        let bytes = Array(utf8)
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "%") {
                guard position + 2 < bytes.count, bytes[position + 1].isHexDigit, bytes[position + 2].isHexDigit else { return false }
                position += 3
                continue
            }
            guard byte.isASCIILetter || byte.isASCIIDigit || "-_.!~*'()&=+$,;?/".utf8.contains(byte) else { return false }
            position += 1
        }
        return true
    }
}
