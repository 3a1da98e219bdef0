import SIPUserAgent
import Vocabulary

/// Answers of the name servers for as long as they hold, absences and failures too.
///
/// Bounded by the records it holds: when it is full, the answers that came longest ago go, a few at a time, so
/// that nobody who waits for the cache waits long.
struct AnswerCache {
    /// Room for records; an absence takes as much as one record. One takes about 300 bytes.
    static let room = 65_536

    private struct Entry {
        var answer: DNSAnswer
        var end: Instant
        var size: Int
        /// Tells it from an earlier answer to the same question.
        var number: UInt64
    }

    private var entries: [DNSQuestion: Entry] = [:]
    /// Every answer kept, in the order they came; what its entry does not know any more is passed over.
    private var order: [(question: DNSQuestion, number: UInt64)] = []
    /// Where `order` begins; what stands before is dropped now and then.
    private var first = 0
    private var used = 0
    private var lastNumber: UInt64 = 0
    private let room: Int

    init(room: Int = AnswerCache.room) { self.room = room }

    var count: Int { entries.count }

    /// The answer with what is left of its time; nil when there is none that still holds.
    mutating func answer(_ question: DNSQuestion, now: Instant) -> DNSAnswer? {
        guard let entry = entries[question] else { return nil }
        guard entry.end > now else {
            remove(question)
            return nil
        }
        return entry.answer.aged(to: entry.end - now)
    }

    mutating func keep(_ answer: DNSAnswer, to question: DNSQuestion, now: Instant) {
        // It was not tried: the next who asks may find the way free.
        if case .failed(.overloaded) = answer { return }
        remove(question)
        var size = 1
        if case .records(let records, _) = answer { size = records.count }
        makeRoom(for: size)
        lastNumber += 1
        entries[question] = Entry(answer: answer, end: now + answer.lifetime, size: size, number: lastNumber)
        order.append((question, lastNumber))
        used += size
    }

    private mutating func remove(_ question: DNSQuestion) {
        if let entry = entries.removeValue(forKey: question) { used -= entry.size }
    }

    private mutating func makeRoom(for size: Int) {
        while used + size > room, first < order.count {
            let (question, number) = order[first]
            first += 1
            if entries[question]?.number == number { remove(question) }
        }
        guard order.count > 2 * room else { return }
        order = order[first...].filter { entries[$0.question]?.number == $0.number }
        first = 0
    }
}
