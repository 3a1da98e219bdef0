import SIPMessages
import Vocabulary

// The registrar's answers.
extension RegistrationClient {
    /// A response to the REGISTER under way; provisional ones say nothing.
    public mutating func responseReceived(_ message: Message, _ actions: inout [RegistrationAction], now: Moment) {
        guard let purpose = inFlight, message.status >= 200 else { return }
        inFlight = nil
        lastStatus = message.status
        roundTrip = now.instant - sentAt
        if purpose == .withdraw { return withdrawalAnswered(message, &actions, now: now) }
        switch message.status {
        case 200..<300: accepted(message, &actions, now: now)
        case 300..<400: redirected(message, &actions, now: now)
        case 401, 407:
            possibleEnd = nil
            switch digest.challengeReceived(message, cnonce: randomness.next(), maximumRetries: account.authenticationRetries) {
            case .retry where withdrawal == nil: sendAgain(purpose, &actions, now: now)
            case .retry: sendWithdrawal(&actions, now: now)
            case .rejected: refuseCredentials("\(line(message)): the upstream does not accept user or password", &actions, now: now)
            case .unusable(let why): refuseCredentials("\(line(message)): \(why)", &actions, now: now)
            }
        case 403:
            possibleEnd = nil
            refuseCredentials(line(message), &actions, now: now)
        case 423:
            possibleEnd = nil
            raiseLifetime(message, purpose, &actions, now: now)
        case 408, 500...599:
            if message.status == 408 || message.status == 504 { keepPossibleBinding() } else { possibleEnd = nil }
            reason = line(message)
            if withdrawal != nil { return sendWithdrawal(&actions, now: now) }
            // 501, 505 and the like mean the same at every address of one upstream; 503 and silence do not (RFC 3263, section 4.3).
            let isOfThisHost = [408, 500, 502, 503, 504].contains(message.status)
            if isOfThisHost {
                tryElsewhere(line(message), retryAfter: retryAfter(message), &actions, now: now)
            } else {
                fail(line(message), retryAfter: retryAfter(message), &actions, now: now)
            }
        default:
            possibleEnd = nil
            fail(line(message), retryAfter: retryAfter(message), &actions, now: now)
        }
    }

    // MARK: - 200

    private mutating func accepted(_ message: Message, _ actions: inout [RegistrationAction], now: Moment) {
        let proof = digest.accepted(message)
        possibleEnd = nil
        let answer = RegistrationAnswer(message, contactUser: account.contactUser)
        foreignContacts = answer.foreign
        serviceRoutes = answer.serviceRoutes
        supportsOutbound = message.lists("outbound", in: .supported) || message.lists("outbound", in: .require)
        var note = ""
        let seconds: Int
        if let own = answer.granted {
            seconds = own
        } else {
            // Some registrars list nothing, or what their border controller made of our Contact.
            seconds = answer.expires ?? lifetimeToAsk
            note = answer.listsContacts ? "the 200 does not list our Contact" : "the 200 lists no Contact at all"
        }
        guard seconds > 0, let target else {
            binding = nil
            granted = 0
            return fail("\(line(message)), but it grants no lifetime to our Contact", &actions, now: now)
        }
        let upper = RegistrationAccount.range.upperBound
        granted = min(seconds, upper)
        binding = RegistrationBinding(
            target: target, contact: contactSent, until: now.instant + .seconds(Int64(min(seconds, Int(Int32.max)))), isConfirmed: true)
        mayBeStale = false
        (failures, refusals) = (0, 0)
        if proof == .wrong { note = "the upstream's own proof of the password (rspauth) is wrong" }
        if !answer.foreign.isEmpty { note = "another Contact is registered for this account: \(answer.foreign[0])" }
        if granted < RegistrationAccount.range.lowerBound { note = "the upstream grants only \(granted) s" }
        reason = note
        actions.append(.store)
        if withdrawal != nil { return sendWithdrawal(&actions, now: now) }
        enter(.registered(refreshAt: now.instant + refreshDelay()), &actions, now: now)
    }

    /// Early enough for one refresh without an answer and another after the retry delay, and at half the lifetime
    /// when it is short; up to a tenth earlier by chance. Not below `shortestRefresh`, whatever is granted.
    private mutating func refreshDelay() -> Interval {
        let lifetime = Interval.seconds(Int64(granted))
        let half = Interval(nanoseconds: lifetime.nanoseconds / 2)
        let retry = resendTime + account.retryDelay + Interval(nanoseconds: account.retryDelay.nanoseconds / 10) + .seconds(5)
        let lead = min(half, max(retry, Interval(nanoseconds: lifetime.nanoseconds / 10)))
        let latest = lifetime - lead
        let tenth = UInt64(max(1, latest.nanoseconds / 10))
        return max(RegistrationClient.shortestRefresh, latest - Interval(nanoseconds: Int64(randomness.next() % tenth)))
    }

    /// Registrars that grant less than twice this are not hammered for it.
    static let shortestRefresh = Interval.seconds(5)

    // MARK: - 3xx, 423 and other refusals

    private mutating func redirected(_ message: Message, _ actions: inout [RegistrationAction], now: Moment) {
        possibleEnd = nil
        redirections += 1
        var next: NextHop?
        message.forEachElement(of: .contact) { element in
            guard next == nil, let contact = NameAddress(element), let uri = URI(contact.uri), uri.scheme == .sip || uri.scheme == .sips,
                !uri.host.isEmpty
            else { return }
            let host = uri.host[0] == UInt8(ascii: "[") ? uri.host[1..<uri.host.count - 1] : uri.host
            next = NextHop(host: host.string, port: uri.port, transport: uri.transport)
        }
        guard redirections <= RegistrationClient.maximumRedirections, let next else {
            let why = next == nil ? "without a Contact that can be followed" : "more than \(RegistrationClient.maximumRedirections) redirections"
            return fail("\(line(message)), \(why)", &actions, now: now)
        }
        if withdrawal != nil { return sendWithdrawal(&actions, now: now) }
        reason = "\(line(message)): redirected to \(next.host)"
        digest.forget()
        resolve(next, &actions, now: now)
    }

    /// 423: the registrar wants a longer lifetime, and gets it within the range (RFC 3261, section 10.2.8).
    private mutating func raiseLifetime(_ message: Message, _ purpose: Purpose, _ actions: inout [RegistrationAction], now: Moment) {
        raises += 1
        guard let minimum = message.first(.minExpires).flatMap({ DeltaSeconds($0) }).map({ Int($0.seconds) }) else {
            return fail("\(line(message)) without Min-Expires", &actions, now: now)
        }
        guard minimum <= RegistrationAccount.range.upperBound else {
            return fail("\(line(message)): it wants at least \(minimum) s, more than 7200 s", &actions, now: now)
        }
        guard raises <= RegistrationClient.maximumRaises, minimum > lifetimeToAsk else {
            return fail("\(line(message)) although \(lifetimeToAsk) s were asked for and \(minimum) s are its minimum", &actions, now: now)
        }
        demandedMinimum = minimum
        if withdrawal != nil { return sendWithdrawal(&actions, now: now) }
        sendAgain(purpose, &actions, now: now)
    }

    // MARK: - The withdrawal's answer

    private mutating func withdrawalAnswered(_ message: Message, _ actions: inout [RegistrationAction], now: Moment) {
        switch message.status {
        case 200..<300:
            _ = digest.accepted(message)
            let answer = RegistrationAnswer(message, contactUser: account.contactUser)
            if let left = answer.granted, left > 0 {
                binding?.until = now.instant + .seconds(Int64(min(left, RegistrationAccount.range.upperBound)))
                return withdrawalFailed("\(line(message)), but our Contact still stands for \(left) s", &actions, now: now)
            }
            foreignContacts = answer.foreign
            reason = "\(line(message))"
            withdrawn(&actions, now: now)
            foreignContacts = answer.foreign
        case 401, 407:
            switch digest.challengeReceived(message, cnonce: randomness.next(), maximumRetries: account.authenticationRetries) {
            case .retry: sendAgain(.withdraw, &actions, now: now)
            case .rejected: withdrawalFailed("\(line(message)): the upstream does not accept user or password", &actions, now: now)
            case .unusable(let why): withdrawalFailed("\(line(message)): \(why)", &actions, now: now)
            }
        case 404, 410:
            // The registrar does not know the binding, or the account: nothing of ours stands there.
            reason = line(message)
            withdrawn(&actions, now: now)
        default:
            withdrawalFailed(line(message), retryAfter: retryAfter(message), &actions, now: now)
        }
    }

    // MARK: - Pieces

    /// The same exchange goes on at the same target, with another CSeq.
    private mutating func sendAgain(_ purpose: Purpose, _ actions: inout [RegistrationAction], now: Moment) {
        guard let target else { return }
        send(purpose, to: target, &actions, now: now)
    }

    /// "503 Service Unavailable, Retry-After 120 s"
    private func line(_ message: Message) -> String {
        let phrase = message.reasonPhrase.upTo(min(message.reasonPhrase.count, 80)).string
        let wait = retryAfter(message).map { ", Retry-After \($0.inSeconds) s" } ?? ""
        return "\(message.status) \(phrase)\(wait)"
    }

    private func retryAfter(_ message: Message) -> Interval? {
        message.first(.retryAfter).flatMap { DeltaSeconds($0) }.map { .seconds(Int64($0.seconds)) }
    }
}
