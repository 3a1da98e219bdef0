import Vocabulary

/// What a shard tells the store, as bytes: written on the packet path without making Strings or
/// objects, read by the store's writer thread.
///
/// Commands are numbered from 1 in each shard's stream. The store commits them in order, many in one
/// transaction, and answers with the highest number committed (`RecordCommit`).
///
/// Wire form of a command: one tag byte, then fields. Integers are eight bytes little-endian, texts
/// are four bytes of length and UTF-8.
public struct RecordStream: Sendable {
    public enum Tag: UInt8, Sendable {
        /// identifier, state (text of opaque bytes): the call is answered; keep what recovery needs.
        case opened = 1
        /// identifier, state: the open call's state changed.
        case updated = 2
        /// `closed` as it was written before records had a billed time; read from an older journal only.
        case closedWithoutBilling = 3
        /// name, state (`StoredRegistration`): keep it in place of what was kept under this name.
        case registration = 4
        /// name: nothing of this registration needs to be kept.
        case registrationRemoved = 5
        /// account, state (`StoredBindings`): where it is registered, in place of what was kept of it.
        case bindings = 6
        /// account: it is registered nowhere.
        case bindingsRemoved = 7
        /// identifier, state: the switch ends the call; nobody hears of it before this is committed.
        case ending = 8
        /// a whole `CallRecord`: write it and remove the open call, in one transaction.
        case closed = 9
    }

    public private(set) var bytes: [UInt8] = []
    /// Number of the last command written to this stream since the shard began.
    public private(set) var lastSequence: UInt64 = 0

    public init() {}

    public var isEmpty: Bool { bytes.isEmpty }

    /// Begins a command and returns its number; its fields are appended next.
    public mutating func begin(_ tag: Tag) -> UInt64 {
        bytes.append(tag.rawValue)
        lastSequence += 1
        return lastSequence
    }

    public mutating func append(_ value: Int64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func append(_ text: Bytes) {
        withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text.buffer)
    }

    /// An address as text.
    public mutating func append(_ address: NetworkAddress) {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let length = address.write(into: buffer)
            append(Bytes(UnsafeRawBufferPointer(rebasing: buffer[..<length])))
        }
    }

    /// Begins a text whose length is not known yet; `endText` closes it.
    public mutating func beginText() -> Int {
        bytes.append(contentsOf: [0, 0, 0, 0])
        return bytes.count
    }

    public mutating func appendRaw(_ part: Bytes) { bytes.append(contentsOf: part.buffer) }
    public mutating func appendRaw(_ byte: UInt8) { bytes.append(byte) }

    public mutating func endText(_ start: Int) {
        let length = UInt32(bytes.count - start)
        for i in 0..<4 { bytes[start - 4 + i] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(i))) }
    }

    /// Hands over the bytes and keeps the other's storage, so that neither side allocates in the long run.
    public mutating func exchange(with other: inout [UInt8]) {
        other.removeAll(keepingCapacity: true)
        swap(&bytes, &other)
    }
}

/// Reads the fields of commands in order. Traps on a malformed stream: only our own shard writes it.
public struct RecordReader {
    private let bytes: Bytes
    public private(set) var offset = 0

    public init(_ bytes: Bytes) { self.bytes = bytes }

    public var isAtEnd: Bool { offset == bytes.count }

    public mutating func tag() -> RecordStream.Tag {
        defer { offset += 1 }
        return RecordStream.Tag(rawValue: bytes[offset])!
    }

    public mutating func integer() -> Int64 {
        var value: UInt64 = 0
        for i in 0..<8 { value |= UInt64(bytes[offset + i]) << (8 * UInt64(i)) }
        offset += 8
        return Int64(bitPattern: value)
    }

    public mutating func text() -> Bytes {
        var length = 0
        for i in 0..<4 { length |= Int(bytes[offset + i]) << (8 * i) }
        offset += 4
        defer { offset += length }
        return bytes[offset..<offset + length]
    }
}

/// The store's answer to a shard.
public enum RecordCommit: Sendable, Equatable {
    /// Everything up to and including this number is committed.
    case committed(through: UInt64)
    /// Commands up to this number are not committed and the store goes on trying; calls that wait
    /// for their answer to be recorded must be refused (`recordStoreFailing`).
    case failing(through: UInt64)
}

// MARK: - The closed call's fields, in order

/// The integers of a closed call's command, in wire order.
public enum CallRecordInteger: Int, CaseIterable {
    case id, receivedAt, firstProvisionalAt, ringingAt, answeredAt, endedAt
    case durationMilliseconds, setupMilliseconds, postDialDelayMilliseconds
    case callerStatus, calleeStatus, endReason, endedBy, q850Cause, billedMilliseconds
}

/// The texts of a closed call's command, in wire order, after its integers.
public enum CallRecordText: Int, CaseIterable {
    case callerReceived, callerRouted, callerSent, calleeReceived, calleeRouted, calleeSent
    case mappingGateway, routingGateway, callerAddress, calleeAddress, callerCallID, calleeCallID
    case decision
}

// After the texts: one integer, the number of attempts, then each attempt: integers in the order of
// `AttemptRecordInteger`, texts in the order of `AttemptRecordText`.

public enum AttemptRecordInteger: Int, CaseIterable {
    case startedAt, firstProvisionalAt, ringingAt, answeredAt, endedAt, status, outcome
}

public enum AttemptRecordText: Int, CaseIterable {
    case gateway, address, callID, calleeSent
}

extension RecordReader {
    /// Reads a closed call as a value with Strings, after its tag. For tests, checkers and exports;
    /// the store binds the fields directly.
    public mutating func callRecord(_ tag: RecordStream.Tag = .closed) -> CallRecord {
        var n: [Int64] = []
        forEachCallInteger(tag) { n.append($1) }
        let t = CallRecordText.allCases.map { _ in text().string }
        func int(_ field: CallRecordInteger) -> Int64 { n[field.rawValue] }
        func txt(_ field: CallRecordText) -> String { t[field.rawValue] }
        func wall(_ field: CallRecordInteger) -> WallTime { WallTime(microseconds: int(field)) }
        let attempts = (0..<integer()).map { _ in attemptRecord() }
        return CallRecord(
            id: CallIdentifier(rawValue: int(.id)), receivedAt: wall(.receivedAt), firstProvisionalAt: wall(.firstProvisionalAt),
            ringingAt: wall(.ringingAt), answeredAt: wall(.answeredAt), endedAt: wall(.endedAt),
            durationMilliseconds: int(.durationMilliseconds), billedMilliseconds: int(.billedMilliseconds),
            setupMilliseconds: int(.setupMilliseconds),
            postDialDelayMilliseconds: int(.postDialDelayMilliseconds),
            caller: NumberHistory(received: txt(.callerReceived), routed: txt(.callerRouted), sent: txt(.callerSent)),
            callee: NumberHistory(received: txt(.calleeReceived), routed: txt(.calleeRouted), sent: txt(.calleeSent)),
            mappingGateway: txt(.mappingGateway), routingGateway: txt(.routingGateway),
            callerAddress: txt(.callerAddress), calleeAddress: txt(.calleeAddress),
            callerCallID: txt(.callerCallID), calleeCallID: txt(.calleeCallID),
            callerStatus: Int(int(.callerStatus)), calleeStatus: Int(int(.calleeStatus)),
            endReason: EndReason(rawValue: Int16(int(.endReason)))!, endedBy: CallParty(rawValue: UInt8(int(.endedBy)))!,
            q850Cause: Int(int(.q850Cause)), decision: txt(.decision), attempts: attempts)
    }

    /// Reads the integers of a closed call, in order. A call without billed time bills its duration.
    public mutating func forEachCallInteger(_ tag: RecordStream.Tag, _ body: (CallRecordInteger, Int64) -> Void) {
        var duration: Int64 = 0
        for field in CallRecordInteger.allCases {
            let value = field == .billedMilliseconds && tag == .closedWithoutBilling ? duration : integer()
            if field == .durationMilliseconds { duration = value }
            body(field, value)
        }
    }

    private mutating func attemptRecord() -> AttemptRecord {
        let n = AttemptRecordInteger.allCases.map { _ in integer() }
        let t = AttemptRecordText.allCases.map { _ in text().string }
        func wall(_ field: AttemptRecordInteger) -> WallTime { WallTime(microseconds: n[field.rawValue]) }
        return AttemptRecord(
            gateway: t[AttemptRecordText.gateway.rawValue], address: t[AttemptRecordText.address.rawValue],
            callID: t[AttemptRecordText.callID.rawValue], calleeSent: t[AttemptRecordText.calleeSent.rawValue],
            startedAt: wall(.startedAt), firstProvisionalAt: wall(.firstProvisionalAt), ringingAt: wall(.ringingAt),
            answeredAt: wall(.answeredAt), endedAt: wall(.endedAt), status: Int(n[AttemptRecordInteger.status.rawValue]),
            outcome: AttemptOutcome(rawValue: Int16(n[AttemptRecordInteger.outcome.rawValue]))!)
    }
}
