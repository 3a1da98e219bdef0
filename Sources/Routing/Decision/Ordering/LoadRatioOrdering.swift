/// The lower ratio of calls to capacity first; one without capacity limit is never loaded.
enum LoadRatioOrdering: OrderingStrategy {
    static func key(_ facts: OrderingFacts) -> UInt64 {
        guard let capacity = facts.capacity else { return 0 }
        guard capacity > 0 else { return .max }
        // In parts of 2^32: two different ratios of capacities up to 65,535 differ.
        return UInt64(min(facts.calls, Int(Int32.max))) << 32 / UInt64(capacity)
    }
}
