import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// A new call: whom it is taken for, its route, and the INVITEs that go out for it.
extension Shard {
    /// How long a refused caller is asked to wait.
    static let retryAfterSeconds: UInt64 = 10

    mutating func inviteReceived(_ message: Message, _ essentials: Essentials, server: ServerKey, from flow: Flow, now: Moment) {
        if answerRepeatedOpening(essentials, server: server, now: now) { return }
        let tag = statelessTag(essentials)
        let registration = registration(of: message, from: flow)
        guard let source = customer(of: registration, from: flow) else {
            let reason = registration == nil ? Bytes(ReasonPhrase.of(403)) : Bytes("No Gateway Takes Calls Of This Registration")
            transactions.respond(server, status: 403, reason: reason, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        counters.callsReceived += 1
        if refusesNewCalls || storeIsFailing || calls.count >= settings.maximumCalls {
            counters.callsRefused += 1
            respondBusy(server, seconds: Shard.retryAfterSeconds, toTag: tag, now: now)
            return
        }
        if configuration.mappingGateways[source.index].locked {
            counters.callsRefused += 1
            transactions.respond(server, status: 403, reason: Bytes("Gateway Locked"), toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        let maxForwards = message.first(.maxForwards)?.decimal.map(Int.init) ?? 70
        guard maxForwards > 0 else {
            counters.callsRefused += 1
            transactions.respond(server, status: 483, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        guard !hasPassedHere(message) else {
            counters.callsRefused += 1
            transactions.respond(server, status: 482, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        // Who calls the Contact of a registration names the callee in To: the user part there is ours.
        guard let target = URI(registration == nil ? message.requestURI : essentials.to.uri), let from = URI(essentials.from.uri) else {
            transactions.respond(server, status: 400, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        guard !target.number.isEmpty else {
            counters.callsRefused += 1
            transactions.respond(server, status: 484, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }

        guard let timer = sessionRequest(message, server: server, toTag: tag, now: now) else { return }
        let policy = SessionTimerPolicy(
            configuration.sessionSettings, isAllowed: configuration.mappingGateways[source.index].sessionTimer)
        var session = SessionTimer(policy, callIDOwner: .peer)
        if refuse(session.requestReceived(timer, .invite), server: server, toTag: tag, now: now) {
            counters.callsRefused += 1
            return
        }

        let legKey = legs.nextKey
        let secret = secrets.next()
        configuration.candidates(for: target.number, from: flow.remote, into: &candidates)
        let call = Call(
            id: mint.next(at: now.wall), configuration: configuration, mappingGateway: source.index, sourceRule: source.rule,
            source: flow.remote, callerLeg: legKey, callerNumber: from.number, calleeNumber: target.number, callID: essentials.callID,
            candidates: candidates, setupLimit: message.first(.expires).flatMap { DeltaSeconds($0) }.map { .seconds(Int64($0.seconds)) },
            now: now)
        let key = insert(call, from: essentials.from, fromURI: from)
        var leg = Leg(
            role: .caller, call: key, secret: secret,
            dialog: Dialog(
                answering: message, essentials, localTag: MintedToken(shard: settings.index, key: legKey, secret: secret), flow: flow,
                endpoints: endpoints))
        leg.inviteFromPeer = server
        leg.session = session
        leg.askedForTimer = timer.sessionExpires != nil
        leg.supportsReliable = message.lists("100rel", in: .supported) || message.lists("100rel", in: .require)
        leg.requiresReliable = message.lists("100rel", in: .require)
        leg.maxForwards = maxForwards
        _ = legs.insert(leg)
        transactions.setUser(TransactionUser(leg: legKey, purpose: .initialInvite), of: server)
        keepInviteTail(message, of: key, caller: legKey)

        calls[key].call.begin(&actions, now: now)
        perform(for: key, message: nil, now: now)
        // The 100 leaves with the INVITE, and behind it: the call does not wait for the courtesy.
        if !transactions.isAnswered(server) { transactions.respond(server, status: 100, now: now.instant, outbox: &outbox) }
        scheduleCall(key)
    }

    private func customer(of registration: String?, from flow: Flow) -> (index: Int, rule: SourceTable.Rule)? {
        if let registration, let index = configuration.gatewaysByRegistration[registration] { return (index, .registration) }
        return configuration.sources.gateway(of: flow.remote)
    }

    /// A Via that we wrote: the request was here before (RFC 3261, section 16.3, item 4).
    private func hasPassedHere(_ message: Message) -> Bool {
        var found = false
        message.forEachElement(of: .via) { element in
            guard let via = Via(element), via.branch.count == MintedToken.length + Via.magicCookie.utf8CodeUnitCount,
                var address = NetworkAddress(parsing: via.host), MintedToken(via.branch.from(Via.magicCookie.utf8CodeUnitCount)) != nil
            else { return }
            address.port = via.port ?? 5060
            if endpoints.isOwn(address) { found = true }
        }
        return found
    }

    private mutating func insert(_ call: consuming Call, from: NameAddress, fromURI: URI) -> SlabKey {
        let display = call.texts.store(from.displayName)
        let user = call.texts.store(fromURI.user)
        let host = call.texts.store(fromURI.host.equalsIgnoringCase("anonymous.invalid") ? fromURI.host : .empty)
        return calls.insert(CallEntry(call: call, inviteTail: OwnedBytes(), callerDisplay: display, callerUser: user, callerHost: host))
    }

    /// Writes once what every INVITE of the call ends with: capabilities, passed fields, body.
    private mutating func keepInviteTail(_ message: Message, of key: SlabKey, caller: SlabKey) {
        outbox.begin()
        outbox.append(Capabilities.allow)
        if legs[caller].requiresReliable { outbox.append("Require: 100rel\r\n") }
        outbox.append(Capabilities.userAgent)
        outbox.appendPassed(from: message)
        calls[key].inviteBodyOffset = outbox.unfinished.count
        outbox.appendBody(of: message)
        calls[key].inviteTail = OwnedBytes(copying: outbox.unfinished)
        calls[key].hasPrivacy = message.first(.privacy) != nil
        outbox.begin()
    }

    // MARK: - Attempts

    mutating func startAttempt(_ candidate: Int, of key: SlabKey, now: Moment) {
        let choice = calls[key].call.candidates[candidate]
        let snapshot = calls[key].call.configuration
        let gateway = snapshot.routingGateways[choice.gateway]
        var upstream: (account: Int, flow: Flow, routes: String)?
        switch self.upstream(of: gateway, in: snapshot) {
        case .notNeeded: break
        case .use(let account, let flow, let routes): upstream = (account, flow, routes)
        case .down(let why):
            calls[key].call.gatewayUnusable(candidate, .registrationDown, why: why, &actions, now: now)
            return
        }
        guard let address = choice.redirection ?? upstream?.flow.remote ?? gateway.addresses.first else {
            calls[key].call.gatewayUnusable(candidate, .withoutAddress, why: "", &actions, now: now)
            return
        }
        if upstream?.flow.remote == calls[key].call.source {
            calls[key].call.gatewayUnusable(candidate, .sameAsSource, why: "", &actions, now: now)
            return
        }
        let legKey = legs.nextKey
        let callIDToken = MintedToken(shard: settings.index, key: legKey, secret: secrets.next())
        let callID = calls[key].call.texts.store(token: callIDToken)
        let calleeSent = choice.redirectedNumber.isEmpty ? calls[key].call.calleeNumber : choice.redirectedNumber
        var attempt = Attempt(
            gateway: choice.gateway, address: address, leg: legKey, callID: callID, calleeSent: calleeSent, startedAt: now.wall)
        let ownWay = choice.redirection == nil ? upstream?.flow : nil
        guard var flow = ownWay ?? endpoints.flow(to: address, transport: gateway.transport) else {
            calls[key].call.attemptImpossible(attempt, &actions, now: now)
            return
        }

        if upstream == nil, gateway.streamForLargeRequests, !choice.isDatagramOnly, gateway.transport == .udp,
            calls[key].inviteTail.bytes.count + Shard.usualHeadSize > Shard.largestDatagram,
            let stream = endpoints.flow(to: address, transport: .tcp)
        {
            flow = stream
            attempt.isMovedToStream = true
        }

        let secret = secrets.next()
        let caller = calls[key].call.callerLeg
        outbox.begin()
        let account = upstream.map { snapshot.registrations[$0.account] }
        let lengths =
            if let account {
                writeIdentities(of: key, callee: calleeSent, as: account)
            } else {
                writeIdentities(of: key, callee: calleeSent, toward: address, by: flow)
            }
        let written = outbox.unfinished
        let dialog = Dialog(
            calling: written.upTo(lengths.target), local: written[lengths.target..<lengths.target + lengths.local],
            remote: written.from(lengths.target + lengths.local), callID: calls[key].call.texts[callID],
            localTag: MintedToken(shard: settings.index, key: legKey, secret: secret), flow: flow, routes: upstream?.routes ?? "")
        outbox.begin()
        var leg = Leg(role: .callee, call: key, secret: secret, dialog: dialog)
        leg.maxForwards = legs[caller].maxForwards - 1
        leg.supportsReliable = legs[caller].supportsReliable
        leg.offer = SessionTimerOffer(SessionTimerPolicy(snapshot.sessionSettings, isAllowed: gateway.sessionTimer))
        let inserted = legs.insert(leg)
        precondition(inserted == legKey)

        if let account { adopt(account, on: legKey) }
        sendInvite(on: legKey, of: key, as: account, now: now)
        calls[key].call.attemptStarted(attempt, now: now)
    }

    /// Writes and sends the INVITE of an attempt: once, and again with credentials when it is challenged.
    mutating func sendInvite(on leg: SlabKey, of key: SlabKey, as account: Registration?, now: Moment) {
        let flow = legs[leg].dialog.flow
        let (client, branch) = transactions.open(
            method: .invite, flow: flow, user: TransactionUser(leg: leg, purpose: .initialInvite), now: now.instant)
        legs[leg].inviteToPeer = client
        let cseq = legs[leg].dialog.nextCSeq()
        legs[leg].dialog.writeRequest(
            Bytes("INVITE"), cseq: cseq, branch: branch, maxForwards: legs[leg].maxForwards, endpoints: endpoints, into: &outbox)
        if let account {
            (contactUsers[account.name] ?? "").withBytes { outbox.appendContact(user: $0, flow: flow, endpoints: endpoints) }
            appendCredentials(on: leg, method: Bytes("INVITE"), body: calls[key].inviteTail.bytes.body)
            appendPrivacy(of: account, in: calls[key].call.configuration, hasOwn: calls[key].hasPrivacy)
        } else {
            outbox.appendContact(user: calls[key].call.texts[calls[key].callerUser], flow: flow, endpoints: endpoints)
        }
        let offer = legs[leg].offer.fields
        if offer.supportsTimer {
            outbox.append(legs[leg].supportsReliable ? Capabilities.supported : Capabilities.supportedTimer)
            outbox.append(offer)
        } else if legs[leg].supportsReliable {
            outbox.append(Capabilities.supportedReliable)
        }
        outbox.append(calls[key].inviteTail.bytes)
        noteSize(flow)
        transactions.sendRequest(client, outbox: &outbox)
    }

    /// Our identity at the upstream of a registration: the account's address-of-record, the caller's
    /// name or number as display name; the callee at the upstream's domain.
    private mutating func writeIdentities(of key: SlabKey, callee place: StoredBytes, as account: Registration) -> (target: Int, local: Int) {
        let callee = calls[key].call.texts[place]
        func appendTarget(_ outbox: inout Outbox) {
            outbox.append("sip:")
            outbox.append(callee)
            outbox.append(UInt8(ascii: "@"))
            outbox.append(text: account.host.asURIHost)
        }
        appendTarget(&outbox)
        let target = outbox.unfinished.count
        let display = calls[key].call.texts[calls[key].callerDisplay]
        let number = calls[key].call.texts[calls[key].call.callerNumber]
        if !display.isEmpty {
            outbox.append(unfolding: display)
            outbox.append(UInt8(ascii: " "))
        } else if !number.isEmpty, number.firstIndex(of: UInt8(ascii: "\\")) == nil {
            outbox.append(UInt8(ascii: "\""))
            outbox.append(number)
            outbox.append("\" ")
        }
        outbox.append("<sip:")
        outbox.append(text: account.username)
        outbox.append(UInt8(ascii: "@"))
        outbox.append(text: account.host.asURIHost)
        outbox.append(UInt8(ascii: ">"))
        let local = outbox.unfinished.count - target
        outbox.append(UInt8(ascii: "<"))
        appendTarget(&outbox)
        outbox.append(UInt8(ascii: ">"))
        return (target, local)
    }

    /// Writes Request-URI, our From value and the To value one behind the other; returns the first two lengths.
    private mutating func writeIdentities(
        of key: SlabKey, callee place: StoredBytes, toward address: NetworkAddress, by flow: Flow
    ) -> (target: Int, local: Int) {
        let callee = calls[key].call.texts[place]
        func appendTarget(_ outbox: inout Outbox) {
            outbox.append("sip:")
            outbox.append(callee)
            outbox.append(UInt8(ascii: "@"))
            outbox.append(address)
        }
        appendTarget(&outbox)
        if flow.transport != .udp {
            outbox.append(";transport=")
            outbox.append(flow.transport.name)
        }
        let target = outbox.unfinished.count

        let display = calls[key].call.texts[calls[key].callerDisplay]
        if !display.isEmpty {
            outbox.append(unfolding: display)
            outbox.append(UInt8(ascii: " "))
        }
        outbox.append("<sip:")
        let user = calls[key].call.texts[calls[key].callerUser]
        if !user.isEmpty {
            outbox.append(user)
            outbox.append(UInt8(ascii: "@"))
        }
        let host = calls[key].call.texts[calls[key].callerHost]
        if host.isEmpty { outbox.append(endpoints.advertised(flow)) } else { outbox.append(host) }
        outbox.append(UInt8(ascii: ">"))
        let local = outbox.unfinished.count - target

        outbox.append(UInt8(ascii: "<"))
        appendTarget(&outbox)
        outbox.append(UInt8(ascii: ">"))
        return (target, local)
    }

    /// Counts what leaves as a datagram beyond the size that travels whole everywhere (RFC 3261, section 18.1.1).
    func isOversized(_ flow: Flow) -> Bool { flow.transport == .udp && outbox.unfinished.count > Shard.largestDatagram }

    /// Bytes of a datagram that travels whole everywhere.
    static let largestDatagram = 1_300
    /// About what request line, Via, Route and the dialog's fields take before the passed part of an INVITE.
    static let usualHeadSize = 480

    mutating func noteSize(_ flow: Flow) { if isOversized(flow) { counters.oversizedDatagramsSent += 1 } }
}

extension Bytes {
    /// What stands behind the empty line of a message's end part.
    var body: Bytes {
        var i = 0
        while let end = firstIndex(of: 0x0A, from: i) {
            if end - i <= 1 { return from(end + 1) }
            i = end + 1
        }
        return .empty
    }
}

extension URI {
    /// The number of a `sip` or `tel` URI: its user part without parameters (`+14155550100;npdi` is one number).
    var number: Bytes { user.upTo(user.firstIndex(of: UInt8(ascii: ";")) ?? user.count) }
}

extension Outbox {
    /// `Contact: <sip:user@host:port;transport=tcp>`
    mutating func appendContact(user: Bytes, flow: Flow, endpoints: LocalEndpoints) {
        append("Contact: <sip:")
        if !user.isEmpty {
            append(user)
            append(UInt8(ascii: "@"))
        }
        append(endpoints.advertised(flow))
        if flow.transport != .udp {
            append(";transport=")
            append(flow.transport.name)
        }
        append(">\r\n")
    }

    /// `Reason: Q.850;cause=16;text="..."` (RFC 3326).
    mutating func appendReason(cause: Int, text: StaticString) {
        append("Reason: Q.850;cause=")
        append(decimal: UInt64(cause))
        append(";text=\"")
        append(text)
        append("\"\r\n")
    }
}
