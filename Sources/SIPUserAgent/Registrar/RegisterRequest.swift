import SIPMessages
import Vocabulary

/// What a registrar is told to grant and keep.
public struct RegistrarRules: Hashable, Sendable {
    /// Seconds granted to who asks for none, and the most granted to anybody.
    public var lifetime: UInt32
    /// Who asks for less, and for less than an hour, gets 423 (RFC 3261, section 10.3, step 7).
    public var minimumLifetime: UInt32
    /// Whether another device takes the place of the one that is registered, or is refused.
    public var replaces: Bool

    /// Contacts that one account may have at once.
    public static let maximumContacts = 8

    public init(lifetime: UInt32 = 3_600, minimumLifetime: UInt32 = 60, replaces: Bool = true) {
        self.lifetime = lifetime
        self.minimumLifetime = min(minimumLifetime, lifetime)
        self.replaces = replaces
    }
}

/// Why a REGISTER of a proved account is not carried out, and how it is answered.
public enum RegisterRefusal: Error, Hashable, Sendable {
    case starWithOthers
    case starWithoutZero
    case contactMalformed
    case contactNotSIP
    case contactTooLong
    case pathTooLong
    case callIDTooLong
    case tooManyContacts
    /// The lifetime asked for is below the minimum, in seconds.
    case tooBrief(minimum: UInt32)
    /// No later than the request that was applied last (RFC 3261, section 10.3, step 7).
    case outOfOrder
    /// Another device is registered and keeps its place.
    case registeredElsewhere
    /// It requires an extension that the registrar does not know.
    case extensionUnknown

    public var status: Int {
        switch self {
        case .starWithOthers, .starWithoutZero, .contactMalformed, .contactNotSIP, .contactTooLong, .pathTooLong, .callIDTooLong,
            .outOfOrder:
            400
        case .tooManyContacts, .registeredElsewhere: 403
        case .extensionUnknown: 420
        case .tooBrief: 423
        }
    }

    public var reasonPhrase: StaticString {
        switch self {
        case .starWithOthers: "Contact Star Beside Other Contacts"
        case .starWithoutZero: "Contact Star Without Expires 0"
        case .contactMalformed: "Malformed Contact Header Field"
        case .contactNotSIP: "Contact Is No SIP URI"
        case .contactTooLong: "Contact Too Long"
        case .pathTooLong: "Path Too Long"
        case .callIDTooLong: "Call-ID Too Long"
        case .tooManyContacts: "Too Many Contacts"
        case .tooBrief: "Interval Too Brief"
        case .outOfOrder: "CSeq Not Above The Last One"
        case .registeredElsewhere: "Registered From Another Device"
        case .extensionUnknown: "Bad Extension"
        }
    }
}

/// What a REGISTER asks for (RFC 3261, section 10.3). Valid as long as the message's bytes.
public struct RegisterRequest {
    /// One Contact of the request.
    public struct Wanted {
        public var uri: URI
        /// Seconds that are granted; 0: the binding is to go.
        public var lifetime: UInt32
        /// Preference in thousandths.
        public var q: UInt16
        /// `+sip.instance` between its quotes; empty: none.
        public var instance: Bytes
        /// `reg-id`; 0: none.
        public var flowNumber: UInt32
    }

    /// Bounds on the texts that are kept of a binding, in bytes.
    public struct Bounds: Hashable, Sendable {
        public var contact: Int
        public var path: Int
        public var callID: Int
        public var instance: Int

        public init(contact: Int, path: Int, callID: Int, instance: Int) {
            self.contact = contact
            self.path = path
            self.callID = callID
            self.instance = instance
        }
    }

    /// `Contact: *`: every binding is to go.
    public private(set) var removesAll = false
    /// Empty, and `removesAll` false: the bindings are only asked for.
    public private(set) var contacts: [Wanted] = []
    public let callID: Bytes
    public let cseq: UInt32
    /// Whether Path elements stand in it (RFC 3327): it came through a proxy that wants requests to come back.
    public private(set) var hasPath = false
    /// Whether Supported lists `path` and `outbound`.
    public let supportsPath: Bool
    public let supportsOutbound: Bool

    public init(_ message: Message, _ essentials: Essentials, rules: RegistrarRules, bounds: Bounds) throws(RegisterRefusal) {
        callID = essentials.callID
        cseq = essentials.cseq.number
        supportsPath = message.lists("path", in: .supported) || message.lists("path", in: .require)
        supportsOutbound = message.lists("outbound", in: .supported) || message.lists("outbound", in: .require)
        var isUnknown = false
        message.forEachElement(of: .require) { if !RegisterRequest.isSupported($0) { isUnknown = true } }
        if isUnknown { throw .extensionUnknown }
        guard callID.count <= bounds.callID else { throw .callIDTooLong }
        var pathLength = 0
        var position = 0
        while let value = message.next(.path, from: &position) { pathLength += value.count + 1 }
        guard pathLength <= bounds.path else { throw .pathTooLong }
        hasPath = pathLength > 0
        try readContacts(message, rules: rules, bounds: bounds)
    }

    /// Whether an option tag may stand in Require.
    public static func isSupported(_ tag: Bytes) -> Bool { tag.equalsIgnoringCase("path") || tag.equalsIgnoringCase("outbound") }

    private mutating func readContacts(_ message: Message, rules: RegistrarRules, bounds: Bounds) throws(RegisterRefusal) {
        let header = message.first(.expires).flatMap { DeltaSeconds($0)?.seconds }
        var position = 0
        while let value = message.next(.contact, from: &position) {
            var list = CommaList(value)
            while let element = list.next() {
                if removesAll { throw .starWithOthers }
                if element.equals("*") {
                    guard contacts.isEmpty else { throw .starWithOthers }
                    guard header == 0 else { throw .starWithoutZero }
                    removesAll = true
                    continue
                }
                guard contacts.count < RegistrarRules.maximumContacts else { throw .tooManyContacts }
                contacts.append(try RegisterRequest.wanted(element, header: header, rules: rules, bounds: bounds))
            }
        }
    }

    private static func wanted(
        _ element: Bytes, header: UInt32?, rules: RegistrarRules, bounds: Bounds
    ) throws(RegisterRefusal) -> Wanted {
        guard let address = NameAddress(element), let uri = URI(address.uri) else { throw .contactMalformed }
        guard uri.scheme == .sip || uri.scheme == .sips else { throw .contactNotSIP }
        guard uri.text.count <= bounds.contact else { throw .contactTooLong }
        var wanted = Wanted(uri: uri, lifetime: 0, q: 1_000, instance: .empty, flowNumber: 0)
        var asked = header
        var list = ParameterList(address.parameters)
        while let parameter = list.next() {
            guard let value = parameter.value else { continue }
            if parameter.name.equalsIgnoringCase("expires") {
                // A malformed value counts as an hour (section 20.10).
                asked = UInt32(clamping: value.decimal ?? 3_600)
            } else if parameter.name.equalsIgnoringCase("q") {
                wanted.q = value.thousandths ?? 1_000
            } else if parameter.name.equalsIgnoringCase("+sip.instance") {
                guard value.unquoted.count <= bounds.instance else { throw .contactTooLong }
                if value.firstControlIndex == nil { wanted.instance = value.unquoted }
            } else if parameter.name.equalsIgnoringCase("reg-id") {
                wanted.flowNumber = UInt32(clamping: value.decimal ?? 0)
            }
        }
        if list.isMalformed { throw .contactMalformed }
        let seconds = asked ?? rules.lifetime
        if seconds > 0, seconds < rules.minimumLifetime, seconds < 3_600 { throw .tooBrief(minimum: rules.minimumLifetime) }
        wanted.lifetime = min(seconds, rules.lifetime)
        return wanted
    }
}

extension Bytes {
    /// `qvalue`: 0 or 1 with up to three decimals (RFC 3261, section 25.1), in thousandths; nil for another form.
    fileprivate var thousandths: UInt16? {
        guard count > 0, count <= 5, self[0] == UInt8(ascii: "0") || self[0] == UInt8(ascii: "1") else { return nil }
        var value = UInt16(self[0] - 0x30)
        guard count == 1 || self[1] == UInt8(ascii: ".") else { return nil }
        for i in 2..<5 {
            let digit = i < count ? self[i] &- 0x30 : 0
            guard digit <= 9 else { return nil }
            value = value * 10 + UInt16(digit)
        }
        return value <= 1_000 ? value : nil
    }
}
