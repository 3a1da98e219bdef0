import Vocabulary

/// The part that tells one Merkle-Damgard hash from another: its state, its block and how a block is mixed in.
protocol CompressionFunction: Sendable {
    /// Bytes of a block: 64 or 128.
    static var blockSize: Int { get }
    /// Bytes at the end of the last block that hold the message's length in bits.
    static var lengthSize: Int { get }
    static var byteOrder: ByteOrder { get }
    init()
    /// Mixes in `blockSize` bytes at `block`.
    mutating func compress(_ block: UnsafeRawPointer)
    var value: HashValue { get }
}

enum ByteOrder { case littleEndian, bigEndian }

/// A hash over bytes that arrive piece by piece. A plain value: nothing on the heap.
struct BlockHash<Function: CompressionFunction>: Sendable {
    private var function = Function()
    /// Bytes that do not make a whole block yet; the first `fill` count.
    private var block = InlineArray<128, UInt8>(repeating: 0)
    private var fill = 0
    private var length: UInt64 = 0

    init() {}

    mutating func update(_ bytes: Bytes) {
        length &+= UInt64(bytes.count)
        var rest = bytes
        if fill > 0 {
            let taken = min(Function.blockSize - fill, rest.count)
            for i in 0..<taken { block[fill + i] = rest[i] }
            fill += taken
            rest = rest.from(taken)
            guard fill == Function.blockSize else { return }
            compressBlock()
        }
        while rest.count >= Function.blockSize {
            function.compress(rest.base)
            rest = rest.from(Function.blockSize)
        }
        for i in 0..<rest.count { block[i] = rest[i] }
        fill = rest.count
    }

    /// The hash of everything so far: a one bit, zeros, and the length in bits end the last block.
    func finished() -> HashValue {
        var last = self
        last.pad()
        return last.function.value
    }

    private mutating func pad() {
        let bits = length &* 8
        block[fill] = 0x80
        fill += 1
        if fill > Function.blockSize - Function.lengthSize {
            for i in fill..<Function.blockSize { block[i] = 0 }
            compressBlock()
        }
        for i in fill..<Function.blockSize { block[i] = 0 }
        for i in 0..<8 {
            switch Function.byteOrder {
            case .bigEndian: block[Function.blockSize - 1 - i] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(i)))
            case .littleEndian: block[Function.blockSize - 8 + i] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(i)))
            }
        }
        compressBlock()
    }

    private mutating func compressBlock() {
        var mixed = function
        withUnsafeBytes(of: block) { bytes in
            if let base = bytes.baseAddress { mixed.compress(base) }
        }
        function = mixed
        fill = 0
    }
}
