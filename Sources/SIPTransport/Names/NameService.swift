import SIPUserAgent
import SwitchCore
import Synchronization
import Vocabulary

/// Finds the servers of next hops for all shards (RFC 3263): one `ServerLocation` for each that asks, answers
/// shared by all. A question is on its way once, however many wait for it, and its answer is used as long as it holds.
final class NameService: Sendable {
    /// Next hops in work at once; one more is answered with a failure at once.
    static let maximumLocations = 16_384

    private struct Job {
        var location: ServerLocation
        var hop: NextHop
        var reply: @Sendable (Resolution) -> Void
    }

    private struct State {
        var jobs: [UInt64: Job] = [:]
        var lastJob: UInt64 = 0
        /// Questions that are on their way, and the jobs that wait for each.
        var asked: [DNSQuestion: [UInt64]] = [:]
        var cache = AnswerCache()
        var statistics = NameStatistics()
        var generator = SystemRandomNumberGenerator()
        var isStopped = false
    }

    /// What is left to do when the lock is free again.
    private struct Steps {
        var questions: [DNSQuestion] = []
        var replies: [(job: Job, resolution: Resolution)] = []
    }

    private let reach: LocalReach
    private let serverNames: ServerNames
    private let pool: LookupPool
    private let state = Mutex(State())

    /// `listeners` say by which transports and families targets can be reached. Names resolved for TLS are
    /// noted in `serverNames`.
    init(listeners: [ListenerDescription], serverNames: ServerNames, resolver: SystemResolver, bounds: LookupPool.Bounds = .init()) {
        reach = LocalReach(listeners)
        self.serverNames = serverNames
        pool = LookupPool(bounds: bounds) { resolver.lookUp($0) }
    }

    /// Finds the servers and calls `reply` once: at once on this thread when the answers are known, else on
    /// another. It must not block. Never called after `stop`.
    func resolve(_ hop: NextHop, reply: @escaping @Sendable (Resolution) -> Void) {
        let job = Job(location: ServerLocation(hop, reach: reach), hop: hop, reply: reply)
        let steps = state.withLock { state -> Steps in
            guard !state.isStopped else { return Steps() }
            guard state.jobs.count < NameService.maximumLocations else {
                state.statistics.refusals += 1
                let refusal = Resolution.failed(reason: "too many names wait to be looked up", validFor: AnswerLifetime.failure)
                return Steps(replies: [(job, refusal)])
            }
            state.lastJob += 1
            let number = state.lastJob
            state.jobs[number] = job
            var actions: [ServerLocation.Action] = []
            state.jobs[number]?.location.begin(actions: &actions)
            return NameService.perform([(number, actions)], &state)
        }
        run(steps, .beginning)
    }

    /// Hands what a shard asks to the service; the answers go to its mailbox.
    func resolve(_ hops: [NextHop], for mailbox: Mailbox) {
        for hop in hops { resolve(hop) { mailbox.post($0, of: hop) } }
    }

    var statistics: NameStatistics {
        let (waiting, threads) = (pool.waiting, pool.threads)
        return state.withLock { state in
            var statistics = state.statistics
            statistics.locationsInWork = state.jobs.count
            statistics.answersKept = state.cache.count
            statistics.lookupsWaiting = waiting
            statistics.threads = threads
            return statistics
        }
    }

    /// Forgets what is in work; nobody is answered any more.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.jobs = [:]
            state.asked = [:]
        }
        pool.stop()
    }

    // MARK: - Work

    /// Gives a job's location every answer that is known, and collects what must be looked up and replied.
    private static func perform(_ begun: [(job: UInt64, actions: [ServerLocation.Action])], _ state: inout State) -> Steps {
        let now = SystemClock.instant
        var steps = Steps()
        var todo = begun
        while let (number, actions) = todo.popLast() {
            for action in actions {
                switch action {
                case .finish(let resolution):
                    if let job = state.jobs.removeValue(forKey: number) { steps.replies.append((job, resolution)) }
                case .ask(let question):
                    if let answer = state.cache.answer(question, now: now) {
                        state.statistics.cacheHits += 1
                        var next: [ServerLocation.Action] = []
                        state.jobs[number]?.location.answered(question, answer, using: &state.generator, actions: &next)
                        todo.append((number, next))
                        continue
                    }
                    if state.asked[question] == nil { steps.questions.append(question) }
                    state.asked[question, default: []].append(number)
                }
            }
        }
        return steps
    }

    private func answered(_ question: DNSQuestion, _ answer: DNSAnswer) {
        let steps = state.withLock { state -> Steps in
            guard let waiting = state.asked.removeValue(forKey: question) else { return Steps() }
            state.statistics.count(answer)
            state.cache.keep(answer, to: question, now: SystemClock.instant)
            let begun = waiting.map { number -> (UInt64, [ServerLocation.Action]) in
                var actions: [ServerLocation.Action] = []
                state.jobs[number]?.location.answered(question, answer, using: &state.generator, actions: &actions)
                return (number, actions)
            }
            return NameService.perform(begun, &state)
        }
        run(steps, .continuing)
    }

    private func run(_ steps: Steps, _ turn: LookupPool.Turn) {
        for (job, resolution) in steps.replies {
            note(resolution, of: job.hop)
            job.reply(resolution)
        }
        for question in steps.questions {
            let isTaken = pool.submit(question, turn) { [weak self] answer in self?.answered(question, answer) }
            if !isTaken { answered(question, .failed(.overloaded)) }
        }
    }

    /// A certificate is held to the name that the operator or the URI gave, not to those that the name servers put in
    /// its place (RFC 5922, section 7.3).
    private func note(_ resolution: Resolution, of hop: NextHop) {
        guard case .targets(let targets, _) = resolution, NetworkAddress(hop.host) == nil else { return }
        for target in targets where target.transport == .tls { serverNames.note(hop.host, for: target.address) }
    }
}
