/// How secrets are shown: never. Every view, difference, export and line of the audit has the mask in their place.
public enum Secret {
    /// Stands for a secret that is kept. A document that carries it leaves the stored secret as it is.
    public static let mask = "********"

    /// A body of the kind with the mask in place of its secrets.
    public static func conceal(_ body: DocumentNode, of kind: ObjectKind) -> DocumentNode {
        let fields = kind.secretFields
        guard !fields.isEmpty, let entries = body.entries else { return body }
        return DocumentNode(
            .mapping(entries.map { fields.contains($0.key) && !$0.value.isNull ? .init($0.key, .text(mask)) : $0 }), at: body.position)
    }

    /// A stored body as it may be shown. What cannot be read is not shown at all, where the kind has secrets.
    public static func conceal(json: String, ofKind kind: String) -> String {
        guard let kind = ObjectKind(rawValue: kind), !kind.secretFields.isEmpty else { return json }
        guard let body = try? DocumentNode(json: json), body.entries != nil else { return "{}" }
        return conceal(body, of: kind).json()
    }

    /// A stored body as the audit keeps it: concealed, and of values that are very long only how long they are. A line
    /// of the audit would otherwise hold a number group of a million numbers twice.
    public static func audited(json: String, ofKind kind: String) -> String {
        let concealed = conceal(json: json, ofKind: kind)
        guard concealed.utf8.count > longestAudited, let entries = (try? DocumentNode(json: concealed))?.entries else { return concealed }
        return DocumentNode(.mapping(entries.map { .init($0.key, $0.value.summary) })).json()
    }

    private static let longestAudited = 65_536
}

/// Reads a file that holds a secret, such as a `passwordFile`. The program brings it: this module opens no file.
public struct SecretReader: Sendable {
    /// Why a file's secret cannot be used.
    public struct Fault: Error, Hashable, Sendable {
        public var rule: String
        public var remedy: String

        public init(rule: String, remedy: String) {
            self.rule = rule
            self.remedy = remedy
        }
    }

    /// What the file at this path holds, without the line feed at its end.
    public var read: @Sendable (_ path: String) -> Result<String, Fault>

    public init(_ read: @escaping @Sendable (_ path: String) -> Result<String, Fault>) { self.read = read }

    /// For a place that has no files.
    public static let none = SecretReader { path in
        .failure(Fault(rule: "\(path) cannot be read here", remedy: "write the password itself"))
    }
}
