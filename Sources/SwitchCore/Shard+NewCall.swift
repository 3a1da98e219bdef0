import CallControl
import CallRecords
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// A new call: whom it is taken for, and what is decided about it.
extension Shard {
    /// How long a refused caller is asked to wait.
    static let retryAfterSeconds: UInt64 = 10

    mutating func inviteReceived(_ message: Message, _ essentials: Essentials, server: ServerKey, from flow: Flow, now: Moment) {
        if answerRepeatedOpening(essentials, server: server, now: now) { return }
        let tag = statelessTag(essentials)
        let registration = registration(of: message, from: flow)
        guard let from = URI(essentials.from.uri) else {
            transactions.respond(server, status: 400, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        guard let (origin, rule) = caller(message, essentials, from: from, registration: registration, server: server, flow: flow, now: now)
        else { return }
        counters.callsReceived += 1
        if refusesNewCalls || storeIsFailing || calls.count >= settings.maximumCalls {
            counters.callsRefused += 1
            respondBusy(server, seconds: Shard.retryAfterSeconds, toTag: tag, now: now)
            return
        }
        let maxForwards = message.first(.maxForwards)?.decimal.map(Int.init) ?? 70
        guard maxForwards > 0 else {
            counters.callsRefused += 1
            transactions.respond(server, status: 483, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        guard !hasPassedHere(message, essentials) else {
            counters.callsRefused += 1
            transactions.respond(server, status: 482, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        guard
            let numbers = CallNumbers(message, essentials, from: from, origin: origin, in: configuration, isAtContact: registration != nil)
        else {
            transactions.respond(server, status: 400, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        guard !numbers.callee.isEmpty else {
            counters.callsRefused += 1
            transactions.respond(server, status: 484, toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        guard let timer = sessionRequest(message, server: server, toTag: tag, now: now) else { return }
        let policy = SessionTimerPolicy(configuration.sessionSettings, isAllowed: configuration.allowsSessionTimer(origin))
        var session = SessionTimer(policy, callIDOwner: .peer)
        if refuse(session.requestReceived(timer, .invite), server: server, toTag: tag, now: now) {
            counters.callsRefused += 1
            return
        }

        let random = secrets.next()
        let inquiry = CallInquiry(
            origin: origin, sourceRule: rule, source: flow.remote, caller: numbers.caller, callee: numbers.callee, now: now, random: random)
        configuration.decide(inquiry, into: &decision)
        var places = CallerPlaces()
        takePlaces(of: origin, into: &places, now: now)
        // A flood beyond the agreed rate is counted, and leaves no record of each call.
        if decision.refusal == .rateExceeded || decision.refusal == .groupRateExceeded {
            counters.callsRefused += 1
            note(.customerCallRate, flow.remote, now: now)
            transactions.respond(server, status: 503, reason: Bytes("Too Many Calls"), toTag: tag, now: now.instant, outbox: &outbox)
            return
        }

        let legKey = legs.nextKey
        let secret = secrets.next()
        let call = Call(
            id: mint.next(at: now.wall), configuration: configuration, origin: origin, sourceRule: rule, source: flow.remote,
            callerLeg: legKey, callerNumber: numbers.caller, calleeNumber: numbers.callee, callID: essentials.callID, decision: decision,
            setupLimit: message.first(.expires).flatMap { DeltaSeconds($0) }.map { .seconds(Int64($0.seconds)) }, now: now)
        let key = calls.insert(CallEntry(call: call, random: random, places: places))
        keepIdentity(message, from: essentials.from, uri: from, of: key)
        var leg = Leg(
            role: .caller, call: key, secret: secret,
            dialog: Dialog(
                answering: message, essentials, localTag: MintedToken(shard: settings.index, key: legKey, secret: secret), flow: flow,
                endpoints: endpoints, requestAddress: configuration.requestAddress(of: origin)))
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
        let isRefused = calls[key].call.isOver
        if isRefused { counters.callsRefused += 1 }
        perform(for: key, message: nil, now: now)
        // The 100 leaves with the INVITE, and behind it: the call does not wait for the courtesy.
        if !isRefused, !transactions.isAnswered(server) { transactions.respond(server, status: 100, now: now.instant, outbox: &outbox) }
        scheduleCall(key)
    }

    /// For whom the call is taken: by the Contact of a registration, by the source address, or by credentials. Nil
    /// when it was answered, with a challenge or a refusal.
    private mutating func caller(
        _ message: Message, _ essentials: Essentials, from: URI, registration: String?, server: ServerKey, flow: Flow, now: Moment
    ) -> (CallOrigin, SourceTable.Rule)? {
        if let registration, let index = configuration.gatewaysByRegistration[registration] { return (.mappingGateway(index), .registration) }
        if let (origin, rule) = configuration.sources.origin(of: flow.remote) {
            guard case .mappingGateway(let index) = origin, configuration.mappingGateways[index].authentication == .password else {
                return (origin, rule)
            }
            let gateway = configuration.mappingGateways[index]
            let outcome = authenticate(
                message, essentials, server: server, from: flow, account: gateway.name, password: gateway.password ?? "", now: now)
            return outcome == .proved ? (origin, .credentials) : nil
        }
        if let claimed = claimedEndpoint(message, essentials, from: flow) {
            guard let credentials = claimed.credentials else { return (claimed.origin, claimed.rule) }
            let outcome = authenticate(
                message, essentials, server: server, from: flow, account: credentials.name, password: credentials.password, now: now)
            return outcome == .proved ? (claimed.origin, claimed.rule) : nil
        }
        let reason = registration == nil ? Bytes(ReasonPhrase.of(403)) : Bytes("No Gateway Takes Calls Of This Registration")
        transactions.respond(server, status: 403, reason: reason, toTag: statelessTag(essentials), now: now.instant, outbox: &outbox)
        return nil
    }

    /// Takes the caller's places, unless the decision was against the call already, and counts it into what is watched.
    private mutating func takePlaces(of origin: CallOrigin, into places: inout CallerPlaces, now: Moment) {
        guard decision.refusal == nil else { return }
        switch configuration.admit(origin, now: now) {
        case .admitted(let seats): places.seats = consume seats
        case .refused(let refusal, let detail):
            decision.refusal = refusal
            decision.refusalDetail = detail
            return
        }
        let settings = configuration.blacklistSettings
        guard settings.watchesCallers else { return }
        let blacklist = configuration.live.blacklist
        let lists = configuration.numberLists
        let isListed = decision.caller.withBytes { caller in
            guard !lists.isOnSystemWhiteList(caller) else { return false }
            // The attempt that reaches the limit still goes through; the list bars those that follow.
            blacklist.attempt(caller: caller, now: now.instant, settings: settings)
            places.concurrentCall = blacklist.seat(caller: caller, now: now.instant, settings: settings)
            return places.concurrentCall?.isAboveLimit ?? false
        }
        guard isListed else { return }
        decision.refusal = .callerBlacklisted
        decision.refusalDetail = Int32(BlacklistKind.concurrentCaller.rawValue)
    }

    /// Whether the request was here before: a Via that we wrote (RFC 3261, section 16.3, item 4), or the Call-ID of a
    /// call that we sent out ourselves, which a peer sent back with its own Via.
    private func hasPassedHere(_ message: Message, _ essentials: Essentials) -> Bool {
        var found = false
        message.forEachElement(of: .via) { element in
            guard let via = Via(element), via.branch.count == MintedToken.length + Via.magicCookie.utf8CodeUnitCount,
                var address = NetworkAddress(parsing: via.host), MintedToken(via.branch.from(Via.magicCookie.utf8CodeUnitCount)) != nil
            else { return }
            address.port = via.port ?? 5060
            if endpoints.isOwn(address) { found = true }
        }
        if found { return true }
        guard essentials.callID.count == MintedToken.length, let token = MintedToken(essentials.callID), legs.contains(token.key) else {
            return false
        }
        return legs[token.key].role == .callee && legs[token.key].dialog.callID.equals(essentials.callID)
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
        outbox.begin()
    }
}

extension URI {
    /// The number of a `sip` or `tel` URI: its user part without parameters (`+14155550100;npdi` is one number).
    var number: Bytes { user.upTo(user.firstIndex(of: UInt8(ascii: ";")) ?? user.count) }
}
