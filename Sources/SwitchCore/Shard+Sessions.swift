import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// Answered calls that must end: the session timer of each leg (RFC 4028), and the limits of the call.
extension Shard {
    /// What we say that we support on a leg: the timer only where it may run.
    func supported(on leg: SlabKey) -> StaticString {
        legs[leg].session.policy.isEnabled ? Capabilities.supported : Capabilities.supportedReliable
    }

    // MARK: - Judging the peer's requests

    /// What an INVITE or UPDATE says of the session timer; nil when it was answered with 400 for it.
    mutating func sessionRequest(_ message: Message, server: ServerKey, toTag: Bytes, now: Moment) -> SessionTimerRequest? {
        do {
            return try SessionTimerRequest(message)
        } catch {
            transactions.respond(
                server, status: error.status, reason: Bytes(error.reasonPhrase), toTag: toTag, now: now.instant, outbox: &outbox)
            return nil
        }
    }

    /// Answers a request that the session timer refuses. False when it may go on.
    mutating func refuse(_ verdict: SessionTimerVerdict, server: ServerKey, toTag: Bytes, now: Moment) -> Bool {
        switch verdict {
        case .accept: return false
        case .refuseInterval(let minimum):
            transactions.beginResponse(server, status: 422, reason: Bytes(ReasonPhrase.of(422)), toTag: toTag, outbox: &outbox)
            outbox.append(minSE: minimum)
            outbox.append("Content-Length: 0\r\n\r\n")
            transactions.finishResponse(server, status: 422, now: now.instant, outbox: &outbox)
        case .refuseExtension:
            transactions.beginResponse(server, status: 420, reason: Bytes(ReasonPhrase.of(420)), toTag: toTag, outbox: &outbox)
            outbox.append("Unsupported: timer\r\nContent-Length: 0\r\n\r\n")
            transactions.finishResponse(server, status: 420, now: now.instant, outbox: &outbox)
        }
        return true
    }

    // MARK: - The answer

    /// What the callee's 2xx agreed, the rule of the call and what refreshes need, before the answer is stored.
    mutating func beginSessions(_ message: Message, of key: SlabKey, callee: SlabKey, now: Moment) {
        let caller = calls[key].call.callerLeg
        legs[callee].session = SessionTimer(legs[callee].offer, answered: SessionTimerResponse(message), now: now.instant)
        legs[callee].life = ProofOfLife(.answer, at: now)
        let snapshot = calls[key].call.configuration
        let origin = calls[key].call.origin
        let destination = calls[key].call.attempts.last?.destination
        let evidence = CallRuleDecision.Evidence(
            isTimerAllowed: snapshot.allowsSessionTimer(origin), inInvite: legs[caller].askedForTimer,
            callerAgreement: legs[caller].session.answer(to: .invite).map { SessionAgreement($0) },
            calleeAgreement: legs[callee].session.agreement)
        let bounds = CallBounds(
            snapshot.sessionSettings, mappingGateway: snapshot.maximumDuration(of: origin), routingGateway: snapshot.maximumDuration(of: destination))
        calls[key].call.limits = CallLimits(evidence, bounds: bounds, answeredAt: now.instant)
        let offered = calls[key].inviteBody
        legs[callee].openingAnswered(offered: Shard.isDescription(offered) ? offered : .empty)
    }

    /// The answer was passed: both legs are sessions now.
    mutating func startSessions(of key: SlabKey, callee: SlabKey, now: Moment) {
        let caller = calls[key].call.callerLeg
        legs[caller].session.responseSent(status: calls[key].call.callerStatus, to: .invite, now: now.instant)
        legs[caller].life = ProofOfLife(.answer, at: now)
        startProbing(callee, now: now)
        startProbing(caller, now: now)
        scheduleLeg(caller)
        scheduleLeg(callee)
    }

    // MARK: - The peer's refresh

    /// An UPDATE without a body changes no media: it refreshes the dialog and the session of this leg (RFC 3311, section
    /// 5.2; RFC 4028, section 7.4), whatever the other side of the call knows, and is answered here.
    mutating func refreshReceived(_ message: Message, on leg: SlabKey, server: ServerKey, now: Moment) {
        if legs[leg].updateFromPeer.isSet {
            respondInProgress(server, now: now)
            return
        }
        let isEstablished = legs[leg].phase == .established
        if isEstablished {
            guard let timer = sessionRequest(message, server: server, toTag: .empty, now: now) else { return }
            if refuse(legs[leg].session.requestReceived(timer, .update), server: server, toTag: .empty, now: now) { return }
        }
        legs[leg].dialog.refreshTarget(message, endpoints: endpoints)
        transactions.beginResponse(server, status: 200, reason: Bytes(ReasonPhrase.of(200)), toTag: .empty, outbox: &outbox)
        outbox.appendContact(user: contactUser(for: leg), flow: legs[leg].dialog.flow, endpoints: endpoints)
        outbox.append(Capabilities.allow)
        outbox.append(supported(on: leg))
        if isEstablished, let answer = legs[leg].session.answer(to: .update) { outbox.append(answer) }
        outbox.append(Capabilities.server)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: 200, now: now.instant, outbox: &outbox)
        guard isEstablished else { return }
        let change = legs[leg].session.responseSent(status: 200, to: .update, now: now.instant)
        sessionChanged(change, on: leg, now: now)
        keepState(ofCallOf: leg, now: now)
    }

    // MARK: - Time

    mutating func sessionTimedOut(on leg: SlabKey, now: Moment) {
        guard legs[leg].phase == .established else { return }
        switch legs[leg].session.handleTimeout(now: now.instant) {
        case .nothing: break
        case .refresh(let method): refresh(leg, by: method, now: now)
        case .over(let end): endSession(end, on: leg, now: now)
        }
        guard legs.contains(leg), legs[leg].probe?.handleTimeout(now: now.instant) ?? false else { return }
        sendProbe(on: leg, now: now)
    }

    /// Whether nothing is open on the leg that a refresh would meet (RFC 3261, section 14.1).
    private func mayRefresh(_ leg: SlabKey) -> Bool {
        !legs[leg].inviteFromPeer.isSet && !legs[leg].inviteToPeer.isSet && !legs[leg].updateFromPeer.isSet && !legs[leg].updateToPeer.isSet
            && legs[leg].unacknowledgedAnswer == nil && legs[leg].unacknowledgedByUs == nil
    }

    /// Refreshes the session by the method that is wanted, if that is possible now.
    private mutating func refresh(_ leg: SlabKey, by wanted: SessionRefreshMethod, now: Moment) {
        guard mayRefresh(leg) else { return }
        var method = wanted
        if wanted == .invite, !Shard.isDescription(legs[leg].description.bytes) {
            // Nothing is known that a re-INVITE could repeat: UPDATE is left, unless the peer refused it.
            guard !legs[leg].session.peerRefusedUpdate else {
                legs[leg].session.refreshImpossible()
                return
            }
            method = .update
        }
        sendRefresh(method, on: leg, now: now)
    }

    /// Sends UPDATE without a body, or re-INVITE with the description as it stands.
    private mutating func sendRefresh(_ method: SessionRefreshMethod, on leg: SlabKey, now: Moment) {
        let flow = legs[leg].dialog.flow
        let (client, branch) = transactions.open(
            method: method == .invite ? .invite : .update, flow: flow, user: TransactionUser(leg: leg, purpose: .refresh), now: now.instant)
        if method == .invite { legs[leg].inviteToPeer = client } else { legs[leg].updateToPeer = client }
        let name = method == .invite ? Bytes("INVITE") : Bytes("UPDATE")
        let cseq = legs[leg].dialog.nextCSeq()
        legs[leg].dialog.writeRequest(name, cseq: cseq, branch: branch, endpoints: endpoints, into: &outbox)
        if !legs[leg].isRefreshRepeated { beginCredentialExchange(on: leg) }
        appendCredentials(on: leg, method: name, body: .empty)
        outbox.appendContact(user: contactUser(for: leg), flow: flow, endpoints: endpoints)
        outbox.append(Capabilities.allow)
        // Reliable provisional responses to a re-INVITE of ours would have nobody who acknowledges them.
        outbox.append(method == .invite ? Capabilities.supportedTimer : Capabilities.supported)
        outbox.append(legs[leg].session.requestFields)
        outbox.append(Capabilities.userAgent)
        if method == .invite { outbox.append(legs[leg].description.bytes) } else { outbox.append("Content-Length: 0\r\n\r\n") }
        noteSize(flow)
        transactions.sendRequest(client, outbox: &outbox)
        legs[leg].session.refreshStarted(method)
        legs[leg].isRefreshRepeated = false
    }

    /// The refresh did not leave: its connection had ended, and there is another.
    mutating func sendRefreshAgain(_ method: Method, on leg: SlabKey, now: Moment) {
        guard legs[leg].phase == .established else { return }
        sendRefresh(method == .invite ? .invite : .update, on: leg, now: now)
    }

    // MARK: - Answers to refreshes

    mutating func refreshAnswered(_ message: Message, _ essentials: Essentials, on leg: SlabKey, client: ClientKey, now: Moment) {
        guard legs.contains(leg), message.status >= 200 else { return }
        let isInvite = essentials.cseq.method == .invite
        if legs[leg].inviteToPeer == client { legs[leg].inviteToPeer = .none }
        if legs[leg].updateToPeer == client { legs[leg].updateToPeer = .none }
        if message.status < 300 {
            legs[leg].dialog.refreshTarget(message, endpoints: endpoints)
            if isInvite { sendAck(on: leg, cseq: essentials.cseq.number, body: nil, client: client) }
        }
        guard legs[leg].phase == .established else { return }
        if mayRetryWithCredentials(message, on: leg) {
            legs[leg].isRefreshRepeated = true
            sendRefresh(isInvite ? .invite : .update, on: leg, now: now)
            return
        }
        let awaitsAnswer = message.status == 491 && repeatStoredAnswer(to: leg)
        if message.status != 408, message.status != 481, !awaitsAnswer { lifeSeen(.refreshAnswered, on: leg, now: now) }
        take(
            legs[leg].session.refreshAnswered(
                status: message.status, SessionTimerResponse(message), random: secrets.next(), now: now.instant), on: leg, now: now)
        if message.status < 300 { keepState(ofCallOf: leg, now: now) }
    }

    mutating func refreshFailed(on leg: SlabKey, method: Method, _ cause: TransactionEvent.Cause, now: Moment) {
        guard legs.contains(leg), legs[leg].phase == .established else { return }
        if method == .invite { legs[leg].inviteToPeer = .none } else { legs[leg].updateToPeer = .none }
        let outcome =
            cause == .timeout
            ? legs[leg].session.refreshTimedOut()
            : legs[leg].session.refreshAnswered(status: 503, SessionTimerResponse(), random: secrets.next(), now: now.instant)
        take(outcome, on: leg, now: now)
    }

    private mutating func take(_ outcome: SessionTimer.RefreshOutcome, on leg: SlabKey, now: Moment) {
        switch outcome {
        case .goesOn: break
        case .switchedOff: sessionChanged(.switchedOff, on: leg, now: now)
        case .again(let method): refresh(leg, by: method, now: now)
        case .over(let end): endSession(end, on: leg, now: now)
        }
        scheduleLeg(leg)
    }

    /// A 2xx in either direction did this to the session expiration.
    mutating func sessionChanged(_ change: SessionTimer.Change, on leg: SlabKey, now: Moment) {
        guard legs.contains(leg) else { return }
        if change == .switchedOff, legs[leg].role == .caller, calls.contains(legs[leg].call) {
            calls[legs[leg].call].call.limits?.timerSwitchedOff(now: now.instant)
            scheduleCall(legs[leg].call)
        }
        scheduleLeg(leg)
    }

    /// Hangs up what the session timer gave up; also a peer that answered the refresh with 408 or 481 (RFC 4028,
    /// section 10): 408 may come from a proxy, and the peer may still be there.
    private mutating func endSession(_ end: SessionEnd, on leg: SlabKey, now: Moment) {
        let call = legs[leg].call
        guard calls.contains(call) else { return }
        calls[call].call.noteEnd("\(legs[leg].role == .caller ? "caller" : "callee"): \(end.text)")
        if case .dialogUnknown = end {
            dialogLost(on: leg, isOwnFinding: true, isHungUp: true, now: now)
            return
        }
        calls[call].call.end(end.endReason, lastProof: legs[leg].life, &actions, now: now)
        perform(for: call, message: nil, now: now)
    }

    // MARK: - Proof of life

    /// The peer of a leg showed that it is there.
    mutating func lifeSeen(_ kind: ProofOfLife.Kind, on leg: SlabKey, now: Moment) {
        legs[leg].life?.seen(kind, at: now)
        restoredPeerHeard(leg)
        guard let probe = legs[leg].probe else { return }
        if probe.isPassing {
            legs[leg].probe = nil
        } else {
            legs[leg].probe?.lifeSeen(random: secrets.next(), now: now.instant)
        }
    }

    /// The peer left a request that was passed on to it unanswered, or answered 408. RFC 5057, section 5.2, would have the
    /// call ended; a request that the peer merely does not know is no death, so it is asked first.
    mutating func doubt(_ leg: SlabKey, now: Moment) {
        guard legs.contains(leg), legs[leg].phase == .established else { return }
        if legs[leg].probe == nil {
            legs[leg].probe = DialogProbe(inDoubtAt: now.instant)
        } else {
            legs[leg].probe?.askNow(now.instant)
        }
        scheduleLeg(leg)
    }

    /// A leg without session timer is probed where its gateway says so.
    private mutating func startProbing(_ leg: SlabKey, now: Moment) {
        let key = legs[leg].call
        guard legs[leg].session.agreement == nil, let interval = probeInterval(of: leg, in: key) else { return }
        legs[leg].probe = DialogProbe(DialogProbePolicy(interval: .seconds(Int64(interval))), random: secrets.next(), now: now.instant)
    }

    func probeInterval(of leg: SlabKey, in key: SlabKey) -> Int? {
        let snapshot = calls[key].call.configuration
        if legs[leg].role == .caller { return snapshot.probeInterval(of: calls[key].call.origin) }
        return snapshot.probeInterval(of: calls[key].call.attempts.last?.destination)
    }

    /// OPTIONS within the dialog (RFC 3261, section 11).
    private mutating func sendProbe(on leg: SlabKey, now: Moment) {
        let (client, branch) = transactions.open(
            method: .options, flow: legs[leg].dialog.flow, user: TransactionUser(leg: leg, purpose: .probe), now: now.instant)
        let cseq = legs[leg].dialog.nextCSeq()
        legs[leg].dialog.writeRequest(Bytes("OPTIONS"), cseq: cseq, branch: branch, endpoints: endpoints, into: &outbox)
        beginCredentialExchange(on: leg)
        appendCredentials(on: leg, method: Bytes("OPTIONS"), body: .empty)
        outbox.append(Capabilities.accept)
        outbox.append(Capabilities.userAgent)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.sendRequest(client, outbox: &outbox)
    }

    /// The probe did not leave: its connection had ended, and there is another.
    mutating func sendProbeAgain(on leg: SlabKey, now: Moment) {
        guard legs[leg].phase == .established else { return }
        sendProbe(on: leg, now: now)
    }

    /// A restart bills to a proof of life that is at most this old, and shows it.
    private static let oldestKeptLife = Interval.seconds(300)

    /// Stores the call again when the store's last proof of life is old: refreshes are stored anyway, other proofs are not.
    /// Not for a BYE: its CSeq must be taken again when the process dies before the end is stored.
    mutating func keepLifeIfOld(_ leg: SlabKey, now: Moment) {
        guard legs[leg].phase == .established, now.instant - legs[leg].keptAt >= Shard.oldestKeptLife else { return }
        keepState(ofCallOf: leg, now: now)
    }

    mutating func probeAnswered(_ status: Int, on leg: SlabKey, now: Moment) {
        guard legs.contains(leg), legs[leg].phase == .established, status >= 200 else { return }
        let verdict = legs[leg].probe?.answered(status: status, random: secrets.next(), now: now.instant) ?? .unknown
        take(verdict, on: leg, now: now)
    }

    mutating func probeFailed(on leg: SlabKey, now: Moment) {
        guard legs.contains(leg), legs[leg].phase == .established else { return }
        let verdict = legs[leg].probe?.unanswered(random: secrets.next(), now: now.instant) ?? .unknown
        take(verdict, on: leg, now: now)
    }

    private mutating func take(_ verdict: DialogProbe.Verdict, on leg: SlabKey, now: Moment) {
        switch verdict {
        case .alive:
            legs[leg].life?.seen(.probeAnswered, at: now)
            keepLifeIfOld(leg, now: now)
            if legs[leg].probe?.isPassing ?? false { legs[leg].probe = nil }
        case .unknown: break
        case .dead(let cause):
            let call = legs[leg].call
            guard calls.contains(call), let life = legs[leg].life else { return }
            let evidence = DeathEvidence(cause: cause, lastProof: life)
            calls[call].call.noteEnd("\(legs[leg].role == .caller ? "caller" : "callee"): \(evidence.text)")
            if cause == .dialogUnknown {
                dialogLost(on: leg, isOwnFinding: true, now: now)
            } else {
                calls[call].call.end(.peerSilent, lastProof: life, &actions, now: now)
                perform(for: call, message: nil, now: now)
            }
            return
        }
        scheduleLeg(leg)
    }
}
