import Vocabulary

/// Whole numbers, built once per snapshot: 12 bytes for a number of up to 15 symbols, 24 for a longer one.
///
/// What is no number (`PackedNumber`) is left out and never found. Copies share their memory.
public struct NumberSet: Sendable {
    private let short: PackedTable<UInt64>
    private let long: PackedTable<UInt128>

    public init(_ numbers: some Sequence<String> = []) {
        var short: [UInt64] = []
        var long: [UInt128] = []
        for number in numbers {
            guard let code = PackedNumber(number)?.code else { continue }
            if let code = UInt64(exactly: code) { short.append(code) } else { long.append(code) }
        }
        self.short = PackedTable(short)
        self.long = PackedTable(long)
    }

    public var count: Int { short.count + long.count }
    public var isEmpty: Bool { short.isEmpty && long.isEmpty }

    /// Bytes that the tables occupy.
    public var byteCount: Int { short.byteCount + long.byteCount }

    public func contains(_ number: Bytes) -> Bool {
        if number.count <= PackedNumber.shortLength {
            guard !short.isEmpty else { return false }
            let (code, length) = PackedNumber.pack64(number)
            return length == number.count && short.contains(code)
        }
        guard !long.isEmpty, number.count <= PackedNumber.maximumLength else { return false }
        let (code, length) = PackedNumber.pack128(number)
        return length == number.count && long.contains(code)
    }
}
