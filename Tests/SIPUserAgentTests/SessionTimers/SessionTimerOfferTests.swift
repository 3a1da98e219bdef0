import SIPUserAgent
import Testing
import Vocabulary

/// Our side as UAC of the INVITE that opens a vendor's leg (RFC 4028, sections 7.1 to 7.3).
@Suite("Session timer as UAC")
struct SessionTimerOfferTests {
    /// Whether each of these 422s is obeyed.
    static func obeyed(_ minimums: [UInt32], _ policy: SessionTimerPolicy) -> [Bool] {
        var offer = SessionTimerOffer(policy)
        return minimums.map { offer.intervalRefused(SessionTimerResponse(minSE: $0)) }
    }

    @Test("section 7.1: the INVITE offers the interval and leaves the refresher open")
    func offered() {
        let fields = SessionTimerOffer(SessionTimerPolicy(interval: 600)).fields
        #expect(fields == SessionTimerRequest(sessionExpires: SessionExpires(seconds: 600), supportsTimer: true))
    }

    @Test("section 7.1: a minimum of ours above 90 s stands in Min-SE, and the interval is not below it")
    func ownMinimum() {
        let fields = SessionTimerOffer(SessionTimerPolicy(interval: 300, minSE: 400)).fields
        #expect(fields.minSE == 400)
        #expect(fields.sessionExpires?.seconds == 400)
    }

    @Test("switched off for a gateway: the INVITE says nothing, and nothing in the 2xx makes a timer")
    func off() {
        let offer = SessionTimerOffer(.off)
        #expect(offer.fields == SessionTimerRequest())
        #expect(offer.agreement(expires(600, .uas)) == nil)
        #expect(Self.obeyed([900], SessionTimerPolicy.off) == [false])
    }

    @Test("section 7.3: after 422 the INVITE goes out again with the Min-SE that was named")
    func retried() {
        var offer = SessionTimerOffer(SessionTimerPolicy(interval: 600))
        _ = offer.intervalRefused(SessionTimerResponse(minSE: 900))
        #expect(offer.fields == asking(900, minSE: 900))
    }

    @Test("section 7.4: of several 422s the largest Min-SE counts")
    func largest() {
        var offer = SessionTimerOffer(SessionTimerPolicy(interval: 600))
        _ = offer.intervalRefused(SessionTimerResponse(minSE: 900))
        _ = offer.intervalRefused(SessionTimerResponse(minSE: 1200))
        #expect(offer.largestMinSE == 1200)
        #expect(offer.fields == asking(1200, minSE: 1200))
    }

    @Test("a 422 that cannot be obeyed is a refusal: no Min-SE, one that was met, one beyond a day")
    func unusable() {
        for minimum: UInt32? in [nil, 600, 90, 86_401] {
            var offer = SessionTimerOffer(SessionTimerPolicy(interval: 600))
            let isObeyed = offer.intervalRefused(SessionTimerResponse(minSE: minimum))
            #expect(!isObeyed, "\(minimum ?? 0)")
            #expect(offer.fields == asking(600))
        }
    }

    @Test("422s are obeyed three times for one INVITE")
    func bounded() {
        #expect(Self.obeyed([700, 800, 900, 1000], SessionTimerPolicy(interval: 600)) == [true, true, true, false])
    }

    @Test(
        "section 7.2: the 2xx decides interval and refresher, whatever was asked",
        arguments: [
            (600, .uac, .us), (600, .uas, .peer), (90, .uac, .us), (1800, .uas, .peer),
            // Must not be absent: then we refresh.
            (600, nil, .us),
        ] as [(UInt32, SessionRefresher?, SessionSide)])
    func agreed(seconds: UInt32, refresher: SessionRefresher?, side: SessionSide) {
        let offer = SessionTimerOffer(SessionTimerPolicy(interval: 600))
        #expect(offer.agreement(expires(seconds, refresher)) == SessionAgreement(interval: seconds, refresher: side))
    }

    @Test("an interval below 90 s breaks section 4, and is obeyed down to 10 s")
    func tooSmall() {
        let offer = SessionTimerOffer(SessionTimerPolicy())
        #expect(offer.agreement(expires(20, .uac))?.interval == 20)
        #expect(offer.agreement(expires(0, .uac))?.interval == 10)
    }

    @Test("an interval beyond a day counts as a day")
    func tooLong() {
        #expect(SessionTimerOffer(SessionTimerPolicy()).agreement(expires(.max, .uas)) == SessionAgreement(interval: 86_400, refresher: .peer))
    }

    @Test("section 7.2: a 2xx without Session-Expires means that nothing expires")
    func absent() {
        #expect(SessionTimerOffer(SessionTimerPolicy()).agreement(SessionTimerResponse()) == nil)
        #expect(SessionTimer(SessionTimerOffer(SessionTimerPolicy()), answered: SessionTimerResponse(), now: at(0)).phase == .off)
    }

    @Test("section 7.2: a UAC may go on alone, as if the request's Session-Expires stood in the 2xx with refresher uac")
    func alone() {
        let offer = SessionTimerOffer(SessionTimerPolicy(interval: 720, refreshesAlone: true))
        #expect(offer.agreement(SessionTimerResponse()) == SessionAgreement(interval: 720, refresher: .us))
    }

    @Test("section 7.4: what 422s demanded before the dialog is forgotten once it stands")
    func cleared() {
        var offer = SessionTimerOffer(SessionTimerPolicy(interval: 600))
        _ = offer.intervalRefused(SessionTimerResponse(minSE: 900))
        let timer = SessionTimer(offer, answered: expires(900, .uac), now: at(0))
        #expect(timer.largestMinSE == 0)
        #expect(timer.requestFields == asking(900, .uac))
    }
}
