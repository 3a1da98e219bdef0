import CSys
import Glibc
import SIPUserAgent
import Synchronization
import Vocabulary

/// A few threads for lookups, which wait for name servers: threads begin when there is work and end
/// when there is none.
///
/// At most `Bounds.threads` lookups are in work and `Bounds.waiting` wait; one more is refused. A lookup that
/// has waited for longer than `Bounds.longestWait` is answered without being tried, so that name
/// servers that are silent do not make a backlog of hours.
final class LookupPool: Sendable {
    struct Bounds: Sendable {
        var threads = 8
        var waiting = 16_384
        var longestWait = Interval.seconds(20)
    }

    /// What is looked up first.
    enum Turn: Sendable {
        /// Before all that has not begun: what begins is finished first.
        case continuing
        case beginning
    }

    private struct Lookup: Sendable {
        var question: DNSQuestion
        var since: Instant
        var done: @Sendable (DNSAnswer) -> Void
    }

    /// First in, first out.
    private struct Queue {
        private var lookups: [Lookup] = []
        private var first = 0

        var count: Int { lookups.count - first }

        mutating func append(_ lookup: Lookup) { lookups.append(lookup) }

        mutating func popFirst() -> Lookup? {
            guard first < lookups.count else { return nil }
            let lookup = lookups[first]
            first += 1
            if first == lookups.count || first > 1_024 && first * 2 > lookups.count {
                lookups.removeFirst(first)
                first = 0
            }
            return lookup
        }
    }

    private struct State {
        var continuing = Queue()
        var beginning = Queue()
        var threads = 0
        var isStopped = false

        mutating func next() -> Lookup? { continuing.popFirst() ?? beginning.popFirst() }
    }

    private let bounds: Bounds
    private let lookUp: @Sendable (DNSQuestion) -> DNSAnswer
    private let state = Mutex(State())

    init(bounds: Bounds = Bounds(), lookUp: @escaping @Sendable (DNSQuestion) -> DNSAnswer) {
        self.bounds = bounds
        self.lookUp = lookUp
    }

    /// Threads that there are at this moment.
    var threads: Int { state.withLock { $0.threads } }
    /// Lookups that wait for a thread.
    var waiting: Int { state.withLock { $0.continuing.count + $0.beginning.count } }

    /// Looks up when there is a thread for it, and then calls `done` on that thread. False when too many
    /// wait already, or after `stop`: `done` is then never called.
    func submit(_ question: DNSQuestion, _ turn: Turn, done: @escaping @Sendable (DNSAnswer) -> Void) -> Bool {
        let lookup = Lookup(question: question, since: SystemClock.instant, done: done)
        enum Verdict { case refused, waits, needsThread }
        let verdict = state.withLock { state -> Verdict in
            guard !state.isStopped, state.continuing.count + state.beginning.count < bounds.waiting else { return .refused }
            switch turn {
            case .continuing: state.continuing.append(lookup)
            case .beginning: state.beginning.append(lookup)
            }
            guard state.threads < bounds.threads else { return .waits }
            state.threads += 1
            return .needsThread
        }
        if verdict == .needsThread { startThread() }
        return verdict != .refused
    }

    /// Forgets what waits. What is in work ends by itself, within the time that the resolver gives the name servers.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.continuing = Queue()
            state.beginning = Queue()
        }
    }

    // MARK: - Threads

    private func startThread() {
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<LookupPool>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        if result == 0 {
            pthread_detach(thread)
        } else {
            Unmanaged.passUnretained(self).release()
            threadDidNotStart()
        }
    }

    /// Without any thread nobody would ever answer what waits.
    private func threadDidNotStart() {
        let stranded = state.withLock { state -> [Lookup] in
            state.threads -= 1
            guard state.threads == 0 else { return [] }
            var stranded: [Lookup] = []
            while let lookup = state.next() { stranded.append(lookup) }
            return stranded
        }
        for lookup in stranded { lookup.done(.failed(.overloaded)) }
    }

    private func work() {
        csys_name_thread("names")
        while let lookup = next() {
            let isLate = SystemClock.instant - lookup.since > bounds.longestWait
            lookup.done(isLate ? .failed(.overloaded) : lookUp(lookup.question))
        }
    }

    /// The next lookup; nil ends the thread.
    private func next() -> Lookup? {
        state.withLock { state in
            if let lookup = state.next() { return lookup }
            state.threads -= 1
            return nil
        }
    }
}
