import SIPUserAgent
import Testing
import Vocabulary

/// Two ends of one dialog against each other, over a network that loses, delays and at last falls silent, from
/// seeds. What RFC 4028 allows them to differ by is checked at every quiet moment.
@Suite("Two session timers against each other")
struct SessionTimerPairTests {
    @Test("without loss both ends agree for hours, and neither hangs up", arguments: 0..<60 as Range<UInt64>)
    func lossless(seed: UInt64) {
        var pair = Pair(seed: seed, lossPercent: 0)
        pair.run(until: .seconds(6 * 3600))
        #expect(pair.faults == [])
        #expect(pair.ends.allSatisfy { $0.endedAt == nil }, "seed \(seed): \(pair.ends.map(\.end))")
        #expect(pair.renewals >= 2)
    }

    @Test(
        "with loss an end is over only after a request of one of them stayed unanswered, and what they agreed upon never differs at a quiet moment",
        arguments: 0..<200 as Range<UInt64>)
    func lossy(seed: UInt64) {
        var pair = Pair(seed: seed, lossPercent: 20 + Int(seed % 60))
        pair.run(until: .seconds(4 * 3600))
        #expect(pair.faults == [])
        if pair.ends.contains(where: { $0.endedAt != nil }) {
            #expect(pair.unanswered > 0 || pair.byes > 0, "seed \(seed)")
        }
    }

    @Test("after silence both ends hang up, no later than their session expires", arguments: 0..<200 as Range<UInt64>)
    func silence(seed: UInt64) {
        var pair = Pair(seed: seed, lossPercent: Int(seed % 30))
        pair.run(until: .seconds(1800))
        let interval = pair.ends.compactMap { $0.timer.agreement?.interval }.max() ?? 0
        pair.silent = true
        pair.run(until: .seconds(1800 + Int64(interval) + 1))
        #expect(pair.faults == [])
        for end in pair.ends {
            #expect(end.endedAt != nil, "seed \(seed): still \(end.timer.phase)")
        }
    }
}

/// Two ends, the network between them, and what went wrong.
private struct Pair {
    struct End {
        var timer: SessionTimer
        var endedAt: Instant?
        var end: SessionEnd?
        /// Its request that is under way.
        var request: Request?
        /// The request of the other side that it answered last: its number, and the answer for repetitions.
        var answered: (number: Int, status: Int, response: SessionTimerResponse)?
    }

    struct Request {
        var number: Int
        var method: SessionRefreshMethod
        var fields: SessionTimerRequest
        var isRefresh: Bool
        var startedAt: Instant
    }

    enum Event {
        /// One transmission of a request, or of its response, arrives.
        case requestArrives(at: Int, Request)
        case responseArrives(at: Int, number: Int, status: Int, SessionTimerResponse)
        case giveUp(end: Int, number: Int)
        /// The user of this end sends a re-INVITE or UPDATE of its own.
        case userRequest(end: Int)
        case byeArrives(at: Int)
    }

    var ends: [End]
    var events: [(time: Instant, order: Int, event: Event)] = []
    var random: Generator
    var now = Instant.zero
    let lossPercent: Int
    var silent = false
    var order = 0
    var numbers = 0
    var faults: [String] = []
    var unanswered = 0
    var byes = 0
    var renewals = 0

    init(seed: UInt64, lossPercent: Int) {
        self.lossPercent = lossPercent
        var random = Generator(seed: seed)
        func policy() -> SessionTimerPolicy {
            SessionTimerPolicy(
                interval: 90 + UInt32(random.next() % 1200), minSE: 90 + UInt32(random.next() % 400), segment: 2 + UInt32(random.next() % 9),
                earlyHangup: random.next() % 2 == 0 ? 0 : UInt32(random.next() % 60), chosenRefresher: random.next() % 2 == 0 ? .us : .peer)
        }
        var offer = SessionTimerOffer(policy())
        var answering = SessionTimer(policy(), callIDOwner: .peer)
        var agreed: SessionTimerAnswer?
        for _ in 0..<4 {
            var request = offer.fields
            request.allowsUpdate = random.next() % 2 == 0
            switch answering.requestReceived(request, .invite) {
            case .accept(let answer): agreed = answer
            case .refuseInterval(let minSE): _ = offer.intervalRefused(SessionTimerResponse(minSE: minSE))
            case .refuseExtension: break
            }
            if agreed != nil { break }
        }
        answering.responseSent(status: 200, to: .invite, now: .zero)
        let response = SessionTimerResponse(sessionExpires: agreed?.sessionExpires, allowsUpdate: random.next() % 2 == 0)
        ends = [End(timer: SessionTimer(offer, answered: response, now: .zero)), End(timer: answering)]
        self.random = random
        for end in 0...1 { schedule(.userRequest(end: end), after: 60_000 + self.random.next() % 900_000) }
        check()
    }

    mutating func run(until limit: Interval) {
        let end = Instant.zero + limit
        while true {
            let next = events.indices.min { (events[$0].time, events[$0].order) < (events[$1].time, events[$1].order) }
            let due = ends.indices.min { deadline(of: $0) < deadline(of: $1) }!
            let time = min(next.map { events[$0].time } ?? .never, deadline(of: due))
            guard time <= end else { break }
            now = max(now, time)
            if let next, events[next].time == time {
                handle(events.remove(at: next).event)
            } else {
                timedOut(due)
            }
            check()
        }
        now = end
    }

    private func deadline(of end: Int) -> Instant { ends[end].endedAt == nil ? ends[end].timer.nextDeadline : .never }

    private mutating func handle(_ event: Event) {
        switch event {
        case .userRequest(let end):
            schedule(.userRequest(end: end), after: 60_000 + random.next() % 900_000)
            if ends[end].request == nil, ends[end].endedAt == nil {
                send(random.next() % 2 == 0 ? .invite : .update, isRefresh: false, from: end)
            }
        case .requestArrives(let end, let request): requestArrived(request, at: end)
        case .responseArrives(let end, let number, let status, let response):
            guard let request = ends[end].request, request.number == number else { return }
            ends[end].request = nil
            responseArrived(request, status, response, at: end)
        case .giveUp(let end, let number):
            guard let request = ends[end].request, request.number == number else { return }
            ends[end].request = nil
            unanswered += 1
            if request.isRefresh {
                if case .over(let why) = ends[end].timer.refreshTimedOut() { hangUp(end, why) }
            } else {
                // RFC 3261, section 12.2.1.2: a request without an answer ends the dialog.
                hangUp(end, .dialogUnknown(status: 408))
            }
        case .byeArrives(let end):
            if ends[end].endedAt == nil {
                byes += 1
                ends[end].endedAt = now
            }
        }
    }

    private mutating func timedOut(_ end: Int) {
        switch ends[end].timer.handleTimeout(now: now) {
        case .nothing: break
        case .refresh(let method): if ends[end].request == nil { send(method, isRefresh: true, from: end) }
        case .over(let why):
            if now > ends[end].timer.expiresAt { faults.append("end \(end) outlived its session") }
            hangUp(end, why)
        }
    }

    private mutating func send(_ method: SessionRefreshMethod, isRefresh: Bool, from end: Int) {
        numbers += 1
        let request = Request(number: numbers, method: method, fields: ends[end].timer.requestFields, isRefresh: isRefresh, startedAt: now)
        if isRefresh { ends[end].timer.refreshStarted(method) }
        ends[end].request = request
        var wait: UInt64 = 0
        for step in [0, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000] as [UInt64] {
            wait += step
            transmit(.requestArrives(at: 1 - end, request), after: wait)
        }
        schedule(.giveUp(end: end, number: request.number), after: 32_000)
    }

    private mutating func requestArrived(_ request: Request, at end: Int) {
        if let answered = ends[end].answered, answered.number >= request.number {
            // A repetition: the same answer once more, unless another request came between.
            if answered.number == request.number, ends[1 - end].request?.number == request.number {
                transmit(.responseArrives(at: 1 - end, number: request.number, status: answered.status, answered.response), after: 0)
            }
            return
        }
        var status = 200
        var response = SessionTimerResponse()
        if ends[end].endedAt != nil {
            status = 481
        } else if ends[end].request != nil {
            // Any two requests that meet are refused here, so that what was agreed upon last is plain.
            status = 491
        } else {
            switch ends[end].timer.requestReceived(request.fields, request.method) {
            case .accept(let answer): response.sessionExpires = answer?.sessionExpires
            case .refuseInterval(let minSE): (status, response.minSE) = (422, minSE)
            case .refuseExtension: status = 420
            }
            if ends[end].timer.responseSent(status: status, to: request.method, now: now) == .renewed { renewals += 1 }
        }
        ends[end].answered = (request.number, status, response)
        transmit(.responseArrives(at: 1 - end, number: request.number, status: status, response), after: 0)
    }

    private mutating func responseArrived(_ request: Request, _ status: Int, _ response: SessionTimerResponse, at end: Int) {
        guard ends[end].endedAt == nil else { return }
        if !request.isRefresh {
            switch ends[end].timer.relayedRequestAnswered(status: status, response, now: now) {
            case .pass: if status == 481 { hangUp(end, .dialogUnknown(status: 481)) }
            case .again: send(request.method, isRefresh: false, from: end)
            }
            return
        }
        switch ends[end].timer.refreshAnswered(status: status, response, random: random.next(), now: now) {
        case .goesOn: break
        case .switchedOff: faults.append("end \(end) lost its timer")
        case .again(let method): send(method, isRefresh: true, from: end)
        case .over(let why): hangUp(end, why)
        }
    }

    private mutating func hangUp(_ end: Int, _ why: SessionEnd) {
        ends[end].endedAt = now
        ends[end].end = why
        for wait in [0, 500, 1500, 3500, 7500] as [UInt64] { transmit(.byeArrives(at: 1 - end), after: wait) }
    }

    /// What must hold whenever nothing is under way.
    private mutating func check() {
        guard ends.allSatisfy({ $0.request == nil && $0.endedAt == nil }) else { return }
        guard let a = ends[0].timer.agreement, let b = ends[1].timer.agreement else {
            faults.append("an end has no agreement")
            return
        }
        if a.interval != b.interval { faults.append("intervals \(a.interval) and \(b.interval)") }
        if a.refresher == b.refresher { faults.append("both think that \(a.refresher) refreshes") }
        // One counts from the sending of the 2xx, the other from its reception (sections 7.2 and 9): that is at
        // most the life of one transaction apart.
        let apart = abs((ends[0].timer.expiresAt - ends[1].timer.expiresAt).nanoseconds)
        if apart > Interval.seconds(33).nanoseconds { faults.append("expiries \(apart / 1_000_000) ms apart") }
    }

    private mutating func schedule(_ event: Event, at time: Instant) {
        guard time != .never else { return }
        order += 1
        events.append((time, order, event))
    }

    private mutating func schedule(_ event: Event, after milliseconds: UInt64) {
        schedule(event, at: now + .milliseconds(Int64(milliseconds)))
    }

    /// Sends one datagram; at the moment of sending it is decided whether it is lost.
    private mutating func transmit(_ event: Event, after milliseconds: UInt64) {
        let (draw, delay) = (random.next() % 100, random.next() % 300)
        if silent || draw < UInt64(lossPercent) { return }
        schedule(event, after: milliseconds + delay)
    }
}

/// SplitMix64: its whole run follows from the seed.
private struct Generator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
