import Vocabulary

// The peer's requests in the dialog, from the INVITE that opens it on (RFC 4028, section 9).
extension SessionTimer {
    /// An INVITE or UPDATE of the peer came. A verdict other than `accept` is its final answer, and the
    /// request goes no further; else `responseSent` follows when its final response goes out.
    public mutating func requestReceived(_ request: SessionTimerRequest, _ method: SessionRefreshMethod) -> SessionTimerVerdict {
        learn(allowsUpdate: request.allowsUpdate)
        if policy.isEnabled || agreement != nil, let minimum = request.minSE, minimum <= SessionTimerOffer.longestMinSE {
            largestMinSE = max(largestMinSE, minimum)
        }
        let verdict = policy.judge(request, current: agreement)
        if case .accept(let answer) = verdict { keep(answer, for: method) }
        return verdict
    }

    /// What a 2xx to the peer's request says, as judged when the request came.
    public func answer(to method: SessionRefreshMethod) -> SessionTimerAnswer? {
        switch method {
        case .invite: answerToInvite
        case .update: answerToUpdate
        }
    }

    /// The final response to the peer's request went out. A 2xx renews the session, or ends its expiration
    /// when it says nothing of a timer.
    @discardableResult
    public mutating func responseSent(status: Int, to method: SessionRefreshMethod, now: Instant) -> Change {
        guard status >= 200 else { return .none }
        let answer = answer(to: method)
        keep(nil, for: method)
        guard !isOver, status < 300 else { return .none }
        return adopt(answer.map(SessionAgreement.init), now: now)
    }

    private mutating func keep(_ answer: SessionTimerAnswer?, for method: SessionRefreshMethod) {
        switch method {
        case .invite: answerToInvite = answer
        case .update: answerToUpdate = answer
        }
    }
}

extension SessionAgreement {
    /// What our answer to a request of the peer agrees upon.
    public init(_ answer: SessionTimerAnswer) {
        self.init(
            interval: answer.sessionExpires.seconds,
            refresher: answer.sessionExpires.refresher == SessionSide.us.inPeersRequest ? .us : .peer)
    }
}
