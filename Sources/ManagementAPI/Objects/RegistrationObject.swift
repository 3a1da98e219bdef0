import Routing
import Vocabulary

/// A `Registration` as an operator describes it: as `Routing.Registration`, with the password where it comes from.
public struct RegistrationObject: ManagedObject {
    public static var kind: ObjectKind { .registration }

    /// Where the password comes from.
    public enum Password: Hashable, Sendable {
        /// The document leaves it as it is.
        case kept
        case stored(String)
        /// Read from this file whenever the configuration is loaded, changed or reloaded.
        case file(String)
    }

    /// All but the password.
    public var registration: Registration
    public var password: Password

    public init(_ registration: Registration, password: Password) {
        self.registration = registration
        self.registration.password = ""
        self.password = password
    }

    public init(blank name: String) {
        self.init(Registration(name: name, proxy: NextHop(host: ""), host: "", username: "", password: ""), password: .kept)
    }

    public var name: String { registration.name }

    /// The path of the password's file; nil when the password itself is stored.
    public var passwordFile: String? {
        if case .file(let path) = password { path } else { nil }
    }

    /// What the switch works with. Without the password that its file should give it is not enabled: a
    /// REGISTER with a wrong password can lock an account.
    public func resolved(secrets: [String: String]) -> Registration {
        var registration = registration
        let found: String? =
            switch password {
            case .kept: nil
            case .stored(let text): text
            case .file(let path): secrets[path]
            }
        registration.password = found ?? ""
        if found == nil { registration.enabled = false }
        return registration
    }

    func keepingSecrets(of previous: RegistrationObject?) -> RegistrationObject {
        guard password == .kept, let previous else { return self }
        var object = self
        object.password = previous.password
        return object
    }
}
