import Vocabulary

/// Every parameter that the program knows, found by its public name or an alias.
///
/// The definitions live beside the code that they steer; the program hands their list over once.
public struct ParameterCatalogue: Sendable {
    /// In the order of their names.
    public let definitions: [ParameterDefinition]
    private let positions: [String: Int]

    /// Two definitions with the same name or alias are a fault of the program.
    public init(_ definitions: [ParameterDefinition]) {
        let sorted = definitions.sorted { $0.name < $1.name }
        var positions: [String: Int] = [:]
        for (position, definition) in sorted.enumerated() {
            for name in [definition.name] + definition.aliases {
                let other = positions.updateValue(position, forKey: ParameterCatalogue.folded(name))
                precondition(other == nil || other == position, "two parameters are called \(name)")
            }
        }
        self.definitions = sorted
        self.positions = positions
    }

    /// The parameter of a name or alias, in any case, with or without underscores.
    public subscript(name: String) -> ParameterDefinition? {
        positions[ParameterCatalogue.folded(name)].map { definitions[$0] }
    }

    /// What to do about a name that is not known.
    public func remedy(forUnknown name: String) -> String {
        let names = definitions.flatMap { [$0.name] + $0.aliases }
        if let nearest = Suggestion.nearest(to: name, among: names) { return "did you mean \"\(nearest)\"?" }
        return "\"tandem param list\" shows every parameter"
    }

    private static func folded(_ name: String) -> String {
        String(decoding: name.utf8.compactMap { $0 == UInt8(ascii: "_") ? nil : $0.isASCIILetter ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

/// Why a value does not fit a parameter.
public struct ParameterRefusal: Error, Hashable, Sendable {
    /// Names the parameter and its range.
    public var rule: String
    public var remedy: String
}
