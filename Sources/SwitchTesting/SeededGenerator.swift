import Vocabulary

/// Random numbers that a seed decides whole (SplitMix64): the same seed gives the same run.
public struct SeededGenerator: Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` - 1.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True with this probability, 0 to 1.
    public mutating func chance(_ probability: Double) -> Bool {
        probability > 0 && Double(next() >> 11) < probability * Double(1 << 53)
    }

    /// A length of time within the range, in whole microseconds.
    public mutating func interval(_ range: ClosedRange<Interval>) -> Interval {
        let microseconds = (range.upperBound - range.lowerBound).nanoseconds / 1_000
        return range.lowerBound + .microseconds(Int64(next() % UInt64(microseconds + 1)))
    }

    /// A length of time within the range, given in milliseconds.
    public mutating func milliseconds(_ range: ClosedRange<Int64>) -> Interval {
        interval(.milliseconds(range.lowerBound)...(.milliseconds(range.upperBound)))
    }

    public mutating func element<Element>(of list: [Element]) -> Element { list[below(list.count)] }
}
