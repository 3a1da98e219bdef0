import CallControl
import CallRecords
import Containers
import Routing
import Testing
import Vocabulary

/// From the INVITE to the answer or to the last refusal: which gateway is tried, for how long, and what
/// the caller hears. How a call ends otherwise is in `CallEndTests`.
@Suite("Setting a call up")
struct CallSetupTests {
    @Test("the first usable gateway is tried; the answer is recorded before it is passed")
    func answered() {
        let bench = CallBench()
        #expect(bench.begin() == [.startAttempt(candidate: 0)])
        #expect(bench.provisional(100, on: leg(0)) == [])
        #expect(bench.provisional(180, on: leg(0)) == [.passProvisional])
        bench.time = 4_000
        #expect(bench.answer(on: leg(0)) == [.recordAnswer])
        #expect(bench.phase == .recording)
        #expect(bench.call.answeredAt == nil)
        bench.time = 4_010
        #expect(bench.recorded() == [.passAnswer])
        #expect(bench.phase == .answered)
        #expect(bench.call.answeredAt == moment(4_010))
        bench.call.acknowledged()
        #expect(bench.phase == .connected)
        #expect(bench.verdicts == [.answered, .waiting])
        #expect(bench.call.nextDeadline == .never)
    }

    @Test("gateways that cannot be used are skipped and keep their reason")
    func skipped() {
        let bench = CallBench(gateways: 4, verdicts: [.locked, .sameAsSource, .waiting, .alreadyListed])
        #expect(bench.begin() == [.startAttempt(candidate: 2)])
        #expect(bench.refusal(503, on: leg(0)) == [.passRefusal, .close])
        #expect(bench.verdicts == [.locked, .sameAsSource, .tried, .alreadyListed])
    }

    @Test(
        "no gateway at all: 404; none that is usable: 503; both by us",
        arguments: [
            ([], 404, EndReason.noRoute), ([Candidate.Verdict.locked, .sameAsSource], 503, .noGatewayAvailable),
            ([.full, .retryAfter], 503, .noGatewayAvailable),
        ])
    func noRoute(verdicts: [Candidate.Verdict], status: Int, reason: EndReason) {
        let bench = CallBench(gateways: verdicts.count, verdicts: verdicts)
        #expect(bench.begin() == [.refuseCaller(status: status), .close])
        #expect(bench.end == (reason, .server, status))
        #expect(bench.phase == .over)
        #expect(bench.call.attempts.isEmpty)
    }

    @Test("a gateway that refuses is followed by the next, and the last one's words reach the caller")
    func failover() {
        let bench = CallBench(gateways: 3)
        _ = bench.begin()
        #expect(bench.refusal(503, on: leg(0)) == [.startAttempt(candidate: 1)])
        #expect(bench.failure(.unreachable, on: leg(1)) == [.startAttempt(candidate: 2)])
        #expect(bench.refusal(486, on: leg(2)) == [.passRefusal, .close])
        #expect(bench.end == (.calleeBusy, .callee, 486))
        #expect(bench.outcomes == [.refused, .unreachable, .refused])
        #expect(bench.call.attempts.map(\.status) == [503, 0, 486])
        #expect(bench.verdicts == [.tried, .tried, .tried])
    }

    @Test("the answer of a later gateway is the call's")
    func laterAnswer() {
        let bench = CallBench(gateways: 3)
        _ = bench.begin()
        _ = bench.refusal(500, on: leg(0))
        _ = bench.answer(202, on: leg(1))
        _ = bench.recorded()
        #expect(bench.call.callerStatus == 202)
        #expect(bench.outcomes == [.refused, .answered])
        _ = bench.hungUp(by: .callee)
        #expect(bench.verdicts == [.tried, .answered, .notNeeded])
    }

    @Test("6xx speaks for every destination: nobody else is tried (RFC 3261, section 21.6)", arguments: [600, 603, 604, 606])
    func globalFailure(status: Int) {
        let bench = CallBench(gateways: 3)
        _ = bench.begin()
        #expect(bench.refusal(status, on: leg(0)) == [.passRefusal, .close])
        #expect(bench.end.status == status)
        #expect(bench.verdicts == [.tried, .notNeeded, .notNeeded])
    }

    @Test(
        "what of a vendor's last refusal the caller sees",
        arguments: [
            (302, 480, EndReason.redirected), (401, 403, .otherFailure), (407, 403, .otherFailure), (408, 480, .gatewayTimeout),
            (481, 480, .otherFailure), (404, 404, .numberNotFound), (480, 480, .calleeUnavailable), (486, 486, .calleeBusy),
            (487, 487, .otherFailure), (488, 488, .calleeIncompatible), (500, 500, .gatewayFailure), (503, 503, .gatewayFailure),
            (603, 603, .calleeDeclined),
        ])
    func shown(status: Int, shown: Int, reason: EndReason) {
        let bench = CallBench(gateways: 1)
        _ = bench.begin()
        #expect(bench.refusal(status, on: leg(0)) == [status == shown ? .passRefusal : .refuseCaller(status: shown), .close])
        #expect(bench.end == (reason, .callee, shown))
        #expect(bench.call.attempts[0].status == status)
    }

    @Test(
        "an attempt without a final response: the next gateway, then 408 or 503",
        arguments: [
            (AttemptOutcome.inviteTimeout, 408, EndReason.gatewayTimeout), (.unreachable, 503, .gatewayUnreachable),
        ])
    func failed(outcome: AttemptOutcome, status: Int, reason: EndReason) {
        let bench = CallBench(gateways: 2)
        _ = bench.begin()
        #expect(bench.failure(outcome, on: leg(0)) == [.startAttempt(candidate: 1)])
        #expect(bench.failure(outcome, on: leg(1)) == [.refuseCaller(status: status), .close])
        #expect(bench.end == (reason, .callee, status))
        #expect(bench.outcomes == [outcome, outcome])
    }

    @Test("a gateway that no socket reaches is noted and the next is tried")
    func impossible() {
        let bench = CallBench(gateways: 2)
        #expect(bench.event { $0.begin(&$1, now: $2) } == [.startAttempt(candidate: 0)])
        let first = bench.attempt(0)
        #expect(bench.event { $0.attemptImpossible(first, &$1, now: $2) } == [.startAttempt(candidate: 1)])
        let second = bench.attempt(1)
        #expect(bench.event { $0.attemptImpossible(second, &$1, now: $2) } == [.refuseCaller(status: 503), .close])
        #expect(bench.end == (.gatewayUnreachable, .callee, 503))
        #expect(bench.outcomes == [.unreachable, .unreachable])
        #expect(bench.call.calleeLeg == nil)
    }

    @Test("whatever comes from an attempt that was given up is not the call's any more")
    func formerAttempt() {
        let bench = CallBench(gateways: 2)
        _ = bench.begin()
        _ = bench.timeout()
        #expect(bench.call.calleeLeg == leg(1))
        #expect(bench.provisional(180, on: leg(0)) == [])
        #expect(bench.answer(on: leg(0)) == [])
        #expect(bench.refusal(487, on: leg(0)) == [])
        #expect(bench.failure(.inviteTimeout, on: leg(0)) == [])
        #expect(bench.phase == .trying)
        #expect(bench.call.ringingAt == nil)
    }

    // MARK: - Redirections

    func redirect(_ bench: CallBench, on leg: SlabKey, number: StaticString = "+14155550199") -> [CallAction] {
        let target = NetworkAddress(ipv4: 0xC000_0263, port: 5060)
        return bench.run(bench.event { $0.redirected(status: 302, to: target, number: Bytes(number), on: leg, &$1, now: $2) })
    }

    @Test("a redirection that is followed is tried next, before the other gateways, and shows in the decision")
    func redirected() {
        let bench = CallBench(gateways: 2)
        _ = bench.begin()
        #expect(redirect(bench, on: leg(0)) == [.startAttempt(candidate: 1)])
        #expect(bench.verdicts == [.redirected, .tried, .waiting])
        #expect(bench.call.candidates[1].destination == .routingGateway(0))
        #expect(bench.call.candidates[1].redirection == NetworkAddress(ipv4: 0xC000_0263, port: 5060))
        #expect(bench.call.texts[bench.call.candidates[1].redirectedNumber].string == "+14155550199")
        #expect(bench.refusal(404, on: leg(1)) == [.startAttempt(candidate: 2)])
    }

    @Test("redirections end after five, whoever goes on pointing elsewhere")
    func redirectedForEver() {
        let bench = CallBench(gateways: 1)
        _ = bench.begin()
        for step in 0..<5 { #expect(redirect(bench, on: leg(step)).count == 1) }
        #expect(redirect(bench, on: leg(5)) == [.refuseCaller(status: 480), .close])
        #expect(bench.end == (.redirected, .callee, 480))
        #expect(bench.call.attempts.count == 6)
    }

    // MARK: - Staged timers

    /// What a gateway said, with the time in milliseconds, and when its stage ends: the defaults are 10 s
    /// for the INVITE, 20 s after 100, 20 s after 183, 120 s after 183 with SDP, 120 s after 180.
    static let stages: [(said: [(Int64, Int, Bool)], deadline: Int64, outcome: AttemptOutcome, status: Int, reason: EndReason)] = [
        ([], 10_000, .inviteTimeout, 408, .gatewayTimeout),
        ([(1_000, 100, false)], 21_000, .tryingTimeout, 408, .gatewayTimeout),
        // A repeated 100 says nothing new.
        ([(1_000, 100, false), (9_000, 100, false)], 21_000, .tryingTimeout, 408, .gatewayTimeout),
        ([(1_000, 100, false), (2_000, 183, false)], 22_000, .progressTimeout, 480, .noAnswer),
        // While nothing is heard, each further word counts: the callee stands in a queue.
        ([(2_000, 183, false), (15_000, 182, false)], 35_000, .progressTimeout, 480, .noAnswer),
        ([(2_000, 183, false), (15_000, 100, false)], 22_000, .progressTimeout, 480, .noAnswer),
        ([(2_000, 183, false), (5_000, 183, true)], 125_000, .progressWithMediaTimeout, 480, .noAnswer),
        // Early media and ringing have a limit of their own, which repetitions do not move.
        ([(2_000, 183, true), (60_000, 183, true)], 122_000, .progressWithMediaTimeout, 480, .noAnswer),
        ([(2_000, 183, true), (60_000, 183, false)], 122_000, .progressWithMediaTimeout, 480, .noAnswer),
        ([(2_000, 180, false)], 122_000, .ringingTimeout, 480, .noAnswer),
        ([(2_000, 180, false), (62_000, 180, false), (121_000, 180, false)], 122_000, .ringingTimeout, 480, .noAnswer),
        ([(2_000, 180, false), (62_000, 183, true)], 122_000, .ringingTimeout, 480, .noAnswer),
        ([(2_000, 180, true), (3_000, 100, false)], 122_000, .ringingTimeout, 480, .noAnswer),
        // Ringing replaces early media.
        ([(2_000, 183, true), (30_000, 180, false)], 150_000, .ringingTimeout, 480, .noAnswer),
    ]

    @Test("each stage has its own timer, from when it was reached", arguments: stages.indices)
    func staged(row: Int) {
        let stage = Self.stages[row]
        let bench = CallBench(gateways: 1)
        _ = bench.begin()
        for (time, status, media) in stage.said {
            bench.time = time
            #expect(bench.provisional(status, media: media, on: leg(0)) == (status == 100 ? [] : [.passProvisional]))
        }
        #expect(bench.deadline == stage.deadline)
        bench.time = stage.deadline - 1
        #expect(bench.event { $0.handleTimeout(&$1, now: $2) } == [])
        #expect(bench.timeout() == [.abandonAttempt(leg: leg(0), reason: stage.reason), .refuseCaller(status: stage.status), .close])
        #expect(bench.outcomes == [stage.outcome])
        #expect(bench.end == (stage.reason, .callee, stage.status))
    }

    @Test("a timer that ran out gives the attempt up and tries the next gateway, which has its own time")
    func stagedFailover() {
        let bench = CallBench(gateways: 2)
        _ = bench.begin()
        #expect(bench.timeout() == [.abandonAttempt(leg: leg(0), reason: .gatewayTimeout), .startAttempt(candidate: 1)])
        #expect(bench.time == 10_000)
        #expect(bench.deadline == 20_000)
        bench.time = 12_000
        _ = bench.provisional(180, on: leg(1))
        #expect(bench.deadline == 132_000)
        #expect(bench.outcomes == [.inviteTimeout, nil])
    }

    @Test("the operator's times apply")
    func customTimers() {
        let bench = CallBench(
            gateways: 1,
            parameters: ParameterValues([
                "SS_SIP_TIMEOUT_INVITE": .integer(3), "SS_SIP_TIMEOUT_TRYING": .integer(4), "SS_SIP_TIMEOUT_SESSION_PROGRESS": .integer(5),
                "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP": .integer(6), "SS_SIP_TIMEOUT_RINGING": .integer(7),
            ]))
        _ = bench.begin()
        #expect(bench.deadline == 3_000)
        _ = bench.provisional(100, on: leg(0))
        #expect(bench.deadline == 4_000)
        _ = bench.provisional(183, on: leg(0))
        #expect(bench.deadline == 5_000)
        _ = bench.provisional(183, media: true, on: leg(0))
        #expect(bench.deadline == 6_000)
        _ = bench.provisional(180, on: leg(0))
        #expect(bench.deadline == 7_000)
    }

    @Test("the caller's own limit (Expires) ends the set-up with 487, whatever the gateways do")
    func setupLimit() {
        let bench = CallBench(gateways: 2, setupLimit: .seconds(15))
        _ = bench.begin()
        _ = bench.provisional(180, on: leg(0))
        #expect(bench.deadline == 15_000)
        #expect(bench.timeout() == [.abandonAttempt(leg: leg(0), reason: .setupExpired), .refuseCaller(status: 487), .close])
        #expect(bench.end == (.setupExpired, .caller, 487))
        #expect(bench.outcomes == [.abandoned])
    }

    @Test("the caller's limit ends with the answer")
    func setupLimitAnswered() {
        let bench = CallBench(gateways: 1, setupLimit: .seconds(15))
        _ = bench.begin()
        _ = bench.answer(on: leg(0))
        #expect(bench.deadline == nil)
        bench.time = 20_000
        #expect(bench.event { $0.handleTimeout(&$1, now: $2) } == [])
        #expect(bench.phase == .recording)
    }

    // MARK: - Stamps

    @Test("the first provisional response, ringing and answer are stamped once, for the call and for the attempt")
    func stamps() {
        let bench = CallBench(gateways: 2)
        _ = bench.begin()
        bench.time = 1_000
        _ = bench.provisional(100, on: leg(0))
        bench.time = 2_000
        _ = bench.refusal(503, on: leg(0))
        bench.time = 3_000
        _ = bench.provisional(183, media: true, on: leg(1))
        bench.time = 4_000
        _ = bench.provisional(180, on: leg(1))
        bench.time = 5_000
        _ = bench.answer(on: leg(1))
        #expect(bench.call.firstProvisionalAt == wall(1_000))
        #expect(bench.call.ringingAt == moment(3_000))
        #expect(bench.call.attempts.map(\.startedAt) == [wall(0), wall(2_000)])
        #expect(bench.call.attempts.map(\.firstProvisionalAt) == [wall(1_000), wall(3_000)])
        #expect(bench.call.attempts.map(\.ringingAt) == [.unset, wall(3_000)])
        #expect(bench.call.attempts.map(\.answeredAt) == [.unset, wall(5_000)])
        #expect(bench.call.attempts.map(\.endedAt) == [wall(2_000), .unset])
    }

    @Test("183 without media is no ringing")
    func noRinging() {
        let bench = CallBench()
        _ = bench.begin()
        _ = bench.provisional(183, on: leg(0))
        #expect(bench.call.ringingAt == nil)
        #expect(bench.call.firstProvisionalAt == wall(0))
    }
}
