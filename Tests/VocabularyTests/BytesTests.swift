import Testing
import Vocabulary

/// Byte views: searches at every alignment and length, comparisons, numbers.
@Suite("Bytes")
struct BytesTests {
    @Test("searches find the first hit, and only inside the view")
    func searches() {
        for length in 0..<70 {
            for hit in 0..<max(1, length) {
                // A hit stands before and behind the view as well.
                var array = [UInt8](repeating: UInt8(ascii: "x"), count: length + 2)
                array[0] = UInt8(ascii: ":")
                array[length + 1] = UInt8(ascii: ":")
                if length > 0 { array[1 + hit] = UInt8(ascii: ":") }
                array.withBytes { whole in
                    let view = whole[1..<1 + length]
                    #expect(view.firstIndex(of: UInt8(ascii: ":")) == (length > 0 ? hit : nil))
                    #expect(view.firstIndex(of: UInt8(ascii: ","), or: UInt8(ascii: ":")) == (length > 0 ? hit : nil))
                    #expect(view.firstIndex(of: UInt8(ascii: ",")) == nil)
                    if length > 0 { #expect(view.firstIndex(of: UInt8(ascii: ":"), from: hit + 1) == nil) }
                }
            }
        }
    }

    @Test("control bytes are found, HTAB is none of them")
    func controls() {
        for position in 0..<40 {
            for (byte, isControl) in [(0x00, true), (0x1F, true), (0x7F, true), (0x09, false), (0x20, false), (0x80, false), (0xFF, false)]
                as [(UInt8, Bool)]
            {
                var array = [UInt8](repeating: UInt8(ascii: "a"), count: 40)
                array[position] = byte
                array.withBytes { #expect($0.firstControlIndex == (isControl ? position : nil)) }
            }
        }
    }

    @Test("case is ignored for letters only")
    func comparisons() {
        "Call-ID[\\]".withBytes { text in
            #expect(text.equalsIgnoringCase("cALL-id[\\]"))
            #expect(!text.equalsIgnoringCase("cALL-id{|}"))
            #expect(!text.equals("call-id[\\]"))
            #expect(text.starts(with: "Call"))
            #expect(!text.starts(with: "call"))
            #expect(text.startsIgnoringCase(with: "call"))
            #expect(!text.startsIgnoringCase(with: "Call-ID[\\]x"))
        }
        "@".withBytes { #expect(!$0.equalsIgnoringCase("`")) }
    }

    @Test(
        "decimals",
        arguments: [
            ("0", 0), ("007", 7), ("18446744073709551615", .max), ("18446744073709551616", nil), ("99999999999999999999", nil), ("", nil),
            ("+1", nil),
            ("-1", nil), ("1 ", nil), ("1a", nil), ("000000000000000000001", nil),
        ] as [(String, UInt64?)])
    func decimals(text: String, value: UInt64?) {
        text.withBytes { #expect($0.decimal == value) }
    }

    @Test("white space is trimmed at both ends, folds included")
    func trimming() {
        " \t\r\n a b \r\n\t".withBytes { #expect($0.trimmed.equals("a b")) }
        " \r\n ".withBytes { #expect($0.trimmed.isEmpty) }
        #expect(Bytes.empty.trimmed.isEmpty)
    }

    @Test("hashes depend on every byte, the length and the seed")
    func hashes() {
        var seen: Set<UInt64> = []
        for length in 0..<40 {
            let zeros = [UInt8](repeating: 0, count: length)
            zeros.withBytes { _ = seen.insert($0.hash(seed: 1)) }
            for position in 0..<length {
                var one = zeros
                one[position] = 1
                one.withBytes { _ = seen.insert($0.hash(seed: 1)) }
            }
        }
        #expect(seen.count == 40 + 39 * 40 / 2)
        "a".withBytes { #expect($0.hash(seed: 1) != $0.hash(seed: 2)) }
    }
}
