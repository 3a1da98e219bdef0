import SwitchCore
import Testing
import Vocabulary

/// `Shard.owner(of:count:)` for REGISTERs: by the user name in To, so that one shard has all of an account.
@Suite("Steering of REGISTERs")
struct InboundSteeringTests {
    private func owner(_ to: String, callID: String = "a@b", before: String = "", count: Int = 16) -> Int {
        "REGISTER sip:example.net SIP/2.0\n\(before)\(to)\nCall-ID: \(callID)\nCSeq: 1 REGISTER\nContent-Length: 0\n\n".crlf.withBytes {
            Shard.owner(of: $0, count: count)
        }
    }

    @Test("every form of To with one user name leads to the same shard, whatever the Call-ID")
    func forms() {
        let expected = owner("To: <sip:1001@example.net>")
        for (number, form) in [
            "To: <sip:1001@other.example.net:5070;transport=tcp>", "t: sip:1001@example.net", "TO : \"Desk, <sip:1002@x>\" <sips:1001@example.net>",
            "To: <sip:1001;phone-context=x@example.net>", "To: <tel:1001>",
        ].enumerated() {
            #expect(owner(form, callID: "\(number)@x") == expected, "\(form)")
        }
        // Other fields that begin with the same letter.
        #expect(owner("To: <sip:1001@example.net>", before: "Timestamp: 1\nTopic: <sip:1002@x>\n") == expected)
    }

    @Test("accounts are spread over all shards")
    func spread() {
        #expect(Set((0..<200).map { owner("To: <sip:\($0)@example.net>") }) == Set(0..<16))
    }

    @Test("a To that names nobody leaves the Call-ID to decide")
    func nobody() {
        #expect(owner("To: <sip:example.net>", callID: "a@b") == owner("To: garbage", callID: "a@b"))
        #expect(Set((0..<100).map { owner("To: <sip:example.net>", callID: "\($0)@b") }).count > 1)
    }
}
