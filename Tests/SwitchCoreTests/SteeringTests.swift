import Containers
import SIPTransactions
import SwitchCore
import Testing
import Vocabulary

/// `Shard.owner(of:count:)`: which shard a datagram belongs to, by a look at one header field.
@Suite("Steering")
struct SteeringTests {
    func owner(_ text: String, count: Int = 8) -> Int { text.crlf.withBytes { Shard.owner(of: $0, count: count) } }

    func token(_ shard: Int) -> String {
        var characters = [UInt8](repeating: 0, count: MintedToken.length)
        characters.withUnsafeMutableBytes { MintedToken(shard: shard, key: SlabKey(index: 7, generation: 3), secret: 12_345).write(into: $0) }
        return String(decoding: characters, as: UTF8.self)
    }

    func request(_ callIDLine: String, before: String = "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\n") -> String {
        "INVITE sip:+14155550100@192.0.2.1 SIP/2.0\n\(before)\(callIDLine)\nCSeq: 1 INVITE\nContent-Length: 0\n\n"
    }

    @Test("a response goes to the shard in our branch", arguments: 0..<8)
    func response(shard: Int) {
        let via = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK\(token(shard));rport\n"
        #expect(owner("SIP/2.0 200 OK\n\(via)Call-ID: \(token((shard + 1) % 8))\n\n") == shard)
        #expect(owner("SIP/2.0 200 OK\nv: SIP/2.0/UDP 192.0.2.1:5060;received=192.0.2.1;branch=z9hG4bK\(token(shard))\nCall-ID: x\n\n") == shard)
        // A peer may put other fields first, and many of them.
        let long = (0..<40).map { "X-Filler-\($0): zzzz z9 z9hG some text that fills the message\n" }.joined()
        #expect(owner("SIP/2.0 200 OK\n\(long)\(via)\n") == shard)
    }

    @Test("a response that names no shard, or one that is not there, goes to the first")
    func strayResponse() {
        #expect(owner("SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc\n\n") == 0)
        #expect(owner("SIP/2.0 200 OK\nCall-ID: x\n\n") == 0)
        #expect(owner("SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\(token(31))\n\n", count: 4) == 0)
        #expect(owner("SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK") == 0)
    }

    @Test("a request with a Call-ID of ours goes to the shard that minted it", arguments: 0..<8)
    func ownCallID(shard: Int) {
        #expect(owner(request("Call-ID: \(token(shard))")) == shard)
        #expect(owner(request("i:\(token(shard))")) == shard)
    }

    @Test("every form of the same Call-ID leads to the same shard")
    func callIDForms() {
        let expected = owner(request("Call-ID: a84b4c76e66710@pc33.example.net"))
        for form in [
            "call-id:a84b4c76e66710@pc33.example.net", "CALL-ID : a84b4c76e66710@pc33.example.net", "i: a84b4c76e66710@pc33.example.net",
            "I :   a84b4c76e66710@pc33.example.net  ", "i\t: a84b4c76e66710@pc33.example.net",
        ] {
            #expect(owner(request(form)) == expected, "\(form)")
        }
        // Fields whose names only begin alike are others.
        for other in ["Call-ID-Hash: x\n", "Identity: x\n", "In-Reply-To: x\n", "Info-Package: x\n"] {
            #expect(owner(request("Call-ID: a84b4c76e66710@pc33.example.net", before: other)) == expected, "\(other)")
        }
        // Requests of one call: another method, other fields before it, blank lines in front.
        #expect(owner("\n\nBYE sip:x@192.0.2.1 SIP/2.0\nMax-Forwards: 70\nCall-ID: a84b4c76e66710@pc33.example.net\n\n") == expected)
    }

    @Test("calls of strangers are spread evenly")
    func spread() {
        var shares = [Int](repeating: 0, count: 4)
        for index in 0..<4_000 { shares[owner(request("Call-ID: call-\(index)@192.0.2.2"), count: 4)] += 1 }
        #expect(shares.allSatisfy { $0 > 850 && $0 < 1_150 }, "\(shares)")
    }

    @Test("a Call-ID as long as ours that names a shard that is not there is hashed")
    func absentShard() {
        #expect((0..<2).contains(owner(request("Call-ID: \(token(31))"), count: 2)))
        #expect((0..<4).contains(owner(request("Call-ID: \(String(repeating: "y", count: 27))"), count: 4)))
    }

    @Test(
        "what has no Call-ID goes to the first, whatever it is",
        arguments: [
            "", "\n", "x", "INVITE sip:x SIP/2.0", "INVITE sip:x SIP/2.0\n\nCall-ID: in-the-body\n", "SIP/2.0 ", "\u{0}\u{1}\u{2}",
            "INVITE sip:x SIP/2.0\nCall-ID\n\n",
        ])
    func nothing(text: String) { #expect(owner(text) == 0) }

    @Test("with one shard everything is its own")
    func single() {
        #expect(owner(request("Call-ID: a@b"), count: 1) == 0)
        #expect(owner(request("Call-ID: \(token(7))"), count: 1) == 0)
    }

    @Test("the answers to what a shard sends come back to it", arguments: 0..<4)
    func roundTrip(index: Int) throws {
        let bench = ShardBench(index: index, count: 4)
        bench.receive(ShardBench.invite(), from: ShardBench.caller)
        let invite = try #require(bench.sent().first { $0.flow == ShardBench.carrier }).message
        let reply = ShardBench.reply(to: invite, 183)
        #expect(owner(reply, count: 4) == index)
        let request = ShardBench.request(
            "BYE", from: invite.value("To") + ";tag=x", to: invite.value("From"), callID: invite.value("Call-ID"), cseq: 1, via: "192.0.2.50")
        #expect(owner(request, count: 4) == index)
    }
}
