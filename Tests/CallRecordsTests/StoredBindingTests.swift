import CallRecords
import Testing
import Vocabulary

/// What is kept on disk of where phones and gateways registered.
@Suite("Stored bindings")
struct StoredBindingTests {
    private func binding(_ contact: String) -> StoredBinding {
        StoredBinding(
            contact: Array(contact.utf8), path: Array("<sip:edge.example.net;lr>".utf8), source: NetworkAddress("[2001:db8::7]:40000")!,
            transport: .tls, listener: 2, connection: 77, until: WallTime(microseconds: 1_767_225_600_123_456),
            untilInstant: Instant(nanoseconds: 123_456_789), q: 250,
            callID: Array("call-1@phone".utf8), cseq: 4_711, instance: Array("<urn:uuid:1>".utf8), flowNumber: 1, isBehindNAT: true,
            registeredAt: WallTime(microseconds: 1), updatedAt: WallTime(microseconds: 2), userAgent: Array("Phone \u{FC} 1.0".utf8))
    }

    private func written(_ bindings: StoredBindings) -> (tag: RecordStream.Tag, account: String, state: [UInt8]?) {
        var stream = RecordStream()
        bindings.write(into: &stream)
        return stream.bytes.withBytes { bytes in
            var reader = RecordReader(bytes)
            let tag = reader.tag()
            let account = reader.text().string
            return (tag, account, tag == .bindings ? reader.text().array : nil)
        }
    }

    @Test("every field comes back")
    func roundTrip() throws {
        let bindings = StoredBindings(account: "1001", clock: .max, bindings: [binding("sip:1001@192.0.2.7"), binding("sip:1001@192.0.2.8")])
        let (tag, account, state) = written(bindings)
        #expect((tag, account) == (.bindings, "1001"))
        #expect(StoredBindings(account: account, state: try #require(state)) == bindings)
    }

    @Test("without bindings the account is removed")
    func removal() {
        let (tag, account, state) = written(StoredBindings(account: "1001", clock: 1, bindings: []))
        #expect((tag, account, state) == (.bindingsRemoved, "1001", nil))
    }

    @Test("a state of another form is not read")
    func unknown() throws {
        #expect(StoredBindings(account: "1001", state: []) == nil)
        var state = try #require(written(StoredBindings(account: "1001", clock: 1, bindings: [binding("sip:a@b")])).state)
        state[0] = 9
        #expect(StoredBindings(account: "1001", state: state) == nil)
        state[0] = 1
        // A count that the bytes cannot hold.
        state[16] = 200
        #expect(StoredBindings(account: "1001", state: state) == nil)
    }
}
