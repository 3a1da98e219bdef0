import Vocabulary

/// What our 2xx says about the session timer (RFC 4028, section 9).
public struct SessionTimerAnswer: Hashable, Sendable {
    public var sessionExpires: SessionExpires
    /// `Require: timer`: the peer refreshes, or knows that it is to hang up when we do not.
    public var requiresTimer: Bool

    public init(sessionExpires: SessionExpires, requiresTimer: Bool) {
        self.sessionExpires = sessionExpires
        self.requiresTimer = requiresTimer
    }
}

/// What becomes of a request of the peer, as far as the session timer is concerned.
public enum SessionTimerVerdict: Hashable, Sendable {
    /// Accept it; nil: the 2xx says nothing of a session timer, and there is no session expiration.
    case accept(SessionTimerAnswer?)
    /// 422 (Session Interval Too Small) with this Min-SE (section 6).
    case refuseInterval(minSE: UInt32)
    /// 420 (Bad Extension) with `Unsupported: timer`: the request requires what is switched off here.
    case refuseExtension
}

extension SessionTimerPolicy {
    /// Judges a request as its UAS (section 9). `current` is what holds in the dialog so far.
    public func judge(_ request: SessionTimerRequest, current: SessionAgreement? = nil) -> SessionTimerVerdict {
        guard isEnabled else { return request.requiresTimer ? .refuseExtension : .accept(nil) }
        // A Min-SE below 90 is none (section 5).
        let peersMinimum = max(request.minSE ?? 0, SessionTimerPolicy.smallestInterval)
        // A session that need not prove itself for more than a day proves nothing: it goes without a timer.
        guard peersMinimum <= SessionTimerOffer.longestMinSE else { return .accept(nil) }
        guard let asked = request.sessionExpires else {
            guard request.supportsTimer, asksForTimer || current != nil else { return .accept(nil) }
            let seconds = max(current?.interval ?? interval, peersMinimum)
            return .accept(answer(seconds, current?.refresher ?? chosenRefresher, request))
        }
        if asked.seconds < minSE {
            if request.supportsTimer { return .refuseInterval(minSE: minSE) }
            // It could do nothing with a 422 and the call would fail: the interval is raised, as a proxy
            // would do (section 8.1; erratum 1687 says the same of a UAS).
            return .accept(answer(max(minSE, peersMinimum), .us, request))
        }
        // Shortened to what we want, never below the peer's minimum or what a 422 made of it, never raised.
        let seconds = min(asked.seconds, max(interval, peersMinimum, current?.interval ?? 0))
        return .accept(answer(seconds, refresher(asked, request), request))
    }

    /// Table 2: a UAC that does not know the extension cannot refresh; the choice of one that does stands.
    private func refresher(_ asked: SessionExpires, _ request: SessionTimerRequest) -> SessionSide {
        guard request.supportsTimer else { return .us }
        switch asked.refresher {
        case .uac: return .peer
        case .uas: return .us
        case nil: return chosenRefresher
        }
    }

    private func answer(_ seconds: UInt32, _ refresher: SessionSide, _ request: SessionTimerRequest) -> SessionTimerAnswer {
        SessionTimerAnswer(
            sessionExpires: SessionExpires(seconds: seconds, refresher: refresher.inPeersRequest), requiresTimer: request.supportsTimer)
    }
}
