import CallRecords
import Testing
import Vocabulary

/// The form in which messages go from a shard into the trace's files, and back.
@Suite("Trace stream")
struct TraceStreamTests {
    static func envelopes() -> [TraceEnvelope] {
        let addresses = [
            NetworkAddress(ipv4: 0xC000_0201, port: 5060), NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: .max, port: .max),
            NetworkAddress(ipv4: 0, port: 0),
        ]
        return TransportKind.allCases.enumerated().map { index, transport in
            TraceEnvelope(
                at: WallTime(microseconds: 1_750_000_000_000_000 + Int64(index)), direction: index % 2 == 0 ? .received : .sent, transport: transport,
                local: addresses[index], remote: addresses[(index + 1) % 3], connection: index == 0 ? 0 : .max)
        }
    }

    @Test("messages come back in order and whole, from a sealed stream")
    func roundTrip() {
        var stream = TraceStream()
        let texts = ["a", "", String(repeating: "long", count: 20_000)]
        for (text, envelope) in zip(texts, Self.envelopes()) { text.withBytes { stream.append($0, envelope) } }
        #expect(stream.count == 3)
        var offsets: [Int] = []
        stream.seal { offset, _ in offsets.append(offset) }
        stream.bytes.withBytes { bytes in
            var offset = 0
            for index in 0..<3 {
                #expect(offsets[index] == offset)
                let frame = TraceFrame(bytes, at: offset)
                #expect(frame?.envelope == Self.envelopes()[index])
                #expect(frame?.message.string == texts[index])
                offset += frame?.size ?? 0
            }
            #expect(offset == bytes.count)
            #expect(TraceFrame(bytes, at: offset) == nil)
        }
        stream.removeAll()
        #expect(stream.isEmpty && stream.bytes.isEmpty)
    }

    @Test("a frame that is cut off, not sealed, or changed in any byte is none")
    func damage() {
        var stream = TraceStream()
        "INVITE sip:example.net SIP/2.0".withBytes { stream.append($0, Self.envelopes()[1]) }
        stream.bytes.withBytes { #expect(TraceFrame($0, at: 0) == nil) }
        stream.seal { _, _ in }
        let whole = stream.bytes
        whole.withBytes { #expect(TraceFrame($0, at: 0) != nil) }
        for length in 0..<whole.count { Array(whole.prefix(length)).withBytes { #expect(TraceFrame($0, at: 0) == nil) } }
        for position in whole.indices {
            var changed = whole
            changed[position] ^= 0x10
            changed.withBytes { #expect(TraceFrame($0, at: 0) == nil, "byte \(position)") }
        }
    }

    @Test("the form is the documented one, checksum included: files outlive the program that wrote them")
    func form() {
        var stream = TraceStream()
        let envelope = TraceEnvelope(
            at: WallTime(microseconds: 0x0102_0304_0506_0708), direction: .sent, transport: .tls,
            local: NetworkAddress(ipv4: 0xC000_0201, port: 0x13C5),
            remote: NetworkAddress(ipv6High: 0x2001_0DB8_0000_0000, low: 2, port: 0x1234), connection: 0x0A0B_0C0D)
        "ab".withBytes { stream.append($0, envelope) }
        stream.seal { _, _ in }
        let expected: [UInt8] = [
            0x54, 0x46, 0x31, 0, 2, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0xB8, 0x0D, 1, 0x20, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1,
            2, 0, 0xC0, 0, 0, 0, 0, 0x34, 0x12, 0xC5, 0x13, 0x0D, 0x0C, 0x0B, 0x0A, 1, 2, 1, 0, 0, 0, 0, 0, 0x61, 0x62,
        ]
        #expect(Array(stream.bytes[..<8]) + Array(stream.bytes[16...]) == expected)
        #expect(Array(stream.bytes[8..<16]) == [0x99, 0x09, 0xAA, 0x67, 0x8C, 0xA8, 0xA1, 0x26])
    }
}
