import Testing

@testable import Containers

/// Slabs against a dictionary under random operations, and what a removed element's key finds.
/// Not covered: memory, which the address sanitizer watches.
@Suite("Slab")
struct SlabTests {
    @Test("a key of a removed element never finds its successor in the same slot")
    func staleKeys() {
        var slab = Slab<Int>()
        let first = slab.insert(1)
        #expect(slab.remove(first) == 1)
        let second = slab.insert(2)
        #expect(second.index == first.index)
        #expect(second != first)
        #expect(Bool(!slab.contains(first)))
        #expect(slab[second] == 2)
    }

    @Test("a key that was never given out is not in use")
    func foreignKeys() {
        var slab = Slab<Int>()
        #expect(Bool(!slab.contains(SlabKey(index: 0, generation: 1))))
        let key = slab.insert(7)
        #expect(Bool(!slab.contains(SlabKey(index: key.index, generation: 0))))
        #expect(Bool(!slab.contains(SlabKey(index: key.index, generation: key.generation + 1))))
        #expect(Bool(!slab.contains(SlabKey(index: 999, generation: 1))))
    }

    @Test("a key survives the trip through one word")
    func words() {
        for key in [SlabKey(index: 0, generation: 1), SlabKey(index: .max, generation: .max), SlabKey(index: 5, generation: 0x8000_0001)] {
            #expect(SlabKey(word: key.word) == key)
        }
    }

    @Test("elements keep their address while others come and go")
    func stableAddresses() {
        var slab = Slab<Int>()
        let key = slab.insert(42)
        func address(_ slab: inout Slab<Int>) -> UnsafeRawPointer { withUnsafePointer(to: &slab[key]) { UnsafeRawPointer($0) } }
        let before = address(&slab)
        for i in 0..<10_000 { _ = slab.insert(i) }
        #expect(address(&slab) == before)
        #expect(slab[key] == 42)
    }

    private struct Witness: ~Copyable {
        let ended: () -> Void
        deinit { ended() }
    }

    @Test("every element is destroyed exactly once, by removal or with the slab")
    func destruction() {
        var destroyed = 0
        do {
            var slab = Slab<Witness>()
            var keys: [SlabKey] = []
            for _ in 0..<300 { keys.append(slab.insert(Witness { destroyed += 1 })) }
            for key in keys[0..<50] { _ = slab.remove(key) }
            for key in keys[50..<100] { slab.discard(key) }
            #expect(destroyed == 100)
            #expect(slab.count == 200)
        }
        #expect(destroyed == 300)
    }

    @Test("random operations agree with a dictionary", arguments: [1, 2, 3] as [UInt64])
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var slab = Slab<UInt64>()
        var model: [SlabKey: UInt64] = [:]
        var live: [SlabKey] = []
        var dead: [SlabKey] = []
        for _ in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let value = random.next()
                let key = slab.insert(value)
                #expect(model[key] == nil)
                model[key] = value
                live.append(key)
            case 5..<8 where !live.isEmpty:
                let key = live.remove(at: Int.random(in: 0..<live.count, using: &random))
                let removed = slab.remove(key)
                #expect(removed == model.removeValue(forKey: key))
                dead.append(key)
            case 8 where !live.isEmpty:
                let key = live[Int.random(in: 0..<live.count, using: &random)]
                slab[key] &+= 1
                model[key, default: 0] &+= 1
            default:
                if let key = dead.randomElement(using: &random) { #expect(Bool(!slab.contains(key))) }
            }
        }
        #expect(slab.count == model.count)
        #expect(Set(slab.keys) == Set(model.keys))
        for (key, value) in model {
            let found = slab[key]
            #expect(found == value)
        }
    }
}
