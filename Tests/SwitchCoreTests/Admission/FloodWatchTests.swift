import Testing
import Vocabulary

@testable import SwitchCore

/// A watch that lives in a box, so that expectations can ask it.
private final class Watch {
    private var watch = FloodWatch()

    var nextDeadline: Instant { watch.nextDeadline }
    func handleTimeouts(at now: Instant) { watch.handleTimeouts(at: now) }

    /// One message of the source with this number is refused at a millisecond.
    func refuse(_ number: Int, at time: Int64, _ cause: RefusalCause = .strangerSource) {
        let source = NetworkAddress(ipv4: 0x7F00_0000 + UInt32(truncatingIfNeeded: number), port: UInt16(truncatingIfNeeded: 1024 + time))
        watch.refused(source, hash: KnownHosts.hash(source.high, source.low, 77), cause, at: moment(time))
    }

    /// What was told since the last look.
    func floods() -> [(flood: Flood, isOver: Bool)] {
        defer { watch.notices = [] }
        return watch.notices.compactMap { if case .flood(let flood, let isOver) = $0 { (flood, isOver) } else { nil } }
    }
}

private func moment(_ milliseconds: Int64) -> Moment {
    Moment(instant: Instant(nanoseconds: milliseconds * 1_000_000), wall: WallTime(microseconds: 1_800_000_000_000_000 + milliseconds * 1_000))
}

/// What an operator is told of floods: counts, in few lines.
@Suite("Flood watch")
struct FloodWatchTests {
    @Test("a source is told of once it is worth it, then once a minute with its count, and at its end")
    func oneSource() throws {
        let watch = Watch()
        for time in 0..<99 { watch.refuse(1, at: Int64(time)) }
        #expect(watch.floods().isEmpty)
        for time in 99..<150_000 { watch.refuse(1, at: Int64(time)) }
        let told = watch.floods()
        #expect(told.map(\.flood.count) == [100, 60_100, 120_100])
        let first = try #require(told.first)
        #expect(first.flood.source == address("127.0.0.1"), "without the port")
        #expect(first.flood.cause == .strangerSource)
        #expect(first.flood.since == moment(0).wall)
        #expect(told.allSatisfy { !$0.isOver })

        var time: Int64 = 150_000
        while watch.nextDeadline != .never, time < 1_000_000 {
            time = max(time, watch.nextDeadline.nanoseconds / 1_000_000)
            watch.handleTimeouts(at: moment(time).instant)
        }
        let over = watch.floods()
        #expect(over.map(\.flood.count) == [150_000])
        #expect(over.allSatisfy { $0.isOver })
        #expect((209_000...210_001).contains(time))
    }

    @Test("a million sources with one message each are told of as many, in a few lines")
    func many() {
        let watch = Watch()
        for step in 0..<1_000_000 { watch.refuse(step, at: Int64(step / 50), .strangers) }
        let told = watch.floods()
        #expect(told.count == 1)
        #expect(told.allSatisfy { $0.flood.source == nil && $0.flood.cause == .strangers })
    }

    @Test("who sends most is named although a thousand times as many others send little")
    func heavy() {
        let watch = Watch()
        for step in 0..<1_000_000 {
            watch.refuse(1_000 + step, at: Int64(step / 50), .strangers)
            if step % 100 == 0 { watch.refuse(7, at: Int64(step / 50)) }
        }
        #expect(watch.floods().contains { $0.flood.source == address("127.0.0.7") })
    }

    @Test("no more than ten lines a minute, whoever sends")
    func bounded() {
        let watch = Watch()
        for time in 0..<50_000 {
            for source in 0..<60 { watch.refuse(source, at: Int64(time)) }
        }
        let told = watch.floods()
        #expect((10...20).contains(told.count), "\(told.count)")
    }
}
