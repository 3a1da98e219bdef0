import Vocabulary

/// Makes the names by which upstreams know this installation: secret, and the same after every restart,
/// so that a binding is replaced and never added to (RFC 3261, section 10.3; RFC 5626, section 4.1).
public struct RegistrationNaming: Sendable {
    /// Characters of a Contact's user part.
    public static let contactUserLength = 26

    private let secret: [UInt8]
    /// The instance's UUID (RFC 9562, version 8: by our own rule).
    public let instance: String

    /// `secret`: the installation's own randomness, at least 16 bytes, kept with its data.
    public init(secret: [UInt8]) {
        self.secret = secret
        instance = RegistrationNaming.uuid(RegistrationNaming.hash(secret, "instance", ""))
    }

    /// User part of the Contact of one registration: 26 characters of `[0-9a-v]`, which nobody can guess.
    public func contactUser(of name: String) -> String {
        let value = RegistrationNaming.hash(secret, "contact", name)
        var text = ""
        for i in 0..<RegistrationNaming.contactUserLength {
            var digit: UInt8 = 0
            for bit in 0..<5 {
                let position = i * 5 + bit
                if value[position / 8] >> UInt8(7 - position % 8) & 1 == 1 { digit |= 1 << UInt8(bit) }
            }
            text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit))
        }
        return text
    }

    private static func uuid(_ value: HashValue) -> String {
        var text = ""
        for i in 0..<16 {
            if i == 4 || i == 6 || i == 8 || i == 10 { text += "-" }
            let byte = i == 6 ? value[i] & 0x0F | 0x80 : i == 8 ? value[i] & 0x3F | 0x80 : value[i]
            for digit in [byte >> 4, byte & 15] { text.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit)) }
        }
        return text
    }

    private static func hash(_ secret: [UInt8], _ use: String, _ name: String) -> HashValue {
        var hash = SHA256()
        secret.withBytes { hash.update($0) }
        use.withBytes { hash.update($0) }
        [UInt8(0)].withBytes { hash.update($0) }
        name.withBytes { hash.update($0) }
        return hash.finished()
    }
}
