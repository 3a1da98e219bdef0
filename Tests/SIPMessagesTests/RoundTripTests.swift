import SIPMessages
import Testing
import Vocabulary

/// Written messages are read back as they were meant, and damaged ones never trap nor lead outside the buffer.
///
/// The seeds are fixed: a failure names the one that reproduces it. Broader search is the fuzz targets' work.
@Suite("Round trips and damage")
struct RoundTripTests {
    private static let flow = Flow(transport: .udp, listener: 0, remote: NetworkAddress(ipv4: 0xC000_0201, port: 5060))

    @Test("what is written is what is read", arguments: 1...4 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var outbox = Outbox(capacity: 64)
        var parser = MessageParser()
        for _ in 0..<500 {
            let sent = RandomMessage(&random)
            outbox.removeAll()
            sent.write(into: &outbox)
            let bytes = outbox.finish(to: Self.flow)
            guard let message = parser.parse(bytes) else {
                Issue.record("not read: \(bytes.string)")
                continue
            }
            #expect(Verdict(of: message) == .accepted, "\(bytes.string)")
            guard let essentials = try? Essentials(message) else { continue }
            #expect(message.status == sent.status)
            #expect(message.isRequest == (sent.uri != nil))
            #expect(message.requestURI.string == sent.uri ?? "")
            #expect(message.isRequest ? message.method == sent.method : message.method == .other)
            #expect(essentials.cseq.method == sent.method)
            #expect(essentials.cseq.number == sent.cseq)
            #expect(essentials.callID.string == sent.callID)
            #expect(essentials.fromTag.string == sent.fromTag)
            #expect(essentials.toTag.string == sent.toTag)
            #expect(essentials.via.branch.string == sent.branch)
            #expect(essentials.via.host.string == sent.host)
            #expect(message.body.array == sent.body)
            #expect(message.fieldCount == sent.fields.count)
            for (i, field) in sent.fields.enumerated() where i < message.fieldCount {
                #expect(message[i].writtenName.string == field.name)
                let value = field.value
                value.withBytes { #expect(message[i].value.equals($0.trimmed)) }
            }
        }
    }

    @Test("damaged messages give views inside the buffer, or a defect, and never trap", arguments: 1...5 as ClosedRange<UInt64>)
    func damage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var outbox = Outbox()
        var parser = MessageParser()
        var probe = ParserProbe()
        for _ in 0..<500 {
            outbox.removeAll()
            RandomMessage(&random).write(into: &outbox)
            let original = outbox.finish(to: Self.flow).array
            for _ in 0..<80 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...4, using: &random) { bytes.damage(&random) }
                bytes.withBytes { probe.read($0, with: &parser) }
            }
        }
        #expect(probe.escaped == 0, "views outside of the buffer")
        #expect(probe.read > 10_000, "damage so heavy proves nothing")
    }

    @Test("every prefix of every torture message is survived")
    func prefixes() throws {
        var parser = MessageParser()
        var probe = ParserProbe()
        for torture in TortureTests.rfc4475 + TortureTests.rfc5118 {
            let bytes = try TortureTests.bytes(torture.name)
            for length in 0...bytes.count { Array(bytes[0..<length]).withBytes { probe.read($0, with: &parser) } }
        }
        #expect(probe.escaped == 0)
    }
}

extension [UInt8] {
    private static let telling = Array("\r\n\r\n  \t:;,<>\"\\[]@%?=&/()*0z9\u{0}\u{7F}".utf8)

    /// One bit flipped, byte replaced, run removed, doubled or cut off.
    mutating func damage(_ random: inout SeededGenerator) {
        guard !isEmpty else { return }
        let position = Int.random(in: 0..<count, using: &random)
        let end = Swift.min(count, position + Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: self[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1, 2: self[position] = Self.telling[Int.random(in: 0..<Self.telling.count, using: &random)]
        case 3: removeSubrange(position..<end)
        case 4: insert(contentsOf: self[position..<end], at: position)
        default: if Int.random(in: 0..<4, using: &random) == 0 { removeSubrange(position..<count) } else { swapAt(position, end - 1) }
        }
    }
}
