import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// Responses to our requests, and requests of ours that got none.
extension Shard {
    mutating func responseReceived(_ message: Message, _ essentials: Essentials, now: Moment) {
        switch transactions.responseReceived(message, essentials, now: now.instant, outbox: &outbox) {
        case .stray:
            if answerRepeated(message, essentials, now: now) { return }
            counters.strayMessages += 1
            lastMessageWasForeign = true
        case .absorbed: break
        case .deliver(let user, let client):
            switch user.purpose {
            case .none: break
            case .initialInvite: if legs.contains(user.leg) { inviteAnswered(message, essentials, on: user.leg, client: client, now: now) }
            case .relay: relayAnswered(message, essentials, user: user, client: client, now: now)
            case .bye: if message.status >= 200, legs.contains(user.leg) { byeAnswered(message, on: user.leg, now: now) }
            case .own: ownRequestAnswered(message, on: user.leg, now: now)
            case .registration: registerAnswered(message, essentials, user: user, now: now)
            case .refresh: refreshAnswered(message, essentials, on: user.leg, client: client, now: now)
            case .probe: probeAnswered(message.status, on: user.leg, now: now)
            case .gatewayCheck: checkAnswered(message.status, user: user, now: now)
            case .lightCheck: lightCheckEnded(user, isAlive: true, now: now)
            }
        }
    }

    /// Requests that failed without a final response.
    mutating func takeEvents(now: Moment) {
        guard !transactions.events.isEmpty else { return }
        var events: [TransactionEvent] = []
        swap(&events, &transactions.events)
        var moved: [SlabKey] = []
        for event in events {
            guard case .requestFailed(let user, let method, let cause) = event else { continue }
            if cause == .transport, repeatElsewhere(user, method, &moved, now: now) { continue }
            switch user.purpose {
            case .none: break
            case .initialInvite: inviteFailed(on: user.leg, cause, now: now)
            case .relay: relayFailed(user, method: method, cause, now: now)
            case .bye: if legs.contains(user.leg) { removeLeg(user.leg) }
            case .own: if cause == .timeout { doubt(user.leg, now: now) }
            case .registration: registerFailed(user, cause, now: now)
            case .refresh: refreshFailed(on: user.leg, method: method, cause, now: now)
            case .probe: probeFailed(on: user.leg, now: now)
            case .gatewayCheck: checkEnded(user, isAlive: false, now: now)
            case .lightCheck: lightCheckEnded(user, isAlive: false, now: now)
            }
        }
    }

    /// A connection to a peer has ended: what we asked it within the dialog goes over another one, where it can be opened.
    /// A request that was passed on is not kept and fails; the next one goes the new way. `moved`: the legs whose way has
    /// been found anew.
    private mutating func repeatElsewhere(_ user: TransactionUser, _ method: Method, _ moved: inout [SlabKey], now: Moment) -> Bool {
        let leg = user.leg
        switch user.purpose {
        case .bye, .refresh, .probe, .relay: break
        default: return false
        }
        guard legs.contains(leg) else { return false }
        if !moved.contains(leg) {
            guard legs[leg].dialog.connectionEnded() else { return false }
            moved.append(leg)
        }
        switch user.purpose {
        case .bye: sendByeAgain(on: leg, now: now)
        case .refresh: sendRefreshAgain(method, on: leg, now: now)
        case .probe: sendProbeAgain(on: leg, now: now)
        default: return false
        }
        return true
    }

    // MARK: - The INVITE of an attempt

    private mutating func inviteAnswered(_ message: Message, _ essentials: Essentials, on leg: SlabKey, client: ClientKey, now: Moment) {
        let call = legs[leg].call
        switch message.status {
        case ..<200:
            guard legs[leg].phase == .setup, calls.contains(call) else { return }
            if message.status > 100 {
                _ = legs[leg].dialog.responseReceived(message, essentials, confirmed: false, endpoints: endpoints)
                if let rseq = reliableNumber(message), !legs[leg].dialog.accept(rseq: rseq) { return }
            }
            let hasMedia = message.describesMedia
            calls[call].call.provisionalReceived(status: message.status, hasMedia: hasMedia, on: leg, &actions, now: now)
            perform(for: call, message: message, essentials: essentials, now: now)
            scheduleCall(call)
        case 200..<300:
            switch legs[leg].phase {
            case .setup:
                _ = legs[leg].dialog.responseReceived(message, essentials, confirmed: false, endpoints: endpoints)
                legs[leg].phase = .established
                legs[leg].inviteToPeer = .none
                legs[leg].unacknowledgedByUs = (client, essentials.cseq.number)
                guard calls.contains(call) else {
                    hangUp(leg, .processEnded, now: now)
                    return
                }
                calls[call].call.answerReceived(status: message.status, on: leg, &actions, now: now)
                perform(for: call, message: message, essentials: essentials, now: now)
                scheduleCall(call)
            case .abandoned:
                _ = legs[leg].dialog.responseReceived(message, essentials, confirmed: false, endpoints: endpoints)
                legs[leg].inviteToPeer = .none
                legs[leg].unacknowledgedByUs = (client, essentials.cseq.number)
                hangUp(leg, .callerCancelled, now: now)
            case .established, .ending:
                if !essentials.toTag.equals(legs[leg].dialog.remoteTag) { endOtherFork(message, essentials, of: leg, client: client, now: now) }
            }
        default:
            guard legs[leg].phase == .setup, calls.contains(call) else {
                if legs[leg].phase == .abandoned || !calls.contains(call) { removeLeg(leg) }
                return
            }
            legs[leg].inviteToPeer = .none
            if legs[leg].dialog.remoteTag.isEmpty, mayRetryWithCredentials(message, on: leg), let account = upstreamAccount(of: leg, in: call) {
                sendInvite(on: leg, of: call, as: account, now: now)
                return
            }
            if message.status == 422, legs[leg].dialog.remoteTag.isEmpty, legs[leg].offer.intervalRefused(SessionTimerResponse(message)) {
                sendInvite(on: leg, of: call, as: upstreamAccount(of: leg, in: call), now: now)
                return
            }
            noteRetryAfter(message, of: call, now: now)
            calls[call].call.reportedCause = ReasonHeader.q850Cause(of: message) ?? calls[call].call.reportedCause
            if let number = forwardedNumber(message, of: call) {
                forward(call, to: number, status: message.status, on: leg, now: now)
            } else if let target = redirection(message, of: call) {
                calls[call].call.redirected(
                    status: message.status, to: target.address, number: target.number, on: leg, &actions, now: now)
            } else {
                calls[call].call.refusalReceived(status: message.status, on: leg, &actions, now: now)
            }
            perform(for: call, message: message, essentials: essentials, now: now)
            removeLeg(leg)
            scheduleCall(call)
        }
    }

    /// Where a 3xx points, when the customer's calls may follow it: the first Contact with a numeric host
    /// that is not ours (RFC 3261, section 8.1.3.4).
    private func redirection(_ message: Message, of call: SlabKey) -> (address: NetworkAddress, number: Bytes)? {
        guard (300..<400).contains(message.status), calls[call].call.configuration.followsRedirects(calls[call].call.origin) else { return nil }
        var found: (address: NetworkAddress, number: Bytes)?
        message.forEachElement(of: .contact) { element in
            guard found == nil, let contact = NameAddress(element), let uri = URI(contact.uri), uri.scheme == .sip,
                let address = uri.address, !endpoints.isOwn(address)
            else { return }
            found = (address, uri.number)
        }
        return found
    }

    /// The number to which a 302 forwards the call, where that is recognised (`SS_RECOGNIZE_CALL_FORWARD_SIGNAL`).
    private func forwardedNumber(_ message: Message, of call: SlabKey) -> Bytes? {
        guard message.status == 302, calls[call].call.configuration.recognisesForwarding(calls[call].call.origin),
            calls[call].call.mayBeForwarded
        else { return nil }
        var found: Bytes?
        message.forEachElement(of: .contact) { element in
            guard found == nil, let contact = NameAddress(element), let uri = URI(contact.uri), !uri.number.isEmpty else { return }
            found = uri.number
        }
        return found
    }

    /// Routes a forwarded call anew, by the rules of its caller, with the configuration that the call began with (its
    /// candidates are read with that one) and with what is known of the gateways now.
    private mutating func forward(_ call: SlabKey, to number: Bytes, status: Int, on leg: SlabKey, now: Moment) {
        guard let origin = calls[call].call.origin else { return }
        calls[call].identity.forwardedFrom = calls[call].call.calleeRouted
        let caller = calls[call].call.callerNumber
        let inquiry = CallInquiry(
            origin: origin, sourceRule: calls[call].call.sourceRule, source: calls[call].call.source, caller: calls[call].call.texts[caller],
            callee: number, now: now, random: calls[call].random, isForwarded: true)
        calls[call].call.configuration.decide(inquiry, into: &decision)
        calls[call].call.forwarded(status: status, by: decision, on: leg, &actions, now: now)
    }

    /// A failure with Retry-After takes the gateway out of use for that time (RFC 3261, section 20.33). Other codes
    /// than 500 and 503 speak of the called party, not of the gateway.
    private func noteRetryAfter(_ message: Message, of call: SlabKey, now: Moment) {
        guard message.status == 503 || message.status == 500, let value = message.first(.retryAfter), let wait = DeltaSeconds(value),
            case .routingGateway(let index)? = calls[call].call.attempts.last?.destination
        else { return }
        let seconds = min(Int64(wait.seconds), Shard.longestRetryAfter)
        guard seconds > 0 else { return }
        calls[call].call.configuration.routingLive[index].unavailable(until: now.instant + .seconds(seconds))
    }

    /// A vendor's Retry-After counts for an hour at most.
    private static let longestRetryAfter: Int64 = 3_600

    private mutating func inviteFailed(on leg: SlabKey, _ cause: TransactionEvent.Cause, now: Moment) {
        guard legs.contains(leg) else { return }
        let call = legs[leg].call
        if legs[leg].phase == .setup, calls.contains(call) {
            legs[leg].inviteToPeer = .none
            calls[call].call.attemptFailed(cause == .transport ? .unreachable : .inviteTimeout, on: leg, &actions, now: now)
            perform(for: call, message: nil, now: now)
            scheduleCall(call)
        }
        if legs.contains(leg), legs[leg].phase == .setup || legs[leg].phase == .abandoned { removeLeg(leg) }
    }

    /// A second fork answered as well: it is acknowledged and hung up (RFC 3261, section 13.2.2.4).
    private mutating func endOtherFork(_ message: Message, _ essentials: Essentials, of leg: SlabKey, client: ClientKey, now: Moment) {
        let kept = legs[leg].dialog.remoteTag.array
        _ = legs[leg].dialog.responseReceived(message, essentials, confirmed: false, endpoints: endpoints)
        sendAck(on: leg, cseq: essentials.cseq.number, body: nil, client: nil)
        sendBye(on: leg, .normalClearing, reason: nil, user: .nobody, now: now)
        kept.withBytes { legs[leg].dialog.selectFork(tag: $0) }
    }

    /// The RSeq of a reliable provisional response; nil for another (RFC 3262, section 7.1).
    func reliableNumber(_ message: Message) -> UInt32? {
        guard message.lists("100rel", in: .require), let value = message.first(.rseq)?.decimal else { return nil }
        return UInt32(exactly: value)
    }

    private func upstreamAccount(of leg: SlabKey, in call: SlabKey) -> Registration? {
        let snapshot = calls[call].call.configuration
        return legAccounts[leg].flatMap { snapshot.registrationsByName[$0.name] }.map { snapshot.registrations[$0] }
    }

    /// The leg has ended, unless the BYE itself is challenged.
    private mutating func byeAnswered(_ message: Message, on leg: SlabKey, now: Moment) {
        if mayRetryWithCredentials(message, on: leg) { sendByeAgain(on: leg, now: now) } else { removeLeg(leg) }
    }

    private mutating func sendByeAgain(on leg: SlabKey, now: Moment) {
        sendBye(on: leg, legs[leg].hungUpFor, reason: nil, user: TransactionUser(leg: leg, purpose: .bye), now: now)
    }

    // MARK: - Requests of our own

    private mutating func ownRequestAnswered(_ message: Message, on leg: SlabKey, now: Moment) {
        // Our PRACK: what it acknowledged may be over, which is no word about the call.
        if message.status == 481 || message.status == 408 { doubt(leg, now: now) }
    }

    /// The peer of this leg does not know the call any more. `isOwnFinding`: a refresh or probe of ours found out, not
    /// a request of the other side. `isHungUp`: the peer gets a BYE all the same.
    mutating func dialogLost(on leg: SlabKey, isOwnFinding: Bool = false, isHungUp: Bool = false, now: Moment) {
        guard legs.contains(leg), legs[leg].phase == .established, calls.contains(legs[leg].call) else { return }
        let call = legs[leg].call
        let party: CallParty = legs[leg].role == .caller ? .caller : .callee
        calls[call].call.dialogLost(by: party, lastProof: isOwnFinding ? legs[leg].life : nil, isHungUp: isHungUp, &actions, now: now)
        perform(for: call, message: nil, now: now)
    }
}
