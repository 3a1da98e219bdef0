import CByteScan

/// A borrowed run of bytes: a pointer and a length, nothing owned, nothing counted.
///
/// It is how a part of a message is passed around while the message is being handled. It is only
/// valid as long as the memory it was made from, so it is never stored; what must be kept is copied
/// into an arena (`ByteStore`). Access is bounds-checked in every build. Not Sendable on purpose.
public struct Bytes {
    public let base: UnsafeRawPointer
    public let count: Int

    public init(_ base: UnsafeRawPointer, count: Int) {
        precondition(count >= 0)
        self.base = base
        self.count = count
    }

    public init(_ buffer: UnsafeRawBufferPointer) {
        self.base = buffer.baseAddress ?? Bytes.empty.base
        self.count = buffer.count
    }

    /// A literal; its bytes live as long as the program.
    public init(_ literal: StaticString) {
        precondition(literal.hasPointerRepresentation)
        self.base = UnsafeRawPointer(literal.utf8Start)
        self.count = literal.utf8CodeUnitCount
    }

    public static var empty: Bytes { Bytes("") }
    public var isEmpty: Bool { count == 0 }

    public subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "Bytes index out of range")
        return base.load(fromByteOffset: index, as: UInt8.self)
    }

    public subscript(range: Range<Int>) -> Bytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "Bytes range out of bounds")
        return Bytes(base + range.lowerBound, count: range.count)
    }

    public func from(_ offset: Int) -> Bytes { self[offset..<count] }
    public func upTo(_ end: Int) -> Bytes { self[0..<end] }

    private var pointer: UnsafePointer<UInt8> { base.assumingMemoryBound(to: UInt8.self) }

    /// Offset of the first `byte` at or after `start`, or nil.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        precondition(start >= 0 && start <= count)
        let found = start + Int(cbs_find(pointer + start, count - start, byte))
        return found < count ? found : nil
    }

    /// Offset of the first `a` or `b` at or after `start`, or nil.
    public func firstIndex(of a: UInt8, or b: UInt8, from start: Int = 0) -> Int? {
        precondition(start >= 0 && start <= count)
        let found = start + Int(cbs_find2(pointer + start, count - start, a, b))
        return found < count ? found : nil
    }

    /// Offset of the first control byte other than HTAB, or nil.
    public var firstControlIndex: Int? {
        let found = Int(cbs_find_control(pointer, count))
        return found < count ? found : nil
    }

    public func equals(_ other: Bytes) -> Bool {
        count == other.count && cbs_equal(pointer, other.pointer, count) != 0
    }

    public func equals(_ literal: StaticString) -> Bool { equals(Bytes(literal)) }

    public func equalsIgnoringCase(_ other: Bytes) -> Bool {
        count == other.count && cbs_equal_ignoring_case(pointer, other.pointer, count) != 0
    }

    public func equalsIgnoringCase(_ literal: StaticString) -> Bool { equalsIgnoringCase(Bytes(literal)) }

    public func starts(with literal: StaticString) -> Bool {
        let prefix = Bytes(literal)
        return count >= prefix.count && upTo(prefix.count).equals(prefix)
    }

    public func startsIgnoringCase(with literal: StaticString) -> Bool {
        let prefix = Bytes(literal)
        return count >= prefix.count && upTo(prefix.count).equalsIgnoringCase(prefix)
    }

    /// Without spaces, tabs, CR and LF at both ends (RFC 3261 LWS, folded or not).
    public var trimmed: Bytes {
        var start = 0
        var end = count
        while start < end, self[start].isWhitespace { start += 1 }
        while end > start, self[end - 1].isWhitespace { end -= 1 }
        return self[start..<end]
    }

    /// A hash of the bytes; `seed` is drawn once per process so that strangers cannot choose collisions.
    public func hash(seed: UInt64) -> UInt64 { cbs_hash(pointer, count, seed) }

    /// The value of a run of decimal digits; nil when empty, when another byte occurs, or beyond `UInt64`.
    public var decimal: UInt64? {
        guard count > 0, count <= 20 else { return nil }
        var value: UInt64 = 0
        for i in 0..<count {
            let digit = self[i] &- 0x30
            guard digit <= 9 else { return nil }
            let (scaled, overflow1) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = scaled.addingReportingOverflow(UInt64(digit))
            guard !overflow1, !overflow2 else { return nil }
            value = sum
        }
        return value
    }

    /// A String of the bytes, invalid UTF-8 repaired. Allocates: not for the packet path.
    public var string: String {
        String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
    }

    public var array: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: base, count: count)) }

    /// The buffer for a call that wants one (`memcpy`, `sendmsg`); never kept.
    public var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}

extension UInt8 {
    /// SP, HTAB, CR or LF.
    public var isWhitespace: Bool { self == 0x20 || self == 0x09 || self == 0x0D || self == 0x0A }
    public var isDigit: Bool { self &- 0x30 <= 9 }
    public var isHexDigit: Bool { isDigit || (self | 0x20) &- 0x61 <= 5 }
    public var isLetter: Bool { (self | 0x20) &- 0x61 <= 25 }
    public var lowercased: UInt8 { cbs_lower(self) }
}

extension [UInt8] {
    /// Calls `body` with a view of the array's bytes, valid during the call only.
    public func withBytes<R>(_ body: (Bytes) throws -> R) rethrows -> R {
        try withUnsafeBytes { try body(Bytes($0)) }
    }
}

extension String {
    /// Calls `body` with a view of the string's UTF-8, valid during the call only.
    public func withBytes<R>(_ body: (Bytes) throws -> R) rethrows -> R {
        var copy = self
        return try copy.withUTF8 { try body(Bytes(UnsafeRawBufferPointer($0))) }
    }
}
