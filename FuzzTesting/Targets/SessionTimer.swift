import SIPMessages
import SIPUserAgent
import Vocabulary

/// What a peer says of the session timer: one header field's value, and whole header fields of a request and a response.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = input(data, count)
    readValue(bytes)
    read(bytes, after: "INVITE sip:a@192.0.2.1 SIP/2.0\r\n") { message in
        guard let request = try? SessionTimerRequest(message) else { return }
        judge(request)
    }
    read(bytes, after: "SIP/2.0 422 Whatever\r\n") { take(SessionTimerResponse($0)) }
    return 0
}

private func readValue(_ value: Bytes) {
    if let expires = SessionExpires(value) {
        written {
            $0.append(expires)
        } read: {
            precondition(SessionExpires($0) == expires, "Session-Expires does not survive")
        }
    }
    if let seconds = SessionExpires.minSE(value) {
        written {
            $0.append(minSE: seconds)
        } read: {
            precondition(SessionExpires.minSE($0) == seconds, "Min-SE does not survive")
        }
    }
}

/// Writes a header field and reads its value.
private func written(_ write: (inout Outbox) -> Void, read: (Bytes) -> Void) {
    var outbox = Outbox()
    write(&outbox)
    let line = outbox.unfinished
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { preconditionFailure("no header field was written") }
    read(line.from(colon + 1).trimmed)
}

private func judge(_ request: SessionTimerRequest) {
    let policy = SessionTimerPolicy()
    for current in [nil, SessionAgreement(interval: 300, refresher: .peer)] {
        switch policy.judge(request, current: current) {
        case .accept(let answer?):
            let seconds = answer.sessionExpires.seconds
            precondition((SessionTimerPolicy.smallestInterval...SessionTimerOffer.longestMinSE).contains(seconds), "an interval of \(seconds) s")
            if let asked = request.sessionExpires?.seconds, asked >= policy.minSE { precondition(seconds <= asked, "the interval was raised") }
        case .accept(nil), .refuseExtension: break
        case .refuseInterval(let minimum): precondition(minimum >= SessionTimerPolicy.smallestInterval, "a minimum of \(minimum) s")
        }
    }
    var timer = SessionTimer(policy, callIDOwner: .peer)
    _ = timer.requestReceived(request, .invite)
    timer.responseSent(status: 200, to: .invite, now: .zero)
    precondition(timer.nextDeadline > .zero, "a session that is over when it begins")
}

private func take(_ response: SessionTimerResponse) {
    var offer = SessionTimerOffer(SessionTimerPolicy())
    while offer.intervalRefused(response) {}
    precondition(offer.retries <= SessionTimerOffer.maximumRetries)
    let timer = SessionTimer(offer, answered: response, now: .zero)
    if let interval = timer.agreement?.interval {
        precondition((SessionTimerPolicy.shortestTolerated...SessionTimerOffer.longestMinSE).contains(interval), "an interval of \(interval) s")
        precondition(timer.nextDeadline > .zero, "a session that is over when it begins")
    }
}
