import CSys
import SIPUserAgent
import Vocabulary

/// Asks the name servers by the system's resolver library, on the calling thread, which waits.
///
/// A host that the hosts file names has the addresses written there and nothing else: the operator who
/// pins an address there means it, and no name server is asked about it. Addresses of a name without a dot are
/// looked for in the search domains first, those of other names never.
struct SystemResolver: Sendable {
    /// How long an answer from the hosts file holds.
    static let hostsLifetime = Interval.seconds(60)

    private static let defaultPort: UInt16 = 53

    /// At most three are used. Empty: those of /etc/resolv.conf.
    var nameServers: [NetworkAddress] = []
    /// Seconds until the first try is over; a second one waits twice as long.
    var secondsPerTry = 2
    /// How many times each name server is asked.
    var tries = 2
    /// Nil: those of /etc/resolv.conf.
    var searchDomains: [String]?
    var hosts = HostsFile(path: "/etc/hosts")

    func lookUp(_ question: DNSQuestion) -> DNSAnswer {
        if let answer = SystemResolver.answer(question, from: hosts.addresses()) { return answer }
        if question.type == .a || question.type == .aaaa, !question.name.contains(".") {
            for domain in searchDomains ?? SystemResolver.systemSearchDomains() {
                let answer = ask(DNSQuestion("\(question.name).\(domain)", question.type))
                switch answer {
                case .records, .failed: return answer
                case .noSuchName, .noSuchData: continue
                }
            }
        }
        return ask(question)
    }

    private func ask(_ question: DNSQuestion) -> DNSAnswer {
        var settings = csys_lookup_settings()
        settings.seconds = Int32(secondsPerTry)
        settings.tries = Int32(tries)
        settings.server_count = Int32(min(nameServers.count, Int(CSYS_NAME_SERVERS)))
        withUnsafeMutableBytes(of: &settings.servers) { servers in
            let places = servers.bindMemory(to: csys_address.self)
            for (place, server) in zip(places.indices, nameServers) {
                places[place] = server.system
                if server.port == 0 { places[place].port = SystemResolver.defaultPort }
            }
        }
        guard let answer = csys_look_up(question.name, Int32(question.type.rawValue), &settings) else { return .failed(.noAnswer) }
        defer { csys_answer_free(answer) }
        return SystemResolver.read(answer, question.type)
    }

    /// Nil when the hosts file says nothing about the host that the question is about.
    static func answer(_ question: DNSQuestion, from hosts: [String: [NetworkAddress]]) -> DNSAnswer? {
        guard !hosts.isEmpty else { return nil }
        switch question.type {
        case .a, .aaaa:
            guard let addresses = hosts[question.name] else { return nil }
            let family: NetworkAddress.Family = question.type == .a ? .ipv4 : .ipv6
            let records = addresses.filter { $0.family == family }.map { DNSRecord.address($0) }
            return records.isEmpty ? .noSuchData(validFor: hostsLifetime) : .records(records, validFor: hostsLifetime)
        case .naptr:
            return hosts[question.name] == nil ? nil : .noSuchData(validFor: hostsLifetime)
        case .srv:
            // Of "_sip._udp.host".
            let parts = question.name.split(separator: ".", maxSplits: 2)
            guard parts.count == 3, parts[0].hasPrefix("_"), parts[1].hasPrefix("_"), hosts[String(parts[2])] != nil else { return nil }
            return .noSuchData(validFor: hostsLifetime)
        }
    }

    private static func systemSearchDomains() -> [String] {
        var text = [CChar](repeating: 0, count: 256)
        var domains: [String] = []
        while csys_search_domain(Int32(domains.count), &text, text.count) != 0 {
            domains.append(text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" })
        }
        return domains.filter { !$0.isEmpty && $0 != "." }
    }

    private static func read(_ answer: OpaquePointer, _ type: DNSQuestion.RecordType) -> DNSAnswer {
        let seconds = csys_answer_ttl(answer)
        let validFor: Interval? = seconds < 0 ? nil : .seconds(seconds)
        switch csys_answer_outcome(answer) {
        case CSYS_LOOKUP_RECORDS:
            let records = (0..<csys_answer_count(answer)).map { record(csys_answer_record(answer, $0).pointee, type) }
            return .records(records, validFor: validFor ?? .zero)
        case CSYS_LOOKUP_NO_NAME: return .noSuchName(validFor: validFor)
        case CSYS_LOOKUP_NO_DATA: return .noSuchData(validFor: validFor)
        case CSYS_LOOKUP_REFUSED: return .failed(.serverFailure)
        default: return .failed(.noAnswer)
        }
    }

    private static func record(_ record: csys_record, _ type: DNSQuestion.RecordType) -> DNSRecord {
        switch type {
        case .a, .aaaa: .address(NetworkAddress(record.address))
        case .srv:
            .server(
                SRVRecord(priority: record.rank, weight: record.share, port: record.port, target: String(cString: record.name)))
        case .naptr:
            .rule(
                NAPTRRecord(
                    order: record.rank, preference: record.share, flags: String(cString: record.flags),
                    service: String(cString: record.service), hasRegularExpression: record.has_regexp != 0,
                    replacement: String(cString: record.name)))
        }
    }
}
