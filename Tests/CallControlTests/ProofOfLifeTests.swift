import CallControl
import Routing
import Testing
import Vocabulary

/// What shows that a peer is there, and how one without session timer is asked.
@Suite("Proof of life")
struct ProofOfLifeTests {
    @Test("the latest proof counts, and one that comes late changes nothing")
    func latest() {
        var proof = ProofOfLife(.answer, at: moment(1_000))
        proof.seen(.request, at: moment(5_000))
        proof.seen(.media, at: moment(4_000))
        #expect(proof == ProofOfLife(.request, at: moment(5_000)))
        proof.seen(.media, at: moment(5_000))
        #expect(proof.kind == .media)
        #expect(proof.silence(now: moment(65_000).instant) == .seconds(60))
        #expect(proof.silence(now: moment(1_000).instant) == .zero)
    }

    @Test("stored numbers never change, and every kind has words")
    func raw() {
        #expect(
            ProofOfLife.Kind.allCases.map { "\($0.rawValue) \($0.name)" } == [
                "1 answer", "2 request", "3 refreshAnswered", "4 probeAnswered", "5 media",
            ])
        #expect(Set(ProofOfLife.Kind.allCases.map(\.text)).count == 5)
        #expect(DeathBilling.allCases.map(\.rawValue) == [0, 1])
    }

    @Test("a dead call is billed to its detection, or to the last proof of life when the operator says so")
    func billing() {
        let proof = ProofOfLife(.probeAnswered, at: moment(60_000))
        #expect(proof.billedUntil(.detection, detectedAt: moment(300_000)) == moment(300_000))
        #expect(proof.billedUntil(.lastProofOfLife, detectedAt: moment(300_000)) == moment(60_000))
        // Never beyond the detection.
        #expect(proof.billedUntil(.lastProofOfLife, detectedAt: moment(50_000)) == moment(50_000))
    }

    @Test("the evidence says what happened and what was seen last")
    func text() {
        let proof = ProofOfLife(.refreshAnswered, at: moment(0))
        #expect(
            DeathEvidence(cause: .silent(probes: 3), lastProof: proof).text
                == "3 probes in a row without an answer; the last proof of life was an answered refresh of the session")
        #expect(DeathEvidence(cause: .silent(probes: 1), lastProof: proof).text.hasPrefix("1 probe in a row"))
        #expect(DeathEvidence(cause: .dialogUnknown, lastProof: proof).text.contains("481"))
    }
}

/// In-dialog OPTIONS in virtual time.
@Suite("Probes in the dialog")
struct DialogProbeTests {
    /// A probe in its box, without jitter unless said otherwise.
    final class Bench {
        var probe: DialogProbe
        var time: Int64 = 0

        init(jitterPercent: Int = 0, silentLimit: Int = 3, random: UInt64 = 0) {
            let policy = DialogProbePolicy(interval: .seconds(60), jitterPercent: jitterPercent, silentLimit: silentLimit)
            probe = DialogProbe(policy, random: random, now: moment(0).instant)
        }

        var now: Instant { moment(time).instant }
        /// In milliseconds; nil for never.
        var deadline: Int64? { probe.nextDeadline == .never ? nil : (probe.nextDeadline - moment(0).instant).inMilliseconds }

        /// Goes to the next probe and sends it.
        func send() -> Bool {
            time = deadline ?? time
            return timeout()
        }
        func timeout() -> Bool { probe.handleTimeout(now: now) }
        func answer(_ status: Int) -> DialogProbe.Verdict { probe.answered(status: status, random: 0, now: now) }
        /// 32 s later nothing has come.
        func silence() -> DialogProbe.Verdict {
            time += 32_000
            return probe.unanswered(random: 0, now: now)
        }
    }

    @Test("the first probe comes one interval after the answer")
    func first() {
        let bench = Bench()
        #expect(bench.deadline == 60_000)
        bench.time = 59_999
        #expect(!bench.timeout())
        #expect(bench.send())
        // One at a time.
        #expect(bench.deadline == nil)
        #expect(!bench.send())
    }

    @Test("any answer but 481 and 408 is a proof of life", arguments: [200, 202, 302, 403, 404, 405, 486, 488, 500, 501, 503, 603])
    func alive(status: Int) {
        let bench = Bench()
        _ = bench.send()
        #expect(bench.answer(100) == .unknown)
        #expect(bench.answer(status) == .alive)
        #expect(bench.deadline == 120_000)
    }

    @Test("481 is the verdict at once")
    func unknownDialog() {
        let bench = Bench()
        _ = bench.send()
        #expect(bench.answer(481) == .dead(.dialogUnknown))
        #expect(bench.probe.phase == .dead)
        #expect(bench.deadline == nil)
    }

    @Test("silence so many times in a row is the verdict, each after its whole retransmission list", arguments: [1, 2, 3, 10])
    func silent(limit: Int) {
        let bench = Bench(silentLimit: limit)
        for count in 1...limit {
            #expect(bench.send())
            #expect(bench.silence() == (count == limit ? .dead(.silent(probes: limit)) : .unknown))
        }
        #expect(bench.probe.phase == .dead)
    }

    @Test("408 counts as silence")
    func timeoutOfAProxy() {
        let bench = Bench(silentLimit: 2)
        _ = bench.send()
        #expect(bench.answer(408) == .unknown)
        _ = bench.send()
        #expect(bench.answer(408) == .dead(.silent(probes: 2)))
    }

    @Test("an answer between makes the count begin anew")
    func inARow() {
        let bench = Bench(silentLimit: 2)
        for _ in 0..<5 {
            _ = bench.send()
            #expect(bench.silence() == .unknown)
            _ = bench.send()
            #expect(bench.answer(200) == .alive)
        }
        #expect(bench.probe.silent == 0)
    }

    @Test("other signs of life put the probe off, and clear the count")
    func otherLife() {
        let bench = Bench()
        _ = bench.send()
        _ = bench.silence()
        bench.time = 100_000
        bench.probe.lifeSeen(random: 0, now: bench.now)
        #expect(bench.deadline == 160_000)
        #expect(bench.probe.silent == 0)
        // While a probe is on its way its end is still awaited.
        _ = bench.send()
        bench.probe.lifeSeen(random: 0, now: bench.now)
        #expect(bench.probe.phase == .probing)
    }

    @Test("a doubt asks at once; one about a peer that is probed anyway brings its next probe forward")
    func doubt() {
        var probe = DialogProbe(inDoubtAt: moment(5_000).instant)
        #expect(probe.isPassing && probe.nextDeadline == moment(5_000).instant)
        let asks = probe.handleTimeout(now: moment(5_000).instant)
        let verdict = probe.unanswered(random: 0, now: moment(37_000).instant)
        #expect(asks && verdict == .unknown)
        #expect(probe.nextDeadline < moment(49_000).instant)
        let bench = Bench()
        bench.probe.askNow(moment(1_000).instant)
        #expect(!bench.probe.isPassing && bench.probe.nextDeadline == moment(1_000).instant)
        bench.probe.askNow(moment(9_000).instant)
        #expect(bench.probe.nextDeadline == moment(1_000).instant)
    }

    @Test("jitter moves a probe by at most its share, to both sides")
    func jitter() {
        var seen: Set<Int64> = []
        for random in stride(from: UInt64(0), to: .max - (1 << 57), by: 1 << 57) {
            seen.insert(Bench(jitterPercent: 10, random: random).deadline ?? 0)
        }
        #expect(seen.allSatisfy { (54_000...66_000).contains($0) })
        #expect(seen.count > 50)
        #expect(seen.contains { $0 < 60_000 } && seen.contains { $0 > 60_000 })
        #expect(Bench(jitterPercent: 10, random: 0).deadline == 54_000)
    }

    @Test("what is out of range is moved into it")
    func ranges() {
        let low = DialogProbePolicy(interval: .zero, jitterPercent: -1, silentLimit: 0)
        #expect(low == DialogProbePolicy(interval: .seconds(10), jitterPercent: 0, silentLimit: 1))
        #expect(DialogProbePolicy(interval: .seconds(60), jitterPercent: 99, silentLimit: 99).silentLimit == 10)
        #expect(DialogProbePolicy(interval: .seconds(60), jitterPercent: 99, silentLimit: 99).jitterPercent == 50)
    }

    @Test("after the verdict, and to answers that nobody waits for, nothing happens")
    func late() {
        let bench = Bench(silentLimit: 1)
        #expect(bench.answer(481) == .unknown)
        #expect(bench.silence() == .unknown)
        _ = bench.send()
        _ = bench.silence()
        #expect(bench.answer(200) == .unknown)
        bench.probe.lifeSeen(random: 0, now: bench.now)
        #expect(bench.probe.phase == .dead)
    }
}
