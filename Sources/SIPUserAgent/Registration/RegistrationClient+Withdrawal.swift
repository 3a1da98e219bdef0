import Vocabulary

// The end of a registration: REGISTER with expires 0, and what became of it (RFC 3261, section 10.2.2).
extension RegistrationClient {
    /// Sends the withdrawal to where the binding stands; when none can stand there is nothing to send.
    mutating func sendWithdrawal(_ actions: inout [RegistrationAction], now: Moment) {
        inFlight = nil
        withdrawalDeadline = .never
        keepPossibleBinding()
        guard let binding, binding.until > now.instant else {
            reason = "no binding of ours stood"
            return withdrawn(&actions, now: now)
        }
        reason = ""
        digest.beginExchange()
        send(.withdraw, to: binding.target, &actions, now: now)
    }

    /// The upstream confirmed, or nothing can stand any more.
    mutating func withdrawn(_ actions: inout [RegistrationAction], now: Moment) {
        inFlight = nil
        binding = nil
        possibleEnd = nil
        mayBeStale = false
        granted = 0
        foreignContacts = []
        let cause = withdrawal
        if cause == .disabled { withdrawal = nil }
        actions.append(.store)
        enter(.withdrawn, &actions, now: now)
        if cause == .removed { actions.append(.finished) }
        // It was wanted again meanwhile.
        if cause == nil { start(after: .zero, &actions, now: now) }
    }

    /// A refusal or silence. The process that stops does not try again; otherwise until no binding can stand.
    mutating func withdrawalFailed(_ why: String, retryAfter: Interval? = nil, _ actions: inout [RegistrationAction], now: Moment) {
        inFlight = nil
        digest.forget()
        reason = why
        guard withdrawal != nil else { return start(after: .zero, &actions, now: now) }
        guard let end = end(now.instant) else {
            reason = "its time ran out: \(why)"
            return withdrawn(&actions, now: now)
        }
        guard withdrawal != .stop else {
            actions.append(.store)
            return enter(.withdrawalFailed(nextTryAt: .never), &actions, now: now)
        }
        let next = now.instant + jittered(max(account.retryDelay, min(retryAfter ?? .zero, RegistrationClient.longestRetryAfter)))
        enter(.withdrawalFailed(nextTryAt: min(next, end)), &actions, now: now)
    }

    /// Continues a withdrawal whose object is gone already: what the last process left.
    public mutating func resumeWithdrawal(_ actions: inout [RegistrationAction], now: Moment) {
        withdraw(.removed, &actions, now: now)
    }
}
