/// Where an object's password comes from.
public enum PasswordSource: Hashable, Sendable {
    /// The document leaves it as it is; in the store: there is none.
    case kept
    case stored(String)
    /// Read from this file whenever the configuration is loaded, changed or reloaded.
    case file(String)

    /// The path of the password's file; nil when the password itself is stored.
    public var path: String? {
        if case .file(let path) = self { path } else { nil }
    }

    /// The password itself; nil where there is none. `secrets`: what the files hold, by path.
    public func text(secrets: [String: String]) -> String? {
        switch self {
        case .kept: nil
        case .stored(let text): text
        case .file(let path): secrets[path]
        }
    }
}

/// An object that may have a password.
public protocol PasswordHolder: ManagedObject {
    var password: PasswordSource { get set }
    /// Why it cannot do without a password; nil when it can.
    var passwordNeed: String? { get }
}

extension PasswordHolder {
    /// With the password that its document left out taken from the object that stands already.
    func keepingPassword(of previous: Self?) -> Self {
        guard password == .kept, let previous else { return self }
        var object = self
        object.password = previous.password
        return object
    }
}

extension ObjectField where Object: PasswordHolder {
    static var password: ObjectField {
        ObjectField(
            "password", isSecret: true, meaning: "the password; never shown again, and kept when left out or given as \(Secret.mask)",
            schema: ["type": ["string", "null"], "writeOnly": true, "maxLength": 256],
            read: { node, object, reading in
                guard !node.isNull, node.text != Secret.mask else { return }
                guard let text = node.text, !text.isEmpty, text.utf8.count <= 256, !text.hasControlCharacters else {
                    return reading.refuse(
                        "password", at: node.position, "the password is no text of 1 to 256 bytes without control characters",
                        remedy: "write the account's password, or passwordFile")
                }
                object.password = .stored(text)
            },
            write: { object in
                if case .stored(let text) = object.password { .text(text) } else { .null }
            })
    }

    static var passwordFile: ObjectField {
        ObjectField(
            "passwordFile", meaning: "absolute path of a file that holds the password; only the path is stored",
            schema: ["type": ["string", "null"], "maxLength": 4096],
            read: { node, object, reading in
                guard !node.isNull else { return }
                if case .stored = object.password {
                    return reading.refuse(
                        "passwordFile", at: node.position, "the password is given twice", remedy: "keep password or passwordFile, not both")
                }
                guard let text = node.text, text.hasPrefix("/"), text.utf8.count <= 4096, !text.hasControlCharacters else {
                    return reading.refuse(
                        "passwordFile", at: node.position, "\(node.printableShape) is no absolute path",
                        remedy: "write a path that begins with \"/\"")
                }
                object.password = .file(text)
            },
            write: { .optional($0.password.path ?? "") })
    }
}
