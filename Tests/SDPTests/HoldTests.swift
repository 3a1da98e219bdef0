import SDP
import Testing

/// Directions and hold: written, inherited, and by the old `0.0.0.0`.
@Suite("Direction and hold")
struct HoldTests {
    private static func text(session: String = "", address: String = "192.0.2.1", port: Int = 4_000, media: String = "") -> String {
        let family = address.contains(":") ? "IP6" : "IP4"
        return "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN \(family) \(address)\nt=0 0\n\(session)m=audio \(port) RTP/AVP 0\n\(media)"
    }

    @Test(
        "direction of a stream",
        arguments: [
            ("", "", .sendReceive, .sendReceive), ("", "a=sendonly\n", .sendOnly, .sendOnly), ("", "a=recvonly\n", .receiveOnly, .receiveOnly),
            ("", "a=inactive\n", .inactive, .inactive), ("a=sendonly\n", "", .sendOnly, .sendOnly),
            ("a=sendonly\n", "a=sendrecv\n", .sendReceive, .sendReceive),
            ("a=inactive\n", "a=ptime:20\n", .inactive, .inactive),
        ] as [(String, String, Direction, Direction)])
    func directions(session: String, media: String, direction: Direction, effective: Direction) throws {
        try withDescription(Self.text(session: session, media: media)) { description in
            #expect(description.media(at: 0).direction == direction)
            #expect(description.media(at: 0).effectiveDirection == effective)
            #expect(description.media(at: 0).isOnHold == (effective != .sendReceive))
            #expect(description.isOnHold == (effective != .sendReceive))
        }
    }

    @Test(
        "an unspecified address receives nothing",
        arguments: [
            ("0.0.0.0", "", .sendOnly), ("::", "", .sendOnly), ("0.0.0.0", "a=recvonly\n", .inactive), ("0.0.0.0", "a=inactive\n", .inactive),
        ]
            as [(String, String, Direction)])
    func unspecified(address: String, media: String, effective: Direction) throws {
        try withDescription(Self.text(address: address, media: media)) { description in
            #expect(description.media(at: 0).effectiveDirection == effective)
            #expect(description.isOnHold)
        }
    }

    @Test("the medium's own address overrides the session's for hold")
    func mediumAddress() throws {
        try withDescription(Self.text(media: "c=IN IP4 0.0.0.0\n")) { #expect($0.isOnHold) }
        try withDescription(Self.text(address: "0.0.0.0", media: "c=IN IP4 192.0.2.1\n")) { #expect(!$0.isOnHold) }
    }

    @Test("a rejected stream is not on hold, and one running stream means no hold")
    func severalStreams() throws {
        try withDescription(Self.text(port: 0, media: "a=sendonly\n")) { description in
            #expect(description.media(at: 0).isRejected)
            #expect(!description.isOnHold)
        }
        try withDescription(Self.text(media: "a=sendonly\nm=video 4002 RTP/AVP 31\n")) { #expect(!$0.isOnHold) }
        try withDescription(Self.text(media: "a=sendonly\nm=video 0 RTP/AVP 31\n")) { #expect($0.isOnHold) }
    }

    @Test("an answer may only use what the offer gives")
    func answers() {
        let allowed: [Direction: Set<Direction>] = [
            .sendReceive: [.sendReceive, .sendOnly, .receiveOnly, .inactive], .sendOnly: [.receiveOnly, .inactive],
            .receiveOnly: [.sendOnly, .inactive],
            .inactive: [.inactive],
        ]
        for offered in Direction.allCases {
            for answer in Direction.allCases { #expect(answer.mayAnswer(offered) == allowed[offered]?.contains(answer), "\(answer) to \(offered)") }
            #expect(offered.reversed.mayAnswer(offered))
            #expect(offered.reversed.reversed == offered)
        }
    }
}
