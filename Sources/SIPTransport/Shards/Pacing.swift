import Vocabulary

/// Whether a busy loop lets messages gather before it looks at its sockets again.
///
/// A wake-up costs more than a message: the thread finds its caches cold, and the processor leaves and enters its idle
/// state. So a loop that receives `busyRate` datagrams a second or more rests after each turn, for `rest` from the moment it
/// woke, and then works on what came meanwhile. A quiet loop answers at once.
struct Pacing {
    /// Datagrams a second from which on the loop rests. What comes over streams is not counted.
    static let busyRate = 2_000
    /// The longest that a message waits for the sake of this.
    static let rest = Interval.milliseconds(1)
    /// The time over which datagrams are counted.
    static let window = Interval.milliseconds(100)

    /// Datagrams in a window at `busyRate`.
    private static let busyWindow = busyRate * Int(window.inMilliseconds) / 1_000

    private var windowEnd = Instant.zero
    private var count = 0
    private var isBusy = false

    /// Notes a turn that began at `now` and received so many datagrams.
    mutating func received(_ datagrams: Int, at now: Instant) {
        if now >= windowEnd {
            // After a pause of more than a window the count says nothing of now.
            isBusy = count >= Pacing.busyWindow && now < windowEnd + Pacing.window
            count = 0
            windowEnd = now + Pacing.window
        }
        count += datagrams
    }

    /// Until when a loop rests after the turn that began at `start`; nil when it does not. A deadline is kept.
    func restEnd(ofTurnThatBegan start: Instant, before deadline: Instant) -> Instant? {
        isBusy ? min(start + Pacing.rest, deadline) : nil
    }
}
