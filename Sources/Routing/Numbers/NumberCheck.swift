import Vocabulary

/// Why a number is not let through.
public enum NumberRefusal: Sendable, Hashable {
    /// A denied prefix begins it, or no allowed one does.
    case prefix
    /// Its length is not allowed.
    case length
    /// Index among the filter's names of the black list that has it; nil when no white list has it.
    case group(Int?)
}

/// The filters of one gateway or phone on caller or callee, made once per snapshot.
///
/// A number on the system white list passes all of them (`NumberLists.isOnSystemWhiteList`); that is
/// asked before, once per number.
public struct NumberCheck: Sendable {
    private let prefixMode: FilterMode
    private let prefixes: PrefixSet
    private let lengths: LengthFilter
    private let groupMode: FilterMode
    private let groups: [NumberSet]
    private let filtersPrefixes: Bool

    /// Nothing is allocated for a group's numbers: the sets are shared with `numberGroups`. A name without a
    /// group is an empty list: as a black list it refuses nothing, as a white list it lets nothing through.
    public init(
        prefixes: PrefixFilter = PrefixFilter(), lengths: LengthFilter = LengthFilter(), groups: NameFilter = NameFilter(),
        numberGroups: [String: NumberSet] = [:]
    ) {
        self.prefixMode = prefixes.mode
        self.prefixes = PrefixSet(prefixes.prefixes)
        self.filtersPrefixes = !prefixes.isEmpty
        self.lengths = lengths
        self.groupMode = groups.mode
        self.groups = groups.names.map { numberGroups[$0] ?? NumberSet() }
    }

    /// Whether every number passes.
    public var isEmpty: Bool { !filtersPrefixes && lengths.mask == 0 && groups.isEmpty }

    /// The first reason against the number: prefix, then length, then groups; nil when it passes.
    public func refusal(of number: Bytes) -> NumberRefusal? {
        if filtersPrefixes, prefixes.beginsAny(number) != (prefixMode == .allow) { return .prefix }
        guard lengths.passes(number.count) else { return .length }
        guard !groups.isEmpty else { return nil }
        for index in groups.indices where groups[index].contains(number) {
            return groupMode == .deny ? .group(index) : nil
        }
        return groupMode == .allow ? .group(nil) : nil
    }
}
