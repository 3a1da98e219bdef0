import Vocabulary

/// The `o=` line: who made the session and which version of it this is (RFC 8866, section 5.2).
public struct Origin {
    public let username: Bytes
    /// A number in text; peers send more digits than 64 bits hold, so it is compared as text.
    public let sessionIdentifier: Bytes
    /// Rises with every change of the description.
    public let sessionVersion: Bytes
    public let networkType: Bytes
    public let addressType: Bytes
    public let address: Bytes

    init?(_ value: Bytes) {
        var words = SDPWords(value)
        guard let username = words.next(), let identifier = words.next(), let version = words.next(), let network = words.next(),
            let addressType = words.next(), let address = words.next(), words.next() == nil
        else { return nil }
        guard identifier.isNumeric, version.isNumeric else { return nil }
        self.username = username
        sessionIdentifier = identifier
        sessionVersion = version
        networkType = network
        self.addressType = addressType
        self.address = address
    }

    /// Whether both name the same session, whatever its version.
    public func isSameSession(as other: Origin) -> Bool {
        username.equals(other.username) && sessionIdentifier.equals(other.sessionIdentifier) && networkType.equals(other.networkType)
            && addressType.equals(other.addressType) && address.equals(other.address)
    }
}

extension Bytes {
    /// One or more decimal digits.
    var isNumeric: Bool {
        guard count > 0 else { return false }
        for i in 0..<count where !self[i].isDigit { return false }
        return true
    }
}
