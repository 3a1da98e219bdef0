import SIPMessages
import Vocabulary

// Behaviour by script. Without one the test decides.
extension PeerCall {
    /// Begins the call and behaves as the script says.
    public func begin(_ script: CallerScript) {
        callerScript = script
        invite(offers: !script.isLateOffer, reliability: script.reliability)
        if let delay = script.cancelsAfter { world.after(delay) { [weak self] in self?.cancel() } }
    }

    /// What the callee does with the call that has just arrived.
    public func behave(_ script: CalleeScript) { calleeScript = script }

    func runCalleeScript(_ server: PeerServer) {
        guard let script = calleeScript, !script.isDead else { return }
        if refusesInterval(server) { return }
        if script.sendsTrying { respond(server, 100) }
        for provisional in script.provisionals {
            world.after(provisional.after) { [weak self] in
                guard let self, server.final == nil else { return }
                if provisional.isReliable, server.request.elements("Supported").contains("100rel") {
                    // One at a time: the next waits for the PRACK of the one before (RFC 3262, section 3).
                    if server.reliablePending.isEmpty { respondReliably(provisional.status, hasMedia: provisional.hasMedia, fork: provisional.fork) }
                } else {
                    respond(server, provisional.status, fork: provisional.fork, body: provisional.hasMedia ? nextSession() : "")
                }
            }
        }
        for final in script.finals { finishLater(server, final, after: final.after) }
    }

    private func finishLater(_ server: PeerServer, _ final: ScriptedFinal, after delay: Interval) {
        world.after(delay) { [weak self] in
            guard let self else { return }
            // Another fork's 2xx may follow a 2xx; nothing else follows a final response.
            if let first = server.final {
                guard first < 300, final.status < 300, final.fork >= forks.count || !forks[final.fork].isAnswered, !forks[0].isEnded else { return }
            }
            if final.status < 300, !server.reliablePending.isEmpty {
                // An answer waits until reliable provisional responses are acknowledged (RFC 3262, section 3).
                finishLater(server, final, after: .milliseconds(200))
                return
            }
            if final.status < 300 {
                answer(server, fork: final.fork, status: final.status)
            } else {
                respond(server, final.status, fields: final.status < 400 ? ["Contact: <sip:+14155550199@example.net>"] : [])
            }
        }
    }

    func callerAnswered() {
        guard let script = callerScript else { return }
        perform(script.inDialog, fork: 0)
    }

    func calleeAcknowledged(fork: Int) {
        guard let script = calleeScript, fork == 0 else { return }
        perform(script.inDialog, fork: fork)
    }

    private func perform(_ actions: [TimedAction], fork: Int) {
        for timed in actions {
            world.after(timed.after) { [weak self] in
                guard let self, !isGone, !forks[fork].isEnded else { return }
                perform(timed.action, fork: fork)
            }
        }
    }

    private func perform(_ action: DialogAction, fork: Int) {
        switch action {
        case .bye: hangUp(fork: fork)
        case .reinvite(let holds): reinviteWithRetry(holds: holds, tries: 3)
        case .update: if !clients.contains(where: { $0.method == .update && $0.isPending }) { update() }
        case .info: request(.info)
        case .options: request(.options)
        case .message: request(.message)
        case .staleInfo: request(.info, cseq: max(1, localCSeq - 1))
        case .forgedBye(let forgery):
            request(.bye, tag: forgery == .fromTag ? peer.mint("forged") : nil, toTag: forgery == .toTag ? peer.mint("forged") : nil)
        case .dieSilently: isGone = true
        case .loseDialog: (isGone, answersUnknown) = (true, true)
        case .refer: request(.refer, fields: ["Refer-To: <sip:+14155550188@example.net>", "Contact: <\(contact)>"])
        }
    }

    /// A BYE of a dialog that has ended, as a confused peer sends it.
    func sendLateBye(fork: Int) {
        guard let delay = role == .caller ? callerScript?.lateBye : calleeScript?.lateBye, !timer.sentLateBye else { return }
        timer.sentLateBye = true
        world.after(delay) { [weak self] in
            guard let self, !isGone else { return }
            request(.bye, tag: forks[fork].tag)
        }
    }

    /// After 491 both sides wait and try again, the owner of the Call-ID longer (RFC 3261, section 14.1).
    private func reinviteWithRetry(holds: Bool, tries: Int) {
        guard !clients.contains(where: { $0.method == .invite && $0.isPending }) else { return }
        guard !servers.contains(where: { $0.request.method == .invite && $0.final == nil }) else { return }
        let client = reinvite(holds: holds)
        client.finalReceived = { [weak self] response in
            guard let self, response.status == 491 || response.status == 500, tries > 1 else { return }
            world.after(role == .caller ? .milliseconds(2_600) : .milliseconds(900)) { [weak self] in
                guard let self, !forks[0].isEnded else { return }
                reinviteWithRetry(holds: holds, tries: tries - 1)
            }
        }
    }
}
