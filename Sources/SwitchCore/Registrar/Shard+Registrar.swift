import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// The registrar (RFC 3261, section 10.3): REGISTERs of phones and of gateways that register here. All of one
// account come to one shard, which keeps its bindings. What is allowed: `RegistrarPlan`.
extension Shard {
    /// The shard that keeps the registrations of a user name.
    static func registrarShard(of user: Bytes, count: Int) -> Int {
        count == 1 ? 0 : Int(user.hash(seed: 0x5245_4749_5354_4152) % UInt64(count))
    }

    /// Deals with a REGISTER for an account of ours; false: it is none, or a repetition.
    mutating func registerReceived(_ message: Message, _ essentials: Essentials, from flow: Flow, now: Moment) -> Bool {
        guard message.method == .register, essentials.toTag.isEmpty, !configuration.endpointAccounts.isEmpty,
            let name = URI(essentials.to.uri)?.number, let account = configuration.endpointAccounts.account(named: name),
            Shard.registrarShard(of: name, count: settings.count) == settings.index, !transactions.knows(essentials)
        else { return false }
        if let answer = prove(message, account.name, account.password, isRegistration: true, from: flow, now: now) {
            if case .suspended = answer, !configuration.callSettings.repliesToUnknownSources { return true }
            respondWithoutTransaction(answer, message, essentials, from: flow, now: now)
            return true
        }
        guard transactions.count < settings.maximumTransactions else {
            note(.transactions, flow.remote, now: now)
            _ = StatelessReply.write(
                to: message, from: flow, status: 503, reason: Bytes(ReasonPhrase.of(503)), extra: "Retry-After: 10\r\n", seed: settings.seed,
                into: &outbox)
            return true
        }
        switch transactions.requestReceived(message, essentials, from: flow, now: now.instant, outbox: &outbox) {
        case .new(let server): register(account, message, essentials, server: server, from: flow, now: now)
        case .merged(let server):
            transactions.respond(server, status: 482, toTag: statelessTag(essentials), now: now.instant, outbox: &outbox)
        case .cancel, .repeated, .acknowledged, .dialogAck: break
        }
        return true
    }

    private mutating func register(
        _ account: EndpointAccount, _ message: Message, _ essentials: Essentials, server: ServerKey, from flow: Flow, now: Moment
    ) {
        let tag = statelessTag(essentials)
        do {
            try message.checkRequest()
        } catch {
            counters.malformedMessages += 1
            transactions.respond(server, status: error.status, reason: Bytes(error.reasonPhrase), toTag: tag, now: now.instant, outbox: &outbox)
            return
        }
        let rules = registrarRules
        let key = boundAccountKeys[account.name]
        let before = key.map { boundAccounts[$0].allBindings } ?? []
        let standing = before.filter { $0.expiresAt > now.instant }
        do {
            let request = try RegisterRequest(message, essentials, rules: rules, bounds: LiveBinding.bounds)
            let plan = try RegistrarPlan(request, standing: standing, source: flow.remote, rules: rules)
            counters.registrations += 1
            var bindings = standing
            if request.removesAll || !request.contacts.isEmpty {
                bindings = Shard.carryOut(plan, request, message, essentials, on: standing, from: flow, now: now)
                replaceBindings(of: account, key, before, by: bindings, now: now)
            }
            confirm(bindings, request, message, essentials, server: server, from: flow, now: now)
        } catch {
            refuse(error, message, server: server, toTag: tag, now: now)
        }
    }

    /// The bindings after a request.
    private static func carryOut(
        _ plan: RegistrarPlan, _ request: RegisterRequest, _ message: Message, _ essentials: Essentials, on standing: [LiveBinding], from flow: Flow,
        now: Moment
    ) -> [LiveBinding] {
        var bindings = standing
        var added: [LiveBinding] = []
        let agent = message.first(.userAgent) ?? .empty
        let userAgent = agent.firstControlIndex == nil ? agent.upTo(min(agent.count, LiveBinding.Limit.userAgent)).array : []
        let path = request.hasPath ? joined(message, .path) : []
        for (place, wanted) in request.contacts.enumerated() where wanted.lifetime > 0 {
            let end = now.instant + .seconds(Int64(wanted.lifetime))
            let isNew = plan.renewals[place] == nil
            var binding =
                plan.renewals[place].map { bindings[$0] }
                ?? LiveBinding(contact: [], flow: flow, expiresAt: end, callID: [], cseq: 0, registeredAt: now)
            if isNew || !binding.contact.withBytes({ $0.equals(wanted.uri.text) }) { binding.contact = wanted.uri.text.array }
            if !binding.callID.withBytes({ $0.equals(request.callID) }) { binding.callID = request.callID.array }
            if !binding.instance.withBytes({ $0.equals(wanted.instance) }) { binding.instance = wanted.instance.array }
            (binding.flow, binding.path, binding.expiresAt, binding.q) = (flow, path, end, wanted.q)
            (binding.cseq, binding.flowNumber, binding.updatedAt, binding.heardAt) = (request.cseq, wanted.flowNumber, now, now.instant)
            binding.isBehindNAT = AddressTranslation.isBetween(
                message, essentials, contact: wanted.uri, hasPath: request.hasPath, source: flow)
            binding.userAgent = userAgent
            if let renewed = plan.renewals[place] { bindings[renewed] = binding } else { added.append(binding) }
        }
        for removal in plan.removals.reversed() { bindings.remove(at: removal) }
        return bindings + added
    }

    /// All values of a header field behind each other, separated by commas.
    private static func joined(_ message: Message, _ name: HeaderName) -> [UInt8] {
        var text: [UInt8] = []
        message.forEachElement(of: name) { element in
            if !text.isEmpty { text += [UInt8(ascii: ","), UInt8(ascii: " ")] }
            for i in 0..<element.count { text.append(element[i].isWhitespace ? 0x20 : element[i]) }
        }
        return text
    }

    // MARK: - Answers

    /// 200 with every binding that stands now (step 8).
    private mutating func confirm(
        _ bindings: [LiveBinding], _ request: RegisterRequest, _ message: Message, _ essentials: Essentials, server: ServerKey, from flow: Flow,
        now: Moment
    ) {
        transactions.beginResponse(server, status: 200, reason: Bytes("OK"), toTag: statelessTag(essentials), outbox: &outbox)
        for binding in bindings {
            binding.contact.withBytes { contact in
                binding.instance.withBytes { instance in
                    outbox.appendBinding(
                        contact: contact, seconds: binding.secondsLeft(now: now.instant), q: binding.q, instance: instance,
                        flowNumber: binding.flowNumber)
                }
            }
        }
        let usesOutbound = request.supportsOutbound && request.contacts.contains { $0.flowNumber > 0 && !$0.instance.isEmpty && $0.lifetime > 0 }
        let path = request.hasPath && request.supportsPath ? Shard.joined(message, .path) : []
        path.withBytes { outbox.appendRegistrarExtensions(path: $0, usesOutbound: usesOutbound) }
        outbox.append("Date: ")
        dateClock.text(at: now.wall).withBytes { outbox.append($0) }
        outbox.append("\r\n")
        outbox.append(Capabilities.server)
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: 200, now: now.instant, outbox: &outbox)
    }

    private mutating func refuse(_ refusal: RegisterRefusal, _ message: Message, server: ServerKey, toTag: Bytes, now: Moment) {
        transactions.beginResponse(server, status: refusal.status, reason: Bytes(refusal.reasonPhrase), toTag: toTag, outbox: &outbox)
        if case .tooBrief(let minimum) = refusal {
            outbox.append("Min-Expires: ")
            outbox.append(decimal: UInt64(minimum))
            outbox.append("\r\n")
        } else if case .extensionUnknown = refusal {
            outbox.append("Unsupported: ")
            var isFirst = true
            message.forEachElement(of: .require) { tag in
                guard !RegisterRequest.isSupported(tag) else { return }
                if !isFirst { outbox.append(", ") }
                isFirst = false
                outbox.append(tag)
            }
            outbox.append("\r\n")
        }
        outbox.append("Content-Length: 0\r\n\r\n")
        transactions.finishResponse(server, status: refusal.status, now: now.instant, outbox: &outbox)
    }
}
