import Routing

/// A decision about a call, read from its JSON (`DecisionText`): the one that is stored with every call, and the one
/// that is worked out for a call that was not made.
public struct DecisionDocument: Hashable, Sendable {
    /// A number as it was received, and after the caller's dial plan.
    public struct Number: Hashable, Sendable {
        public var received: String
        public var routed: String
        /// The rule that matched, as `original=target`; empty where none did.
        public var rule: String
    }

    /// One gateway or phone that was looked at.
    public struct Candidate: Hashable, Sendable {
        public var kind: String
        public var name: String
        public var prefix: String
        public var priority: Int
        public var calls: Int
        /// Answer-seizure ratio in percent; nil where it was not measured.
        public var answerRatio: Int?
        public var isProtectRoute: Bool
        public var verdict: String
        /// Why the verdict fell, in a sentence.
        public var why: String
        /// The numbers sent to it; empty where it was not tried.
        public var caller: String
        public var callee: String
    }

    /// Kind of the object that the call is taken for: mappingGateway or phone.
    public var originKind: String
    public var origin: String
    /// By what it was recognised, such as addressAndPort.
    public var sourceRule: String
    public var source: String
    public var configurationRevision: Int
    public var caller: Number
    public var callee: Number
    /// Name of the `CallRefusal`; empty where candidates could be tried.
    public var refusal: String
    /// Why the call was not taken, in a sentence; empty when it was.
    public var refusalMeaning: String
    public var candidates: [Candidate]
    /// Why no other gateway was tried after the last failure; empty where none was left.
    public var stop: String
    public var isForwarded: Bool
    /// The whole tree, with what is only stored at the end of a call.
    public var document: DocumentNode

    /// Nil when the tree is no decision.
    public init?(_ document: DocumentNode) {
        guard let origin = document["origin"], let numbers = document["numbers"], let name = origin["name"]?.text else { return nil }
        self.document = document
        self.origin = name
        originKind = origin["kind"]?.text ?? ""
        sourceRule = origin["rule"]?.text ?? ""
        source = origin["source"]?.text ?? ""
        configurationRevision = document["configurationRevision"]?.integer ?? 0
        caller = Number(numbers, "caller")
        callee = Number(numbers, "callee")
        let refusal = document["refusal"]?.text ?? ""
        self.refusal = refusal
        refusalMeaning =
            CallRefusal.allCases.first { $0.name == refusal }?
            .meaning(detail: document["refusalDetail"]?.integer, group: document["refusalGroup"]?.text) ?? refusal
        candidates = (document["candidates"]?.elements ?? []).map { Candidate($0) }
        stop = document["stop"]?.text ?? ""
        isForwarded = document["forwarded"]?.flag ?? false
    }

    /// Reads the JSON that is stored with a call.
    public init?(json: String) {
        guard let document = try? DocumentNode(json: json) else { return nil }
        self.init(document)
    }
}

extension DecisionDocument.Number {
    fileprivate init(_ numbers: DocumentNode, _ side: String) {
        received = numbers[side]?.text ?? ""
        routed = numbers[side + "Routed"]?.text ?? ""
        rule = numbers[side + "Rule"]?.text ?? ""
    }
}

extension DecisionDocument.Candidate {
    fileprivate init(_ node: DocumentNode) {
        kind = node["kind"]?.text ?? ""
        name = node["name"]?.text ?? ""
        prefix = node["prefix"]?.text ?? ""
        priority = node["priority"]?.integer ?? 0
        calls = node["calls"]?.integer ?? 0
        answerRatio = node["answerRatio"]?.integer
        isProtectRoute = node["protectRoute"]?.flag ?? false
        let verdict = node["verdict"]?.text ?? ""
        self.verdict = verdict
        caller = node["caller"]?.text ?? ""
        callee = node["callee"]?.text ?? ""
        let meaning =
            Candidate.Verdict.allCases.first { $0.name == verdict }?
            .meaning(detail: node["detail"]?.integer, group: node["group"]?.text) ?? ""
        let redirected = node["redirectedTo"]?.text.map { "redirected to \($0)" }
        why = [node["why"]?.text ?? "", meaning, redirected ?? ""].first { !$0.isEmpty } ?? ""
    }

    private typealias Candidate = Routing.Candidate
}
