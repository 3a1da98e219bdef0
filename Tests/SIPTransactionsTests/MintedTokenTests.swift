import Containers
import SIPMessages
import SIPTransactions
import Testing
import Vocabulary

/// Identifiers that we mint: they survive the wire, name their shard at their first character, and are
/// tokens of RFC 3261.
@Suite("Minted tokens")
struct MintedTokenTests {
    func text(_ token: MintedToken) -> String {
        var characters = [UInt8](repeating: 0, count: MintedToken.length)
        characters.withUnsafeMutableBytes { token.write(into: $0) }
        return String(decoding: characters, as: UTF8.self)
    }

    @Test("every value comes back from its text")
    func roundTrip() {
        var generator = Generator(state: 3)
        for shard in 0..<32 {
            for _ in 0..<50 {
                let token = MintedToken(shard: shard, key: SlabKey(word: generator.next()), secret: generator.next())
                let text = text(token)
                #expect(text.utf8.count == 27)
                #expect(text.utf8.allSatisfy { $0.isDigit || (0x61...0x76).contains($0) })
                text.withBytes { bytes in
                    #expect(MintedToken(bytes) == token)
                    #expect(MintedToken.shard(of: bytes) == shard)
                }
            }
        }
    }

    @Test("extreme values", arguments: [(UInt64(0), UInt64(0)), (.max, .max), (1, .max), (.max, 1)])
    func extremes(word: UInt64, secret: UInt64) {
        let token = MintedToken(shard: 31, key: SlabKey(word: word), secret: secret)
        text(token).withBytes { #expect(MintedToken($0) == token) }
    }

    @Test("the outbox writes the same text")
    func outbox() {
        let token = MintedToken(shard: 12, key: SlabKey(index: 70_000, generation: 9), secret: 0xDEAD_BEEF_0123_4567)
        var outbox = Outbox()
        outbox.append(token)
        #expect(outbox.unfinished.string == text(token))
    }

    @Test("what follows the token is not looked at")
    func longer() {
        let token = MintedToken(shard: 1, key: SlabKey(index: 1, generation: 1), secret: 5)
        (text(token) + "@192.0.2.1").withBytes { #expect(MintedToken($0) == token) }
    }

    @Test(
        "what is no token is none",
        arguments: [
            "", "0", String(repeating: "0", count: 26), "w" + String(repeating: "0", count: 26), "0" + String(repeating: "z", count: 26),
            String(repeating: "0", count: 26) + "-", "A" + String(repeating: "0", count: 26),
            // The thirteenth digit of a word has four bits only.
            "0" + String(repeating: "0", count: 12) + "g" + String(repeating: "0", count: 13),
            String(repeating: "0", count: 26) + "v",
        ])
    func malformed(input: String) { input.withBytes { #expect(MintedToken($0) == nil) } }

    @Test("no shard is read from what is too short or begins otherwise")
    func noShard() {
        "3short".withBytes { #expect(MintedToken.shard(of: $0) == nil) }
        (String(repeating: "x", count: 27)).withBytes { #expect(MintedToken.shard(of: $0) == nil) }
    }

    @Test("secrets of one seed repeat, those of another seed or shard differ, and none comes twice")
    func secrets() {
        func draw(seed: UInt64, stream: UInt64) -> [UInt64] {
            var source = SecretSource(seed: seed, stream: stream)
            return (0..<1_000).map { _ in source.next() }
        }
        let first = draw(seed: 1, stream: 0)
        #expect(draw(seed: 1, stream: 0) == first)
        #expect(Set(first).count == 1_000)
        #expect(Set(first).isDisjoint(with: draw(seed: 1, stream: 1)))
        #expect(Set(first).isDisjoint(with: draw(seed: 2, stream: 0)))
        #expect(draw(seed: 0, stream: 0).allSatisfy { $0 != 0 })
    }
}
