/// How the switch proves itself over TLS, and whom it believes.
///
/// The files are read at the start and again by `SwitchRuntime.reloadCertificates()`.
public struct TLSSettings: Sendable, Equatable {
    /// The oldest protocol version that is spoken.
    public enum Version: String, Sendable, Equatable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// File with our certificate and those that lead to its root, in that order, in PEM. Listeners need it;
    /// on connections that we open it is shown to servers that ask for one.
    public var certificate: String?
    /// File with the private key of `certificate`, in PEM, without a passphrase.
    public var privateKey: String?
    /// File in PEM, or folder of such files, with the certificates believed instead of the system's store.
    public var trustRoots: String?
    /// Whether servers that we connect to must prove their name.
    public var verifyPeers = true
    /// Whether peers that connect to us must show a certificate that the trust roots lead to.
    public var requireClientCertificates = false
    /// Whether `*.example.net` in a certificate stands for its subdomains. RFC 5922, section 7.2, forbids it.
    public var acceptWildcards = false
    public var minimumVersion = Version.tls12

    public init() {}
}
