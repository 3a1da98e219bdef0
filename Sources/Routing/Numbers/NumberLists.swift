import Vocabulary

/// All number groups of a snapshot, ready to be asked: one set per group, which every check shares.
public struct NumberLists: Sendable {
    /// By name of the group.
    public let sets: [String: NumberSet]
    private let groups: [String: NumberGroup]
    private let systemWhiteList: NumberSet

    /// A group that is as it was in `previous` keeps its set, so that a change elsewhere costs nothing.
    public init(_ groups: [NumberGroup] = [], previous: NumberLists? = nil) {
        var sets: [String: NumberSet] = [:]
        var known: [String: NumberGroup] = [:]
        for group in groups {
            if let previous, let set = previous.sets[group.name], previous.groups[group.name]?.numbers == group.numbers {
                sets[group.name] = set
            } else {
                sets[group.name] = NumberSet(group.numbers)
            }
            known[group.name] = group
        }
        self.sets = sets
        self.groups = known
        self.systemWhiteList = sets[NumberGroup.systemWhiteList] ?? NumberSet()
    }

    /// Whether the number passes every blocking check: filters of gateways and phones, and dynamic blacklists.
    public func isOnSystemWhiteList(_ number: Bytes) -> Bool { systemWhiteList.contains(number) }
}
