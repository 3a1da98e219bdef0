import Testing
import Vocabulary

@testable import SIPTransport

/// When a loop rests between two turns. Not covered: the sleep itself, which the runtime's tests and the benches pass through.
@Suite("Pacing of a busy loop")
struct PacingTests {
    private func turns(_ count: Int, of datagrams: Int, every interval: Interval) -> (Pacing, Instant) {
        var pacing = Pacing()
        var now = Instant.zero
        for _ in 0..<count {
            now = now + interval
            pacing.received(datagrams, at: now)
        }
        return (pacing, now)
    }

    @Test("a loop that receives 2,000 datagrams a second rests, one that receives fewer does not")
    func rate() {
        let (busy, at) = turns(600, of: 1, every: .microseconds(500))
        #expect(busy.restEnd(ofTurnThatBegan: at, before: .never) == at + Pacing.rest)
        let (quiet, then) = turns(600, of: 1, every: .microseconds(520))
        #expect(quiet.restEnd(ofTurnThatBegan: then, before: .never) == nil)
    }

    @Test("a first datagram is answered at once, and the first of a burst after a pause as well")
    func pause() {
        var (pacing, now) = turns(1, of: 1, every: .seconds(5))
        #expect(pacing.restEnd(ofTurnThatBegan: now, before: .never) == nil)
        (pacing, now) = turns(300, of: 10, every: .milliseconds(1))
        #expect(pacing.restEnd(ofTurnThatBegan: now, before: .never) != nil)
        now = now + .seconds(1)
        pacing.received(1, at: now)
        #expect(pacing.restEnd(ofTurnThatBegan: now, before: .never) == nil)
    }

    @Test("a timer that is due earlier ends the rest")
    func deadline() {
        let (busy, now) = turns(300, of: 10, every: .milliseconds(1))
        let due = now + .microseconds(200)
        #expect(busy.restEnd(ofTurnThatBegan: now, before: due) == due)
    }
}
