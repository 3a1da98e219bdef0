import Vocabulary

// The three steps: services (NAPTR), their servers (SRV), the servers' addresses (A, AAAA).

extension ServerLocation {
    // MARK: - Services

    mutating func servicesNamed(_ answer: DNSAnswer, actions: inout [Action]) {
        var services: [SIPService] = []
        switch answer {
        case .records(let records, _):
            let rules = records.compactMap { record -> NAPTRRecord? in if case .rule(let rule) = record { rule } else { nil } }
            services = ServiceChoice.named(by: rules, reach: reach)
            if !services.isEmpty { use(answer.lifetime) }
        case .failed(.overloaded):
            // Nothing was asked: more questions would only lengthen the line.
            return finish(.failed(reason: words(.overloaded, for: domain), validFor: answer.lifetime), actions: &actions)
        case .failed: use(answer.lifetime)
        case .noSuchName, .noSuchData: break
        }
        if services.isEmpty { services = reach.transports.map { ServiceChoice.usual($0, of: domain) } }
        findServers(services, actions: &actions)
    }

    // MARK: - Servers

    mutating func findServers(_ services: [SIPService], actions: inout [Action]) {
        let services = Array(services.prefix(ServerLocation.maximumServices))
        state = .findingServers(services, answers: [:])
        for service in services { ask(DNSQuestion(service.name, .srv), actions: &actions) }
    }

    mutating func serversFound<G: RandomNumberGenerator>(
        _ services: [SIPService], _ answers: [DNSQuestion: DNSAnswer], using generator: inout G, actions: inout [Action]
    ) {
        var servers: [Server] = []
        var isDeclined = false
        var failure: LookupFailure?
        for service in services {
            switch answers[DNSQuestion(service.name, .srv)] {
            case .records(let records, let lifetime)?:
                let found = records.compactMap { record -> SRVRecord? in if case .server(let server) = record { server } else { nil } }
                guard !found.isEmpty else { continue }
                use(DNSAnswer.records(records, validFor: lifetime).lifetime)
                isDeclined = isDeclined || found.contains { $0.target.isEmpty }
                for record in ServerOrder.arrange(found, using: &generator) where !record.target.isEmpty && record.port > 0 {
                    servers.append(Server(host: record.target, port: record.port, transport: service.transport))
                }
            case .failed(let why)?: failure = why
            case .noSuchName?, .noSuchData?, nil: continue
            }
        }
        if failure != nil { use(AnswerLifetime.failure) }
        if !servers.isEmpty {
            findAddresses(Array(servers.prefix(ServerLocation.maximumServers)), actions: &actions)
        } else if let failure {
            finish(.failed(reason: words(failure, for: domain), validFor: validFor), actions: &actions)
        } else if isDeclined {
            finish(.failed(reason: "\(domain) offers no SIP service to us (SRV target \".\")", validFor: validFor), actions: &actions)
        } else if let transport = services.first?.transport {
            findAddresses([Server(host: domain, port: transport.defaultPort, transport: transport)], actions: &actions)
        }
    }

    // MARK: - Addresses

    mutating func findAddresses(_ servers: [Server], actions: inout [Action]) {
        state = .findingAddresses(servers, answers: [:])
        for server in servers {
            for question in addressQuestions(server) { ask(question, actions: &actions) }
        }
    }

    private func addressQuestions(_ server: Server) -> [DNSQuestion] {
        reach.families(server.transport).map { DNSQuestion(server.host, $0 == .ipv4 ? .a : .aaaa) }
    }

    mutating func addressesFound<G: RandomNumberGenerator>(
        _ servers: [Server], _ answers: [DNSQuestion: DNSAnswer], using generator: inout G, actions: inout [Action]
    ) {
        var targets: [Target] = []
        for server in servers {
            for question in addressQuestions(server) {
                guard let answer = answers[question] else { continue }
                if case .failed = answer { use(answer.lifetime) }
                guard case .records(let records, _) = answer else { continue }
                use(answer.lifetime)
                for address in ServerLocation.rotated(records, using: &generator) {
                    var address = address
                    address.port = server.port
                    let target = Target(address: address, transport: server.transport)
                    if !targets.contains(target), targets.count < ServerLocation.maximumTargets { targets.append(target) }
                }
            }
        }
        if targets.isEmpty { return finish(missing(servers, answers), actions: &actions) }
        finish(.targets(targets, validFor: validFor), actions: &actions)
    }

    /// The addresses of one name, begun at any of them: name servers turn the list with each answer so that
    /// the addresses share the requests (RFC 1794), and answers from a cache are to do the same.
    private static func rotated<G: RandomNumberGenerator>(_ records: [DNSRecord], using generator: inout G) -> [NetworkAddress] {
        let addresses = records.compactMap { record -> NetworkAddress? in
            guard case .address(let address) = record, !address.isUnspecified else { return nil }
            return address
        }
        guard addresses.count > 1 else { return addresses }
        let first = Int.random(in: 0..<addresses.count, using: &generator)
        return Array(addresses[first...] + addresses[..<first])
    }

    // MARK: - Reasons

    /// Why no server has an address; a failure says more than an absence.
    private func missing(_ servers: [Server], _ answers: [DNSQuestion: DNSAnswer]) -> Resolution {
        var lifetime = AnswerLifetime.maximum
        var reason: String?
        for server in servers {
            let given = addressQuestions(server).compactMap { answers[$0] }
            for answer in given {
                lifetime = min(lifetime, answer.lifetime)
                if case .failed(let why) = answer { return .failed(reason: words(why, for: server.host), validFor: AnswerLifetime.failure) }
            }
            reason = reason ?? absence(of: server, given)
        }
        return .failed(reason: reason ?? "\(domain) has no server", validFor: min(lifetime, validFor))
    }

    private func absence(of server: Server, _ answers: [DNSAnswer]) -> String {
        let name = server.host == domain ? domain : "\(server.host), a server of \(domain),"
        let isUnknown = answers.allSatisfy { if case .noSuchName = $0 { true } else { false } }
        if isUnknown { return "\(name) does not exist" }
        switch reach.families(server.transport) {
        case [.ipv4]: return "\(name) has no IPv4 address"
        case [.ipv6]: return "\(name) has no IPv6 address"
        default: return "\(name) has no address"
        }
    }

    private func words(_ failure: LookupFailure, for name: String) -> String {
        switch failure {
        case .noAnswer: "no answer from the name servers"
        case .serverFailure: "the name servers cannot answer for \(name)"
        case .overloaded: "too many names wait to be looked up"
        }
    }
}
