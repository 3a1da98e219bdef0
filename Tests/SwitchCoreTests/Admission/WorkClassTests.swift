import Testing
import Vocabulary

@testable import SwitchCore

@Suite("Work class")
struct WorkClassTests {
    @Test(
        "the first bytes tell what may wait",
        arguments: [
            ("SIP/2.0 200 OK\r\n", WorkClass.response, false), ("ACK sip:a@example.net SIP/2.0\r\n", .withinCall, false),
            ("BYE sip:a@example.net SIP/2.0\r\n", .withinCall, false), ("PRACK sip:a@example.net SIP/2.0", .withinCall, false),
            ("UPDATE sip:a@example.net SIP/2.0", .withinCall, false), ("INFO sip:a@example.net SIP/2.0", .withinCall, false),
            ("INVITE sip:a@example.net SIP/2.0", .mayBegin, true), ("CANCEL sip:a@example.net SIP/2.0", .mayBegin, true),
            ("OPTIONS sip:a@example.net SIP/2.0", .mayBegin, true), ("DANCE sip:a@example.net SIP/2.0", .mayBegin, true),
            ("REGISTER sip:example.net SIP/2.0", .outsideCalls, true), ("MESSAGE sip:example.net SIP/2.0", .outsideCalls, true),
            ("SUBSCRIBE sip:example.net SIP/2.0", .outsideCalls, true), ("PUBLISH sip:example.net SIP/2.0", .outsideCalls, true),
            ("\r\n\r\n", .noise, true), ("", .noise, true), ("BYEBYE sip:a@example.net", .mayBegin, true),
        ])
    func classes(text: String, expected: WorkClass, waits: Bool) {
        let found = text.withBytes { WorkClass($0) }
        #expect(found == expected)
        #expect(found.canWait == waits)
    }
}
