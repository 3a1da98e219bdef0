import Vocabulary

/// What is kept on disk of one registration, so that the next process goes on with it: the upstream
/// then sees the same Call-ID with a higher CSeq and replaces the binding (RFC 3261, section 10.2.4).
public struct StoredRegistration: Hashable, Sendable {
    /// Name of the `Registration` object.
    public var name: String
    public var callID: String
    public var fromTag: String
    /// No CSeq above this one was ever sent.
    public var cseqBound: UInt32
    /// User part of our Contact, minted: by it an incoming INVITE names its registration.
    public var contactUser: String
    /// Our Contact URI as the upstream knows it.
    public var contact: String
    /// Where the binding stands; nil before anything was sent.
    public var target: Target?
    /// The latest moment at which the upstream may still hold our binding; unset when it holds none.
    public var boundUntil: WallTime
    /// What the withdrawal needs when the object is gone meanwhile.
    public var registrar: String
    public var addressOfRecord: String
    public var authUser: String
    public var password: String

    public init(
        name: String, callID: String, fromTag: String, cseqBound: UInt32, contactUser: String, contact: String, target: Target?,
        boundUntil: WallTime, registrar: String, addressOfRecord: String, authUser: String, password: String
    ) {
        self.name = name
        self.callID = callID
        self.fromTag = fromTag
        self.cseqBound = cseqBound
        self.contactUser = contactUser
        self.contact = contact
        self.target = target
        self.boundUntil = boundUntil
        self.registrar = registrar
        self.addressOfRecord = addressOfRecord
        self.authUser = authUser
        self.password = password
    }

    private static let version: Int64 = 1

    /// Writes a `.registration` command.
    public func write(into stream: inout RecordStream) -> UInt64 {
        let sequence = stream.begin(.registration)
        name.withBytes { stream.append($0) }
        let start = stream.beginText()
        stream.append(StoredRegistration.version)
        stream.append(Int64(cseqBound))
        stream.append(boundUntil.microseconds)
        stream.append(Int64(target.map { Int($0.transport.rawValue) } ?? -1))
        for text in [
            callID, fromTag, contactUser, contact, target?.address.description ?? "", registrar, addressOfRecord, authUser, password,
        ] {
            text.withBytes { stream.append($0) }
        }
        stream.endText(start)
        return sequence
    }

    /// Reads what `write` put behind the name; nil for a form that this version does not know.
    public init?(name: String, state: [UInt8]) {
        let parsed: StoredRegistration? = state.withBytes { bytes in
            guard bytes.count >= 32 + 9 * 4 else { return nil }
            var reader = RecordReader(bytes)
            guard reader.integer() == StoredRegistration.version else { return nil }
            let (cseq, until, transport) = (reader.integer(), reader.integer(), reader.integer())
            let t = (0..<9).map { _ in reader.text().string }
            var target: Target?
            if transport >= 0, let kind = TransportKind(rawValue: UInt8(transport)), let address = NetworkAddress(t[4]) {
                target = Target(address: address, transport: kind)
            }
            return StoredRegistration(
                name: name, callID: t[0], fromTag: t[1], cseqBound: UInt32(cseq), contactUser: t[2], contact: t[3], target: target,
                boundUntil: WallTime(microseconds: until), registrar: t[5], addressOfRecord: t[6], authUser: t[7], password: t[8])
        }
        guard let parsed else { return nil }
        self = parsed
    }
}
