import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// What became of asking who sent a request.
enum AuthenticationOutcome: Equatable {
    /// It proved to be the account.
    case proved
    /// It was answered, with a challenge or a refusal.
    case answered(AuthenticationAnswer)
}

/// How a request that did not prove its account is answered.
enum AuthenticationAnswer: Equatable {
    case challenge(isStale: Bool)
    /// Wrong too often within one attempt.
    case refused
    /// The source failed too often; it is barred for this long.
    case suspended(Interval)
    /// The account has no password, so nobody can prove to be it.
    case noPassword

    func status(_ server: DigestServer) -> Int {
        switch self {
        case .challenge: server.challengeStatus
        case .refused, .suspended, .noPassword: 403
        }
    }

    var reasonPhrase: StaticString? {
        switch self {
        case .challenge: nil
        case .refused: "Wrong Credentials"
        case .suspended: "Suspended After Failed Authentication"
        case .noPassword: "Account Without Password"
        }
    }
}

// Proof by digest of who sends a request: REGISTERs without a transaction, INVITEs on theirs.
extension Shard {
    /// Makes an INVITE, or another request with a transaction, prove to be of an account. When it does not, it is answered.
    mutating func authenticate(
        _ message: Message, _ essentials: Essentials, server: ServerKey, from flow: Flow, account name: String, password: String, now: Moment
    ) -> AuthenticationOutcome {
        guard let answer = prove(message, name, password, isRegistration: false, from: flow, now: now) else {
            noteProof(flow.remote, now: now)
            return .proved
        }
        let status = answer.status(digestServer)
        let reason = answer.reasonPhrase ?? ReasonPhrase.of(status)
        transactions.beginResponse(server, status: status, reason: Bytes(reason), toTag: statelessTag(essentials), outbox: &outbox)
        appendFields(of: answer, source: flow.remote, now: now)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: status, now: now.instant, outbox: &outbox)
        return .answered(answer)
    }

    /// Nil: the request is proved to be of the account. A source that holds a registration of the account is not barred
    /// for what others did from its host.
    mutating func prove(
        _ message: Message, _ name: String, _ password: String, isRegistration: Bool, from flow: Flow, now: Moment
    ) -> AuthenticationAnswer? {
        guard !password.isEmpty else { return .noPassword }
        let memory = configuration.live.registrar
        let limits = configuration.endpointSettings.failures
        if let left = memory.failures.suspension(of: name, source: flow.remote, now: now.instant), !isBound(name, flow, now: now) {
            counters.suspendedRequests += 1
            return .suspended(left)
        }
        let verdict = name.withBytes { name in
            password.withBytes { digestServer.verify(message, username: name, password: $0, source: flow.remote, now: now.wall) }
        }
        switch verdict {
        case .absent: return .challenge(isStale: false)
        case .stale: return .challenge(isStale: true)
        case .wrong:
            counters.authenticationFailures += 1
            switch memory.failures.failed(name, source: flow.remote, isRegistration: isRegistration, limits: limits, now: now.instant) {
            case .mayTryAgain: return .challenge(isStale: false)
            case .refused: return .refused
            case .suspended(let time): return .suspended(time)
            }
        case .right(let nonce, let count):
            let use = memory.nonces.use(
                time: nonce.time, salt: nonce.salt, count: count, answerTime: limits.answerTime,
                lifetime: configuration.endpointSettings.nonceLifetime, now: now.wall)
            guard use == .fresh else { return .challenge(isStale: true) }
            memory.failures.succeeded(name, source: flow.remote)
            return nil
        }
    }

    /// The same answer without a transaction (RFC 3261, section 26.3.2.4): nothing is kept for who did not prove itself.
    mutating func respondWithoutTransaction(
        _ answer: AuthenticationAnswer, _ message: Message, _ essentials: Essentials, from flow: Flow, now: Moment
    ) {
        let status = answer.status(digestServer)
        outbox.begin()
        outbox.append("SIP/2.0 ")
        outbox.append(decimal: UInt64(status))
        outbox.append(UInt8(ascii: " "))
        outbox.append(answer.reasonPhrase ?? ReasonPhrase.of(status))
        outbox.append("\r\n")
        ResponseHead.write(message, essentials, source: flow.remote, into: &outbox)
        if essentials.toTag.isEmpty {
            outbox.append(";tag=")
            outbox.append(token: essentials.via.text.hash(seed: essentials.callID.hash(seed: settings.seed)))
        }
        outbox.append("\r\n")
        appendFields(of: answer, source: flow.remote, now: now)
        outbox.append(Capabilities.server)
        outbox.append("Content-Length: 0\r\n\r\n")
        outbox.finish(to: ResponseHead.replyFlow(essentials.via, cameBy: flow))
    }

    /// The challenges, or for a suspended source when it may come back. RFC 3261 does not list Retry-After for 403; it
    /// harms nobody who ignores it, shows people in a trace what happened, and makes many phones wait instead of giving up.
    private mutating func appendFields(of answer: AuthenticationAnswer, source: NetworkAddress, now: Moment) {
        switch answer {
        case .challenge(let isStale):
            digestServer.appendChallenges(isStale: isStale, source: source, salt: secrets.next(), now: now.wall, to: &outbox)
        case .suspended(let time):
            outbox.append("Retry-After: ")
            outbox.append(decimal: UInt64(max(1, (time + .milliseconds(999)).inSeconds)))
            outbox.append("\r\n")
        case .refused, .noPassword: break
        }
    }

    private func isBound(_ name: String, _ flow: Flow, now: Moment) -> Bool {
        guard let account = name.withBytes({ configuration.endpointAccounts.account(named: $0) }) else { return false }
        return account.endpoints.contains {
            configuration.location(of: $0).map { $0.isBound(from: flow.remote, now: now.instant) && $0.isBoundDirectly(from: flow.remote) } ?? false
        }
    }
}
