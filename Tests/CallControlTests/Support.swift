import CallControl
import CallRecords
import Containers
import Routing
import Vocabulary

/// A moment of virtual time, in milliseconds from the start; the wall clock stands at a fixed day.
func moment(_ milliseconds: Int64) -> Moment {
    Moment(instant: Instant(nanoseconds: milliseconds * 1_000_000), wall: wall(milliseconds))
}

func wall(_ milliseconds: Int64) -> WallTime { WallTime(microseconds: 1_800_000_000_000_000 + milliseconds * 1_000) }

/// The leg that attempt number `index` has in these tests.
func leg(_ index: Int) -> SlabKey { SlabKey(index: UInt32(10 + index), generation: 1) }

/// A call among gateways `g0`, `g1`, … and what it asks for, step by step.
final class CallBench {
    var call: Call
    /// Milliseconds since the INVITE.
    var time: Int64 = 0
    var startedAttempts = 0

    static let gatewayAddress = NetworkAddress(ipv4: 0xC000_0232, port: 5060)

    init(
        gateways: Int = 2, verdicts: [Candidate.Verdict]? = nil, setupLimit: Interval? = nil,
        parameters: ParameterValues = ParameterValues(), refusal: CallRefusal? = nil,
        customer change: (inout MappingGateway) -> Void = { _ in }, gateway changeGateway: (Int, inout RoutingGateway) -> Void = { _, _ in }
    ) {
        var customer = MappingGateway(name: "customer", addresses: [])
        change(&customer)
        let configuration = SwitchConfiguration(
            mappingGateways: [customer],
            routingGateways: (0..<gateways).map { index in
                var gateway = RoutingGateway(name: "g\(index)", addresses: [Self.gatewayAddress])
                changeGateway(index, &gateway)
                return gateway
            }, parameters: parameters)
        var decision = CallDecision()
        decision.caller = Array("+14155550101".utf8)
        decision.refusal = refusal
        decision.callee = Array("+14155550100".utf8)
        decision.candidates = (0..<gateways).map { Candidate(.routingGateway($0), prefixLength: 0, verdict: verdicts?[$0] ?? .waiting) }
        call = Call(
            id: CallIdentifier(rawValue: 1), configuration: configuration, origin: .mappingGateway(0), sourceRule: .address,
            source: NetworkAddress(ipv4: 0xC000_0202, port: 5060), callerLeg: SlabKey(index: 1, generation: 1),
            callerNumber: Bytes("+14155550101"), calleeNumber: Bytes("+14155550100"), callID: Bytes("call-1"), decision: decision,
            setupLimit: setupLimit, now: moment(0))
    }

    var now: Moment { moment(time) }

    /// Runs one event and returns what the call asked for.
    func event(_ body: (inout Call, inout [CallAction], Moment) -> Void) -> [CallAction] {
        var actions: [CallAction] = []
        body(&call, &actions, now)
        return actions
    }

    func attempt(_ index: Int) -> Attempt {
        let callID = call.texts.store(Bytes("attempt"))
        return Attempt(
            candidate: index, destination: call.candidates[index].destination, address: Self.gatewayAddress, leg: leg(startedAttempts),
            callID: callID, callerSent: call.callerRouted, calleeSent: call.calleeRouted, startedAt: now.wall)
    }

    /// Does what `startAttempt` asks for, with legs numbered in the order of the attempts.
    @discardableResult
    func run(_ actions: [CallAction]) -> [CallAction] {
        for case .startAttempt(let candidate) in actions {
            let started = attempt(candidate)
            call.attemptStarted(started, now: now)
            startedAttempts += 1
        }
        return actions
    }

    func begin() -> [CallAction] { run(event { $0.begin(&$1, now: $2) }) }
    func provisional(_ status: Int, media: Bool = false, on leg: SlabKey) -> [CallAction] {
        event { $0.provisionalReceived(status: status, hasMedia: media, on: leg, &$1, now: $2) }
    }
    func answer(_ status: Int = 200, on leg: SlabKey) -> [CallAction] { event { $0.answerReceived(status: status, on: leg, &$1, now: $2) } }
    func refusal(_ status: Int, on leg: SlabKey) -> [CallAction] { run(event { $0.refusalReceived(status: status, on: leg, &$1, now: $2) }) }
    func failure(_ outcome: AttemptOutcome, on leg: SlabKey) -> [CallAction] {
        run(event { $0.attemptFailed(outcome, on: leg, &$1, now: $2) })
    }
    func recorded() -> [CallAction] { event { $0.recorded(&$1, now: $2) } }
    func cancelled() -> [CallAction] { event { $0.callerCancelled(&$1, now: $2) } }
    func hungUp(by party: CallParty) -> [CallAction] { event { $0.hungUp(by: party, &$1, now: $2) } }
    /// The store has the end that the switch decided.
    func endRecorded() -> [CallAction] { event { call, actions, _ in call.endRecorded(&actions) } }
    func end(_ reason: EndReason) -> [CallAction] { event { $0.end(reason, &$1, now: $2) } }

    /// Lets time pass to the call's next deadline and runs it.
    func timeout() -> [CallAction] {
        guard call.nextDeadline != .never else { return [] }
        time = (call.nextDeadline - .zero).inMilliseconds
        return run(event { $0.handleTimeout(&$1, now: $2) })
    }

    var phase: Call.Phase { call.phase }
    /// The end as the record says it.
    var end: (reason: EndReason, by: CallParty, status: Int) { (call.endReason, call.endedBy, call.callerStatus) }
    var stop: SwitchStop? { call.switchStop }
    var verdicts: [Candidate.Verdict] { call.candidates.map(\.verdict) }
    var outcomes: [AttemptOutcome?] { call.attempts.map(\.outcome) }
    var deadline: Int64? { call.nextDeadline == .never ? nil : (call.nextDeadline - .zero).inMilliseconds }

    /// A call in a phase, with one attempt on leg 0 unless it is over.
    static func inPhase(_ phase: Call.Phase, gateways: Int = 2) -> CallBench {
        let bench = CallBench(gateways: gateways)
        _ = bench.begin()
        switch phase {
        case .trying: break
        case .recording: _ = bench.answer(on: leg(0))
        case .answered, .connected:
            _ = bench.answer(on: leg(0))
            _ = bench.recorded()
            if phase == .connected { bench.call.acknowledged() }
        case .ending:
            _ = bench.answer(on: leg(0))
            _ = bench.recorded()
            _ = bench.end(.maximumDuration)
        case .over: _ = bench.cancelled()
        }
        return bench
    }
}
