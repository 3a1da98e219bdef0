import Testing

@testable import Containers

/// The open-addressing table against an array of pairs, with hashes that collide by intent.
@Suite("HashIndex")
struct HashIndexTests {
    @Test("random operations agree with a list, few hashes", arguments: [(1, 8), (2, 300), (3, 1 << 40)] as [(UInt64, UInt64)])
    func model(seed: UInt64, distinctHashes: UInt64) {
        var random = SeededGenerator(seed: seed)
        var index = HashIndex(minimumCapacity: 16)
        var model: [(hash: UInt64, key: SlabKey)] = []
        var nextKey: UInt32 = 0
        for _ in 0..<12_000 {
            let hash = UInt64.random(in: 0..<distinctHashes, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4 where model.count < 400:
                let key = SlabKey(index: nextKey, generation: 1)
                nextKey += 1
                index.insert(hash, key)
                model.append((hash, key))
            case 4..<7 where !model.isEmpty:
                let (hash, key) = model.remove(at: Int.random(in: 0..<model.count, using: &random))
                index.remove(hash, key)
                #expect(index.find(hash, where: { $0 == key }) == nil)
            case 7:
                // Removing what is not there changes nothing.
                index.remove(hash, SlabKey(index: .max - 1, generation: 3))
            default:
                if let (hash, key) = model.randomElement(using: &random) {
                    #expect(index.find(hash, where: { $0 == key }) == key)
                }
                let expected = Set(model.filter { $0.hash == hash }.map(\.key))
                var seen: Set<SlabKey> = []
                let none = index.find(hash) { key in
                    seen.insert(key)
                    return false
                }
                #expect(none == nil)
                #expect(seen == expected)
            }
            #expect(index.count == model.count)
        }
        for (hash, key) in model { #expect(index.find(hash, where: { $0 == key }) == key) }
    }

    @Test("a chain that wraps round the end of the table is closed without a hole")
    func wrapping() {
        var index = HashIndex(minimumCapacity: 16)
        // Five entries at home in the last slot of sixteen run over into the first ones.
        let keys = (0..<5).map { SlabKey(index: $0, generation: 1) }
        for key in keys { index.insert(15, key) }
        index.insert(0, SlabKey(index: 100, generation: 1))
        index.remove(15, keys[0])
        for key in keys.dropFirst() { #expect(index.find(15, where: { $0 == key }) == key) }
        #expect(index.find(0, where: { $0.index == 100 }) != nil)
    }
}
