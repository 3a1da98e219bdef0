import SIPMessages
import Vocabulary

// Requests of a peer: written, repeated by RFC 3261's timers, and their responses.
extension PeerCall {
    static let t1 = Interval.milliseconds(500)
    static let t2 = Interval.seconds(4)
    static let giveUp = Interval.seconds(32)

    // MARK: - What a party can do

    /// Sends the INVITE of a new call. `fields`: further header field lines.
    @discardableResult
    public func invite(offers: Bool = true, reliability: Reliability = .none, fields: [String] = []) -> PeerClient {
        var fields = fields + ["Contact: <\(contact)>", allow] + openingSessionFields
        switch reliability {
        case .none: break
        case .supported: fields.append("Supported: 100rel")
        case .required: fields += ["Supported: 100rel", "Require: 100rel"]
        }
        return request(.invite, fields: fields, body: offers ? nextSession() : "", isInitial: true)
    }

    /// CANCEL of the open INVITE; waits for a provisional response when none came (RFC 3261, section 9.1).
    public func cancel() {
        guard let invite = clients.last(where: { $0.method == .invite }), invite.isPending else { return }
        invite.cancelIsWanted = true
        if !invite.provisionals.isEmpty { sendCancel(invite) }
    }

    public func hangUp(fork: Int = 0) {
        guard !isGone, forks[fork].isAnswered, !forks[fork].isEnded else { return }
        forks[fork].isEnded = true
        byeSentAt = byeSentAt ?? world.now
        request(.bye, tag: forks[fork].tag)
        sendLateBye(fork: fork)
    }

    @discardableResult
    public func reinvite(holds: Bool = false, offers: Bool = true) -> PeerClient {
        request(.invite, fields: ["Contact: <\(contact)>"], body: offers ? nextSession(holds ? "sendonly" : "sendrecv") : "")
    }

    @discardableResult
    public func update() -> PeerClient { request(.update, fields: ["Contact: <\(contact)>"], body: nextSession()) }

    /// Any request; inside the dialog when there is one. `cseq` other than nil breaks the order on purpose.
    @discardableResult
    public func request(
        _ method: Method, name: String? = nil, fields: [String] = [], body: String = "", cseq: Int? = nil, isInitial: Bool = false,
        tag: String? = nil, toTag: String? = nil, maxForwards: Int = 70
    ) -> PeerClient {
        if cseq == nil { localCSeq += 1 }
        let number = cseq ?? localCSeq
        let branch = peer.mint("z9hG4bK")
        let bytes = write(
            name ?? Bytes(method.name).string, branch: branch, cseq: number, tag: tag ?? localTag, toTag: toTag,
            maxForwards: maxForwards, fields: fields, body: body)
        let client = PeerClient(
            method: method, cseq: number, branch: branch, bytes: bytes, destination: destination, isInitial: isInitial,
            hasOffer: !body.isEmpty)
        clients.append(client)
        transmit(client)
        return client
    }

    // MARK: - Writing

    var contact: String {
        "sip:\(peer.marker.dropFirst())\(peer.name)@\(peer.address)\(peer.transport == .udp ? "" : ";transport=\(peer.transport.name)")"
    }

    func nextSession(_ direction: String = "sendrecv") -> String {
        sessionVersion += 1
        return PeerWriter.session(version: sessionVersion, direction: direction)
    }

    /// Where requests go: the first route, else the remote target.
    private var destination: NetworkAddress {
        let next = routes.first.flatMap { route in route.withBytes { NameAddress($0)?.uri.string } } ?? remoteTarget
        return next.withBytes { URI($0)?.address } ?? peer.switchAddress
    }

    private func write(
        _ method: String, branch: String, cseq: Int, tag: String, toTag: String? = nil, maxForwards: Int = 70, fields: [String],
        body: String = ""
    ) -> [UInt8] {
        let remoteTag = toTag ?? remoteTag
        var text = "\(method) \(remoteTarget) SIP/2.0\r\n"
        text += "Via: SIP/2.0/\(peer.transport.viaName) \(peer.address);branch=\(branch);rport\r\nMax-Forwards: \(maxForwards)\r\n"
        for route in routes { text += "Route: \(route)\r\n" }
        text += "From: \(localValue);tag=\(tag)\r\nTo: \(remoteValue)\(remoteTag.isEmpty ? "" : ";tag=\(remoteTag)")\r\n"
        text += "Call-ID: \(callID)\r\nCSeq: \(cseq) \(method)\r\n"
        if !peer.recordRoutes.isEmpty, role == .caller, remoteTag.isEmpty {
            for route in peer.recordRoutes { text += "Record-Route: \(route)\r\n" }
        }
        return PeerWriter.finish(&text, fields: fields, body: body)
    }

    private func sendCancel(_ invite: PeerClient) {
        guard !invite.cancelWasSent else { return }
        invite.cancelWasSent = true
        var copy = String(decoding: invite.bytes, as: UTF8.self)
        // Same request line, Via, From, To without tag, Call-ID and CSeq number as the INVITE (section 9.1).
        let kept = ["Via", "Max-Forwards", "From", "To", "Call-ID", "Route"]
        let lines = copy.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        copy = "CANCEL" + lines[0].dropFirst("INVITE".count) + "\r\n"
        for line in lines.dropFirst() where kept.contains(String(line.prefix { $0 != ":" })) { copy += line + "\r\n" }
        copy += "CSeq: \(invite.cseq) CANCEL\r\n"
        let client = PeerClient(
            method: .cancel, cseq: invite.cseq, branch: invite.branch, bytes: PeerWriter.finish(&copy, fields: [], body: ""),
            destination: invite.destination)
        clients.append(client)
        transmit(client)
    }

    // MARK: - Repetition

    private func transmit(_ client: PeerClient) {
        client.sentCopies += 1
        world.send(client.bytes, from: peer.address, to: client.destination, transport: peer.transport)
        repeatLater(client, wait: Self.t1, elapsed: .zero)
    }

    private func repeatLater(_ client: PeerClient, wait: Interval, elapsed: Interval) {
        let total = elapsed + wait
        world.after(min(wait, Self.giveUp - elapsed)) { [weak self] in
            guard let self, client.isWaiting, !isGone else { return }
            if total >= Self.giveUp {
                client.isTimedOut = true
                timedOut(client)
                return
            }
            if peer.transport == .udp {
                client.sentCopies += 1
                world.send(client.bytes, from: peer.address, to: client.destination, transport: .udp)
            }
            let doubled = wait * 2
            repeatLater(client, wait: client.method == .invite ? doubled : min(doubled, Self.t2), elapsed: total)
        }
    }

    /// What it says that it allows.
    var allow: String { "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK,\(sessionScript.allowsUpdate ? " UPDATE," : "") INFO, MESSAGE" }

    private func timedOut(_ client: PeerClient) {
        switch client.method {
        case .invite where !client.isInitial, .info, .update, .options, .message: if !forgivesSilence { endDialog() }
        default: break
        }
    }

    /// The other side does not know the dialog any more, or does not answer in it: it ends with BYE
    /// (section 12.2.1.2).
    func endDialog() {
        guard wasAnswered else { return }
        dialogWasLost = true
        for index in forks.indices { hangUp(fork: index) }
    }

    // MARK: - Responses

    func responseReceived(_ message: SeenMessage) {
        guard let client = clients.first(where: { $0.branch == message.branch && $0.method == message.method }) else {
            fault("response to no request of mine: \(message.startLine), CSeq \(message.cseq)")
            return
        }
        if message.status < 200 {
            provisionalReceived(message, client)
            return
        }
        let isFirst = client.finals.isEmpty
        client.finalCopies += 1
        if !client.finals.contains(message.status) { client.finals.append(message.status) }
        if client.method == .invite {
            if message.status < 300 { answerReceived(message, client, isFirst: isFirst) } else { refusalReceived(message, client) }
        }
        if message.status == 481 || message.status == 408 && !forgivesSilence, !client.isInitial, client.method != .prack, client.method != .cancel,
            client.method != .bye
        {
            endDialog()
        }
        if isFirst { client.finalReceived?(message) }
    }

    private func provisionalReceived(_ message: SeenMessage, _ client: PeerClient) {
        client.provisionals.append(message.status)
        if client.isInitial, !message.toTag.isEmpty {
            remoteTag = message.toTag
            takeTarget(message, reversed: true)
        }
        if client.cancelIsWanted, !client.hasFinal { sendCancel(client) }
        guard let rseq = message.header("RSeq").flatMap({ Int($0) }), message.elements("Require").contains("100rel") else { return }
        let known = client.reliableSeen.firstIndex { $0.tag == message.toTag }
        if let known {
            guard rseq == client.reliableSeen[known].rseq + 1 else { return }
            client.reliableSeen[known].rseq = rseq
        } else {
            client.reliableSeen.append((message.toTag, rseq))
        }
        if callerScript?.sendsPrack ?? true { request(.prack, fields: ["RAck: \(rseq) \(client.cseq) INVITE"]) }
    }

    /// ACK of a failure, in the INVITE's own transaction; every copy is acknowledged (section 17.1.1.2).
    private func refusalReceived(_ message: SeenMessage, _ client: PeerClient) {
        var text = String(decoding: client.bytes, as: UTF8.self)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        text = "ACK" + lines[0].dropFirst("INVITE".count) + "\r\n"
        for line in lines.dropFirst() where ["Via", "Max-Forwards", "From", "Call-ID", "Route"].contains(String(line.prefix { $0 != ":" })) {
            text += line + "\r\n"
        }
        text += "To: \(message.header("To") ?? "")\r\nCSeq: \(client.cseq) ACK\r\n"
        world.send(PeerWriter.finish(&text, fields: [], body: ""), from: peer.address, to: client.destination, transport: peer.transport)
    }

    private func answerReceived(_ message: SeenMessage, _ client: PeerClient, isFirst: Bool) {
        if client.isInitial {
            if remoteTag != message.toTag || isFirst {
                if wasAnswered, remoteTag != message.toTag { fault("a second answer with another tag") }
                remoteTag = message.toTag
                takeTarget(message, reversed: true)
            }
        } else {
            takeTarget(message, reversed: nil)
        }
        acknowledge(message, client)
        guard client.isInitial, answeredAt == nil else { return }
        answeredAt = world.now
        forks[0].isAnswered = true
        takeSession(message, inAnswerTo: client)
        if client.cancelIsWanted { hangUp() }
        callerAnswered()
    }

    private func acknowledge(_ message: SeenMessage, _ client: PeerClient) {
        switch client.isInitial ? callerScript?.acknowledges ?? .always : .always {
        case .never: return
        case .afterIgnoring(let count):
            if client.ignoredAnswers < count {
                client.ignoredAnswers += 1
                return
            }
        case .always: break
        }
        acknowledge(client, tag: message.toTag)
    }

    /// Sends the ACK of a 2xx, the same one for every copy (section 13.2.2.4).
    public func acknowledge(_ client: PeerClient, tag: String) {
        if !client.acks.contains(where: { $0.tag == tag }) {
            let ack = write(
                "ACK", branch: peer.mint("z9hG4bK"), cseq: client.cseq, tag: localTag, fields: [],
                body: client.hasOffer ? "" : nextSession())
            client.acks.append((tag, ack))
        }
        guard let ack = client.acks.first(where: { $0.tag == tag }) else { return }
        acknowledgedAt = acknowledgedAt ?? world.now
        world.send(ack.bytes, from: peer.address, to: destination, transport: peer.transport)
    }

    /// Takes the remote target, and with `reversed` the route set.
    func takeTarget(_ message: SeenMessage, reversed: Bool?) {
        if let contact = message.contact { remoteTarget = contact }
        guard let reversed else { return }
        // The proxies that the peer pretends to stand behind are passed before the message is on the wire.
        let elements = message.elements("Record-Route").filter { !peer.recordRoutes.contains($0) }
        routes = reversed ? elements.reversed() : elements
    }
}
