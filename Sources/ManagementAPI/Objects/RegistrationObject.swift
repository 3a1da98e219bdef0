import Routing
import Vocabulary

/// A `Registration` as an operator describes it: as `Routing.Registration`, with the password where it comes from.
public struct RegistrationObject: PasswordHolder {
    public static var kind: ObjectKind { .registration }

    /// All but the password.
    public var registration: Registration
    public var password: PasswordSource

    public init(_ registration: Registration, password: PasswordSource) {
        self.registration = registration
        self.registration.password = ""
        self.password = password
    }

    public init(blank name: String) {
        self.init(Registration(name: name, proxy: NextHop(host: ""), host: "", username: "", password: ""), password: .kept)
    }

    public var name: String { registration.name }

    /// An account without a password cannot be registered.
    public var passwordNeed: String? { "no password of this registration is stored yet" }

    /// What the switch works with. Without the password that its file should give it is not enabled: a
    /// REGISTER with a wrong password can lock an account.
    public func resolved(secrets: [String: String]) -> Registration {
        var registration = registration
        let found = password.text(secrets: secrets)
        registration.password = found ?? ""
        if found == nil { registration.enabled = false }
        return registration
    }
}
