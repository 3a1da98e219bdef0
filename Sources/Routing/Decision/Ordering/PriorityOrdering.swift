/// The lower priority number first; a period's priority holds in its time.
enum PriorityOrdering: OrderingStrategy {
    static func key(_ facts: OrderingFacts) -> UInt64 { UInt64(Int64(facts.priority) - Int64(Int32.min)) }
}
