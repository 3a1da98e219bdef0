import Vocabulary

/// Finds the servers of one next hop: asks for records, is given answers, ends with a resolution (RFC 3263, section 4).
///
/// - A numeric address needs no question.
/// - With a port: the host's addresses, by the transport given or the first of ours (UDP where it has a listener).
/// - With a transport: the SRV records of that service; where there are none, the host's addresses and the usual port.
/// - With neither: NAPTR records choose the services; where none is for us, the SRV records of each
///   transport of ours are asked for, in the order UDP, TCP, TLS; where there are none, the host's addresses.
///
/// Servers of all services chosen follow each other, so that one that fails has successors on another transport.
/// A name server that fails at NAPTR questions (some refuse the type) is taken to have none; one that fails at SRV
/// questions is not, since the addresses of the domain itself may belong to another machine than its SIP servers.
///
/// Random choices are made anew each time, from the answers: a resolution is one draw, and only answers are shared.
public struct ServerLocation: Sendable {
    public enum Action: Hashable, Sendable {
        case ask(DNSQuestion)
        /// The last action.
        case finish(Resolution)
    }

    /// Most servers (SRV records) whose addresses are asked for.
    public static let maximumServers = 16
    /// Most services (NAPTR records) whose servers are asked for.
    public static let maximumServices = 8
    /// Most targets of a resolution.
    public static let maximumTargets = 32

    enum State: Sendable {
        /// Can transition to: any other
        case created
        /// NAPTR is asked. Can transition to: findingServers
        case choosingServices
        /// SRV is asked. Can transition to: findingAddresses, finished
        case findingServers([SIPService], answers: [DNSQuestion: DNSAnswer])
        /// A and AAAA are asked. Can transition to: finished
        case findingAddresses([Server], answers: [DNSQuestion: DNSAnswer])
        case finished
    }

    /// A host that serves, with the port and transport to use.
    struct Server: Hashable, Sendable {
        var host: String
        var port: UInt16
        var transport: TransportKind
    }

    let hop: NextHop
    let reach: LocalReach
    var state: State
    /// The host without a dot at its end.
    var domain: String
    /// The smallest lifetime of what was used so far.
    var validFor = AnswerLifetime.maximum
    /// Questions without answer yet.
    var open: Set<DNSQuestion> = []

    public init(_ hop: NextHop, reach: LocalReach) {
        self.hop = hop
        self.reach = reach
        domain = hop.host
        state = .created
    }

    // MARK: - Events

    /// Begins; the first event.
    public mutating func begin(actions: inout [Action]) {
        guard case .created = state else { return }
        guard let usual = reach.transports.first else { return fail("this switch has no listener", actions: &actions) }
        if let transport = hop.transport, reach.families(transport).isEmpty {
            return fail("this switch has no \(transport.viaName) listener", actions: &actions)
        }
        if NetworkAddress(hop.host) != nil { return finishNumeric(usual, actions: &actions) }
        guard let name = HostName.canonical(hop.host) else { return fail("\"\(hop.host)\" is not a host name", actions: &actions) }
        domain = name
        if let port = hop.port {
            findAddresses([Server(host: name, port: port, transport: hop.transport ?? usual)], actions: &actions)
        } else if let transport = hop.transport {
            findServers([ServiceChoice.usual(transport, of: name)], actions: &actions)
        } else {
            state = .choosingServices
            ask(DNSQuestion(name, .naptr), actions: &actions)
        }
    }

    /// An answer to a question that was asked; any other is ignored.
    public mutating func answered<G: RandomNumberGenerator>(
        _ question: DNSQuestion, _ answer: DNSAnswer, using generator: inout G, actions: inout [Action]
    ) {
        guard open.remove(question) != nil else { return }
        switch state {
        case .created, .finished: break
        case .choosingServices: servicesNamed(answer, actions: &actions)
        case .findingServers(let services, var answers):
            answers[question] = answer
            state = .findingServers(services, answers: answers)
            if open.isEmpty { serversFound(services, answers, using: &generator, actions: &actions) }
        case .findingAddresses(let servers, var answers):
            answers[question] = answer
            state = .findingAddresses(servers, answers: answers)
            if open.isEmpty { addressesFound(servers, answers, using: &generator, actions: &actions) }
        }
    }

    // MARK: - Asking and ending

    mutating func ask(_ question: DNSQuestion, actions: inout [Action]) {
        if open.insert(question).inserted { actions.append(.ask(question)) }
    }

    /// Remembers that the resolution depends on something that holds this long.
    mutating func use(_ lifetime: Interval) { validFor = min(validFor, lifetime) }

    mutating func finish(_ resolution: Resolution, actions: inout [Action]) {
        state = .finished
        open = []
        actions.append(.finish(resolution))
    }

    /// For what no name server decides: it holds until the operator changes something.
    private mutating func fail(_ reason: String, actions: inout [Action]) {
        finish(.failed(reason: reason, validFor: AnswerLifetime.negative), actions: &actions)
    }

    private mutating func finishNumeric(_ usual: TransportKind, actions: inout [Action]) {
        var hop = hop
        hop.transport = hop.transport ?? usual
        guard let target = hop.numericTarget else { return }
        guard reach.families(target.transport).contains(target.address.family) else {
            let family = target.address.family == .ipv4 ? "IPv4" : "IPv6"
            return fail("this switch has no \(target.transport.viaName) listener on \(family)", actions: &actions)
        }
        finish(.targets([target], validFor: AnswerLifetime.maximum), actions: &actions)
    }
}
