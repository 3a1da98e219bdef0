import Vocabulary

/// How a virtual registrar treats those who register with it.
public struct RegistrarRules: Sendable {
    /// Where the granted lifetime stands in a 200 (RFC 3261, section 10.3, item 8).
    public enum GrantForm: Sendable, Hashable {
        case contactParameter
        case expiresHeader
        /// Nowhere: the client has to take the RFC's default.
        case nowhere
    }

    /// Nil: nobody is asked for credentials.
    public var challenge: ChallengeRules? = ChallengeRules()
    /// Whether INVITE and BYE are challenged as well.
    public var challengesCalls = false
    /// Shorter lifetimes are answered with 423, in seconds.
    public var minimumExpires = 0
    /// Longer lifetimes are cut to it, in seconds.
    public var maximumExpires = 7_200
    public var grantForm = GrantForm.contactParameter
    /// Whether a 200 lists the bindings at all.
    public var listsBindings = true
    /// Further header field lines of every 200.
    public var fields: [String] = []
    /// Time from request to answer.
    public var answerDelay = Interval.zero

    public init() {}
}

/// How a virtual registrar asks for credentials.
public struct ChallengeRules: Sendable {
    public var realm = "example.net"
    /// Offered in this order, a header field each; an empty name stands for none (MD5).
    public var algorithms = ["MD5"]
    /// Nil: the form of RFC 2069.
    public var qop: String? = "auth"
    /// 407 with Proxy-Authenticate in place of 401.
    public var isProxy = false
    /// How long a nonce is taken; nil: for ever.
    public var nonceLifetime: Interval?
    /// How many requests a nonce is taken for; nil: any number.
    public var nonceUses: Int?
    /// Whether an aged nonce is called stale; many registrars leave that out.
    public var saysStale = true
    /// Whether each 200 names the nonce to use next.
    public var givesNextNonce = false
    /// Whether each 200 proves that the password is known (rspauth).
    public var provesItself = false
    public var wantsUserhash = false
    /// Answer to a wrong password; nil: another challenge.
    public var refusal: Int?

    public init() {}
}

/// What a virtual registrar does with one REGISTER instead of what its rules say.
public enum RegistrarStep: Sendable, Equatable {
    case asUsual
    /// No answer, to no copy of it.
    case silent
    /// Does as usual, but its answer is lost.
    case answerLost
    /// This answer, without a look at credentials or bindings.
    case answer(Int, fields: [String] = [])
    /// A challenge, whatever credentials came.
    case challenge(isStale: Bool)
}
