import Vocabulary

/// Where one phone or gateway is registered, as it is kept on disk, so that the next process finds it there. Texts are
/// the bytes that the REGISTER had: one is written for every renewal.
public struct StoredBinding: Hashable, Sendable {
    public var contact: [UInt8]
    public var path: [UInt8]
    public var source: NetworkAddress
    public var transport: TransportKind
    /// Index of the listener in the boot file.
    public var listener: UInt16
    public var connection: UInt32
    /// When it ends, by the wall clock and by the monotonic clock that `StoredBindings.clock` names.
    public var until: WallTime
    public var untilInstant: Instant
    public var q: UInt16
    public var callID: [UInt8]
    public var cseq: UInt32
    public var instance: [UInt8]
    public var flowNumber: UInt32
    public var isBehindNAT: Bool
    public var registeredAt: WallTime
    public var updatedAt: WallTime
    public var userAgent: [UInt8]

    public init(
        contact: [UInt8], path: [UInt8], source: NetworkAddress, transport: TransportKind, listener: UInt16, connection: UInt32, until: WallTime,
        untilInstant: Instant, q: UInt16, callID: [UInt8], cseq: UInt32, instance: [UInt8], flowNumber: UInt32, isBehindNAT: Bool,
        registeredAt: WallTime, updatedAt: WallTime, userAgent: [UInt8]
    ) {
        self.contact = contact
        self.path = path
        self.source = source
        self.transport = transport
        self.listener = listener
        self.connection = connection
        self.until = until
        self.untilInstant = untilInstant
        self.q = q
        self.callID = callID
        self.cseq = cseq
        self.instance = instance
        self.flowNumber = flowNumber
        self.isBehindNAT = isBehindNAT
        self.registeredAt = registeredAt
        self.updatedAt = updatedAt
        self.userAgent = userAgent
    }
}

/// The bindings of one account, stored and replaced together.
public struct StoredBindings: Hashable, Sendable {
    /// The user name by which it registers.
    public var account: String
    /// Names the monotonic clock of `untilInstant`; 0 when unknown.
    public var clock: UInt64
    public var bindings: [StoredBinding]

    public init(account: String, clock: UInt64, bindings: [StoredBinding]) {
        self.account = account
        self.clock = clock
        self.bindings = bindings
    }

    private static let version: Int64 = 1
    private static let integersPerBinding = 11
    private static let textsPerBinding = 6

    /// Writes a `.bindings` command, or `.bindingsRemoved` when there are none.
    @discardableResult
    public func write(into stream: inout RecordStream) -> UInt64 {
        guard !bindings.isEmpty else {
            let sequence = stream.begin(.bindingsRemoved)
            account.withBytes { stream.append($0) }
            return sequence
        }
        let sequence = stream.begin(.bindings)
        account.withBytes { stream.append($0) }
        let start = stream.beginText()
        stream.append(Self.version)
        stream.append(Int64(bitPattern: clock))
        stream.append(Int64(bindings.count))
        for binding in bindings { binding.write(into: &stream) }
        stream.endText(start)
        return sequence
    }

    /// Reads what `write` put behind the account; nil for a form that this version does not know.
    public init?(account: String, state: [UInt8]) {
        let parsed: StoredBindings? = state.withBytes { bytes in
            guard bytes.count >= 24 else { return nil }
            var reader = RecordReader(bytes)
            guard reader.integer() == Self.version else { return nil }
            let clock = UInt64(bitPattern: reader.integer())
            let count = reader.integer()
            let least = Self.integersPerBinding * 8 + Self.textsPerBinding * 4
            guard count > 0, count <= 1_000, bytes.count - 24 >= Int(count) * least else { return nil }
            var bindings: [StoredBinding] = []
            for _ in 0..<count {
                guard let binding = StoredBinding(&reader) else { return nil }
                bindings.append(binding)
            }
            return StoredBindings(account: account, clock: clock, bindings: bindings)
        }
        guard let parsed else { return nil }
        self = parsed
    }
}

extension StoredBinding {
    fileprivate func write(into stream: inout RecordStream) {
        for value in [
            Int64(transport.rawValue), Int64(listener), Int64(connection), until.microseconds, untilInstant.nanoseconds, Int64(q), Int64(cseq),
            Int64(flowNumber), isBehindNAT ? 1 : 0, registeredAt.microseconds, updatedAt.microseconds,
        ] {
            stream.append(value)
        }
        contact.withBytes { stream.append($0) }
        path.withBytes { stream.append($0) }
        stream.append(source)
        callID.withBytes { stream.append($0) }
        instance.withBytes { stream.append($0) }
        userAgent.withBytes { stream.append($0) }
    }

    fileprivate init?(_ reader: inout RecordReader) {
        let n = (0..<11).map { _ in reader.integer() }
        let t = (0..<6).map { _ in reader.text().array }
        guard let kind = UInt8(exactly: n[0]).flatMap({ TransportKind(rawValue: $0) }),
            let address = NetworkAddress(String(decoding: t[2], as: UTF8.self))
        else { return nil }
        self.init(
            contact: t[0], path: t[1], source: address, transport: kind, listener: UInt16(truncatingIfNeeded: n[1]),
            connection: UInt32(truncatingIfNeeded: n[2]), until: WallTime(microseconds: n[3]), untilInstant: Instant(nanoseconds: n[4]),
            q: UInt16(truncatingIfNeeded: n[5]), callID: t[3], cseq: UInt32(truncatingIfNeeded: n[6]), instance: t[4],
            flowNumber: UInt32(truncatingIfNeeded: n[7]), isBehindNAT: n[8] != 0, registeredAt: WallTime(microseconds: n[9]),
            updatedAt: WallTime(microseconds: n[10]), userAgent: t[5])
    }
}
