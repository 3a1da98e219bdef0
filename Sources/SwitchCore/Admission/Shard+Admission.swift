import CallRecords
import Routing
import SIPMessages
import SIPTransactions
import Vocabulary

// What the shard does not take on: by the source before anything is parsed, and by what a request asks afterwards.
// `docs/protection.md` says it for people.
extension Shard {
    /// Seconds after which a refused peer may come back: at least, and how many more at random.
    private static let retryAfter: (least: UInt64, spread: UInt64) = (3, 8)

    /// Whether a message is to be handed to `messageReceived`: the first look at all that arrives, at its
    /// source alone. What belongs to a call that is up passes in any case; whether it belongs to one of another shard,
    /// that shard is to say by `admitsOwn`.
    public mutating func admits(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> AdmissionVerdict {
        guard let cause = admission.refusal(of: source, at: now.instant) else { return .taken }
        if isAwaited(message) || isBound(source) { return .taken }
        if let owner = ownerElsewhere(message), admission.passesOn(at: now.instant) { return .ifOwn(by: owner) }
        counters.messagesReceived += 1
        note(cause, source, now: now)
        return .refused
    }

    /// Whether a message that another shard would have dropped belongs to a call or a request of this one.
    public mutating func admitsOwn(_ message: Bytes, from source: NetworkAddress, at now: Moment) -> Bool {
        if isAwaited(message) { return true }
        counters.messagesReceived += 1
        note(.strangerSource, source, now: now)
        return false
    }

    /// The oldest message that waits for this shard has waited for `lag`.
    public mutating func lagMeasured(_ lag: Interval, at now: Moment) {
        guard overload.measured(lag, at: now.instant) else { return }
        admission.isClosedToStrangers = overload.level >= .requests
        floods.notices.append(
            .overload(
                refusesCalls: overload.level >= .calls, refusesRequests: overload.level >= .requests, lagMilliseconds: lag.inMilliseconds))
    }

    /// A message of this source found the backlog before the shard full.
    public mutating func backlogRefused(_ source: NetworkAddress, at now: Moment) {
        counters.messagesReceived += 1
        note(.backlog, source, now: now)
    }

    /// What the operator is to be told; the shell takes it after every batch.
    public var protectionNotices: [ProtectionNotice] {
        get { floods.notices }
        set { floods.notices = newValue }
    }

    // MARK: - Hosts

    /// A phone registered from this host, which is known as long as one binding stands.
    mutating func noteBinding(_ host: NetworkAddress) { admission.noteBinding(host) }
    mutating func forgetBinding(_ host: NetworkAddress) { admission.forgetBinding(host) }
    /// Somebody proved by credentials to be of an account; the host is known for an hour from then.
    mutating func noteProof(_ host: NetworkAddress, now: Moment) { admission.noteProof(host, at: now.instant) }

    /// Whether a phone is registered from exactly here, with whichever shard: `admission` knows only of this shard's.
    private func isBound(_ source: NetworkAddress) -> Bool {
        settings.count > 1 && configuration.live.registrar.sources.endpoint(at: source) != nil
    }

    /// Nil for a stranger.
    private func standing(of source: NetworkAddress, now: Moment) -> HostStanding? {
        admission.standing(of: source, at: now.instant) ?? (isBound(source) ? .phone : nil)
    }

    /// The snapshot changed.
    mutating func protectionConfigured() {
        let settings = configuration.protectionSettings
        admission.configure(settings, shards: self.settings.count)
        scannerSigns = ScannerSigns(settings.scannerSigns)
        overload.configure(threshold: settings.overloadLag)
        admission.isClosedToStrangers = overload.level >= .requests
        expectedHostsChanged()
    }

    /// The hosts of gateways, of phones with an address of their own, or of upstreams changed.
    mutating func expectedHostsChanged() {
        let callers = configuration.mappingGateways.flatMap { $0.addresses } + configuration.phones.compactMap { $0.address }
        admission.setGateways(callers + Array(configuration.routingHosts) + Array(upstreamHosts))
    }

    // MARK: - Requests that would begin something

    /// Refuses a request that belongs to no leg when its source, its account or the whole shard has too much
    /// to do. True when that is done.
    mutating func refuses(_ message: Message, _ essentials: Essentials, from flow: Flow, now: Moment) -> Bool {
        guard essentials.toTag.isEmpty, message.method != .ack, message.method != .cancel else { return false }
        let standing = standing(of: flow.remote, now: now)
        if standing == .gateway, overload.level == .none { return false }
        guard !transactions.knows(essentials) else { return false }
        if standing == nil, let cause = strangerRefusal(message) {
            lastMessageWasForeign = true
            note(cause, flow.remote, now: now)
            return true
        }
        let opensCall = message.method == .invite
        if overload.level >= (opensCall ? .calls : .requests), message.method != .options {
            refuse(message, opensCall ? .overloadCall : .overloadRequest, from: flow, now: now)
            return true
        }
        guard standing != .gateway, let cause = rateRefusal(message, opensCall, from: flow, now: now) else { return false }
        if cause == .accountRate { note(cause, flow.remote, now: now) } else { refuse(message, cause, from: flow, now: now) }
        return true
    }

    private func strangerRefusal(_ message: Message) -> RefusalCause? {
        if scannerSigns.match(message) { return .scanner }
        // Strangers never fill the table: three quarters of it are for others.
        return transactions.count >= settings.maximumTransactions / 4 ? .strangerTransactions : nil
    }

    private mutating func rateRefusal(_ message: Message, _ opensCall: Bool, from flow: Flow, now: Moment) -> RefusalCause? {
        if let account = Shard.accountNamed(message),
            let cause = admission.refusal(ofAccount: account, from: flow.remote, opensCall: opensCall, at: now.instant)
        {
            return cause
        }
        return opensCall && !admission.takesCall(from: flow.remote, at: now.instant) ? .sourceCallRate : nil
    }

    /// The user name of the request's credentials, whether they are right or not.
    private static func accountNamed(_ message: Message) -> Bytes? {
        guard let credentials = message.first(.authorization) ?? message.first(.proxyAuthorization) else { return nil }
        var position = 0
        while let at = credentials.firstIndex(of: UInt8(ascii: "u"), or: UInt8(ascii: "U"), from: position) {
            position = at + 1
            guard credentials.from(at).startsIgnoringCase(with: "username=\"") else { continue }
            let name = credentials.from(at + 10)
            guard let end = name.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            return name.upTo(end)
        }
        return nil
    }

    /// 503 with Retry-After and without a transaction; a stranger learns nothing.
    private mutating func refuse(_ message: Message, _ cause: RefusalCause, from flow: Flow, now: Moment) {
        note(cause, flow.remote, now: now)
        if message.method == .invite { counters.callsRefused += 1 }
        guard standing(of: flow.remote, now: now) != nil else {
            lastMessageWasForeign = true
            return
        }
        let seconds = Shard.retryAfter.least + secrets.next() % Shard.retryAfter.spread
        _ = StatelessReply.write(
            to: message, from: flow, status: 503, reason: Bytes(ReasonPhrase.of(503)), retryAfter: seconds, seed: settings.seed, into: &outbox)
    }

    /// Counts a refusal by its cause and by its source.
    mutating func note(_ cause: RefusalCause, _ source: NetworkAddress, now: Moment) {
        counters.refusals[cause] += 1
        floods.refused(source, hash: admission.hash(of: source), cause, at: now)
    }

    // MARK: - Messages of calls that are up

    /// Whether an unparsed message belongs to a leg or a request of ours, by the secret in one of its tags or
    /// in its branch: it then passes whatever its source has used up.
    private func isAwaited(_ message: Bytes) -> Bool {
        let kind = WorkClass(message)
        if kind == .response, let branch = Shard.ownBranch(of: message), transactions.awaits(branch) { return true }
        guard let tag = Shard.localTag(of: message, kind) else { return false }
        return namesLeg(tag)
    }

    /// The other shard to which an unparsed message belongs, if it bears anything that has the form of a secret of ours.
    private func ownerElsewhere(_ message: Bytes) -> Int? {
        guard settings.count > 1 else { return nil }
        let kind = WorkClass(message)
        guard (kind == .response && Shard.ownBranch(of: message) != nil) || Shard.localTag(of: message, kind) != nil else { return nil }
        let owner = Shard.owner(of: message, count: settings.count)
        return owner == settings.index ? nil : owner
    }

    /// Our side's tag, when it has the form of those that we mint.
    private static func localTag(of message: Bytes, _ kind: WorkClass) -> Bytes? {
        let found: Bytes?
        switch kind {
        case .noise, .outsideCalls: return nil
        case .response: found = tag(of: "from", or: "f", in: message)
        case .withinCall, .mayBegin: found = tag(of: "to", or: "t", in: message)
        }
        guard let found, found.count == MintedToken.length, MintedToken(found) != nil else { return nil }
        return found
    }

    private func namesLeg(_ tag: Bytes) -> Bool {
        guard let token = MintedToken(tag) else { return false }
        if legs.contains(token.key), legs[token.key].secret == token.secret { return true }
        guard restoredLegs.count > 0 else { return false }
        return restoredLegs.find(tag.hash(seed: settings.seed)) { legs.contains($0) } != nil
    }

    /// The tag in the first header field of this name; nil without one.
    private static func tag(of name: StaticString, or compact: StaticString, in message: Bytes) -> Bytes? {
        guard var rest = HeaderLook.value(name, compact, in: message) else { return nil }
        while let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) {
            rest = rest.from(semicolon + 1)
            guard rest.startsIgnoringCase(with: "tag=") else { continue }
            let tag = rest.from(4)
            return tag.upTo(tag.firstIndex(of: UInt8(ascii: ";")) ?? tag.count).trimmed
        }
        return nil
    }
}

/// Finds one header field in bytes that nobody has parsed.
enum HeaderLook {
    /// The value of the first header field called `name` or `compact`, unfolded no further than its first line.
    static func value(_ name: StaticString, _ compact: StaticString, in message: Bytes) -> Bytes? {
        var position = 0
        while let end = message.firstIndex(of: 0x0A, from: position) {
            let line = message[position..<end]
            if line.startsIgnoringCase(with: name) || line.startsIgnoringCase(with: compact),
                let colon = line.firstIndex(of: UInt8(ascii: ":"))
            {
                let written = line.upTo(colon).trimmed
                if written.equalsIgnoringCase(name) || written.equalsIgnoringCase(compact) { return line.from(colon + 1).trimmed }
            }
            if position > 0, line.trimmed.isEmpty { return nil }
            position = end + 1
        }
        return nil
    }
}
