import Testing
import Vocabulary

/// Call identifiers: unique and rising per mint, and their text form in both directions.
@Suite("CallIdentifier")
struct CallIdentifierTests {
    private static let now = WallTime(microseconds: 1_780_000_000_000_000)

    @Test("identifiers rise, even within one millisecond and when the wall clock steps back")
    func order() {
        var mint = CallIdentifier.Mint(origin: 3)
        var last = mint.next(at: Self.now)
        for i in 0..<10_000 as Range<Int64> {
            // Ten thousand within a millisecond overflow the sequence; then the clock steps back an hour.
            let wall = WallTime(microseconds: Self.now.microseconds - (i > 5_000 ? 3_600_000_000 : 0))
            let next = mint.next(at: wall)
            #expect(next > last)
            #expect(next.description > last.description)
            last = next
        }
    }

    @Test("mints of different origins never collide")
    func origins() {
        var seen: Set<CallIdentifier> = []
        for origin in [0, 1, 512, 1023] {
            var mint = CallIdentifier.Mint(origin: origin)
            for _ in 0..<3_000 { seen.insert(mint.next(at: Self.now)) }
        }
        #expect(seen.count == 12_000)
    }

    @Test("text has thirteen characters and is read again, in either case")
    func text() throws {
        for raw in [0, 1, 31, 32, 1 << 40, .max] as [Int64] {
            let identifier = CallIdentifier(rawValue: raw)
            #expect(identifier.description.utf8.count == 13)
            #expect(CallIdentifier(identifier.description) == identifier)
            #expect(CallIdentifier(identifier.description.uppercased()) == identifier)
        }
    }

    @Test(
        "other text is refused",
        arguments: ["", "0", "00000000000000", "000000000000i", "000000000000u", "8000000000000", "zzzzzzzzzzzzz", "000000000000 "])
    func malformed(text: String) {
        #expect(CallIdentifier(text) == nil)
    }

    @Test("a wall clock before 2024 still gives rising identifiers")
    func beforeEpoch() {
        var mint = CallIdentifier.Mint(origin: 0)
        let a = mint.next(at: .unset)
        #expect(mint.next(at: .unset) > a)
        #expect(a.rawValue >= 0)
    }

    @Test("after a restart identifiers are greater than those of the process before, also when the clock was set back")
    func skips() {
        var before = CallIdentifier.Mint(origin: 5)
        let last = (0..<5_000).map { _ in before.next(at: Self.now) }.max()!
        for origin in [5, 6, 1_023] {
            var after = CallIdentifier.Mint(origin: origin)
            after.skip(past: last)
            #expect(after.next(at: Self.now + .seconds(-3_600)) > last)
            #expect(after.next(at: Self.now) > last)
        }
    }
}
