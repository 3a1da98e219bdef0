import Testing
import Vocabulary

@testable import SwitchCore

/// A control that lives in a box, so that expectations can ask it.
private final class Control {
    private var control: OverloadControl
    init(threshold: Interval?) { control = OverloadControl(threshold: threshold) }

    var level: OverloadControl.Level { control.level }
    func configure(threshold: Interval?) { control.configure(threshold: threshold) }

    /// Measures `lag` every ten milliseconds; the levels that it led to, with the time of each.
    func levels(_ lag: Int64, from start: Int64, to end: Int64) -> [(Int64, OverloadControl.Level)] {
        var changes: [(Int64, OverloadControl.Level)] = []
        for time in stride(from: start, through: end, by: 10)
        where control.measured(.milliseconds(lag), at: Instant(nanoseconds: time * 1_000_000)) {
            changes.append((time, control.level))
        }
        return changes
    }
}

/// When a shard refuses new work, in virtual time. The threshold is 200 ms.
@Suite("Overload control")
struct OverloadControlTests {
    private func control() -> Control { Control(threshold: .milliseconds(200)) }

    @Test("a burst that is worked off within the threshold refuses nothing, however long its messages waited")
    func burst() {
        let control = control()
        #expect(control.levels(600, from: 1_000, to: 1_150).isEmpty)
        #expect(control.levels(90, from: 1_160, to: 1_300).isEmpty)
        #expect(control.levels(600, from: 1_310, to: 1_450).isEmpty)
        #expect(control.level == .none)
    }

    @Test("a standing queue refuses new calls first, and other requests when it is twice as long")
    func standing() {
        let control = control()
        let calls = control.levels(250, from: 1_000, to: 3_000)
        #expect(calls.map(\.0) == [1_200])
        #expect(control.level == .calls)
        let requests = control.levels(400, from: 3_010, to: 5_000)
        #expect(requests.map(\.0) == [3_210])
        #expect(control.level == .requests)
    }

    @Test("a level is left only after a second below half of what led to it, one level after the other")
    func recovery() {
        let control = control()
        _ = control.levels(500, from: 1_000, to: 2_000)
        #expect(control.level == .requests)
        #expect(control.levels(150, from: 2_010, to: 2_990).isEmpty)
        #expect(control.levels(150, from: 3_000, to: 3_100).map(\.1) == [.calls])
        #expect(control.levels(150, from: 3_110, to: 9_000).isEmpty, "150 ms is not below half of 200")
        #expect(control.levels(50, from: 9_010, to: 9_500).isEmpty)
        #expect(control.levels(120, from: 9_510, to: 9_520).isEmpty, "this begins the second anew")
        #expect(control.levels(50, from: 9_530, to: 11_000).map(\.0) == [10_530])
        #expect(control.level == .none)
    }

    @Test("nothing is left of an overload after a pause without work")
    func pause() {
        let control = control()
        _ = control.levels(500, from: 1_000, to: 2_000)
        #expect(control.levels(0, from: 60_000, to: 60_000).map(\.1) == [.none])
    }

    @Test("a shard that stood still for long finds a long queue and is not taken to have rested")
    func stall() {
        let control = control()
        _ = control.levels(500, from: 1_000, to: 2_000)
        #expect(control.levels(900, from: 4_000, to: 4_000).isEmpty)
        #expect(control.level == .requests)
    }

    @Test("None: never; another threshold begins anew")
    func configured() {
        let control = Control(threshold: nil)
        #expect(control.levels(5_000, from: 0, to: 5_000).isEmpty)
        control.configure(threshold: .milliseconds(1_000))
        #expect(control.levels(1_500, from: 6_000, to: 8_000).map(\.0) == [7_000])
        control.configure(threshold: .milliseconds(1_000))
        #expect(control.level == .calls, "the same one changes nothing")
        control.configure(threshold: nil)
        #expect(control.level == .none)
    }
}
