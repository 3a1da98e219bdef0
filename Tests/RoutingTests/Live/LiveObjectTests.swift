import Routing
import Synchronization
import Testing
import Vocabulary

/// What all shards share of one object, in virtual time; seats also from many threads at once.
@Suite("Live objects")
struct LiveObjectTests {
    static func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

    @Test("a seat counts as long as it is kept")
    func seats() {
        let live = LiveObject()
        var kept = [SeatBox(live.takeSeat(limit: 2))]
        #expect(kept[0].isTaken && live.calls == 1)
        kept.append(SeatBox(live.takeSeat(limit: 2)))
        #expect(kept[1].isTaken && live.calls == 2)
        #expect(!SeatBox(live.takeSeat(limit: 2)).isTaken && live.calls == 2)
        kept.removeLast()
        #expect(live.calls == 1)
        kept.removeAll()
        #expect(live.calls == 0 && live.callsGiven == 2)
        #expect(!SeatBox(live.takeSeat(limit: 0)).isTaken)
        #expect(SeatBox(live.takeSeat(limit: nil)).isTaken)
    }

    @Test("calls made and received are counted apart, and limited apart and together")
    func directions() {
        let live = LiveObject()
        let limits = LineLimits(made: 2, received: 1, all: 2)
        func take(_ direction: CallDirection) -> SeatBox { SeatBox(live.takeSeat(direction, limits: limits)) }
        var kept = [take(.made), take(.received)]
        #expect(kept[0].isTaken && kept[1].isTaken && live.callsMade == 1 && live.callsReceived == 1 && live.calls == 2)
        #expect(!take(.made).isTaken)
        kept.removeLast()
        kept.append(take(.made))
        #expect(kept[1].isTaken && live.callsMade == 2 && live.callsReceived == 0)
        kept.removeAll()
        kept = [take(.received)]
        #expect(kept[0].isTaken && !take(.received).isTaken && take(.made).isTaken)
    }

    private final class Seen: Sendable {
        let highest = Atomic<Int>(0)
        let taken = Atomic<Int>(0)
    }

    @Test("many threads at once never exceed the limit, and leave nothing behind")
    func threads() async {
        let live = LiveObject()
        let limit = 7
        let seen = Seen()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    for turn in 0..<5_000 {
                        let seat = SeatBox(live.takeSeat(turn % 2 == thread % 2 ? .made : .received, limits: LineLimits(all: limit)))
                        if seat.isTaken {
                            seen.highest.max(live.calls, ordering: .relaxed)
                            seen.taken.add(1, ordering: .relaxed)
                        }
                        let other = SeatBox(live.takeSeat(limit: limit))
                        if other.isTaken { seen.highest.max(live.calls, ordering: .relaxed) }
                        withExtendedLifetime((seat, other)) {}
                    }
                }
            }
        }
        #expect(seen.highest.load(ordering: .relaxed) <= limit)
        #expect(seen.taken.load(ordering: .relaxed) > 0)
        #expect(live.calls == 0)
    }

    // MARK: - Calls per second

    @Test("at most so many within any second, exactly")
    func rate() {
        let live = LiveObject()
        #expect(live.recentCalls(now: Self.at(0)) == 0)
        #expect([0, 300, 600].map { live.admit(limit: 3, now: Self.at($0)) } == [true, true, true])
        #expect([600, 999, 1000, 1299, 1300, 1600].map { live.recentCalls(now: Self.at($0)) } == [3, 3, 2, 2, 1, 0])
        #expect(!live.wouldAdmit(limit: 3, now: Self.at(999)) && !live.admit(limit: 3, now: Self.at(999)))
        #expect(live.wouldAdmit(limit: 3, now: Self.at(1_000)) && live.admit(limit: 3, now: Self.at(1_000)))
        #expect(!live.admit(limit: 3, now: Self.at(1_299)))
        #expect(live.admit(limit: 3, now: Self.at(1_300)))
        #expect(live.admit(limit: nil, now: Self.at(1_300)) && !live.wouldAdmit(limit: 0, now: Self.at(9_000)))
    }

    @Test("a limit that changes holds at once")
    func rateChanges() {
        let live = LiveObject()
        #expect((0..<2).map { live.admit(limit: 2, now: Self.at($0)) } == [true, true])
        #expect((2..<6).map { live.admit(limit: 4, now: Self.at($0)) } == [true, true, false, false])
        #expect(!live.wouldAdmit(limit: 2, now: Self.at(1_001)) && live.wouldAdmit(limit: 2, now: Self.at(1_002)))
        #expect(!live.wouldAdmit(limit: 1, now: Self.at(1_002)) && live.wouldAdmit(limit: 1, now: Self.at(1_003)))
    }

    @Test("against a list of all admissions, whatever the limits and the clocks of the shards")
    func rateModel() {
        var generator = Generator(state: 5)
        let live = LiveObject()
        var admissions: [Int64] = []
        var clock: Int64 = 0
        for _ in 0..<20_000 {
            clock += Int64(generator.next() % 60)
            // Shards read the clock a little before or after each other.
            let now = max(0, clock - Int64(generator.next() % 3))
            let limit = Int(generator.next() % 24)
            let expected = limit > 0 && (admissions.count < limit || now - admissions[admissions.count - limit] >= 1_000)
            #expect(live.wouldAdmit(limit: limit, now: Self.at(now)) == expected)
            #expect(live.admit(limit: limit, now: Self.at(now)) == expected)
            if expected { admissions.append(max(now, admissions.last ?? 0)) }
        }
        #expect(admissions.count > 1_000)
    }

    // MARK: - Reaching it

    @Test("Retry-After: the later demand holds, until its time is over")
    func retryAfter() {
        let live = LiveObject()
        #expect(live.isAvailable(.zero))
        live.unavailable(until: Self.at(2_000))
        live.unavailable(until: Self.at(1_000))
        #expect(!live.isAvailable(Self.at(1_999)) && live.unavailableFor(Self.at(500)) == .milliseconds(1_500))
        #expect(live.isAvailable(Self.at(2_000)) && live.unavailableFor(Self.at(2_000)) == .zero)
        live.unavailable(until: Self.at(9_000))
        live.availableAgain()
        #expect(live.isAvailable(Self.at(3_000)))
    }

    @Test("the first address that is alive or unknown")
    func addresses() {
        let live = LiveObject()
        let all = (0..<3).map { NetworkAddress(ipv4: 0xC000_0201 + $0, port: 5060) }
        #expect(live.firstAlive(of: all) == all[0] && live.firstAlive(of: []) == nil)
        live.set(.dead, of: all[0])
        live.set(.alive, of: all[2])
        #expect(live.firstAlive(of: all) == all[1])
        live.set(.dead, of: all[1])
        #expect(live.firstAlive(of: all) == all[2])
        live.set(.dead, of: all[2])
        #expect(live.firstAlive(of: all) == nil && live.addressState(all[2]) == .dead)
        live.set(.alive, of: all[1])
        #expect(live.firstAlive(of: all) == all[1])
        live.keepAddresses([])
        #expect(live.firstAlive(of: all) == all[0] && AddressState.allCases.contains(live.addressState(all[0])))
    }

    @Test("what it published holds for its time, or until it is withdrawn")
    func published() {
        let live = LiveObject()
        #expect(live.publishedCapacity(.zero) == nil)
        live.publish(capacity: 5, until: Self.at(100))
        #expect(live.publishedCapacity(Self.at(99)) == 5 && live.publishedCapacity(Self.at(100)) == nil)
        live.publish(capacity: -3, until: Self.at(200))
        #expect(live.publishedCapacity(Self.at(100)) == 0)
        live.withdrawPublication()
        #expect(live.publishedCapacity(Self.at(100)) == nil)
    }

    @Test("a publication is renewed, changed and removed by its entity-tag only, while it stands")
    func publicationTags() {
        let live = LiveObject()
        func take(_ change: PublicationChange, _ tag: UInt64, _ matching: UInt64?, until end: Int64, now: Int64) -> Bool {
            live.takePublication(change, tag: tag, matching: matching, until: Self.at(end), now: Self.at(now))
        }
        #expect(!take(.keep, 1, 7, until: 100, now: 0))
        #expect(take(.set(capacity: 5), 1, nil, until: 100, now: 0))
        #expect(!take(.keep, 2, 7, until: 200, now: 50))
        #expect(take(.keep, 2, 1, until: 200, now: 50) && live.publishedCapacity(Self.at(150)) == 5)
        #expect(!take(.set(capacity: 1), 3, 1, until: 200, now: 60))
        #expect(take(.set(capacity: 1), 3, 2, until: 200, now: 60) && live.publishedCapacity(Self.at(60)) == 1)
        // Another beginning takes its place; one that is to end at once changes nothing.
        #expect(take(.set(capacity: 9), 4, nil, until: 200, now: 70) && !take(.keep, 5, 3, until: 300, now: 70))
        #expect(take(.remove, 5, nil, until: 70, now: 70) && live.publishedCapacity(Self.at(70)) == 9)
        #expect(take(.remove, 5, 4, until: 70, now: 70) && live.publishedCapacity(Self.at(70)) == nil)
        #expect(!take(.keep, 6, 4, until: 300, now: 80))
        #expect(take(.set(capacity: nil), 7, nil, until: 100, now: 90) && live.publishedCapacity(Self.at(95)) == nil)
        #expect(!take(.keep, 8, 7, until: 300, now: 100))
    }

    // MARK: - How it answers

    static let tenSlices = AnswerRatioSettings(window: .seconds(10), slices: 10)

    @Test("the ratio over the window: too little says nothing, old slices go")
    func answerRatio() {
        let live = LiveObject()
        func end(_ count: Int, answered: Int, at milliseconds: Int64) {
            for i in 0..<count { live.attemptEnded(answered: i < answered, settings: Self.tenSlices, now: Self.at(milliseconds)) }
        }
        end(9, answered: 9, at: 0)
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(0)) == nil)
        end(3, answered: 0, at: 1_500)
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(1_500)) == 75)
        end(12, answered: 6, at: 9_999)
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(9_999)) == 62)
        // The first slice is dropped whole, then the second.
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(10_000)) == 40)
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(11_000)) == 50)
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(18_999)) == 50)
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(19_000)) == nil)
        end(10, answered: 10, at: 30_000)
        #expect(live.answerRatio(settings: Self.tenSlices, now: Self.at(30_000)) == 100)
    }

    @Test("a window of another length is measured anew")
    func windowChanges() {
        let live = LiveObject()
        for _ in 0..<20 { live.attemptEnded(answered: true, settings: Self.tenSlices, now: .zero) }
        let other = AnswerRatioSettings(window: .seconds(20), slices: 3)
        #expect(live.answerRatio(settings: other, now: .zero) == nil)
        for _ in 0..<10 { live.attemptEnded(answered: false, settings: other, now: .zero) }
        #expect(live.answerRatio(settings: other, now: .zero) == 0)
    }
}
