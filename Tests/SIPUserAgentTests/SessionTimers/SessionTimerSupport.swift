import SIPMessages
import SIPUserAgent
import Vocabulary

/// A point of virtual time, in seconds and milliseconds from the start.
func at(_ seconds: Int64, ms milliseconds: Int64 = 0) -> Instant { .zero + .seconds(seconds) + .milliseconds(milliseconds) }

/// A day on which the tests take place.
let someDay = WallTime(microseconds: 1_800_000_000_000_000)

struct NotSIP: Error {}

/// Header fields of an INVITE, as the session timer reads them.
func sessionTimerRequest(_ fields: String) throws -> SessionTimerRequest {
    let text = """
        INVITE sip:+14155550100@192.0.2.1 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa
        From: <sip:+14155550101@example.net>;tag=theirs
        To: <sip:+14155550100@example.net>
        Call-ID: call@192.0.2.2
        CSeq: 1 INVITE
        \(fields)
        Content-Length: 0


        """
    var parser = MessageParser()
    return try text.crlf.withBytes { bytes in
        guard let message = parser.parse(bytes) else { throw NotSIP() }
        return try SessionTimerRequest(message)
    }
}

/// Header fields of a response, as the session timer reads them.
func sessionTimerResponse(_ fields: String, status: Int = 200) throws -> SessionTimerResponse {
    let text = """
        SIP/2.0 \(status) Whatever
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa
        From: <sip:+14155550101@192.0.2.1>;tag=ours
        To: <sip:+14155550100@192.0.2.2>;tag=theirs
        Call-ID: our-call-id
        CSeq: 1 INVITE
        \(fields)
        Content-Length: 0


        """
    var parser = MessageParser()
    return try text.crlf.withBytes { bytes in
        guard let message = parser.parse(bytes) else { throw NotSIP() }
        return SessionTimerResponse(message)
    }
}

/// What a 2xx of the peer says.
func expires(_ seconds: UInt32, _ refresher: SessionRefresher? = nil) -> SessionTimerResponse {
    SessionTimerResponse(sessionExpires: SessionExpires(seconds: seconds, refresher: refresher))
}

/// A request that knows the session timer.
func asking(_ seconds: UInt32?, _ refresher: SessionRefresher? = nil, minSE: UInt32? = nil, supports: Bool = true) -> SessionTimerRequest {
    SessionTimerRequest(
        sessionExpires: seconds.map { SessionExpires(seconds: $0, refresher: refresher) }, minSE: minSE, supportsTimer: supports)
}

/// A running timer in its box.
@dynamicMemberLookup
final class TimerBench {
    var timer: SessionTimer

    init(_ timer: SessionTimer) { self.timer = timer }

    subscript<Value>(dynamicMember path: KeyPath<SessionTimer, Value>) -> Value { timer[keyPath: path] }

    func timeout(_ now: Instant) -> SessionTimer.Due { timer.handleTimeout(now: now) }
    func started(_ method: SessionRefreshMethod) { timer.refreshStarted(method) }
    func answered(
        _ status: Int, _ response: SessionTimerResponse = SessionTimerResponse(), random: UInt64 = 0, at now: Instant
    ) -> SessionTimer.RefreshOutcome { timer.refreshAnswered(status: status, response, random: random, now: now) }
    func timedOut() -> SessionTimer.RefreshOutcome { timer.refreshTimedOut() }
    func relayed(_ status: Int, _ response: SessionTimerResponse = SessionTimerResponse(), at now: Instant) -> SessionTimer.RelayOutcome {
        timer.relayedRequestAnswered(status: status, response, now: now)
    }
    @discardableResult
    func received(_ request: SessionTimerRequest, _ method: SessionRefreshMethod) -> SessionTimerVerdict {
        timer.requestReceived(request, method)
    }
    @discardableResult
    func sent(_ status: Int, to method: SessionRefreshMethod, _ now: Instant) -> SessionTimer.Change {
        timer.responseSent(status: status, to: method, now: now)
    }
}

/// The timer of a vendor's leg at the start: our INVITE was answered with this agreement.
func called(
    interval: UInt32 = 600, refresher: SessionRefresher = .uac, allowsUpdate: Bool = false, policy: SessionTimerPolicy = SessionTimerPolicy()
) -> TimerBench {
    var answer = expires(interval, refresher)
    answer.allowsUpdate = allowsUpdate
    return TimerBench(SessionTimer(SessionTimerOffer(policy), answered: answer, now: at(0)))
}

/// The timer of a caller's leg at the start: this INVITE was answered.
func answering(_ request: SessionTimerRequest = asking(600), policy: SessionTimerPolicy = SessionTimerPolicy()) -> TimerBench {
    let bench = TimerBench(SessionTimer(policy, callIDOwner: .peer))
    bench.received(request, .invite)
    bench.sent(200, to: .invite, at(0))
    return bench
}
