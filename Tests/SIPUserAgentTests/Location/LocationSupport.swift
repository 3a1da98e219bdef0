import SIPUserAgent
import Vocabulary

/// Random numbers that a seed decides whole, so that a test draws the same each time (SplitMix64).
struct LocationGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Name servers made of a table, and a location that asks them.
struct Zone {
    var answers: [DNSQuestion: DNSAnswer] = [:]

    subscript(_ name: String, _ type: DNSQuestion.RecordType) -> DNSAnswer {
        get { answers[DNSQuestion(name, type)] ?? .noSuchName(validFor: nil) }
        set { answers[DNSQuestion(name, type)] = newValue }
    }

    /// Runs a location to its end; also what it asked, in order.
    func locate(_ hop: NextHop, _ reach: LocalReach = .ipv4, seed: UInt64 = 1) -> (resolution: Resolution?, asked: [DNSQuestion]) {
        var location = ServerLocation(hop, reach: reach)
        var generator = LocationGenerator(seed: seed)
        var asked: [DNSQuestion] = []
        var actions: [ServerLocation.Action] = []
        location.begin(actions: &actions)
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .finish(let resolution): return (resolution, asked)
            case .ask(let question):
                asked.append(question)
                location.answered(question, self[question.name, question.type], using: &generator, actions: &actions)
            }
        }
        return (nil, asked)
    }

    func resolve(_ hop: NextHop, _ reach: LocalReach = .ipv4, seed: UInt64 = 1) -> Resolution? { locate(hop, reach, seed: seed).resolution }
}

extension LocalReach {
    /// UDP, TCP and TLS on IPv4.
    static let ipv4 = LocalReach(listeners(TransportKind.allCases, "192.0.2.1"))
    static let both = LocalReach(listeners(TransportKind.allCases, "192.0.2.1") + listeners(TransportKind.allCases, "2001:db8::1"))
    static let ipv6 = LocalReach(listeners(TransportKind.allCases, "2001:db8::1"))

    static func only(_ transports: TransportKind...) -> LocalReach { LocalReach(listeners(transports, "192.0.2.1")) }

    static func listeners(_ transports: [TransportKind], _ host: String) -> [ListenerDescription] {
        transports.compactMap { transport in
            NetworkAddress(host).map { ListenerDescription(transport: transport, local: $0) }
        }
    }
}

func addresses(_ texts: String..., validFor: Interval = .seconds(300)) -> DNSAnswer {
    .records(texts.compactMap { NetworkAddress($0).map { .address($0) } }, validFor: validFor)
}

func servers(_ records: SRVRecord..., validFor: Interval = .seconds(300)) -> DNSAnswer {
    .records(records.map { .server($0) }, validFor: validFor)
}

func server(_ target: String, port: UInt16 = 5060, priority: UInt16 = 10, weight: UInt16 = 0) -> SRVRecord {
    SRVRecord(priority: priority, weight: weight, port: port, target: target)
}

func rules(_ records: NAPTRRecord..., validFor: Interval = .seconds(300)) -> DNSAnswer {
    .records(records.map { .rule($0) }, validFor: validFor)
}

func rule(
    _ service: String, _ replacement: String, order: UInt16 = 10, preference: UInt16 = 10, flags: String = "s", regular: Bool = false
) -> NAPTRRecord {
    NAPTRRecord(
        order: order, preference: preference, flags: flags, service: service, hasRegularExpression: regular, replacement: replacement)
}

extension Resolution {
    /// `udp 192.0.2.1:5060` for each target; empty for a failure.
    var places: [String] {
        guard case .targets(let targets, _) = self else { return [] }
        return targets.map { "\($0.transport.name) \($0.address)" }
    }

    var reason: String? { if case .failed(let reason, _) = self { reason } else { nil } }

    var lifetime: Interval {
        switch self {
        case .targets(_, let validFor), .failed(_, let validFor): validFor
        }
    }
}
