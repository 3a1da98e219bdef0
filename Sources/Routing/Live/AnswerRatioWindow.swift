import Vocabulary

/// How the answer-seizure ratio of a gateway is measured: `SS_GATEWAY_ASR_RESERVE_TIME` cut into
/// `SS_GATEWAY_ASR_RESERVE_SEPARATE` slices.
public struct AnswerRatioSettings: Sendable, Hashable {
    /// How far back attempts count.
    public var window: Interval
    /// In how many slices they are counted; the oldest is dropped whole.
    public var slices: Int

    public init(window: Interval, slices: Int) {
        self.window = window
        self.slices = slices
    }

    var slice: Interval { Interval(nanoseconds: max(1, window.nanoseconds / Int64(max(1, slices)))) }
}

/// Attempts and answers of one gateway over a sliding window, in slices: memory is bounded by their number.
struct AnswerRatioWindow: Sendable {
    private struct Slice: Sendable {
        /// How many slices after the clock's start it lies.
        var number: Int64 = .min
        var attempts: UInt32 = 0
        var answers: UInt32 = 0
    }

    private var slices: [Slice] = []
    private var measuredBy: AnswerRatioSettings?

    /// Fewer attempts than this within the window say nothing.
    static let leastAttempts = 10

    mutating func add(answered: Bool, settings: AnswerRatioSettings, now: Instant) {
        if measuredBy != settings {
            // Slices of another length cannot be compared.
            slices = Array(repeating: Slice(), count: max(1, settings.slices))
            measuredBy = settings
        }
        let number = now.nanoseconds / settings.slice.nanoseconds
        let place = Int(number % Int64(slices.count))
        if slices[place].number != number { slices[place] = Slice(number: number) }
        slices[place].attempts += 1
        if answered { slices[place].answers += 1 }
    }

    /// In whole percent; nil while there is too little to judge.
    func percent(settings: AnswerRatioSettings, now: Instant) -> UInt8? {
        guard measuredBy == settings else { return nil }
        let current = now.nanoseconds / settings.slice.nanoseconds
        var attempts: UInt64 = 0
        var answers: UInt64 = 0
        for slice in slices where slice.number > current - Int64(slices.count) && slice.number <= current {
            attempts += UInt64(slice.attempts)
            answers += UInt64(slice.answers)
        }
        return attempts < AnswerRatioWindow.leastAttempts ? nil : UInt8(answers * 100 / attempts)
    }
}
