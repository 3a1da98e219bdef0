/// The fewer calls that are up first; with equally many, the fewer that it was given since the process began.
enum FewestCallsOrdering: OrderingStrategy {
    static func key(_ facts: OrderingFacts) -> UInt64 {
        UInt64(min(facts.calls, 1 << 23)) << 40 | min(facts.callsGiven, 1 << 40 - 1)
    }
}
