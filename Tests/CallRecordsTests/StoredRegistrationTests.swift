import CallRecords
import Testing
import Vocabulary

/// What is kept of a registration, as bytes, and back.
@Suite("Stored registration")
struct StoredRegistrationTests {
    static func registration(target: Target?) -> StoredRegistration {
        StoredRegistration(
            name: "upstream-1", callID: "c1", fromTag: "t1", cseqBound: .max, contactUser: "u1", contact: "<sip:u1@192.0.2.1:5060>",
            target: target, boundUntil: WallTime(microseconds: 1_750_000_000_000_000), registrar: "sip:example.net",
            addressOfRecord: "sip:acme@example.net", authUser: "acmé", password: "p\"w\u{0}d")
    }

    static func targets() -> [Target?] {
        [
            nil, NetworkAddress("192.0.2.10:5060").map { Target(address: $0, transport: .udp) },
            NetworkAddress("[2001:db8::10]:5061").map { Target(address: $0, transport: .tls) },
        ]
    }

    /// The name and the state of the one command in the stream.
    private func command(_ stream: RecordStream) -> (name: String, state: [UInt8]) {
        stream.bytes.withBytes { bytes in
            var reader = RecordReader(bytes)
            #expect(reader.tag() == .registration)
            let command = (reader.text().string, reader.text().array)
            #expect(reader.isAtEnd)
            return command
        }
    }

    @Test("a registration comes back whole", arguments: targets())
    func roundTrip(target: Target?) {
        var stream = RecordStream()
        #expect(Self.registration(target: target).write(into: &stream) == 1)
        let (name, state) = command(stream)
        #expect(StoredRegistration(name: name, state: state) == Self.registration(target: target))
    }

    @Test("a state of another version, or too short to be one, is not read")
    func otherForms() {
        var stream = RecordStream()
        _ = Self.registration(target: nil).write(into: &stream)
        var (name, state) = command(stream)
        #expect(StoredRegistration(name: name, state: []) == nil)
        #expect(StoredRegistration(name: name, state: Array(state.prefix(60))) == nil)
        state[0] = 99
        #expect(StoredRegistration(name: name, state: state) == nil)
    }
}
