import CallRecords
import Testing
import Vocabulary

/// What a shard tells the store, as bytes, and back.
@Suite("Record stream")
struct RecordStreamTests {
    /// Writes a closed call as a shard does.
    static func write(_ record: CallRecord, into stream: inout RecordStream) -> UInt64 {
        let number = stream.begin(.closed)
        for value in [
            record.id.rawValue, record.receivedAt.microseconds, record.firstProvisionalAt.microseconds, record.ringingAt.microseconds,
            record.answeredAt.microseconds, record.endedAt.microseconds, record.durationMilliseconds, record.setupMilliseconds,
            record.postDialDelayMilliseconds, Int64(record.callerStatus), Int64(record.calleeStatus), Int64(record.endReason.rawValue),
            Int64(record.endedBy.rawValue), Int64(record.q850Cause), record.billedMilliseconds,
        ] { stream.append(value) }
        for text in [
            record.caller.received, record.caller.routed, record.caller.sent, record.callee.received, record.callee.routed, record.callee.sent,
            record.mappingGateway, record.routingGateway, record.callerAddress, record.calleeAddress, record.callerCallID, record.calleeCallID,
            record.decision,
        ] { text.withBytes { stream.append($0) } }
        stream.append(Int64(record.attempts.count))
        for attempt in record.attempts {
            for value in [
                attempt.startedAt.microseconds, attempt.firstProvisionalAt.microseconds, attempt.ringingAt.microseconds,
                attempt.answeredAt.microseconds, attempt.endedAt.microseconds, Int64(attempt.status), Int64(attempt.outcome.rawValue),
            ] { stream.append(value) }
            for text in [attempt.gateway, attempt.address, attempt.callID, attempt.calleeSent] { text.withBytes { stream.append($0) } }
        }
        return number
    }

    static func attempt(_ number: Int) -> AttemptRecord {
        AttemptRecord(
            gateway: "carrier-\(number)", address: "192.0.2.\(number):5060", callID: "call-\(number)", calleeSent: "+1415555010\(number)",
            startedAt: WallTime(microseconds: 1_000 + Int64(number)), firstProvisionalAt: WallTime(microseconds: 2_000), ringingAt: .unset,
            answeredAt: WallTime(microseconds: 4_000), endedAt: WallTime(microseconds: 5_000), status: 200 + number, outcome: .refused)
    }

    static func record(_ attempts: Int) -> CallRecord {
        CallRecord(
            id: CallIdentifier(rawValue: .max), receivedAt: WallTime(microseconds: 1), firstProvisionalAt: WallTime(microseconds: 2),
            ringingAt: WallTime(microseconds: 3), answeredAt: WallTime(microseconds: 4), endedAt: WallTime(microseconds: 5),
            durationMilliseconds: 6, billedMilliseconds: 4, setupMilliseconds: 7, postDialDelayMilliseconds: -1,
            caller: NumberHistory(received: "a", routed: "b", sent: "c"), callee: NumberHistory(received: "d", routed: "e", sent: ""),
            mappingGateway: "customer-ä", routingGateway: "carrier", callerAddress: "192.0.2.2:5060", calleeAddress: "[2001:db8::1]:5060",
            callerCallID: "x@y", calleeCallID: "z", callerStatus: 487, calleeStatus: 0, endReason: .internalFault, endedBy: .server,
            q850Cause: 127, decision: #"{"takenFor":"customer"}"#, attempts: (0..<attempts).map(attempt))
    }

    @Test("a closed call comes back whole", arguments: [0, 1, 5])
    func roundTrip(attempts: Int) {
        var stream = RecordStream()
        let record = Self.record(attempts)
        #expect(Self.write(record, into: &stream) == 1)
        stream.bytes.withBytes { bytes in
            var reader = RecordReader(bytes)
            #expect(reader.tag() == .closed)
            #expect(reader.callRecord() == record)
            #expect(reader.isAtEnd)
        }
    }

    @Test("a closed call of the form before records had a billed time bills its duration")
    func withoutBilling() {
        var stream = RecordStream()
        var record = Self.record(2)
        _ = Self.write(record, into: &stream)
        var bytes = stream.bytes
        bytes[0] = RecordStream.Tag.closedWithoutBilling.rawValue
        // The integer of the billed time is the last of them.
        bytes.removeSubrange(1 + 8 * 14..<1 + 8 * 15)
        record.billedMilliseconds = record.durationMilliseconds
        bytes.withBytes { view in
            var reader = RecordReader(view)
            let tag = reader.tag()
            #expect(reader.callRecord(tag) == record)
            #expect(reader.isAtEnd)
        }
    }

    @Test("the field lists name every field of a record")
    func fields() {
        #expect(CallRecordInteger.allCases.count == 15)
        #expect(CallRecordText.allCases.count == 13)
        #expect(AttemptRecordInteger.allCases.count == 7)
        #expect(AttemptRecordText.allCases.count == 4)
    }

    @Test("commands are numbered from 1 without gaps, over every hand-over")
    func numbers() {
        var stream = RecordStream()
        var taken: [UInt8] = []
        #expect(stream.lastSequence == 0)
        for expected in 1...10 {
            #expect(stream.begin(.opened) == UInt64(expected))
            stream.append(1)
            stream.append(Bytes("state"))
            if expected % 3 == 0 {
                stream.exchange(with: &taken)
                #expect(stream.isEmpty)
                #expect(!taken.isEmpty)
            }
        }
        #expect(stream.lastSequence == 10)
    }

    @Test("a hand-over takes exactly what was written and leaves the stream empty")
    func handOver() {
        var stream = RecordStream()
        var taken: [UInt8] = [9, 9, 9]
        _ = stream.begin(.updated)
        stream.append(Int64(-2))
        stream.exchange(with: &taken)
        taken.withBytes { bytes in
            var reader = RecordReader(bytes)
            #expect(reader.tag() == .updated)
            #expect(reader.integer() == -2)
            #expect(reader.isAtEnd)
        }
        stream.exchange(with: &taken)
        #expect(taken.isEmpty)
    }

    @Test("integers of every size, texts of every length, and texts written in parts")
    func values() {
        let integers: [Int64] = [0, 1, -1, .max, .min, 255, 256, -256]
        let texts = ["", "x", String(repeating: "long", count: 20_000), "\u{0}\u{1}"]
        var stream = RecordStream()
        for integer in integers { stream.append(integer) }
        for text in texts { text.withBytes { stream.append($0) } }
        let start = stream.beginText()
        stream.appendRaw(Bytes("in "))
        stream.appendRaw(UInt8(ascii: "p"))
        stream.appendRaw(Bytes("arts"))
        stream.append(7)
        stream.endText(start)
        let empty = stream.beginText()
        stream.endText(empty)
        stream.bytes.withBytes { bytes in
            var reader = RecordReader(bytes)
            for integer in integers { #expect(reader.integer() == integer) }
            for text in texts { #expect(reader.text().string == text) }
            let parts = reader.text()
            #expect(parts.count == 16)
            #expect(parts.upTo(8).string == "in parts")
            #expect(reader.text().isEmpty)
            #expect(reader.isAtEnd)
        }
    }

    @Test("the wire form is the documented one: a tag byte, integers and lengths little-endian")
    func wireForm() {
        var stream = RecordStream()
        _ = stream.begin(.closed)
        stream.append(0x0102_0304_0506_0708)
        stream.append(Bytes("ab"))
        #expect(stream.bytes == [9, 8, 7, 6, 5, 4, 3, 2, 1, 2, 0, 0, 0, 97, 98])
        #expect(RecordStream.Tag.opened.rawValue == 1)
        #expect(RecordStream.Tag.updated.rawValue == 2)
    }
}
