// To which of a peer's addresses messages go. The names in parentheses are those of the trade's interface.

/// Where responses go (`sipResponseAddressMethod`).
public enum ReplyAddress: String, Sendable, Hashable, CaseIterable {
    /// The source's IP: with the source's port where Via asks for it by `rport` (RFC 3581), else with the port of Via
    /// (RFC 3261, section 18.2.2).
    case automatic
    /// Where the request came from, whatever Via says.
    case source
    /// The source's IP with the port of Via, whatever Via asks for.
    case viaPort
    /// The address of Via.
    case via
}

/// Where requests inside a dialog go (`sipRequestAddressMethod`).
public enum RequestAddress: String, Sendable, Hashable, CaseIterable {
    /// Where the peer's messages came from.
    case source
    /// That IP with the port of Contact.
    case contactPort
    /// The address of Contact (RFC 3261, section 12.2.1.1).
    case contact
}
