import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// Session-Expires and Min-SE as they are read and written (RFC 4028, sections 4 to 6). What is made of
/// the values is tested with the policy and the timer.
@Suite("Session-Expires and Min-SE")
struct SessionExpiresTests {
    @Test(
        "section 4: a value is seconds with parameters, of which refresher counts",
        arguments: [
            ("600", 600, nil), ("600;refresher=uac", 600, .uac), ("600 ; refresher = UAS", 600, .uas), ("0", 0, nil),
            ("1800;x=1;refresher=uas;y=\"a;b\"", 1800, .uas), ("90;refresher=uac;refresher=uac", 90, .uac), ("600;", 600, nil),
            ("99999999999", UInt32.max, nil), ("123456789012345678901234567890", UInt32.max, nil),
        ] as [(String, UInt32, SessionRefresher?)])
    func read(text: String, seconds: UInt32, refresher: SessionRefresher?) {
        #expect(text.withBytes { SessionExpires($0) } == SessionExpires(seconds: seconds, refresher: refresher))
    }

    @Test(
        "section 4: what breaks the grammar is no value",
        arguments: [
            "", "abc", "-1", "+600", "600s", "600 700", "600,700", "600;refresher", "600;refresher=", "600;refresher=both",
            "600;refresher=uac;refresher=uas", "600;=uac", "600 (a comment)", "600;x=\"open", "600.5", ";refresher=uac",
        ])
    func malformed(text: String) { #expect(text.withBytes { SessionExpires($0) } == nil) }

    @Test("section 5: Min-SE is seconds with any parameters")
    func minSE() {
        #expect("90".withBytes { SessionExpires.minSE($0) } == 90)
        #expect("1800;lr".withBytes { SessionExpires.minSE($0) } == 1800)
        #expect("90;".withBytes { SessionExpires.minSE($0) } == 90)
        for bad in ["", "x", "90 91", "90;;=", "90;a=\"", "90,91"] { #expect(bad.withBytes { SessionExpires.minSE($0) } == nil, "\(bad)") }
    }

    @Test("the compact form x is Session-Expires")
    func compact() throws {
        #expect(try sessionTimerRequest("x: 720;refresher=uas").sessionExpires == SessionExpires(seconds: 720, refresher: .uas))
        #expect(try sessionTimerResponse("X: 720;refresher=uac").sessionExpires == SessionExpires(seconds: 720, refresher: .uac))
    }

    @Test("a folded value reads like a plain one")
    func folded() throws {
        #expect(try sessionTimerRequest("Session-Expires: 720\n ;refresher=uac").sessionExpires == SessionExpires(seconds: 720, refresher: .uac))
    }

    @Test("section 7.1: the option tag timer is found in Supported and Require, in any of their fields, without regard to case")
    func optionTag() throws {
        #expect(try !sessionTimerRequest("Supported: 100rel, timerx").supportsTimer)
        #expect(try sessionTimerRequest("Supported: 100rel\nSupported: replaces, Timer").supportsTimer)
        #expect(try sessionTimerRequest("k: timer").supportsTimer)
        let required = try sessionTimerRequest("Require: timer")
        #expect(required.supportsTimer && required.requiresTimer)
        #expect(try !sessionTimerRequest("Supported: timer").requiresTimer)
    }

    @Test("section 7.4: whether the peer knows UPDATE is read from Allow, and unknown without it")
    func allow() throws {
        #expect(try sessionTimerRequest("Supported: timer").allowsUpdate == nil)
        #expect(try sessionTimerRequest("Allow: INVITE, ACK\nAllow: UPDATE").allowsUpdate == true)
        #expect(try sessionTimerResponse("Allow: INVITE, ACK, BYE").allowsUpdate == false)
    }

    @Test(
        "a request whose fields break the grammar or stand twice is refused with 400 and the reason",
        arguments: [
            ("Session-Expires: soon", .sessionExpiresMalformed), ("Session-Expires: 600;refresher=me", .sessionExpiresMalformed),
            ("Session-Expires: 600\nx: 600", .sessionExpiresRepeated), ("Min-SE: -1", .minSEMalformed), ("Min-SE: 90\nMin-SE: 90", .minSERepeated),
        ] as [(String, SessionTimerDefect)])
    func defects(fields: String, defect: SessionTimerDefect) {
        #expect(throws: defect) { _ = try sessionTimerRequest(fields) }
        #expect(defect.status == 400)
    }

    @Test("each defect says in the answer which header field it is about")
    func phrases() {
        for defect in SessionTimerDefect.allCases {
            let phrase = "\(defect.reasonPhrase)"
            #expect(phrase.contains(phrase.contains("Min-SE") ? "Min-SE Header Field" : "Session-Expires Header Field"))
        }
        #expect(Set(SessionTimerDefect.allCases.map { "\($0.reasonPhrase)" }).count == SessionTimerDefect.allCases.count)
    }

    @Test("in a response what breaks the grammar counts as absent")
    func responses() throws {
        let torn = try sessionTimerResponse("Session-Expires: soon\nMin-SE: x\nRetry-After: later")
        #expect(torn == SessionTimerResponse())
        let whole = try sessionTimerResponse("Min-SE: 1200\nRetry-After: 5 (busy);duration=60", status: 422)
        #expect(whole == SessionTimerResponse(minSE: 1200, retryAfter: 5))
    }

    @Test("section 7.1: what a request of ours carries") func writtenRequest() {
        var outbox = Outbox()
        outbox.begin()
        outbox.append(SessionTimerRequest(sessionExpires: SessionExpires(seconds: 600), supportsTimer: true))
        outbox.append(asking(1800, .uac, minSE: 1800))
        outbox.append(SessionTimerRequest())
        #expect(outbox.unfinished.string == "Session-Expires: 600\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 1800\r\n")
    }

    @Test("section 9: what a 2xx of ours carries, and section 6: what a 422 carries") func writtenAnswer() {
        var outbox = Outbox()
        outbox.begin()
        outbox.append(SessionTimerAnswer(sessionExpires: SessionExpires(seconds: 600, refresher: .uac), requiresTimer: true))
        outbox.append(SessionTimerAnswer(sessionExpires: SessionExpires(seconds: 90, refresher: .uas), requiresTimer: false))
        outbox.append(minSE: 90)
        #expect(
            outbox.unfinished.string
                == "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\nSession-Expires: 90;refresher=uas\r\nMin-SE: 90\r\n")
    }

    @Test("what is written is read back the same", arguments: [nil, .uac, .uas] as [SessionRefresher?])
    func roundTrip(refresher: SessionRefresher?) {
        for seconds: UInt32 in [0, 90, 600, .max] {
            var outbox = Outbox()
            outbox.begin()
            outbox.append(SessionExpires(seconds: seconds, refresher: refresher))
            let line = outbox.unfinished
            #expect(SessionExpires(line.from("Session-Expires:".utf8.count).trimmed) == SessionExpires(seconds: seconds, refresher: refresher))
        }
    }
}
