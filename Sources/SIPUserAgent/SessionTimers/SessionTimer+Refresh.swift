import Vocabulary

// Our own requests in the dialog: refreshes, and those that pass on what the other leg sent (RFC 4028,
// sections 7.2 to 7.4 and 10).
extension SessionTimer {
    /// What every re-INVITE and UPDATE of ours in this dialog carries (section 7.4). While a timer runs that is
    /// the interval, at least the largest minimum that was heard of, and the roles as they are.
    public var requestFields: SessionTimerRequest {
        guard policy.isEnabled || agreement != nil else { return SessionTimerRequest() }
        let ours = policy.minSE > SessionTimerPolicy.smallestInterval ? policy.minSE : 0
        let minimum = max(ours, largestMinSE)
        let expires = agreement.map {
            SessionExpires(
                seconds: max($0.interval, minimum, SessionTimerPolicy.smallestInterval), refresher: $0.refresher.inOurRequest)
        }
        return SessionTimerRequest(sessionExpires: expires, minSE: minimum > 0 ? minimum : nil, supportsTimer: true)
    }

    /// The refresh was sent, with `requestFields`.
    public mutating func refreshStarted(_ method: SessionRefreshMethod) {
        outstanding = method
        dueAt = .never
    }

    /// Neither method can be used: the peer refuses UPDATE, and there is no session description to repeat in a
    /// re-INVITE. The session goes on until it expires, unless the peer refreshes it.
    public mutating func refreshImpossible() { dueAt = .never }

    /// What becomes of the session after the answer to a refresh.
    public enum RefreshOutcome: Hashable, Sendable {
        /// It goes on, renewed or not; what comes next is in `nextDeadline`.
        case goesOn
        /// The peer answered without Session-Expires: from now on nothing expires.
        case switchedOff
        /// Send the refresh again at once, as a new transaction with `requestFields` as they are now.
        case again(SessionRefreshMethod)
        /// Hang up.
        case over(SessionEnd)
    }

    /// The final response to our refresh. A challenge (401, 407) that can be answered is not told here, only
    /// what comes after it. A transport that fails counts as 503 (RFC 3261, section 8.1.3.1).
    /// - Parameter random: any number; it draws the wait after a 491.
    public mutating func refreshAnswered(status: Int, _ response: SessionTimerResponse, random: UInt64, now: Instant) -> RefreshOutcome {
        guard !isOver, let method = outstanding, status >= 200 else { return .goesOn }
        outstanding = nil
        learn(allowsUpdate: response.allowsUpdate)
        glares = status == 491 ? glares + 1 : 0
        switch status {
        case 200..<300: return adoptAnswer(response, now: now) == .switchedOff ? .switchedOff : .goesOn
        case 408, 481:
            isOver = true
            return .over(.dialogUnknown(status: status))
        default: break
        }
        // The peer's own request may have changed the roles meanwhile: then it is not ours to try again.
        guard let agreement, agreement.refresher == .us else { return .goesOn }
        switch status {
        // Once in a session: after it no refresh is an UPDATE.
        case 405 where method == .update && !peerRefusedUpdate, 501 where method == .update && !peerRefusedUpdate:
            updateRefused()
            lastRefusal = status
            dueAt = now
            return .again(.invite)
        case 422 where raise(response):
            dueAt = now
            return .again(refreshMethod)
        case 491:
            // Two requests that met once do not meet often: a peer that says so again and again is asked less and less.
            let wait = glareWait(random)
            dueAt = now + Interval(nanoseconds: wait.nanoseconds << Int64(min(max(0, glares - 4), 4)))
            return .goesOn
        default:
            lastRefusal = status
            refusals += 1
            dueAt = nextTry(after: response, interval: agreement.interval, now: now)
            return .goesOn
        }
    }

    /// Nothing answered our refresh: hang up (section 10).
    public mutating func refreshTimedOut() -> RefreshOutcome {
        guard !isOver, outstanding != nil else { return .goesOn }
        outstanding = nil
        isOver = true
        return .over(.refreshUnanswered)
    }

    /// What becomes of a request of the other leg that was passed on in this dialog.
    public enum RelayOutcome: Hashable, Sendable {
        /// Pass the response on; a 2xx did this to the session expiration.
        case pass(Change)
        /// 422 is between this peer and us: send the request again with `requestFields` as they are now.
        case again
    }

    /// The final response to a re-INVITE or UPDATE of ours that is no refresh of the timer's own.
    public mutating func relayedRequestAnswered(status: Int, _ response: SessionTimerResponse, now: Instant) -> RelayOutcome {
        guard !isOver, status >= 200 else { return .pass(.none) }
        learn(allowsUpdate: response.allowsUpdate)
        switch status {
        case 200..<300: return .pass(adoptAnswer(response, now: now))
        case 422: return agreement != nil && raise(response) ? .again : .pass(.none)
        default: return .pass(.none)
        }
    }

    private mutating func adoptAnswer(_ response: SessionTimerResponse, now: Instant) -> Change {
        adopt(policy.agreement(response, asked: requestFields.sessionExpires?.seconds), now: now)
    }

    /// Takes the minimum of a 422, if it can be obeyed. The session expires when it would have (section 10).
    private mutating func raise(_ response: SessionTimerResponse) -> Bool {
        guard let minimum = response.minSE, let asked = requestFields.sessionExpires?.seconds, minimum > asked,
            minimum <= SessionTimerOffer.longestMinSE, raises < SessionTimerOffer.maximumRetries
        else { return false }
        raises += 1
        largestMinSE = max(largestMinSE, minimum)
        return true
    }

    /// RFC 3261, section 14.1, in steps of 10 ms: 2.1 to 4 s for the side that owns the Call-ID, else 0 to 2 s.
    private func glareWait(_ random: UInt64) -> Interval {
        let steps = callIDOwner == .us ? 210 + random % 191 : random % 201
        return .milliseconds(10 * Int64(steps))
    }

    /// A refused refresh leaves the session as it is. It is tried again after one more part of the interval, or
    /// half of what is left when that is shorter, or when Retry-After says so; a few times, not for ever
    /// (section 10). A Retry-After beyond the session's end could only be obeyed by losing the call.
    private func nextTry(after response: SessionTimerResponse, interval: UInt32, now: Instant) -> Instant {
        guard refusals < max(SessionTimer.fewestTries, policy.segment) else { return .never }
        let left = hangUpAt - now
        if let seconds = response.retryAfter, seconds > 0, Interval.seconds(Int64(seconds)) < left { return now + .seconds(Int64(seconds)) }
        let part = Interval(nanoseconds: Interval.seconds(Int64(interval)).nanoseconds / Int64(policy.segment))
        let wait = min(part, Interval(nanoseconds: left.nanoseconds / 2))
        return wait < .seconds(1) ? .never : now + wait
    }

    /// Refreshes tried in one session interval, at least, when they are refused.
    private static let fewestTries: UInt32 = 3
}
