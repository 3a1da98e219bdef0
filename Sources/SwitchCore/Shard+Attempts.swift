import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// The INVITEs that go out for a call.
extension Shard {
    mutating func startAttempt(_ candidate: Int, of key: SlabKey, now: Moment) {
        let choice = calls[key].call.candidates[candidate]
        let snapshot = calls[key].call.configuration
        judgeAttempts(of: key, now: now)
        calls[key].calleePlaces = CalleePlaces()
        guard let way = way(to: choice, candidate: candidate, of: key, now: now) else { return }
        switch snapshot.seize(choice, began: calls[key].call.receivedAt.instant, now: now) {
        case .seized(let seats): calls[key].calleePlaces.seats = consume seats
        case .refused(let verdict, let detail):
            calls[key].call.gatewayUnusable(candidate, verdict, detail: detail, &actions, now: now)
            return
        }
        let legKey = legs.nextKey
        let callIDToken = MintedToken(shard: settings.index, key: legKey, secret: secrets.next())
        let callID = calls[key].call.texts.store(token: callIDToken)
        let sent = numbersSent(to: choice, of: key, now: now)
        if case .routingGateway(let index) = choice.destination, snapshot.routingGateways[index].callerPool != nil,
            numbersSent.poolNumber == nil
        {
            // Another call took the last number since the decision: the caller's own must not be shown.
            calls[key].calleePlaces = CalleePlaces()
            calls[key].call.gatewayUnusable(candidate, .noPoolNumber, &actions, now: now)
            return
        }
        var attempt = Attempt(
            candidate: candidate, destination: choice.destination, address: way.address, leg: legKey, callID: callID,
            callerSent: sent.caller, calleeSent: sent.callee, startedAt: now.wall)
        guard var flow = way.flow else {
            calls[key].call.attemptImpossible(attempt, &actions, now: now)
            return
        }
        if way.account == nil, flow.transport == .udp, !choice.isDatagramOnly, let index = choice.routingGateway,
            snapshot.routingGateways[index].streamForLargeRequests,
            calls[key].inviteTail.bytes.count + Shard.usualHeadSize > Shard.largestDatagram,
            let stream = endpoints.flow(to: way.address, transport: .tcp)
        {
            flow = stream
            attempt.isMovedToStream = true
        }

        let secret = secrets.next()
        let caller = calls[key].call.callerLeg
        calls[key].sending = (sent.caller, choice.destination)
        outbox.begin()
        let account = way.account.map { snapshot.registrations[$0] }
        let lengths = writeIdentities(of: key, attempt, contact: way.contact, as: account, by: flow)
        let written = outbox.unfinished
        let dialog = Dialog(
            calling: written.upTo(lengths.target), local: written[lengths.target..<lengths.target + lengths.local],
            remote: written.from(lengths.target + lengths.local), callID: calls[key].call.texts[callID],
            localTag: MintedToken(shard: settings.index, key: legKey, secret: secret), flow: flow, routes: way.routes,
            requestAddress: snapshot.requestAddress(of: choice.destination))
        outbox.begin()
        var leg = Leg(role: .callee, call: key, secret: secret, dialog: dialog)
        leg.maxForwards = legs[caller].maxForwards - 1
        leg.supportsReliable = legs[caller].supportsReliable
        leg.offer = SessionTimerOffer(
            SessionTimerPolicy(snapshot.sessionSettings, isAllowed: snapshot.allowsSessionTimer(choice.destination)))
        let inserted = legs.insert(leg)
        precondition(inserted == legKey)

        if let account { adopt(account, on: legKey) }
        sendInvite(on: legKey, of: key, as: account, now: now)
        calls[key].call.attemptStarted(attempt, now: now)
    }

    /// The numbers that a candidate is sent.
    private mutating func numbersSent(to choice: Candidate, of key: SlabKey, now: Moment) -> (caller: StoredBytes, callee: StoredBytes) {
        let (caller, callee) = (calls[key].call.callerRouted, calls[key].call.calleeRouted)
        let snapshot = calls[key].call.configuration
        calls[key].calleePlaces.poolNumber = snapshot.numbersSent(
            to: choice.destination, caller: calls[key].call.texts[caller], callee: calls[key].call.texts[callee], random: calls[key].random,
            now: now, pool: .take, into: &numbersSent)
        let shown = keep(numbersSent.caller, as: caller, of: key)
        // Who redirects says the number as it is to be called; the caller is shown to it by its rules all the same.
        if !choice.redirectedNumber.isEmpty { return (shown, choice.redirectedNumber) }
        return (shown, keep(numbersSent.callee, as: callee, of: key))
    }

    /// The place of a number in the call's store; the known one when it is the same.
    private mutating func keep(_ number: [UInt8], as known: StoredBytes, of key: SlabKey) -> StoredBytes {
        number.withBytes { number in
            calls[key].call.texts[known].equals(number) ? known : calls[key].call.texts.store(number)
        }
    }

    /// Tells the gateways' answer ratios of attempts that have ended, and of the one that was answered.
    mutating func judgeAttempts(of key: SlabKey, now: Moment) {
        let snapshot = calls[key].call.configuration
        while calls[key].judgedAttempts < calls[key].call.attempts.count {
            let attempt = calls[key].call.attempts[calls[key].judgedAttempts]
            guard let outcome = attempt.outcome else { return }
            calls[key].judgedAttempts += 1
            guard case .routingGateway(let index)? = attempt.destination, snapshot.measuresAnswers(index) else { continue }
            snapshot.routingLive[index].attemptEnded(
                answered: outcome == .answered, settings: snapshot.routingSettings.answerRatio, now: now.instant)
        }
    }

    /// Where an attempt goes, and how.
    private struct Way {
        var address: NetworkAddress
        /// Nil when nothing here can send there.
        var flow: Flow?
        /// Index of the registration through which it goes.
        var account: Int?
        var routes = ""
        /// The Contact of a phone or dynamic gateway: the Request-URI.
        var contact: [UInt8]?

        init(address: NetworkAddress, flow: Flow?, account: Int? = nil, routes: String = "") {
            self.address = address
            self.flow = flow
            self.account = account
            self.routes = routes
        }

        /// To where a phone or gateway registered from (RFC 3261, section 16.5; RFC 3327, section 5.3).
        init(_ binding: LiveBinding) {
            address = binding.flow.remote
            flow = binding.flow
            routes = String(decoding: binding.path, as: UTF8.self)
            contact = binding.contact
        }
    }

    /// The way to a candidate; nil when there is none, which the call was told.
    private mutating func way(to choice: Candidate, candidate: Int, of key: SlabKey, now: Moment) -> Way? {
        let snapshot = calls[key].call.configuration
        // Objects are read field by field: a copy of one would hold on to each of its texts and lists.
        if let address = choice.redirection { return redirectedWay(to: address, choice, candidate: candidate, of: key, now: now) }
        let index: Int
        switch choice.destination {
        case .phone(let index):
            if let address = snapshot.phones[index].address {
                return Way(address: address, flow: endpoints.flow(to: address, transport: snapshot.phones[index].transport))
            }
            guard let binding = snapshot.phoneLive[index].location.best(now: now.instant) else {
                return unusable(candidate, .notRegistered, of: key, now: now)
            }
            return Way(binding)
        case .routingGateway(let gateway):
            index = gateway
            if snapshot.routingGateways[index].registersHere {
                guard let binding = snapshot.routingLive[index].location.best(now: now.instant) else {
                    return unusable(candidate, .notRegistered, of: key, now: now)
                }
                return Way(binding)
            }
        }
        let transport = snapshot.routingGateways[index].transport
        switch upstream(ofGateway: index, in: snapshot) {
        case .notNeeded: break
        case .use(let account, let flow, let routes):
            if flow.remote == calls[key].call.source, !snapshot.routingGateways[index].returnsCalls {
                return unusable(candidate, .sameAsSource, of: key, now: now)
            }
            return Way(address: flow.remote, flow: flow, account: account, routes: routes)
        case .down(let why):
            return unusable(candidate, .registrationDown, why, of: key, now: now)
        }
        guard let address = snapshot.address(of: choice.destination) else {
            return unusable(candidate, snapshot.routingGateways[index].addresses.isEmpty ? .withoutAddress : .noAddressAlive, of: key, now: now)
        }
        return Way(address: address, flow: endpoints.flow(to: address, transport: transport))
    }

    /// Where a redirection points, by the transport of the gateway or phone that said it; not back to where the call came from.
    private mutating func redirectedWay(
        to address: NetworkAddress, _ choice: Candidate, candidate: Int, of key: SlabKey, now: Moment
    ) -> Way? {
        let snapshot = calls[key].call.configuration
        let (transport, returnsCalls) =
            switch choice.destination {
            case .phone(let index): (snapshot.phones[index].transport, false)
            case .routingGateway(let index): (snapshot.routingGateways[index].transport, snapshot.routingGateways[index].returnsCalls)
            }
        if address == calls[key].call.source, !returnsCalls { return unusable(candidate, .sameAsSource, of: key, now: now) }
        return Way(address: address, flow: endpoints.flow(to: address, transport: transport))
    }

    private mutating func unusable(
        _ candidate: Int, _ verdict: Candidate.Verdict, _ why: String = "", of key: SlabKey, now: Moment
    ) -> Way? {
        calls[key].call.gatewayUnusable(candidate, verdict, why: why, &actions, now: now)
        return nil
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
        } else {
            outbox.appendContact(user: contactUser(for: leg), flow: flow, endpoints: endpoints)
        }
        let (caller, destination) = calls[key].sending
        appendIdentity(of: key, caller: caller, to: destination, flow: flow, account: account)
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
    private mutating func writeIdentities(of key: SlabKey, _ attempt: Attempt, as account: Registration) -> (target: Int, local: Int) {
        let callee = calls[key].call.texts[attempt.calleeSent]
        func appendTarget(_ outbox: inout Outbox) {
            outbox.append("sip:")
            outbox.append(callee)
            outbox.append(UInt8(ascii: "@"))
            outbox.append(text: account.host.asURIHost)
        }
        appendTarget(&outbox)
        let target = outbox.unfinished.count
        let display = calls[key].call.texts[calls[key].identity.display]
        let number = calls[key].call.texts[attempt.callerSent]
        if !display.isEmpty {
            outbox.append(unfolding: display)
            outbox.append(UInt8(ascii: " "))
        } else if !calls[key].identity.isAnonymous, !number.isEmpty, number.firstIndex(of: UInt8(ascii: "\\")) == nil {
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
        of key: SlabKey, _ attempt: Attempt, contact: [UInt8]?, as account: Registration?, by flow: Flow
    ) -> (target: Int, local: Int) {
        if let account { return writeIdentities(of: key, attempt, as: account) }
        func appendTarget(_ number: StoredBytes, _ outbox: inout Outbox) {
            outbox.append("sip:")
            outbox.append(calls[key].call.texts[number])
            outbox.append(UInt8(ascii: "@"))
            outbox.append(attempt.address)
        }
        if let contact {
            contact.withBytes { outbox.append($0) }
        } else {
            appendTarget(attempt.calleeSent, &outbox)
            if flow.transport != .udp {
                outbox.append(";transport=")
                outbox.append(flow.transport.name)
            }
        }
        let target = outbox.unfinished.count
        if let destination = attempt.destination { appendFrom(of: key, caller: attempt.callerSent, to: destination, flow: flow) }
        let local = outbox.unfinished.count - target
        // `SS_SIP_ROUTING_GATEWAY_INVITE_USE_CONTACT`
        let keepsDialled = calls[key].call.configuration.switchingSettings.keepsDialledNumberInTo
        outbox.append(UInt8(ascii: "<"))
        appendTarget(keepsDialled ? calls[key].call.calleeNumber : attempt.calleeSent, &outbox)
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
