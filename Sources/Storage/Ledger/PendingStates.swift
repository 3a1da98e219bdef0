import Vocabulary

/// The states of open calls in one run of commands, of each call the last: what a later command of the same run replaces,
/// and what the call's record makes void, never becomes a row. A short call touches no page of open calls.
///
/// The states stay where they stand in the commands: valid as long as those are.
struct PendingStates {
    private var positions: [Int64: Int] = [:]
    /// In the order in which the calls came; nil for one that ended.
    private var states: [(identifier: Int64, state: Bytes)?] = []

    func contains(_ identifier: Int64) -> Bool { positions[identifier] != nil }

    mutating func keep(_ state: Bytes, of identifier: Int64) {
        if let position = positions[identifier] {
            states[position] = (identifier, state)
        } else {
            positions[identifier] = states.count
            states.append((identifier, state))
        }
    }

    mutating func remove(_ identifier: Int64) {
        if let position = positions.removeValue(forKey: identifier) { states[position] = nil }
    }

    mutating func removeAll() {
        positions.removeAll(keepingCapacity: true)
        states.removeAll(keepingCapacity: true)
    }

    func forEach(_ body: (_ identifier: Int64, _ state: Bytes) -> Void) {
        for case (let identifier, let state)? in states { body(identifier, state) }
    }
}
