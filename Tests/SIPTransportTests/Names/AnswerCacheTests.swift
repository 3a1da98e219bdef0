import SIPUserAgent
import Testing
import Vocabulary

@testable import SIPTransport

/// Covers lifetimes and the bound of the cache.
@Suite("Answer cache")
struct AnswerCacheTests {
    private let question = DNSQuestion("sip.example.net", .a)
    private let start = Instant.zero

    @Test("an answer is there with what is left of its time, until that is over")
    func lifetime() {
        var cache = AnswerCache()
        cache.keep(.records([record("192.0.2.1")], validFor: .seconds(60)), to: question, now: start)
        #expect(cache.answer(question, now: start + .seconds(20)) == .records([record("192.0.2.1")], validFor: .seconds(40)))
        #expect(cache.answer(DNSQuestion("sip.example.net", .aaaa), now: start) == nil)
        #expect(cache.answer(question, now: start + .seconds(60)) == nil)
        #expect(cache.count == 0)
    }

    @Test("absences and failures are kept, what was not tried is not")
    func negative() {
        var cache = AnswerCache()
        cache.keep(.noSuchName(validFor: nil), to: question, now: start)
        #expect(cache.answer(question, now: start + .seconds(10)) == .noSuchName(validFor: .seconds(20)))
        #expect(cache.answer(question, now: start + .seconds(30)) == nil)
        cache.keep(.failed(.noAnswer), to: question, now: start)
        #expect(cache.answer(question, now: start + .seconds(14)) == .failed(.noAnswer))
        #expect(cache.answer(question, now: start + .seconds(15)) == nil)
        cache.keep(.failed(.overloaded), to: question, now: start)
        #expect(cache.answer(question, now: start) == nil)
    }

    @Test("a full cache drops what came longest ago, and never grows")
    func bound() {
        var cache = AnswerCache(room: 8)
        func name(_ index: Int) -> DNSQuestion { DNSQuestion("s\(index).example.net", .a) }
        for index in 0..<8 { cache.keep(.records([record("192.0.2.1")], validFor: .seconds(60)), to: name(index), now: start) }
        cache.keep(.records([record("192.0.2.2")], validFor: .seconds(60)), to: name(0), now: start)
        #expect(cache.count == 8)
        cache.keep(.noSuchData(validFor: .seconds(60)), to: question, now: start)
        #expect(cache.count == 8)
        #expect(cache.answer(name(0), now: start) == .records([record("192.0.2.2")], validFor: .seconds(60)))
        #expect(cache.answer(name(1), now: start) == nil)
        #expect(cache.answer(name(2), now: start) != nil)
        for index in 0..<1_000 {
            cache.keep(.noSuchName(validFor: .seconds(50)), to: name(index), now: start)
            #expect(cache.count <= 8)
        }
        for index in 992..<1_000 { #expect(cache.answer(name(index), now: start) != nil) }
    }

    @Test("an answer counts by its records")
    func size() {
        var cache = AnswerCache(room: 8)
        let many = DNSAnswer.records((1...6).map { record("192.0.2.\($0)") }, validFor: .seconds(60))
        cache.keep(many, to: question, now: start)
        cache.keep(many, to: question, now: start)
        cache.keep(many, to: DNSQuestion("other.example.net", .a), now: start)
        #expect(cache.count == 1)
        #expect(cache.answer(question, now: start) == nil)
        #expect(cache.answer(DNSQuestion("other.example.net", .a), now: start) != nil)
    }
}
