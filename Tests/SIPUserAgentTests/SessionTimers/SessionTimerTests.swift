import SIPUserAgent
import Testing
import Vocabulary

/// The running timer: refreshes of ours and what their answers do, the peer's, and the end
/// (RFC 4028, sections 7.2 to 7.4, 9 and 10). Two ends against each other are in `SessionTimerPairTests`.
@Suite("Session timer")
struct SessionTimerTests {
    // MARK: - When

    @Test("section 7.2: the refresher refreshes when half of the interval has passed, and the session expires at its end")
    func half() {
        let timer = called(interval: 600)
        #expect(timer.phase == .waiting)
        #expect(timer.expiresAt == at(600))
        #expect(timer.nextDeadline == at(300))
        #expect(timer.timeout(at(299, ms: 999)) == .nothing)
        #expect(timer.timeout(at(300)) == .refresh(.invite))
    }

    @Test(
        "a segment sets how often: interval / segment",
        arguments: [(2, 300), (3, 200), (5, 120), (10, 60), (1, 300), (99, 60)] as [(UInt32, Int64)])
    func segments(segment: UInt32, seconds: Int64) {
        #expect(called(interval: 600, policy: SessionTimerPolicy(segment: segment)).nextDeadline == at(seconds))
    }

    @Test(
        "section 10: the side that does not refresh hangs up the lesser of 32 s and a third of the interval before the end",
        arguments: [(600, 568_000), (1800, 1_768_000), (90, 60_000), (96, 64_000), (100, 68_000), (20, 13_334)] as [(UInt32, Int64)])
    func earlyBye(interval: UInt32, milliseconds: Int64) {
        let timer = called(interval: interval, refresher: .uas)
        #expect(timer.phase == .awaitingPeer)
        let deadline = Int64((timer.nextDeadline - at(0)).nanoseconds + 999_999) / 1_000_000
        #expect(deadline == milliseconds)
        #expect(timer.timeout(at(0, ms: milliseconds - 1)) == .nothing)
        #expect(timer.timeout(at(0, ms: milliseconds)) == .over(.notRefreshed))
        #expect(timer.phase == .over)
        #expect(timer.nextDeadline == .never)
    }

    @Test(
        "an early hang-up of the operator's takes the place of the recommended one, on both sides, up to a third of the interval",
        arguments: [(60, 540, 540), (10, 590, 590), (400, 400, 400), (0, 568, 600)] as [(UInt32, Int64, Int64)])
    func operatorsMargin(early: UInt32, peerRefreshes: Int64, weRefresh: Int64) {
        let policy = SessionTimerPolicy(earlyHangup: early)
        #expect(called(interval: 600, refresher: .uas, policy: policy).hangUpAt == at(peerRefreshes))
        #expect(called(interval: 600, refresher: .uac, policy: policy).hangUpAt == at(weRefresh))
    }

    @Test("a refresh that cannot be started at the moment is asked for again after 2 s")
    func postponed() {
        let timer = called()
        #expect(timer.timeout(at(300)) == .refresh(.invite))
        #expect(timer.nextDeadline == at(302))
        #expect(timer.timeout(at(301)) == .nothing)
        #expect(timer.timeout(at(302)) == .refresh(.invite))
    }

    // MARK: - How

    @Test("section 7.4: the refresh is an UPDATE where the peer allows it, else a re-INVITE, and the latest Allow counts")
    func method() {
        #expect(called(allowsUpdate: true).refreshMethod == .update)
        let timer = called(allowsUpdate: false)
        #expect(timer.refreshMethod == .invite)
        timer.received(SessionTimerRequest(supportsTimer: true, allowsUpdate: true), .invite)
        #expect(timer.refreshMethod == .update)
        timer.received(SessionTimerRequest(supportsTimer: true), .invite)
        #expect(timer.refreshMethod == .update)
        _ = timer.relayed(200, SessionTimerResponse(allowsUpdate: false), at: at(1))
        #expect(timer.refreshMethod == .invite)
    }

    @Test("section 7.4: a request in the dialog carries the current interval and the roles as they are")
    func fields() {
        #expect(called(interval: 720, refresher: .uac).requestFields == asking(720, .uac))
        #expect(called(interval: 720, refresher: .uas).requestFields == asking(720, .uas))
        // On a caller's leg the roles were named from the other side.
        #expect(answering(asking(600, .uac)).requestFields == asking(600, .uas))
        #expect(answering(asking(600, .uas)).requestFields == asking(600, .uac))
    }

    @Test("section 7.4: the interval is at least 90 s, the default of Min-SE")
    func smallInterval() { #expect(called(interval: 20).requestFields.sessionExpires?.seconds == 90) }

    @Test("section 7.4: the largest Min-SE that a request of the peer named in this dialog stands in ours")
    func minimumOfPeer() {
        let timer = answering(asking(600, .uas, minSE: 200))
        #expect(timer.requestFields == asking(600, .uac, minSE: 200))
        timer.received(asking(700, .uac, minSE: 650), .update)
        timer.received(asking(700, .uac, minSE: 100), .update)
        #expect(timer.requestFields == asking(650, .uac, minSE: 650))
    }

    @Test("section 7.2: without a timer a request says only that we know the extension")
    func fieldsWithoutTimer() {
        #expect(answering(SessionTimerRequest()).requestFields == SessionTimerRequest(supportsTimer: true))
        #expect(SessionTimer(.off, callIDOwner: .us).requestFields == SessionTimerRequest())
    }

    // MARK: - Answers to our refresh

    /// A timer whose refresh went out at 300 s.
    static func refreshing(_ method: SessionRefreshMethod = .invite, policy: SessionTimerPolicy = SessionTimerPolicy()) -> TimerBench {
        let timer = called(allowsUpdate: method == .update, policy: policy)
        _ = timer.timeout(at(300))
        timer.started(method)
        return timer
    }

    @Test("section 10: a 2xx renews the session from its reception")
    func renewed() {
        let timer = Self.refreshing()
        #expect(timer.phase == .refreshing)
        #expect(timer.answered(200, expires(600, .uac), at: at(301)) == .goesOn)
        #expect(timer.expiresAt == at(901))
        #expect(timer.nextDeadline == at(601))
        #expect(timer.phase == .waiting)
    }

    @Test("section 7.2: a 2xx may change interval and refresher")
    func changed() {
        let timer = Self.refreshing()
        #expect(timer.answered(200, expires(900, .uas), at: at(301)) == .goesOn)
        #expect(timer.agreement == SessionAgreement(interval: 900, refresher: .peer))
        #expect(timer.nextDeadline == at(301 + 900 - 32))
    }

    @Test("section 7.2: a 2xx without Session-Expires switches the timer off")
    func switchedOff() {
        let timer = Self.refreshing()
        #expect(timer.answered(200, at: at(301)) == .switchedOff)
        #expect(timer.phase == .off)
        #expect(timer.nextDeadline == .never)
        #expect(timer.timeout(at(10_000)) == .nothing)
    }

    @Test("section 7.2: a UAC that refreshes alone goes on after a 2xx without Session-Expires")
    func aloneGoesOn() {
        let timer = Self.refreshing(policy: SessionTimerPolicy(refreshesAlone: true))
        #expect(timer.answered(200, at: at(301)) == .goesOn)
        #expect(timer.agreement == SessionAgreement(interval: 600, refresher: .us))
        #expect(timer.expiresAt == at(901))
    }

    @Test("section 10: 481 and 408 end the call", arguments: [481, 408])
    func dialogUnknown(status: Int) {
        let timer = Self.refreshing()
        #expect(timer.answered(status, at: at(301)) == .over(.dialogUnknown(status: status)))
        #expect(timer.phase == .over)
    }

    @Test("section 10: a refresh that times out ends the call")
    func timedOut() {
        let timer = Self.refreshing()
        #expect(timer.timedOut() == .over(.refreshUnanswered))
        #expect(timer.phase == .over)
        #expect(timer.timedOut() == .goesOn)
    }

    @Test("section 10: a refresh that is still unanswered when the session expires ends the call")
    func neverAnswered() {
        let timer = Self.refreshing()
        #expect(timer.nextDeadline == at(600))
        #expect(timer.timeout(at(600)) == .over(.refreshUnanswered))
    }

    @Test("section 10: a refusal does not move the expiry, and the refresh is tried again", arguments: [488, 500, 503, 403, 302, 600])
    func refused(status: Int) {
        let timer = Self.refreshing()
        #expect(timer.answered(status, at: at(300)) == .goesOn)
        #expect(timer.expiresAt == at(600))
        #expect(timer.nextDeadline == at(450))
        #expect(timer.timeout(at(450)) == .refresh(.invite))
    }

    @Test("section 10: a refresh that is refused is not repeated for ever; the call ends when the session does")
    func refusedUntilTheEnd() {
        let timer = Self.refreshing()
        var times: [Int64] = [300]
        while times.count < 50 {
            let now = at(times[times.count - 1])
            #expect(timer.answered(500, at: now) == .goesOn)
            let next = timer.nextDeadline
            let due = timer.timeout(next)
            if case .over(let end) = due {
                #expect(end == .refreshRefused(status: 500))
                #expect(next == at(600))
                break
            }
            timer.started(.invite)
            times.append((next - at(0)).inSeconds)
        }
        #expect(times == [300, 450, 525])
    }

    @Test("a higher segment gives more tries, one each part of the interval")
    func triesBySegment() {
        let timer = called(interval: 600, policy: SessionTimerPolicy(segment: 6))
        for second: Int64 in [100, 200, 300, 400] {
            #expect(timer.timeout(at(second)) == .refresh(.invite))
            timer.started(.invite)
            _ = timer.answered(500, at: at(second))
        }
        #expect(timer.nextDeadline == at(500))
    }

    @Test("Retry-After is obeyed where the session lasts so long")
    func retryAfter() {
        var timer = Self.refreshing()
        _ = timer.answered(503, SessionTimerResponse(retryAfter: 20), at: at(301))
        #expect(timer.nextDeadline == at(321))
        timer = Self.refreshing()
        _ = timer.answered(503, SessionTimerResponse(retryAfter: 3600), at: at(300))
        #expect(timer.nextDeadline == at(450))
    }

    @Test(
        "RFC 3261, section 14.1: after 491 the owner of the Call-ID waits 2.1 to 4 s, the other side 0 to 2 s",
        arguments: [0, 1, 190, 191, 200, 201, UInt64.max, 12_345_678_901])
    func glare(random: UInt64) {
        let owner = Self.refreshing()
        #expect(owner.answered(491, random: random, at: at(300)) == .goesOn)
        #expect((at(302, ms: 100)...at(304)).contains(owner.nextDeadline))
        let other = answering(asking(600, .uas))
        _ = other.timeout(at(300))
        other.started(.invite)
        _ = other.answered(491, random: random, at: at(300))
        #expect((at(300)...at(302)).contains(other.nextDeadline))
        #expect((owner.nextDeadline - at(0)).inMilliseconds % 10 == 0)
        // It is no refusal: any number of them leaves the tries as they are.
        #expect(owner.timeout(owner.nextDeadline) == .refresh(.invite))
    }

    @Test("a peer that answers 491 again and again is asked less and less, and as usual after another answer")
    func manyGlares() {
        let timer = Self.refreshing()
        var waits: [Interval] = []
        var now = at(300)
        for _ in 0..<10 {
            _ = timer.answered(491, random: 100, at: now)
            waits.append(timer.nextDeadline - now)
            now = timer.nextDeadline
            #expect(timer.timeout(now) == .refresh(.invite))
            timer.started(.invite)
        }
        #expect(waits[0] == waits[3] && waits[4] == waits[0] * 2 && waits[9] == waits[0] * 16)
    }

    @Test("the ends of both ranges of the wait after 491 are drawn")
    func glareRange() {
        func wait(_ random: UInt64) -> Int64 {
            let timer = Self.refreshing()
            _ = timer.answered(491, random: random, at: at(300))
            return (timer.nextDeadline - at(300)).inMilliseconds
        }
        #expect(wait(0) == 2100)
        #expect(wait(190) == 4000)
        #expect(Set((0..<191).map { wait(UInt64($0)) }).count == 191)
    }

    @Test("sections 7.3 and 10: 422 raises the interval, the refresh goes out again at once, and the expiry stays")
    func intervalTooSmall() {
        let timer = Self.refreshing()
        #expect(timer.answered(422, SessionTimerResponse(minSE: 1800), at: at(301)) == .again(.invite))
        #expect(timer.requestFields == asking(1800, .uac, minSE: 1800))
        #expect(timer.expiresAt == at(600))
        timer.started(.invite)
        _ = timer.answered(200, expires(1800, .uac), at: at(302))
        #expect(timer.expiresAt == at(2102))
        // It stays in every later request (section 7.4).
        #expect(timer.requestFields.minSE == 1800)
    }

    @Test("a 422 that cannot be obeyed is a refusal like any other, and so is the fourth")
    func unusable422() {
        for minimum: UInt32? in [nil, 600, 86_401] {
            let timer = Self.refreshing()
            #expect(timer.answered(422, SessionTimerResponse(minSE: minimum), at: at(300)) == .goesOn)
            #expect(timer.nextDeadline == at(450))
        }
        let timer = Self.refreshing()
        for minimum: UInt32 in [700, 800, 900] {
            #expect(timer.answered(422, SessionTimerResponse(minSE: minimum), at: at(300)) == .again(.invite))
            timer.started(.invite)
        }
        #expect(timer.answered(422, SessionTimerResponse(minSE: 1000), at: at(300)) == .goesOn)
    }

    @Test("an UPDATE that the peer does not know is repeated as re-INVITE", arguments: [405, 501])
    func updateUnknown(status: Int) {
        let timer = Self.refreshing(.update)
        #expect(timer.answered(status, at: at(301)) == .again(.invite))
        #expect(timer.refreshMethod == .invite)
        #expect(timer.timeout(at(301)) == .refresh(.invite))
    }

    @Test("after such a refusal no Allow brings UPDATE back, and a second refusal is one like any other")
    func updateRefusedForGood() {
        let timer = Self.refreshing(.update)
        #expect(timer.answered(405, at: at(301)) == .again(.invite))
        timer.started(.invite)
        var answer = expires(600, .uac)
        answer.allowsUpdate = true
        #expect(timer.answered(200, answer, at: at(302)) == .goesOn)
        #expect(timer.refreshMethod == .invite)
        #expect(timer.timeout(at(602)) == .refresh(.invite))
        timer.started(.update)
        #expect(timer.answered(405, at: at(602)) == .goesOn)
        #expect(timer.nextDeadline > at(602))
    }

    @Test("where neither method can be used the session is left to expire, with the refusal as its end")
    func impossible() {
        let timer = Self.refreshing(.update)
        #expect(timer.answered(501, at: at(301)) == .again(.invite))
        timer.timer.refreshImpossible()
        #expect(timer.nextDeadline == at(600))
        #expect(timer.timeout(at(600)) == .over(.refreshRefused(status: 501)))
    }

    @Test("provisional responses and answers that nobody waits for change nothing")
    func late() {
        let timer = Self.refreshing()
        let before = timer.timer
        #expect(timer.answered(100, expires(90, .uas), at: at(301)) == .goesOn)
        #expect(timer.timer == before)
        let idle = called()
        #expect(idle.answered(481, at: at(1)) == .goesOn)
        #expect(idle.timer == called().timer)
    }

    // MARK: - Requests of the peer, and ours that are passed on

    @Test("section 9: our 2xx renews the session from its sending, and the verdict's fields stand in it")
    func refreshedByPeer() {
        let timer = answering(asking(600, .uac))
        #expect(timer.phase == .awaitingPeer)
        let verdict = timer.received(asking(600, .uac), .update)
        #expect(verdict == .accept(timer.timer.answer(to: .update)))
        // It counts when the answer goes out, not when the request comes in.
        #expect(timer.expiresAt == at(600))
        #expect(timer.sent(200, to: .update, at(310)) == .renewed)
        #expect(timer.expiresAt == at(910))
        #expect(timer.nextDeadline == at(878))
        #expect(timer.timer.answer(to: .update) == nil)
    }

    @Test("section 9: a request that was refused renews nothing", arguments: [486, 488, 491, 500])
    func refusedPeer(status: Int) {
        let timer = answering(asking(600, .uac))
        timer.received(asking(300, .uac), .invite)
        #expect(timer.sent(180, to: .invite, at(9)) == .none)
        #expect(timer.sent(status, to: .invite, at(10)) == .none)
        #expect(timer.agreement?.interval == 600)
        #expect(timer.expiresAt == at(600))
    }

    @Test("section 6: a request refused with 422 leaves the session as it is")
    func peer422() {
        let timer = answering(asking(600, .uac))
        let before = timer.timer
        #expect(timer.received(asking(60, .uac), .update) == .refuseInterval(minSE: 90))
        #expect(timer.timer == before)
    }

    @Test("a re-INVITE and an UPDATE of the peer at the same time are kept apart")
    func twoAtOnce() {
        let timer = answering(asking(600, .uac))
        timer.received(asking(500, .uac), .invite)
        timer.received(asking(400, .uac), .update)
        timer.sent(200, to: .update, at(10))
        #expect(timer.agreement?.interval == 400)
        timer.sent(200, to: .invite, at(11))
        #expect(timer.agreement?.interval == 500)
    }

    @Test("section 7.2: any re-INVITE or UPDATE refreshes: one of ours that passes on the other leg's does too")
    func relayed() {
        let timer = called(interval: 600)
        #expect(timer.relayed(180, expires(90), at: at(99)) == .pass(.none))
        #expect(timer.relayed(200, expires(600, .uac), at: at(100)) == .pass(.renewed))
        #expect(timer.expiresAt == at(700))
        #expect(timer.nextDeadline == at(400))
        #expect(timer.relayed(200, at: at(110)) == .pass(.switchedOff))
        #expect(timer.relayed(200, at: at(110)) == .pass(.none))
        #expect(timer.relayed(200, expires(600, .uas), at: at(120)) == .pass(.began))
    }

    @Test("section 7.3: 422 to a request that was passed on is obeyed here and not shown to the other leg")
    func relayed422() {
        let timer = called(interval: 600)
        #expect(timer.relayed(422, SessionTimerResponse(minSE: 700), at: at(1)) == .again)
        #expect(timer.requestFields == asking(700, .uac, minSE: 700))
        #expect(timer.relayed(422, SessionTimerResponse(minSE: 700), at: at(1)) == .pass(.none))
        #expect(timer.relayed(488, at: at(1)) == .pass(.none))
    }

    @Test("section 9: our 2xx without Session-Expires switches the timer off")
    func switchedOffByRequest() {
        let timer = answering(asking(600, supports: false))
        #expect(timer.phase == .waiting)
        #expect(timer.received(SessionTimerRequest(), .invite) == .accept(nil))
        #expect(timer.sent(200, to: .invite, at(10)) == .switchedOff)
        #expect(timer.phase == .off)
    }

    @Test("the peer's request while our refresh is on its way: the session is renewed, and a refusal of ours then asks for no other try")
    func crossing() {
        let timer = Self.refreshing()
        timer.received(asking(600, .uac), .update)
        timer.sent(200, to: .update, at(301))
        #expect(timer.phase == .refreshing)
        #expect(timer.answered(491, at: at(302)) == .goesOn)
        #expect(timer.phase == .awaitingPeer)
        #expect(timer.nextDeadline == at(301 + 568))
    }

    @Test("after the end nothing happens any more")
    func over() {
        let timer = Self.refreshing()
        _ = timer.timedOut()
        timer.received(asking(600, .uac), .invite)
        #expect(timer.sent(200, to: .invite, at(310)) == .none)
        #expect(timer.relayed(200, expires(600, .uac), at: at(310)) == .pass(.none))
        #expect(timer.timeout(at(9999)) == .nothing)
        #expect(timer.phase == .over)
        #expect(timer.nextDeadline == .never)
    }
}
