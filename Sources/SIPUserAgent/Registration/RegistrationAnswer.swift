import SIPMessages
import Vocabulary

/// What the 200 of a REGISTER says about our binding and others (RFC 3261, sections 10.2.4 and 10.3, item 8).
struct RegistrationAnswer {
    /// Seconds granted to our Contact; nil when the registrar does not list it.
    var granted: Int?
    /// URIs of Contacts that are not ours, at most `maximumForeign`.
    var foreign: [String] = []
    /// Whether the answer lists any Contact.
    var listsContacts = false
    /// Seconds of the Expires header field; nil when it has none that can be read.
    var expires: Int?
    var serviceRoutes: [String] = []

    static let maximumForeign = 8
    static let maximumRoutes = 8
    /// Longest that is kept of a foreign URI or a route, in bytes.
    static let maximumText = 256

    /// `contactUser` is the secret user part that only our Contact has.
    init(_ message: Message, contactUser: String) {
        expires = message.first(.expires).flatMap { DeltaSeconds($0) }.map { Int($0.seconds) }
        var found = RegistrationAnswer.Contacts()
        contactUser.withBytes { user in
            message.forEachElement(of: .contact) { element in
                guard let contact = NameAddress(element) else { return }
                found.count += 1
                // A value that is no number of seconds counts as not given (RFC 3261, section 20.10).
                let own = contact.parameter("expires")?.value.flatMap { DeltaSeconds($0) }.map { Int($0.seconds) }
                if let uri = URI(contact.uri), uri.user.equals(user) {
                    found.isOursListed = true
                    found.granted = max(found.granted ?? 0, own ?? -1)
                    if own == nil { found.isSilent = true }
                } else if found.foreign.count < RegistrationAnswer.maximumForeign, (own ?? 1) > 0 {
                    found.foreign.append(contact.uri.upTo(min(contact.uri.count, RegistrationAnswer.maximumText)).string)
                }
            }
        }
        listsContacts = found.count > 0
        foreign = found.foreign
        if found.isOursListed {
            // Our own parameter, then Expires, then an hour (RFC 3261, section 10.2.4).
            granted = found.isSilent && (found.granted ?? -1) <= 0 ? expires ?? 3600 : max(0, found.granted ?? 0)
        }
        var routes: [String] = []
        message.forEachElement(of: .serviceRoute) { element in
            guard routes.count < RegistrationAnswer.maximumRoutes, element.count <= RegistrationAnswer.maximumText, NameAddress(element) != nil
            else { return }
            routes.append(element.string)
        }
        serviceRoutes = routes
    }

    private struct Contacts {
        var count = 0
        var isOursListed = false
        var isSilent = false
        var granted: Int?
        var foreign: [String] = []
    }
}
