import SIPMessages
import Vocabulary

// Requests to a peer and what it answers.
extension PeerCall {
    func requestReceived(_ message: SeenMessage) {
        if message.method == .ack {
            ackReceived(message)
            return
        }
        if let server = servers.first(where: { $0.request.branch == message.branch && $0.request.method == message.method }) {
            server.copies += 1
            if !server.lastResponse.isEmpty, !isDead { transmit(server.lastResponse, server) }
            return
        }
        let server = PeerServer(message, head: PeerWriter.head(of: message))
        servers.append(server)
        if message.method == .cancel {
            cancelReceived(server)
            return
        }
        if message.toTag.isEmpty {
            openingReceived(server)
            return
        }
        inDialogReceived(server)
    }

    private var isDead: Bool { calleeScript?.isDead ?? false }

    private func openingReceived(_ server: PeerServer) {
        guard server.request.method == .invite, role == .callee else {
            respond(server, 405)
            return
        }
        if servers.contains(where: { $0 !== server && $0.request.method == .invite && $0.request.toTag.isEmpty && ($0.final ?? 0) < 300 }) {
            respond(server, 482)
            return
        }
        remoteTag = server.request.fromTag
        remoteValue = PeerCall.withoutTag(remoteValue)
        remoteCSeq = server.request.cseq
        takeTarget(server.request, reversed: false)
        if let contact = server.request.contact { remoteTarget = contact } else { fault("INVITE without Contact") }
        peer.callArrived?(self)
        runCalleeScript(server)
    }

    private static func withoutTag(_ value: String) -> String {
        value.withBytes { NameAddress($0).map { $0.parameters.isEmpty ? $0.text.string : $0.text.upTo($0.text.count - $0.parameters.count).string } }
            ?? value
    }

    // MARK: - Inside the dialog

    private func inDialogReceived(_ server: PeerServer) {
        let message = server.request
        guard let fork = forks.firstIndex(where: { $0.tag == message.toTag }), message.fromTag == remoteTag || remoteTag.isEmpty else {
            respond(server, 481)
            return
        }
        if message.method == .bye {
            byeReceived(server, fork: fork)
            return
        }
        if forks[fork].isEnded {
            respond(server, 481)
            return
        }
        guard message.cseq > remoteCSeq else {
            respond(server, 500)
            return
        }
        remoteCSeq = message.cseq
        if refusesRefresh(server) { return }
        if let status = answers[message.method] {
            if status > 0 { respond(server, status) }
            return
        }
        switch message.method {
        case .invite: reinviteReceived(server)
        case .update:
            if clients.contains(where: { $0.method == .update && $0.isPending }) {
                respond(server, 491)
            } else {
                takeTarget(message, reversed: nil)
                respond(server, 200, body: message.hasBody ? nextSession() : "")
            }
        case .prack: prackReceived(server)
        case .info, .options, .message: respond(server, 200)
        default:
            fault("\(message.methodName) must not be passed")
            respond(server, 405)
        }
    }

    private func reinviteReceived(_ server: PeerServer) {
        if clients.contains(where: { $0.method == .invite && $0.isPending }) {
            respond(server, 491)
        } else if servers.contains(where: { $0 !== server && $0.request.method == .invite && $0.final == nil }) {
            respond(server, 500, fields: ["Retry-After: 1"])
        } else {
            takeTarget(server.request, reversed: nil)
            respond(server, 200, body: nextSession())
        }
    }

    private func byeReceived(_ server: PeerServer, fork: Int) {
        byeReceivedAt = byeReceivedAt ?? world.now
        forks[fork].isEnded = true
        sendLateBye(fork: fork)
        let answersBye = (role == .caller ? callerScript?.answersBye : calleeScript?.answersBye) ?? true
        if answersBye { respond(server, answers[.bye] ?? 200) }
        for open in servers where open.request.method == .invite && open.final == nil && !open.request.toTag.isEmpty { respond(open, 487) }
    }

    private func prackReceived(_ server: PeerServer) {
        let numbers = (server.request.header("RAck") ?? "").split(separator: " ").compactMap { Int($0) }
        guard let invite = initialServer, numbers.count == 2, numbers[1] == invite.request.cseq,
            let pending = invite.reliablePending.firstIndex(of: numbers[0])
        else {
            fault("PRACK for nothing sent: \(server.request.header("RAck") ?? "")")
            respond(server, 481)
            return
        }
        invite.reliablePending.remove(at: pending)
        respond(server, 200)
    }

    private func cancelReceived(_ server: PeerServer) {
        let target = servers.first { $0.request.method == .invite && $0.request.branch == server.request.branch }
        guard let target else {
            respond(server, 481)
            return
        }
        respond(server, 200)
        guard target.final == nil, !isDead else { return }
        switch calleeScript?.onCancel ?? .terminates {
        case .terminates: respond(target, 487)
        case .answersAnyway: answer(target)
        case .staysSilent: break
        }
    }

    private func ackReceived(_ message: SeenMessage) {
        guard let server = servers.last(where: { $0.request.method == .invite && $0.request.cseq == message.cseq }) else { return }
        guard let final = server.final else { return }
        if final >= 300 {
            guard message.branch == server.request.branch else { return }
            server.isAcknowledged = true
            return
        }
        guard let fork = forks.firstIndex(where: { $0.tag == message.toTag }) else {
            fault("ACK for an unknown tag \(message.toTag)")
            return
        }
        if message.branch == server.request.branch { fault("ACK of a 2xx in the INVITE's transaction") }
        if !server.acknowledgedTags.contains(message.toTag) { server.acknowledgedTags.append(message.toTag) }
        server.isAcknowledged = true
        let isFirst = !forks[fork].isAcknowledged
        forks[fork].isAcknowledged = true
        if server === initialServer, isFirst {
            acknowledgedAt = acknowledgedAt ?? world.now
            calleeAcknowledged(fork: fork)
        }
    }

    // MARK: - Responding

    /// Answers a request; only the first final response of a transaction counts, except for other forks' 2xx.
    public func respond(
        _ server: PeerServer, _ status: Int, reason: String? = nil, fork: Int = 0, fields: [String] = [], body: String = ""
    ) {
        while forks.count <= fork { forks.append(PeerFork(tag: peer.mint("t"))) }
        var fields = fields
        let isInvite = server.request.method == .invite
        if isInvite || server.request.method == .update, status > 100, status < 300 { fields.append("Contact: <\(contact)>") }
        if isInvite || server.request.method == .update, (200..<300).contains(status) { fields += sessionFields(answering: server) }
        if let sessionAnswer, isInvite || server.request.method == .update, (200..<300).contains(status), !server.request.toTag.isEmpty {
            fields += sessionAnswer(server.request)
        }
        let bytes = PeerWriter.response(
            to: server.request, head: server.head, status: status, reason: reason, toTag: status > 100 ? forks[fork].tag : "",
            recordRoutes: server.request.toTag.isEmpty && status > 100 ? peer.recordRoutes : [], fields: fields, body: body)
        server.lastResponse = bytes
        transmit(bytes, server)
        guard status >= 200 else { return }
        server.final = server.final ?? status
        guard isInvite else { return }
        server.finals.append((forks[fork].tag, bytes))
        if status < 300, server.request.toTag.isEmpty {
            forks[fork].isAnswered = true
            answeredAt = answeredAt ?? world.now
        }
        repeatFinal(server, bytes, tag: forks[fork].tag, status: status, wait: Self.t1, elapsed: .zero)
    }

    /// The call's INVITE, answered by the test: provisional or final.
    public func respond(_ status: Int, hasMedia: Bool = false, fork: Int = 0, fields: [String] = []) {
        guard let server = initialServer else { return }
        respond(server, status, fork: fork, fields: fields, body: hasMedia ? nextSession() : "")
    }

    /// 200 with a session to the call's INVITE.
    public func answer(fork: Int = 0) {
        if let server = initialServer { answer(server, fork: fork) }
    }

    func answer(_ server: PeerServer, fork: Int = 0, status: Int = 200) { respond(server, status, fork: fork, body: nextSession()) }

    /// A provisional response that is repeated until its PRACK comes (RFC 3262).
    public func respondReliably(_ status: Int, hasMedia: Bool = true, fork: Int = 0) {
        guard let server = initialServer else { return }
        server.lastRSeq += 1
        let rseq = server.lastRSeq
        server.reliablePending.append(rseq)
        respond(server, status, fork: fork, fields: ["Require: 100rel", "RSeq: \(rseq)"], body: hasMedia ? nextSession() : "")
        repeatReliable(server, rseq, server.lastResponse, wait: Self.t1, elapsed: .zero)
    }

    private func transmit(_ bytes: [UInt8], _ server: PeerServer) {
        world.send(bytes, from: peer.address, to: server.request.from, transport: peer.transport)
    }

    private func repeatReliable(_ server: PeerServer, _ rseq: Int, _ bytes: [UInt8], wait: Interval, elapsed: Interval) {
        world.after(wait) { [weak self] in
            guard let self, server.final == nil, server.reliablePending.contains(rseq) else { return }
            guard elapsed + wait < Self.giveUp else {
                respond(server, 504)
                return
            }
            transmit(bytes, server)
            repeatReliable(server, rseq, bytes, wait: wait * 2, elapsed: elapsed + wait)
        }
    }

    /// A final response to INVITE is repeated until its ACK: a failure by timer G, a 2xx by its user.
    private func repeatFinal(_ server: PeerServer, _ bytes: [UInt8], tag: String, status: Int, wait: Interval, elapsed: Interval) {
        world.after(min(wait, Self.giveUp - elapsed)) { [weak self] in
            guard let self, !isGone else { return }
            let isDone = status < 300 ? server.acknowledgedTags.contains(tag) : server.isAcknowledged
            guard !isDone else { return }
            let fork = forks.firstIndex { $0.tag == tag } ?? 0
            if status < 300, forks[fork].isEnded { return }
            if elapsed + wait >= Self.giveUp {
                // No ACK for 64*T1: the session is not up (section 13.3.1.4).
                if status < 300, server.request.toTag.isEmpty { hangUp(fork: fork) }
                return
            }
            if peer.transport == .udp || status < 300 { transmit(bytes, server) }
            repeatFinal(server, bytes, tag: tag, status: status, wait: min(wait * 2, Self.t2), elapsed: elapsed + wait)
        }
    }
}
