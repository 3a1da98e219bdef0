import Foundation
import SIPMessages
import SIPUserAgent
import Testing
import Vocabulary

/// What a peer may write of session timers and challenges, mutated at random from the fuzz targets' seeds, and everything
/// that once broke one of these parsers. The targets themselves: `FuzzTesting/Targets/SessionTimer.swift`, `Digest.swift`.
@Suite("What a peer writes")
struct PeerTextTests {
    private static let fuzzing = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../FuzzTesting").standardizedFileURL

    private static func texts(_ folder: String) throws -> [[UInt8]] {
        let folder = fuzzing.appendingPathComponent(folder)
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
    }

    /// Bytes that mean something to these parsers.
    private static let morsels = [
        "\"", "\\", "=", ",", ";", "\r\n", "\r\n ", "\t", "Digest ", "nonce=", "realm=\"", "refresher=", "0", "4294967296", "89", "86401", "\u{0}",
        "Session-Expires: ", "Min-SE: ", "timer", "WWW-Authenticate: ",
    ].map { Array($0.utf8) }

    /// Findings as they are, and each seed changed in a few places, many times.
    private static func inputs(_ target: String, _ count: Int) throws -> [[UInt8]] {
        let seeds = try texts("Corpus/" + target)
        try #require(!seeds.isEmpty)
        var generator = Mutations(state: 7)
        let mutated = (0..<count).map { round in
            var text = seeds[round % seeds.count]
            for _ in 0...generator.below(4) {
                let at = generator.below(text.count + 1)
                switch generator.below(4) {
                case 0: text.insert(contentsOf: morsels[generator.below(morsels.count)], at: at)
                case 1: text.removeSubrange(at..<min(text.count, at + generator.below(6)))
                case 2: if at < text.count { text[at] = UInt8(truncatingIfNeeded: generator.next()) }
                default: text.insert(contentsOf: text[at..<min(text.count, at + generator.below(20))], at: at)
                }
            }
            return text
        }
        return try texts("Findings/" + target) + seeds + mutated
    }

    /// A message with the input as header fields.
    private func read(_ input: [UInt8], after startLine: String, _ use: (Message) throws -> Void) rethrows {
        var text = Array("\(startLine)\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:a@192.0.2.1>;tag=a\r\n".utf8)
        text += Array("To: <sip:b@192.0.2.1>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n".utf8) + input + Array("\r\nContent-Length: 0\r\n\r\n".utf8)
        var parser = MessageParser()
        try text.withBytes { bytes in
            if let message = parser.parse(bytes) { try use(message) }
        }
    }

    @Test("no text of a peer makes a session interval that is impossible, or one of ours that grows what was asked")
    func sessionTimers() throws {
        let policy = SessionTimerPolicy()
        var accepted = 0
        for input in try Self.inputs("SessionTimer", 20_000) {
            input.withBytes { value in
                guard let expires = SessionExpires(value) else { return }
                var outbox = Outbox()
                outbox.append(expires)
                let line = outbox.unfinished
                #expect(SessionExpires(line.from(16).trimmed) == expires)
            }
            read(input, after: "INVITE sip:a@192.0.2.1 SIP/2.0") { message in
                guard let request = try? SessionTimerRequest(message) else { return }
                guard case .accept(let answer?) = policy.judge(request) else { return }
                accepted += 1
                let seconds = answer.sessionExpires.seconds
                #expect((90...86_400).contains(seconds))
                if let asked = request.sessionExpires?.seconds, asked >= 90 { #expect(seconds <= asked) }
            }
            read(input, after: "SIP/2.0 422 Whatever") { message in
                let response = SessionTimerResponse(message)
                var offer = SessionTimerOffer(policy)
                while offer.intervalRefused(response) {}
                #expect(offer.retries <= SessionTimerOffer.maximumRetries)
                if let interval = offer.agreement(response)?.interval { #expect((10...86_400).contains(interval)) }
            }
        }
        #expect(accepted > 1_000)
    }

    @Test("no challenge breaks out of the credentials that answer it, or is answered for ever")
    func challenges() throws {
        var answered = 0
        for input in try Self.inputs("Digest", 6_000) {
            var bench = DigestBench()
            var retries = 0
            read(input, after: "SIP/2.0 401 Unauthorized") { message in
                while bench.client.challengeReceived(message, cnonce: 7, maximumRetries: 3) == .retry, retries < 10 {
                    retries += 1
                    for line in bench.credentials() { answered += Self.check(line) }
                }
            }
            #expect(retries <= 3)
            read(input, after: "SIP/2.0 200 OK") { _ = bench.client.accepted($0) }
            for line in bench.credentials() { answered += Self.check(line) }
        }
        #expect(answered > 1_000)
    }

    /// One header field with one response, every parameter of it readable. 1 when it is.
    private static func check(_ line: String) -> Int {
        let isField = line.hasPrefix("Authorization: Digest ") || line.hasPrefix("Proxy-Authorization: Digest ")
        guard isField, let colon = line.firstIndex(of: ":") else {
            Issue.record("\(line.debugDescription) is no credentials field")
            return 0
        }
        var names: [String] = []
        var isSound = true
        String(line[line.index(colon, offsetBy: 2)...]).withBytes { bytes in
            var field = AuthenticationField(bytes)
            while let item = field.next() {
                switch item {
                case .parameter(let name, _): names.append(name.string)
                case .scheme: break
                case .malformed: isSound = false
                }
            }
        }
        #expect(isSound && Set(names).count == names.count && names.contains("response"), "\(line)")
        return 1
    }
}

/// SplitMix64: the whole run follows from its state.
private struct Mutations {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int(next() % UInt64(bound)) }
}
