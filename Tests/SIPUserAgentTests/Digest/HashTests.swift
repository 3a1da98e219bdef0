import Testing
import Vocabulary

@testable import SIPUserAgent

/// The three hashes of digest authentication, each alone.
@Suite("Hashes")
struct HashTests {
    /// A hash under test, by what it makes of pieces.
    enum Kind: CaseIterable {
        case md5, sha256, sha512t256

        func hash(_ pieces: [[UInt8]]) -> HashValue {
            switch self {
            case .md5: run(MD5(), pieces)
            case .sha256: run(SHA256(), pieces)
            case .sha512t256: run(SHA512t256(), pieces)
            }
        }

        private func run<F: CompressionFunction>(_ start: BlockHash<F>, _ pieces: [[UInt8]]) -> HashValue {
            var hash = start
            for piece in pieces { piece.withBytes { hash.update($0) } }
            return hash.finished()
        }

        func hex(_ pieces: [[UInt8]]) -> String { hash(pieces).withHex { $0.string } }
        func hex(_ text: String) -> String { hex([Array(text.utf8)]) }
    }

    private static let eighty = String(repeating: "1234567890", count: 8)
    private static let twoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
    private static let twoLongBlocks =
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"

    @Test(
        "MD5 of the texts of RFC 1321, appendix A.5",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (eighty, "57edf4a22be3c955ac49da2e2107b67a"),
        ])
    func md5(_ text: String, _ expected: String) { #expect(Kind.md5.hex(text) == expected) }

    @Test(
        "SHA-256 of NIST's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (twoBlocks, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
            (twoLongBlocks, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"),
        ])
    func sha256(_ text: String, _ expected: String) { #expect(Kind.sha256.hex(text) == expected) }

    @Test(
        "SHA-512/256 of NIST's examples",
        arguments: [
            ("", "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"),
            ("abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
            (twoLongBlocks, "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"),
        ])
    func sha512t256(_ text: String, _ expected: String) { #expect(Kind.sha512t256.hex(text) == expected) }

    @Test(
        "a hundred thousand bytes over many blocks",
        arguments: [
            (Kind.md5, "1af6d6f2f682f76f80e606aeaaee1680"),
            (.sha256, "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee"),
            (.sha512t256, "e80ca5088489a211f232d4fcefcbd3603ca8c806bee2017ce4ff7ef5771ffaac"),
        ])
    func long(_ kind: Kind, _ expected: String) { #expect(kind.hex([[UInt8](repeating: 0x61, count: 100_000)]) == expected) }

    /// The text of `length` bytes that the expected values below were made from.
    private func text(_ length: Int) -> [UInt8] { (0..<length).map { UInt8(($0 * 7 + length) % 251) } }

    @Test(
        "every length from 0 to 300, all hashes together hashed once more (made by another implementation)",
        arguments: [
            (Kind.md5, "46cadced2711d83cead56b060d702fd7"),
            (.sha256, "d2606c72e64eadacbe60c817c8a74d1c658cc446db20c6735634c2665c7d7cf6"),
            (.sha512t256, "cccae73c8e13e6acc33cad8617de63b71a2046b62238489c8f4c88608788f0c2"),
        ])
    func everyLength(_ kind: Kind, _ expected: String) {
        var all: [UInt8] = []
        for length in 0...300 {
            let value = kind.hash([text(length)])
            for i in 0..<value.count { all.append(value[i]) }
        }
        #expect(kind.hex([all]) == expected)
    }

    @Test("pieces of any size make the same hash as the whole", arguments: Kind.allCases)
    func pieces(_ kind: Kind) {
        let whole = text(300)
        let expected = kind.hash([whole])
        for size in 1...140 {
            let pieces = stride(from: 0, to: whole.count, by: size).map { Array(whole[$0..<min($0 + size, whole.count)]) }
            #expect(kind.hash(pieces) == expected)
        }
    }

    @Test("a hash compares with hexadecimal text of either case, and with nothing shorter or longer")
    func matching() {
        let value = Kind.md5.hash([])
        #expect("d41d8cd98f00b204e9800998ecf8427e".withBytes { value.matches(hex: $0) })
        #expect("D41D8CD98F00B204E9800998ECF8427E".withBytes { value.matches(hex: $0) })
        #expect(!"d41d8cd98f00b204e9800998ecf8427f".withBytes { value.matches(hex: $0) })
        #expect(!"d41d8cd98f00b204e9800998ecf8427".withBytes { value.matches(hex: $0) })
        #expect(!"d41d8cd98f00b204e9800998ecf8427e0".withBytes { value.matches(hex: $0) })
        #expect(!"".withBytes { value.matches(hex: $0) })
    }
}
