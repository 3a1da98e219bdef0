import SIPMessages
import Testing
import Vocabulary

@testable import SwitchCore

/// Which messages the trace is not to keep, as the shard says after each.
@Suite("Foreign messages")
struct ForeignMessageTests {
    private static let stranger = udp("198.51.100.9:5060")

    private func isForeign(_ text: String, from flow: Flow, _ bench: ShardBench) -> Bool {
        bench.receive(text, from: flow)
        return bench.shard.lastMessageWasForeign
    }

    @Test("messages of a call are not foreign, wherever an answer to a request of ours comes from")
    func call() throws {
        let bench = ShardBench()
        #expect(!isForeign(ShardBench.invite(), from: ShardBench.caller, bench))
        let invite = try #require(bench.sent().first { $0.message.hasPrefix("INVITE") }).message
        #expect(!isForeign(ShardBench.reply(to: invite, 180), from: Self.stranger, bench))
        #expect(!isForeign(ShardBench.reply(to: invite, 486), from: ShardBench.carrier, bench))
        let other = ShardBench()
        let call = try #require(other.establish())
        #expect(!isForeign(ShardBench.carrierBye(call), from: Self.stranger, other), "the leg itself is known")
    }

    @Test("a stranger's request is foreign, and so are an answer to nothing and what is no SIP; the next message is judged anew")
    func foreign() {
        let bench = ShardBench()
        let stray = """
            SIP/2.0 200 OK
            Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnobody
            From: <sip:x@example.net>;tag=1
            To: <sip:y@example.net>;tag=2
            Call-ID: nobody
            CSeq: 1 INVITE
            Content-Length: 0


            """
        let messages = [
            (ShardBench.invite(), Self.stranger), (stray, Self.stranger), (stray, ShardBench.carrier), ("\n\n", ShardBench.caller),
            ("no SIP", Self.stranger),
            ("OPTIONS sip:x SIP/2.0\nCSeq: nonsense\n\n", Self.stranger),
        ]
        for (text, flow) in messages {
            #expect(isForeign(text, from: flow, bench), "\(text)")
            #expect(!isForeign(ShardBench.invite(number: 3), from: ShardBench.caller, bench))
        }
    }

    @Test("what a known peer sends wrongly is kept: it is what one wants to see", arguments: [ShardBench.caller, ShardBench.carrier])
    func malformed(flow: Flow) {
        #expect(!isForeign("OPTIONS sip:x SIP/2.0\nCSeq: nonsense\n\n", from: flow, ShardBench()))
    }
}
