import Testing
import Vocabulary

@testable import Containers

/// Texts kept in one allocation: what was stored is found again after growth and replacement.
@Suite("ByteStore and OwnedBytes")
struct ByteStoreTests {
    @Test("values survive growth and the replacement of others", arguments: [1, 2, 3] as [UInt64])
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var store = ByteStore()
        var places: [StoredBytes] = []
        var model: [[UInt8]] = []
        for _ in 0..<600 {
            let value = (0..<Int.random(in: 0...90, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            if places.isEmpty || Bool.random(using: &random) {
                places.append(value.withBytes { store.store($0, room: value.count % 3 == 0 ? value.count + 8 : 0) })
                model.append(value)
            } else {
                let choice = Int.random(in: 0..<places.count, using: &random)
                value.withBytes { store.replace(&places[choice], with: $0) }
                model[choice] = value
            }
        }
        for (place, value) in zip(places, model) {
            #expect(store[place].array == value)
            #expect(place.isEmpty == value.isEmpty)
        }
    }

    @Test("a value that fits takes the old place, a longer one a new place")
    func replacement() {
        var store = ByteStore()
        var place = "sip:alice@example.net".withBytes { store.store($0, room: 32) }
        let size = store.size
        "sip:alice@192.0.2.1:5060".withBytes { store.replace(&place, with: $0) }
        #expect(store[place].string == "sip:alice@192.0.2.1:5060")
        #expect(store.size == size)
        let long = String(repeating: "x", count: 300)
        long.withBytes { store.replace(&place, with: $0) }
        #expect(store[place].string == long)
    }

    @Test("nothing stored is an empty view")
    func none() {
        var store = ByteStore()
        #expect(store[.none].isEmpty)
        var place = StoredBytes.none
        "later".withBytes { store.replace(&place, with: $0) }
        #expect(store[place].string == "later")
    }

    @Test("owned bytes are a copy that outlives its source")
    func owned() {
        var source: [UInt8] = Array("SIP/2.0 200 OK".utf8)
        var kept = OwnedBytes()
        source.withBytes { kept = OwnedBytes(copying: $0) }
        source[0] = 0
        #expect(Bool(kept.bytes.equals("SIP/2.0 200 OK")))
        #expect(Bool(!kept.isEmpty))
        #expect(Bool(OwnedBytes().isEmpty))
        #expect(Bool(OwnedBytes(copying: .empty).bytes.isEmpty))
    }
}
