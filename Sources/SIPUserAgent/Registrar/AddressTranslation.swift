import SIPMessages
import Vocabulary

/// Whether an address translator (NAT) stands between us and who sent a REGISTER.
public enum AddressTranslation {
    /// What Via and Contact say of their sender's place differs from where the message came from, or that place is a private one.
    /// Behind a proxy (`hasPath`, or more than one Via) they say nothing of it.
    public static func isBetween(_ message: Message, _ essentials: Essentials, contact: URI?, hasPath: Bool, source: Flow) -> Bool {
        if source.remote.isPrivate { return true }
        guard !hasPath, !hasFurtherVia(message) else { return false }
        let isDatagram = source.transport == .udp
        if let via = NetworkAddress(parsing: essentials.via.host) {
            guard via.hasSameHost(as: source.remote) else { return true }
            // A stream's source port is its own; a datagram's is where it wants to be reached.
            if isDatagram, (essentials.via.port ?? 5060) != source.remote.port { return true }
        }
        if let contact, let place = NetworkAddress(parsing: contact.host) {
            guard place.hasSameHost(as: source.remote) else { return true }
            if isDatagram, contact.transport ?? .udp == .udp, (contact.port ?? 5060) != source.remote.port { return true }
        }
        return false
    }

    private static func hasFurtherVia(_ message: Message) -> Bool {
        var count = 0
        message.forEachElement(of: .via) { _ in count += 1 }
        return count > 1
    }
}

extension NetworkAddress {
    /// Of a private network (RFC 1918, RFC 6598, RFC 4193) or a link's own (RFC 3927, RFC 4291).
    public var isPrivate: Bool {
        switch family {
        case .ipv4:
            low >> 24 == 10 || low >> 20 == 0xAC1 || low >> 16 == 0xC0A8 || low >> 22 == 0x191 || low >> 16 == 0xA9FE
        case .ipv6: high >> 57 == 0x7E || high >> 54 == 0x3FA
        }
    }
}
