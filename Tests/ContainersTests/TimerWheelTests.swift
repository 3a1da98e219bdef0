import Testing
import Vocabulary

@testable import Containers

/// The timing wheel against a plain list of deadlines: never early, at most one tick late, and
/// `nextDeadline` never after the first deadline.
@Suite("TimerWheel")
struct TimerWheelTests {
    private static let tick: Int64 = 1 << 22

    private struct Model {
        var deadlines: [UInt64: Int64] = [:]
        var earliest: Int64 { deadlines.values.min() ?? .max }
    }

    /// Lets the wheel run to `now` and holds every firing against the model.
    private static func run(_ wheel: inout TimerWheel, to now: Int64, _ model: inout Model) {
        while let token = wheel.popExpired(now: Instant(nanoseconds: now)) {
            guard let deadline = model.deadlines.removeValue(forKey: token) else {
                Issue.record("timer \(token) fired twice or after it was cancelled")
                continue
            }
            #expect(deadline <= now, "timer fired early")
        }
        for (token, deadline) in model.deadlines where deadline + tick <= now {
            Issue.record("timer \(token) is due for more than a tick: \(deadline) at \(now)")
        }
        #expect(wheel.count == model.deadlines.count)
        #expect(model.deadlines.isEmpty ? wheel.nextDeadline == .never : wheel.nextDeadline.nanoseconds < model.earliest + tick)
    }

    @Test("random timers, cancellations and jumps agree with a list", arguments: 1...6 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now = Int64.random(in: 0..<1 << 50, using: &random)
        var wheel = TimerWheel(now: Instant(nanoseconds: now))
        var model = Model()
        var handles: [(token: UInt64, handle: TimerHandle)] = []
        for token in 1...800 as ClosedRange<UInt64> {
            let magnitude = Int.random(in: 0..<48, using: &random)
            let distance = Int64.random(in: -5...(1 << Int64(magnitude) + 5), using: &random)
            handles.append((token, wheel.set(at: Instant(nanoseconds: now + distance), token: token)))
            model.deadlines[token] = now + distance
            if Int.random(in: 0..<3, using: &random) == 0, let choice = handles.indices.randomElement(using: &random) {
                var (token, handle) = handles.remove(at: choice)
                if model.deadlines.removeValue(forKey: token) != nil {
                    wheel.cancel(&handle)
                    #expect(!handle.isSet)
                }
            }
            if Int.random(in: 0..<2, using: &random) == 0 {
                let step = Int.random(in: 0..<12, using: &random) == 0 ? 44 : 28
                now += Int64.random(in: 0..<1 << Int64(step), using: &random)
                Self.run(&wheel, to: now, &model)
                handles.removeAll { model.deadlines[$0.token] == nil }
            }
        }
        // Follow nextDeadline to the end: every timer fires, none late.
        var steps = 0
        while wheel.nextDeadline != .never, steps < 100_000 {
            now = max(now, wheel.nextDeadline.nanoseconds)
            Self.run(&wheel, to: now, &model)
            steps += 1
        }
        #expect(model.deadlines.isEmpty)
    }

    @Test(
        "the next deadline is never after the first timer",
        arguments: [0, 1, 63, 64, 65, 4_095, 4_096, 262_143, 262_144, 16_777_216, 1 << 30] as [Int64])
    func nextDeadline(ticks: Int64) {
        for start in [0, 63, 64, 4_095, 1 << 20 + 1] as [Int64] {
            var wheel = TimerWheel(now: Instant(nanoseconds: start * Self.tick))
            let deadline = (start + ticks) * Self.tick
            _ = wheel.set(at: Instant(nanoseconds: deadline), token: 1)
            #expect(wheel.nextDeadline.nanoseconds <= deadline)
            #expect(wheel.popExpired(now: Instant(nanoseconds: deadline - 1)) == nil)
            #expect(wheel.popExpired(now: Instant(nanoseconds: deadline)) == 1)
            #expect(wheel.popExpired(now: Instant(nanoseconds: deadline)) == nil)
        }
    }

    @Test("a deadline beyond the wheel's reach fires on its day, not before")
    func farDeadlines() {
        var wheel = TimerWheel(now: .zero)
        let deadline = Int64(200) * 86_400 * 1_000_000_000
        _ = wheel.set(at: Instant(nanoseconds: deadline), token: 7)
        var now: Int64 = 0
        let day: Int64 = 86_400 * 1_000_000_000
        while now + day < deadline {
            now += day
            #expect(wheel.popExpired(now: Instant(nanoseconds: now)) == nil)
        }
        #expect(wheel.popExpired(now: Instant(nanoseconds: deadline + Self.tick)) == 7)
    }

    @Test("a deadline at the end of time neither traps nor fires")
    func endOfTime() {
        var wheel = TimerWheel(now: .zero)
        var never = wheel.set(at: .never, token: 1)
        _ = wheel.set(at: Instant(nanoseconds: .max - 1), token: 2)
        #expect(wheel.popExpired(now: Instant(nanoseconds: 1 << 52)) == nil)
        wheel.cancel(&never)
        #expect(wheel.count == 1)
    }

    @Test("a past deadline fires at once, and cancelling nothing is harmless")
    func pastAndNone() {
        var wheel = TimerWheel(now: Instant(nanoseconds: 1 << 40))
        _ = wheel.set(at: .zero, token: 9)
        #expect(wheel.popExpired(now: Instant(nanoseconds: 1 << 40)) == 9)
        var none = TimerHandle.none
        wheel.cancel(&none)
        #expect(wheel.count == 0)
        #expect(wheel.nextDeadline == .never)
    }

    @Test("timers of one tick all fire, in whatever order")
    func sameTick() {
        var wheel = TimerWheel(now: .zero)
        for token in 0..<1_000 as Range<UInt64> { _ = wheel.set(at: Instant(nanoseconds: 5_000_000), token: token) }
        var fired: Set<UInt64> = []
        while let token = wheel.popExpired(now: Instant(nanoseconds: 2 * Self.tick)) { fired.insert(token) }
        #expect(fired.count == 1_000)
    }
}
