import SIPMessages
import Vocabulary

extension DigestClient {
    /// The request was refused with 401 or 407. Of several challenges of one realm the one with the strongest
    /// hash counts, the first among equals; each realm of a registrar or proxy is answered, up to `maximumChallenges`.
    ///
    /// `cnonce` is random and new for every call. `maximumRetries`: times one request is sent again before a
    /// further challenge is unusable.
    public mutating func challengeReceived(_ message: Message, cnonce: UInt64, maximumRetries: Int) -> Verdict {
        var chosen: [DigestChallenge] = []
        var reason: String?
        let otherScheme = DigestChallenge.read(message) { reading in
            switch reading {
            case .unusable(let why): reason = reason ?? why
            case .usable(let challenge):
                guard let known = chosen.firstIndex(where: { $0.isOfRealm(of: challenge) }) else {
                    if chosen.count < Self.maximumChallenges { chosen.append(challenge) }
                    return
                }
                if chosen[known].algorithm.family < challenge.algorithm.family { chosen[known] = challenge }
            }
        }
        guard !chosen.isEmpty else {
            return .unusable(reason ?? otherScheme.map { "challenge of scheme \($0), not Digest" } ?? "\(message.status) without a challenge")
        }
        if chosen.contains(where: { challenge in held.contains { $0.isRefused(by: challenge) } }) {
            held.removeAll { held in chosen.contains { held.isRefused(by: $0) } }
            return .rejected
        }
        guard retries < maximumRetries else {
            return .unusable("challenged again after \(retries) answers to one request")
        }
        retries += 1
        hold(chosen, cnonce: cnonce)
        return .retry
    }

    private mutating func hold(_ chosen: [DigestChallenge], cnonce: UInt64) {
        // A registrar that asks for another realm than before has no use for what the old one asked.
        if chosen.contains(where: { $0.origin == .server }) {
            held.removeAll { held in held.origin == .server && !held.isOfThisExchange && !chosen.contains { held.isFor($0) } }
        }
        for (index, challenge) in chosen.enumerated() {
            let answer = HeldChallenge(challenge, username: username, password: password, cnonce: cnonce &+ UInt64(index))
            if let known = held.firstIndex(where: { $0.isFor(challenge) }) {
                held[known] = answer
            } else {
                if held.count == Self.maximumChallenges { held.removeFirst() }
                held.append(answer)
            }
        }
    }

    /// The request was accepted: takes over the next nonce that Authentication-Info or Proxy-Authentication-Info
    /// names (RFC 7616, section 3.5) and says whether the other side proved that it knows the password.
    @discardableResult
    public mutating func accepted(_ message: Message) -> Confirmation {
        var result = Confirmation.absent
        for index in 0..<message.fieldCount {
            let field = message[index]
            for origin in DigestChallenge.Origin.allCases where field.writtenName.equalsIgnoringCase(origin.confirmationField) {
                let found = confirmed(ConfirmationField(field.value), origin, body: message.body)
                if result != .wrong, found != .absent { result = found }
            }
        }
        return result
    }

    private mutating func confirmed(_ field: ConfirmationField, _ origin: DigestChallenge.Origin, body: Bytes) -> Confirmation {
        // The field has no realm; where several are held, its cnonce tells which one it confirms.
        let candidates = held.indices.filter { held[$0].origin == origin && held[$0].isSent }
        let named = candidates.first { i in field.cnonce.map { cnonce in held[i].cnonce.withHex { cnonce.equalsIgnoringCase($0) } } ?? false }
        guard let index = named ?? candidates.first else { return .absent }
        var result = Confirmation.absent
        if let proof = field.proof {
            let quality = held[index].quality == nil ? nil : field.quality ?? held[index].quality
            let expected = uri.withBytes { held[index].response(method: .empty, uri: $0, body: body, quality: quality) }
            result = expected.matches(hex: proof) ? .right : .wrong
        }
        if let next = field.nextNonce, next.count <= DigestChallenge.Limit.nonce, !held[index].nonce.withBytes({ next.equals($0) }) {
            held[index].nonce = next.array
            held[index].count = 0
        }
        return result
    }
}

extension HeldChallenge {
    /// Whether the credentials just sent are refused by this challenge for good. They are not when the nonce is stale,
    /// or came from an earlier exchange: many servers leave out `stale` when they give a new nonce for an aged one.
    fileprivate func isRefused(by challenge: DigestChallenge) -> Bool {
        guard isFor(challenge), isSent, !challenge.isStale else { return false }
        return isOfThisExchange || nonce.withBytes { challenge.nonce.equals($0) }
    }
}

extension DigestChallenge {
    fileprivate func isOfRealm(of other: DigestChallenge) -> Bool { origin == other.origin && realm.equals(other.realm) }
}

/// The parameters of Authentication-Info that are used (RFC 7616, section 3.5).
private struct ConfirmationField {
    var nextNonce: Bytes?
    var proof: Bytes?
    var quality: QualityOfProtection?
    var cnonce: Bytes?

    init(_ value: Bytes) {
        var field = AuthenticationField(value)
        while let item = field.next() {
            guard case .parameter(let name, let value) = item else { continue }
            if name.equalsIgnoringCase("nextnonce") {
                nextNonce = value
            } else if name.equalsIgnoringCase("rspauth") {
                proof = value
            } else if name.equalsIgnoringCase("qop") {
                quality = QualityOfProtection(value)
            } else if name.equalsIgnoringCase("cnonce") {
                cnonce = value
            }
        }
    }
}
