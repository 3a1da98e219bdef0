import CallRecords
import Glibc
import Routing
import SIPMessages
import SwitchCore
import Synchronization
import Vocabulary

@testable import SIPTransport

/// A shard that echoes every message and obeys a few words in it, and tells a `Probe` what happened:
///
/// - `timer=MS`: answers `FIRED` after that time instead of echoing
/// - `to=TRANSPORT,ADDRESS`: sends the message there instead
/// - `record`: writes a record before it echoes
/// - `owner=N`: belongs to that shard
/// - `silent`: does not echo
/// - `foreign`: counts as a stranger's
/// - `unwanted`: is not let in
/// - `doubtful`: is let in only by the shard that owns it, and only with `own`
/// - `block`: keeps the shard's thread busy until the probe releases it
struct EchoShard: ~Copyable, ShardDriving {
    var outbox = Outbox()
    var records = RecordStream()
    private(set) var lastMessageWasForeign = false
    private var timers: [(deadline: Instant, flow: Flow)] = []
    private let configuration: ShardConfiguration
    private let probe: Probe

    init(_ configuration: ShardConfiguration) {
        self.configuration = configuration
        probe = Probe.find(configuration.seed)
    }

    var nextDeadline: Instant { timers.map(\.deadline).min() ?? .never }

    func admits(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> AdmissionVerdict {
        guard message.count < 4096 else { return .taken }
        let text = message.string
        let owner = EchoShard.owner(of: message, count: configuration.count)
        if text.contains("doubtful"), owner != configuration.index { return .ifOwn(by: owner) }
        guard text.contains("unwanted") else { return .taken }
        probe.add(.refused(shard: configuration.index))
        return .refused
    }

    func admitsOwn(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> Bool {
        if message.string.contains("own ") { return true }
        probe.add(.refused(shard: configuration.index))
        return false
    }

    func lagMeasured(_ lag: Interval, at now: Moment) { probe.measured(lag) }

    mutating func messageReceived(_ bytes: UnsafeMutableRawBufferPointer, from flow: Flow, at now: Moment) {
        let message = Bytes(UnsafeRawBufferPointer(bytes))
        let text = message.count < 4096 ? message.string : ""
        probe.add(.message(shard: configuration.index, text: text, flow: flow))
        lastMessageWasForeign = text.contains("foreign")
        if text.contains("block") { probe.waitUntilReleased() }
        if let milliseconds = EchoShard.word("timer=", in: text).flatMap({ Int64($0) }) {
            timers.append((now.instant + .milliseconds(milliseconds), flow))
            return
        }
        if text.contains("record") {
            _ = records.begin(.updated)
            records.append(42)
        }
        if let target = EchoShard.word("to=", in: text)?.split(separator: ",").map(String.init) { return send(message, target, flow) }
        if !text.contains("silent") { outbox.send(message, to: flow) }
    }

    private mutating func send(_ message: Bytes, _ target: [String], _ flow: Flow) {
        let transport = TransportKind.allCases.first { "\($0.name)" == target[0] } ?? .udp
        guard let address = NetworkAddress(target[1]) else { return }
        let listener = configuration.listeners.firstIndex { $0.transport == transport } ?? 0
        outbox.send(message, to: Flow(transport: transport, listener: UInt16(listener), remote: address))
    }

    mutating func handleTimeouts(at now: Moment) {
        for timer in timers where timer.deadline <= now.instant { outbox.send(Bytes("FIRED"), to: timer.flow) }
        timers.removeAll { $0.deadline <= now.instant }
    }

    mutating func recordsCommitted(_ commit: RecordCommit, at now: Moment) { probe.add(.committed(commit)) }
    mutating func transportFailed(_ flow: Flow, at now: Moment) { probe.add(.failed(shard: configuration.index, flow)) }

    mutating func commandReceived(_ command: ShardCommand, at now: Moment) {
        switch command {
        case .configure(let configuration): probe.add(.configured(configuration.revision))
        case .liveCalls(let reply): reply([])
        case .hangUp(let call, let reply): reply(call.rawValue == Int64(configuration.index))
        case .statistics(let reply):
            var statistics = ShardStatistics()
            statistics.calls = configuration.index + 1
            reply(statistics)
        case .refuseNewCalls(let refuse): probe.add(.refusing(refuse))
        case .endAllCalls: probe.add(.ending)
        case .endUnansweredCalls: probe.add(.endingUnanswered)
        case .registrations(let reply): reply([])
        case .phones(let reply): reply([])
        case .withdrawRegistrations, .resolved, .upstreamChanged: break
        }
    }

    static func owner(of message: Bytes, count: Int) -> Int { word("owner=", in: message.string).flatMap { Int($0) } ?? 0 }

    private static func word(_ name: String, in text: String) -> String? {
        guard let start = text.firstRange(of: name)?.upperBound else { return nil }
        return String(text[start...].prefix { !$0.isWhitespace })
    }
}

/// What shards of one test saw; tests await what must come.
final class Probe: Sendable {
    enum Event: Sendable, Equatable {
        case message(shard: Int, text: String, flow: Flow)
        case refused(shard: Int)
        case committed(RecordCommit)
        case failed(shard: Int, Flow)
        case configured(Int64)
        case refusing(Bool)
        case ending
        case endingUnanswered
        case records(shard: Int, bytes: [UInt8], last: UInt64)
    }

    private struct Waiter {
        var matches: @Sendable (Event) -> Bool
        var continuation: CheckedContinuation<Event, Never>
    }

    private struct State {
        var events: [Event] = []
        var waiters: [Waiter] = []
    }

    /// The longest waiting time that a loop measured, in nanoseconds.
    private let longestLag = Atomic<Int64>(0)
    private let isReleased = Atomic(false)

    private static let all = Mutex<[UInt64: Probe]>([:])
    private static let lastSeed = Atomic<UInt64>(0)

    /// Finds the probe of a test in the shard, by the seed in its configuration.
    let seed: UInt64
    private let state = Mutex(State())

    init() {
        seed = Probe.lastSeed.add(1, ordering: .relaxed).newValue
        Probe.all.withLock { $0[seed] = self }
    }

    static func find(_ seed: UInt64) -> Probe { all.withLock { $0[seed] } ?? Probe() }

    var events: [Event] { state.withLock { $0.events } }

    var lag: Interval { Interval(nanoseconds: longestLag.load(ordering: .relaxed)) }
    func measured(_ lag: Interval) { longestLag.max(lag.nanoseconds, ordering: .relaxed) }

    /// Lets a shard go on that waits at `block`; it waits ten seconds at most.
    func release() { isReleased.store(true, ordering: .releasing) }

    func waitUntilReleased() {
        let end = SystemClock.instant + .seconds(10)
        while !isReleased.load(ordering: .acquiring), SystemClock.instant < end { sched_yield() }
    }

    func add(_ event: Event) {
        let ready = state.withLock { state -> [Waiter] in
            state.events.append(event)
            let ready = state.waiters.filter { $0.matches(event) }
            state.waiters.removeAll { $0.matches(event) }
            return ready
        }
        for waiter in ready { waiter.continuation.resume(returning: event) }
    }

    /// The first event that matches, already there or still to come.
    @discardableResult
    func first(where matches: @escaping @Sendable (Event) -> Bool) async -> Event {
        await withCheckedContinuation { continuation in
            let found = state.withLock { state -> Event? in
                if let event = state.events.first(where: matches) { return event }
                state.waiters.append(Waiter(matches: matches, continuation: continuation))
                return nil
            }
            if let found { continuation.resume(returning: found) }
        }
    }
}

extension Probe: RecordSink {
    func submit(shard: Int, bytes: inout [UInt8], lastSequence: UInt64) {
        add(.records(shard: shard, bytes: bytes, last: lastSequence))
    }
}
