import SIPUserAgent
import Testing
import Vocabulary

/// Our side as UAS: a request of the peer and what we answer (RFC 4028, section 9, and of section 8 what
/// holds for a UAS too). The timer that follows from it is tested with the refreshes.
@Suite("Session timer as UAS")
struct SessionTimerAnswerTests {
    static let policy = SessionTimerPolicy(interval: 600, minSE: 120)

    static func accepted(_ seconds: UInt32, _ refresher: SessionRefresher, requires: Bool = true) -> SessionTimerVerdict {
        .accept(SessionTimerAnswer(sessionExpires: SessionExpires(seconds: seconds, refresher: refresher), requiresTimer: requires))
    }

    @Test(
        "section 9, table 2: who refreshes, by what the UAC supports and chose",
        arguments: [
            // supports, in the request, in the response; the last two lines "should not happen".
            (false, nil, .uas), (true, .uac, .uac), (true, .uas, .uas), (true, nil, .uas), (false, .uac, .uas), (false, .uas, .uas),
        ] as [(Bool, SessionRefresher?, SessionRefresher)])
    func refresher(supports: Bool, asked: SessionRefresher?, answered: SessionRefresher) {
        #expect(Self.policy.judge(asking(600, asked, supports: supports)) == Self.accepted(600, answered, requires: supports))
    }

    @Test("section 9, table 2, row 4: the choice that is left to us is the policy's")
    func choice() {
        let policy = SessionTimerPolicy(interval: 600, chosenRefresher: .peer)
        #expect(policy.judge(asking(600)) == Self.accepted(600, .uac))
        // Only one that knows timers can be chosen.
        #expect(policy.judge(asking(600, supports: false)) == Self.accepted(600, .uas, requires: false))
        #expect(policy.judge(asking(nil)) == Self.accepted(600, .uac))
    }

    @Test("section 9: Require timer stands in the 2xx when the UAC refreshes, and when it knows timers and is refreshed")
    func require() {
        for (request, requires) in [(asking(600, .uac), true), (asking(600, .uas), true), (asking(600, supports: false), false)] {
            guard case .accept(let answer?) = Self.policy.judge(request) else {
                Issue.record("refused")
                continue
            }
            #expect(answer.requiresTimer == requires)
            #expect(answer.sessionExpires.refresher != nil)
        }
    }

    @Test(
        "section 9: an interval may be shortened, not below Min-SE, and is never raised",
        arguments: [
            // Session-Expires, Min-SE, answered
            (600, nil, 600), (1800, nil, 600), (300, nil, 300), (1800, 900, 900), (1800, 1800, 1800), (120, nil, 120), (4_000_000_000, nil, 600),
            (700, 50, 600), (500, 900, 500),
        ] as [(UInt32, UInt32?, UInt32)])
    func interval(asked: UInt32, minSE: UInt32?, answered: UInt32) {
        #expect(Self.policy.judge(asking(asked, .uac, minSE: minSE)) == Self.accepted(answered, .uac))
    }

    @Test("section 6: an interval below our minimum is refused with 422 and our Min-SE")
    func tooSmall() {
        #expect(Self.policy.judge(asking(119)) == .refuseInterval(minSE: 120))
        #expect(Self.policy.judge(asking(0)) == .refuseInterval(minSE: 120))
        #expect(Self.policy.judge(asking(100, minSE: 100)) == .refuseInterval(minSE: 120))
    }

    @Test("section 5: our minimum is 90 s or more, whatever is configured")
    func floor() {
        let policy = SessionTimerPolicy(interval: 10, minSE: 5)
        #expect(policy.minSE == 90)
        #expect(policy.interval == 90)
        #expect(policy.judge(asking(89)) == .refuseInterval(minSE: 90))
        #expect(policy.judge(asking(90)) == Self.accepted(90, .uas))
    }

    @Test("section 8.1 (erratum 1687): a UAC that does not know timers is not refused a small interval: it is raised")
    func raised() {
        #expect(Self.policy.judge(asking(30, supports: false)) == Self.accepted(120, .uas, requires: false))
        #expect(Self.policy.judge(asking(30, minSE: 200, supports: false)) == Self.accepted(200, .uas, requires: false))
    }

    @Test("section 9: a UAC that knows timers and asks for none gets one, not below its Min-SE")
    func asked() {
        #expect(Self.policy.judge(asking(nil)) == Self.accepted(600, .uas))
        #expect(Self.policy.judge(asking(nil, minSE: 900)) == Self.accepted(900, .uas))
        #expect(SessionTimerPolicy(asksForTimer: false).judge(asking(nil)) == .accept(nil))
    }

    @Test("section 9: without Supported and Session-Expires there is no timer")
    func noTimer() { #expect(Self.policy.judge(SessionTimerRequest()) == .accept(nil)) }

    @Test("switched off: nothing is answered, and a request that requires the timer is refused as an unknown extension")
    func off() {
        #expect(SessionTimerPolicy.off.judge(asking(600, .uac)) == .accept(nil))
        #expect(SessionTimerPolicy.off.judge(asking(5)) == .accept(nil))
        #expect(SessionTimerPolicy.off.judge(SessionTimerRequest(requiresTimer: true)) == .refuseExtension)
        #expect(Self.policy.judge(SessionTimerRequest(requiresTimer: true)) == Self.accepted(600, .uas))
    }

    @Test("a Min-SE beyond a day would make the timer meaningless: there is none")
    func endless() {
        #expect(Self.policy.judge(asking(4_000_000_000, minSE: 4_000_000_000)) == .accept(nil))
        #expect(Self.policy.judge(asking(86_400, minSE: 86_400)) == Self.accepted(86_400, .uas))
    }

    @Test("section 9: the interval of the most recent 2xx holds in the dialog, with the role of each side")
    func withinDialog() {
        let current = SessionAgreement(interval: 900, refresher: .peer)
        // A re-INVITE that says nothing of an interval keeps what holds.
        #expect(Self.policy.judge(asking(nil), current: current) == Self.accepted(900, .uac))
        // What a 422 raised is not shortened again.
        #expect(Self.policy.judge(asking(1800, .uac), current: current) == Self.accepted(900, .uac))
        #expect(Self.policy.judge(asking(300, .uas), current: current) == Self.accepted(300, .uas))
    }
}
