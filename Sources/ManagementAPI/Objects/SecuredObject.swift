import Routing

/// A type of the routing domain that may carry a password: a gateway, a phone.
public protocol PasswordBearer: ManagedObject {
    /// The password itself, as the switch works with it.
    var resolvedPassword: String? { get set }
    /// Why it cannot do without a password; nil when it can.
    var passwordNeed: String? { get }
}

/// Such an object as an operator describes it: with the password where it comes from.
public struct Secured<Value: PasswordBearer>: PasswordHolder {
    public static var kind: ObjectKind { Value.kind }
    public static var fields: [ObjectField<Self>] {
        Value.fields.map { $0.lifted(to: \.value) } + [.password, .passwordFile]
    }
    public static func fault(ofName name: String) -> String? { Value.fault(ofName: name) }
    public static var namePattern: String { Value.namePattern }

    /// All but the password.
    public var value: Value
    public var password: PasswordSource

    public init(_ value: Value, password: PasswordSource = .kept) {
        self.value = value
        self.value.resolvedPassword = nil
        self.password = password
    }

    public init(blank name: String) { self.init(Value(blank: name)) }

    public var name: String { value.name }
    public var passwordNeed: String? { value.passwordNeed }

    public static func complete(_ object: inout Self, _ reading: inout ObjectReading) { Value.complete(&object.value, &reading) }

    /// What the switch works with. Without the password that its file should give, nobody can prove to be it.
    public func resolved(secrets: [String: String]) -> Value {
        var value = value
        value.resolvedPassword = password.text(secrets: secrets)
        return value
    }
}
