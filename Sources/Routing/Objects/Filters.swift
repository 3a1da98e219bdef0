import Vocabulary

/// Names that are allowed, or denied; without names everything passes.
public struct NameFilter: Sendable, Hashable {
    public var mode = FilterMode.allow
    public var names: [String] = []

    public init(_ mode: FilterMode = .allow, _ names: [String] = []) {
        self.mode = mode
        self.names = names
    }

    public var isEmpty: Bool { names.isEmpty }
}

public enum FilterMode: String, Sendable, Hashable, CaseIterable { case allow, deny }

/// Beginnings of numbers that are allowed, or denied; without any everything passes.
public struct PrefixFilter: Sendable, Hashable {
    public var mode = FilterMode.allow
    public var prefixes: [String] = []

    public init(_ mode: FilterMode = .allow, _ prefixes: [String] = []) {
        self.mode = mode
        self.prefixes = prefixes
    }

    public var isEmpty: Bool { prefixes.isEmpty }
}

/// Lengths of numbers that are allowed (`callerAllowLength`, `calleeAllowLength`): bit n stands for length n.
public struct LengthFilter: Sendable, Hashable {
    /// 0 allows any length.
    public var mask: UInt32 = 0

    public init(mask: UInt32 = 0) { self.mask = mask }

    /// A length of 32 or more passes an empty filter only.
    public func passes(_ length: Int) -> Bool { mask == 0 || (length < 32 && mask >> UInt32(length) & 1 == 1) }
}
