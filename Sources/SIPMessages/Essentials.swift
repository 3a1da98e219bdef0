import Vocabulary

/// The header fields that every message is matched by, decoded once per message (RFC 3261, section 8.1.1).
public struct Essentials {
    /// The topmost Via element.
    public let via: Via
    public let from: NameAddress
    public let to: NameAddress
    public let callID: Bytes
    public let cseq: CSeq
    /// Empty when absent (RFC 2543 peers).
    public let fromTag: Bytes
    public let toTag: Bytes

    /// Decodes and checks what every message needs. Throws the first defect.
    public init(_ message: Message) throws(MessageDefect) {
        if let defect = message.defect { throw defect }
        var fromValue: Bytes? = nil
        var toValue: Bytes? = nil
        var callIDValue: Bytes? = nil
        var cseqValue: Bytes? = nil
        var viaValue: Bytes? = nil
        for i in 0..<message.fieldCount {
            let field = message[i]
            switch field.name {
            case .via: if viaValue == nil { viaValue = field.value }
            case .from: try Essentials.once(&fromValue, field.value)
            case .to: try Essentials.once(&toValue, field.value)
            case .callID: try Essentials.once(&callIDValue, field.value)
            case .cseq: try Essentials.once(&cseqValue, field.value)
            default: break
            }
        }
        guard let viaValue else { throw .viaMissing }
        var vias = CommaList(viaValue)
        guard let top = vias.next(), let via = Via(top) else { throw .viaMalformed }
        guard let fromValue else { throw .fromMissing }
        guard let from = NameAddress(fromValue), !from.uri.isEmpty else { throw .fromMalformed }
        guard let toValue else { throw .toMissing }
        guard let to = NameAddress(toValue) else { throw .toMalformed }
        guard let callIDValue else { throw .callIDMissing }
        guard callIDValue.isWordWithHost else { throw .callIDMalformed }
        guard let cseqValue else { throw .cseqMissing }
        guard let cseq = CSeq(cseqValue) else { throw .cseqMalformed }
        if message.isRequest, !cseq.methodName.equals(message.methodName) { throw .cseqMethodMismatch }
        self.via = via
        self.from = from
        self.to = to
        self.callID = callIDValue
        self.cseq = cseq
        guard let fromTag = Essentials.tag(of: from) else { throw .fromMalformed }
        guard let toTag = Essentials.tag(of: to) else { throw .toMalformed }
        self.fromTag = fromTag
        self.toTag = toTag
    }

    private static func once(_ place: inout Bytes?, _ value: Bytes) throws(MessageDefect) {
        if place != nil { throw .headerRepeated }
        place = value
    }

    /// The tag, empty when absent; nil when the parameters are malformed.
    private static func tag(of address: NameAddress) -> Bytes? {
        var list = ParameterList(address.parameters)
        var tag = Bytes.empty
        while let parameter = list.next() {
            if parameter.name.equalsIgnoringCase("tag") {
                guard let value = parameter.value, value.isToken else { return nil }
                tag = value
            }
        }
        return list.isMalformed ? nil : tag
    }
}

extension Bytes {
    /// Call-ID: `word [ "@" word ]` (RFC 3261, section 25.1).
    fileprivate var isWordWithHost: Bool {
        guard count > 0 else { return false }
        for i in 0..<count {
            let c = self[i]
            guard c > 0x20, c < 0x7F, c != UInt8(ascii: ","), c != UInt8(ascii: ";") else { return false }
        }
        return true
    }
}
