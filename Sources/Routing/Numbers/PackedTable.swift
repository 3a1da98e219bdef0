/// Codes of numbers, hashed: open addressing at two thirds of its places, built once, never changed.
struct PackedTable<Code: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// 0 is a free place.
    private var places: [Code]
    let count: Int

    /// Codes may repeat; none is 0.
    init(_ codes: [Code]) {
        guard !codes.isEmpty else {
            places = []
            count = 0
            return
        }
        let capacity = codes.count + codes.count / 2 + 1
        var places = [Code](repeating: 0, count: capacity)
        var count = 0
        for code in codes {
            var i = Self.home(code, capacity)
            while places[i] != 0, places[i] != code { i = i + 1 == capacity ? 0 : i + 1 }
            if places[i] == 0 { count += 1 }
            places[i] = code
        }
        self.places = places
        self.count = count
    }

    var isEmpty: Bool { places.isEmpty }

    /// Bytes that the table occupies.
    var byteCount: Int { places.count * MemoryLayout<Code>.stride }

    @inline(__always)
    func contains(_ code: Code) -> Bool {
        let capacity = places.count
        guard capacity > 0 else { return false }
        var i = Self.home(code, capacity)
        while places[i] != 0 {
            if places[i] == code { return true }
            i = i + 1 == capacity ? 0 : i + 1
        }
        return false
    }

    @inline(__always)
    private static func home(_ code: Code, _ capacity: Int) -> Int {
        Int(truncatingIfNeeded: codeHash(code, seed: 0).multipliedFullWidth(by: UInt64(capacity)).high)
    }
}

/// A hash whose high bits are good too.
@inline(__always)
func codeHash<Code: FixedWidthInteger & UnsignedInteger>(_ code: Code, seed: UInt64) -> UInt64 {
    let low = fold(UInt64(truncatingIfNeeded: code) ^ seed ^ 0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03)
    guard Code.bitWidth > 64 else { return fold(low, 0xA24B_AED4_963E_E407) }
    return fold(low ^ UInt64(truncatingIfNeeded: code >> 64), 0xA24B_AED4_963E_E407)
}

@inline(__always)
private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}
