import CallControl
import Containers
import Routing
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

/// The account by which a leg's INVITE went out, with the exchange of its credentials.
struct LegAccount {
    /// Name of the registration.
    let name: String
    var digest: DigestClient
    /// The request of the other side that was relayed last, kept until it is answered: a challenge has it sent again.
    var relayed: RelayedRequest?
}

/// What is needed to write a relayed request once more with credentials.
struct RelayedRequest {
    let cseq: UInt32
    let method: String
    let maxForwards: Int
    /// Everything behind the credentials.
    let tail: [UInt8]
}

// Calls through a registration: identity and credentials of the account on the way out, recognition of
// its Contact on the way in.
extension Shard {
    // MARK: - In

    /// The registration at whose Contact a request arrives, within the limits of that registration's flow:
    /// the same listener, and for a stream the same host at the other end.
    func registration(of message: Message, from flow: Flow) -> String? {
        guard message.method == .invite, !registrationsByContact.isEmpty, let uri = URI(message.requestURI) else { return nil }
        guard uri.user.count == RegistrationNaming.contactUserLength, let name = registrationsByContact[uri.user.string] else { return nil }
        guard let way = upstreams[name]?.flow, way.transport == flow.transport, way.listener == flow.listener else { return nil }
        return !flow.transport.isReliable || way.remote.hasSameHost(as: flow.remote) ? name : nil
    }

    // MARK: - Out

    /// The account of a gateway with a registration, and the way to its upstream; nil with the reason when it cannot be used.
    func upstream(ofGateway index: Int, in snapshot: SwitchConfiguration) -> UpstreamChoice {
        guard let name = snapshot.routingGateways[index].registration else { return .notNeeded }
        guard let index = snapshot.registrationsByName[name] else { return .down("there is no registration \(name)") }
        guard let view = upstreams[name] else { return .down("registration \(name) has not begun") }
        guard view.isUsable, let flow = view.flow else { return .down("registration \(name) is \(view.reason)") }
        return .use(index, flow, routes: view.serviceRoutes)
    }

    enum UpstreamChoice {
        case notNeeded
        case down(String)
        case use(Int, Flow, routes: String)
    }

    /// From now on the leg speaks for an account: with credentials ahead when its upstream challenged before.
    mutating func adopt(_ registration: Registration, on leg: SlabKey) {
        var digest = callCredentials[registration.name] ?? DigestClient(username: registration.authUser, password: registration.password)
        digest.beginExchange()
        legAccounts[leg] = LegAccount(name: registration.name, digest: digest)
    }

    /// Keeps the request that is being written in `outbox`: its end part begins at `tailStart`.
    mutating func keepRelayed(on leg: SlabKey, method: Bytes, cseq: UInt32, maxForwards: Int, tailStart: Int) {
        guard !legAccounts.isEmpty, legAccounts[leg] != nil else { return }
        let tail = outbox.unfinished.from(tailStart).array
        legAccounts[leg]!.relayed = RelayedRequest(cseq: cseq, method: method.string, maxForwards: maxForwards, tail: tail)
    }

    /// A relayed request was challenged: true when it was sent again with credentials, and its answer is still to come.
    mutating func relayAgain(_ message: Message, _ essentials: Essentials, user: TransactionUser, client: ClientKey, now: Moment) -> Bool {
        guard !legAccounts.isEmpty, let request = legAccounts[user.leg]?.relayed, request.cseq == essentials.cseq.number,
            legs.contains(user.leg), transactions.isAlive(ServerKey(slot: user.peer)), mayRetryWithCredentials(message, on: user.leg)
        else { return false }
        let method = essentials.cseq.method
        let (next, branch) = transactions.open(method: method, flow: legs[user.leg].dialog.flow, user: user, now: now.instant)
        if legs[user.leg].inviteToPeer == client { legs[user.leg].inviteToPeer = next }
        if legs[user.leg].updateToPeer == client { legs[user.leg].updateToPeer = next }
        let cseq = legs[user.leg].dialog.nextCSeq()
        request.method.withBytes { name in
            legs[user.leg].dialog.writeRequest(
                name, cseq: cseq, branch: branch, maxForwards: request.maxForwards, endpoints: endpoints, into: &outbox)
            request.tail.withBytes { tail in
                appendCredentials(on: user.leg, method: name, body: tail.body)
                let tailStart = outbox.unfinished.count
                outbox.append(tail)
                keepRelayed(on: user.leg, method: name, cseq: cseq, maxForwards: request.maxForwards, tailStart: tailStart)
            }
        }
        noteSize(legs[user.leg].dialog.flow)
        transactions.sendRequest(next, outbox: &outbox)
        return true
    }

    /// Writes credentials for a request on this leg, when its upstream challenged before. Further calls
    /// use the next nonce count.
    mutating func appendCredentials(on leg: SlabKey, method: Bytes, body: Bytes) {
        guard !legAccounts.isEmpty, legAccounts[leg] != nil else { return }
        legAccounts[leg]!.digest.appendCredentials(method: method, uri: legs[leg].dialog.remoteTarget, body: body, to: &outbox)
        shareCredentials(of: leg)
    }

    private mutating func shareCredentials(of leg: SlabKey) {
        guard let account = legAccounts[leg], account.digest.hasChallenge, configuration.registrationsByName[account.name] != nil else { return }
        callCredentials[account.name] = account.digest
    }

    /// A new request on the leg begins: what is known of the upstream's challenges is taken from the latest call.
    mutating func beginCredentialExchange(on leg: SlabKey) {
        guard !legAccounts.isEmpty, let account = legAccounts[leg] else { return }
        if let latest = callCredentials[account.name] { legAccounts[leg]!.digest = latest }
        legAccounts[leg]!.digest.beginExchange()
    }

    /// A 401 or 407 on a leg of a registration: true when the request is to be sent again with credentials.
    mutating func mayRetryWithCredentials(_ message: Message, on leg: SlabKey) -> Bool {
        guard message.status == 401 || message.status == 407, legAccounts[leg] != nil else { return false }
        let retries = configuration.registrationSettings.authenticationRetries
        let verdict = legAccounts[leg]!.digest.challengeReceived(message, cnonce: secrets.next(), maximumRetries: retries)
        guard verdict == .retry else {
            callCredentials[legAccounts[leg]!.name] = nil
            return false
        }
        shareCredentials(of: leg)
        return true
    }

    /// Privacy of the account (RFC 3323), unless the caller asks for privacy of his own.
    mutating func appendPrivacy(of registration: Registration, in snapshot: SwitchConfiguration, hasOwn: Bool) {
        guard !hasOwn else { return }
        switch registration.privacy ?? snapshot.registrationSettings.privacy {
        case .ignore: break
        case .id: outbox.append("Privacy: id\r\n")
        case .none: outbox.append("Privacy: none\r\n")
        }
    }
}
