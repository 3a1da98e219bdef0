import SIPUserAgent
import Testing
import Vocabulary

/// Session timers over a restart of the process: the monotonic clock begins anew, the wall clock may lie.
@Suite("Session timers after a restart")
struct StoredSessionTimerTests {
    static func moment(_ seconds: Int64, wallAhead: Int64? = nil) -> Moment {
        Moment(instant: at(seconds), wall: someDay + .seconds(wallAhead ?? seconds))
    }

    /// Stored at 100 s of a session that expires at 600 s; the next process counts from 0 again, `gone` seconds later.
    static func restored(
        _ refresher: SessionRefresher, gone: Int64, spread: Interval = .seconds(5), policy: SessionTimerPolicy = SessionTimerPolicy()
    ) throws -> TimerBench {
        let stored = try #require(called(interval: 600, refresher: refresher, allowsUpdate: true).timer.stored(now: moment(100)))
        return TimerBench(SessionTimer(restoring: stored, policy: policy, spread: spread, now: moment(0, wallAhead: 100 + gone)))
    }

    @Test("what has no expiry, or is over, is not stored")
    func nothing() {
        #expect(SessionTimer(SessionTimerPolicy(), callIDOwner: .us).stored(now: Self.moment(0)) == nil)
        let timer = called(refresher: .uas)
        _ = timer.timeout(at(600))
        #expect(timer.timer.stored(now: Self.moment(600)) == nil)
    }

    @Test("agreement, expiry, minimum and methods are the same after the restart")
    func same() throws {
        let before = answering(asking(600, .uac, minSE: 200))
        before.received(SessionTimerRequest(supportsTimer: true, allowsUpdate: true), .update)
        let stored = try #require(before.timer.stored(now: Self.moment(100)))
        let after = SessionTimer(restoring: stored, policy: before.policy, spread: .zero, now: Self.moment(0, wallAhead: 150))
        #expect(after.agreement == before.agreement)
        #expect(after.expiresAt == at(450))
        #expect(after.requestFields == before.requestFields)
        #expect(after.refreshMethod == .update)
        #expect(after.callIDOwner == .peer)
    }

    @Test("where the peer refreshes, it is awaited for what is left")
    func awaiting() throws { #expect(try Self.restored(.uas, gone: 50).nextDeadline == at(450 - 32)) }

    @Test("where we refresh, a refresh goes out within the spread, to see whether the peer still has the session")
    func refreshes() throws {
        let timer = try Self.restored(.uac, gone: 50)
        #expect(timer.nextDeadline == at(5))
        #expect(timer.timeout(at(5)) == .refresh(.update))
        #expect(try Self.restored(.uac, gone: 50, spread: .seconds(9999)).nextDeadline == at(225))
    }

    @Test("a timer that was switched off for new calls meanwhile stays on for this one")
    func policyChanged() throws {
        let timer = try Self.restored(.uac, gone: 50, policy: .off)
        _ = timer.timeout(at(5))
        timer.started(.update)
        #expect(timer.answered(200, expires(600, .uac), at: at(6)) == .goesOn)
        #expect(timer.phase == .waiting)
    }

    @Test("a session that expired meanwhile gets the time of one refresh, and no more", arguments: [500, 10_000, 1_000_000])
    func expired(gone: Int64) throws {
        #expect(try Self.restored(.uas, gone: gone).nextDeadline == at(32))
        let timer = try Self.restored(.uac, gone: gone, spread: .seconds(20))
        #expect(timer.nextDeadline == at(16))
        #expect(timer.timeout(at(16)) == .refresh(.update))
        timer.started(.update)
        #expect(timer.timeout(at(32)) == .over(.refreshUnanswered))
    }

    @Test("a wall clock that jumped backwards does not lengthen the session", arguments: [-1, -86_400, -1_000_000_000])
    func backwards(gone: Int64) throws { #expect(try Self.restored(.uas, gone: gone).expiresAt <= at(600)) }

    @Test("a damaged stamp is bounded")
    func damaged() {
        for stamp in [Int64.min, 0, Int64.max] {
            let stored = StoredSessionTimer(
                agreement: SessionAgreement(interval: .max, refresher: .peer), expiresAt: WallTime(microseconds: stamp), largestMinSE: .max,
                peerAllowsUpdate: true, callIDOwner: .us)
            let timer = SessionTimer(restoring: stored, policy: SessionTimerPolicy(), spread: .zero, now: Self.moment(1))
            #expect(timer.expiresAt >= at(33))
        }
    }
}
