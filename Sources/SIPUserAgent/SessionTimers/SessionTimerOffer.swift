import Vocabulary

/// What our INVITE to a vendor offers about the session timer, from its first sending over every 422 to
/// the 2xx (RFC 4028, sections 7.1 to 7.3).
public struct SessionTimerOffer: Hashable, Sendable {
    public let policy: SessionTimerPolicy
    /// The largest Min-SE that a 422 to this INVITE named, in seconds; 0 before any (section 7.4).
    public private(set) var largestMinSE: UInt32 = 0
    public private(set) var retries = 0

    /// 422s obeyed for one INVITE, at most: each hop of a path may have its own minimum.
    public static let maximumRetries = 3
    /// The longest interval that a peer may bring us to, in seconds: one day.
    public static let longestMinSE: UInt32 = 86_400

    public init(_ policy: SessionTimerPolicy) { self.policy = policy }

    /// What the INVITE carries. The refresher is left open, as section 7.1 recommends.
    public var fields: SessionTimerRequest {
        guard policy.isEnabled else { return SessionTimerRequest() }
        let ours = policy.minSE > SessionTimerPolicy.smallestInterval ? policy.minSE : 0
        let minimum = max(ours, largestMinSE)
        return SessionTimerRequest(
            sessionExpires: SessionExpires(seconds: max(policy.interval, minimum)), minSE: minimum > 0 ? minimum : nil, supportsTimer: true)
    }

    /// The INVITE was answered with 422. True: send it again, with a CSeq one higher and the same Call-ID,
    /// To and From, and with `fields` as they are now (section 7.3). False: it is a refusal like any other;
    /// the peer named no minimum, one that was met already, or too many or too long ones.
    public mutating func intervalRefused(_ response: SessionTimerResponse) -> Bool {
        guard policy.isEnabled, let asked = fields.sessionExpires, let minimum = response.minSE, minimum > asked.seconds,
            minimum <= SessionTimerOffer.longestMinSE, retries < SessionTimerOffer.maximumRetries
        else { return false }
        retries += 1
        largestMinSE = minimum
        return true
    }

    /// What the 2xx means; nil: there is no session expiration (section 7.2).
    public func agreement(_ response: SessionTimerResponse) -> SessionAgreement? {
        policy.agreement(response, asked: fields.sessionExpires?.seconds)
    }
}

extension SessionTimerPolicy {
    /// The shortest interval that is taken from a 2xx that breaks the rule of 90 s, in seconds. The peer lives
    /// by what it wrote, so it is obeyed as far as refreshing for it stays cheap.
    public static let shortestTolerated: UInt32 = 10

    /// What a 2xx to a session refresh request of ours means (section 7.2). `asked`: the Session-Expires of
    /// the request, nil when it had none.
    func agreement(_ response: SessionTimerResponse, asked: UInt32?) -> SessionAgreement? {
        guard isEnabled else { return nil }
        if let value = response.sessionExpires {
            // The parameter must be there. Without it we refresh: it does no harm if the peer does too. More
            // than a day would prove nothing: we refresh, or hang up, by then.
            let seconds = min(max(value.seconds, SessionTimerPolicy.shortestTolerated), SessionTimerOffer.longestMinSE)
            return SessionAgreement(interval: seconds, refresher: value.refresher == .uas ? .peer : .us)
        }
        guard refreshesAlone, let asked else { return nil }
        return SessionAgreement(interval: asked, refresher: .us)
    }
}
