/// Where something stands in a text: line and column from 1, columns counted in Unicode scalars.
public struct SourcePosition: Hashable, Comparable, Sendable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// No place in a text, for what was built by the program.
    public static let none = SourcePosition(line: 0, column: 0)
    public var isKnown: Bool { line > 0 }

    public static func < (a: SourcePosition, b: SourcePosition) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// A tree of scalars, sequences and mappings with the place each was written at.
///
/// A YAML or JSON reader fills it, validation works on it, and every answer of the management
/// interface is built as one. Mappings keep their order. Two trees are equal when they say the
/// same, wherever they stand.
public struct DocumentNode: Sendable {
    public indirect enum Content: Hashable, Sendable {
        case scalar(Scalar)
        case sequence([DocumentNode])
        case mapping([Entry])
    }

    /// A single value. A plain one is read by whoever knows what it should be; a quoted one is a text.
    public struct Scalar: Hashable, Sendable {
        public enum Style: Hashable, Sendable { case plain, quoted }

        public var text: String
        public var style: Style

        public init(_ text: String, style: Style) {
            self.text = text
            self.style = style
        }

        /// Nothing: `null`, `~` or an empty plain value.
        public var isNull: Bool {
            style == .plain && ["", "~", "null", "Null", "NULL"].contains(text)
        }
    }

    /// One key of a mapping.
    public struct Entry: Sendable {
        public var key: String
        public var keyPosition: SourcePosition
        public var value: DocumentNode

        public init(_ key: String, _ value: DocumentNode, keyPosition: SourcePosition = .none) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }

    public var content: Content
    public var position: SourcePosition

    public init(_ content: Content, at position: SourcePosition = .none) {
        self.content = content
        self.position = position
    }
}

// MARK: - Equality leaves the positions out

extension DocumentNode: Hashable {
    public static func == (a: DocumentNode, b: DocumentNode) -> Bool { a.content == b.content }
    public func hash(into hasher: inout Hasher) { hasher.combine(content) }
}

extension DocumentNode.Entry: Hashable {
    public static func == (a: Self, b: Self) -> Bool { a.key == b.key && a.value == b.value }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(value)
    }
}

// MARK: - Looking

extension DocumentNode {
    public var scalar: Scalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The text of a scalar that is not null.
    public var text: String? { isNull ? nil : scalar?.text }

    public var isNull: Bool { scalar?.isNull ?? false }

    public var elements: [DocumentNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    public var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The value of a mapping's key; nil when there is none, or when this is no mapping.
    public subscript(key: String) -> DocumentNode? {
        entries?.first { $0.key == key }?.value
    }

    /// The value below several keys.
    public subscript(path keys: [String]) -> DocumentNode? {
        var node = self
        for key in keys {
            guard let next = node[key] else { return nil }
            node = next
        }
        return node
    }

    public var integer: Int? { text.flatMap { Int($0) } }

    /// What this is, in a word for an error.
    public var shape: String {
        switch content {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "\"\(scalar.text)\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

// MARK: - Building

extension DocumentNode {
    public static func text(_ text: String) -> DocumentNode { DocumentNode(.scalar(Scalar(text, style: .quoted))) }
    public static func number(_ value: some BinaryInteger) -> DocumentNode { .plain("\(value)") }
    public static func flag(_ value: Bool) -> DocumentNode { .plain(value ? "true" : "false") }
    public static func list(_ elements: [DocumentNode]) -> DocumentNode { DocumentNode(.sequence(elements)) }
    public static func plain(_ text: String) -> DocumentNode { DocumentNode(.scalar(Scalar(text, style: .plain))) }
    public static var null: DocumentNode { .plain("null") }

    /// The text, or null when it is empty.
    public static func optional(_ text: String) -> DocumentNode { text.isEmpty ? .null : .text(text) }
}

extension DocumentNode: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    public init(arrayLiteral elements: DocumentNode...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, DocumentNode)...) {
        self.init(.mapping(elements.map { Entry($0.0, $0.1) }))
    }
}
