import Vocabulary

/// A service of a domain: the name of its SRV records and the transport that it stands for.
struct SIPService: Hashable, Sendable {
    var name: String
    var transport: TransportKind
}

/// Which services of a domain to ask for (RFC 3263, section 4.1).
enum ServiceChoice {
    /// The services that NAPTR records name, the preferred first: those of the lowest order in which
    /// there is a transport of ours (RFC 3403, section 4.1). Empty when the records name none for us.
    static func named(by records: [NAPTRRecord], reach: LocalReach) -> [SIPService] {
        let usable = records.compactMap { record -> (record: NAPTRRecord, service: SIPService)? in
            guard let transport = transport(of: record), !reach.families(transport).isEmpty else { return nil }
            return (record, SIPService(name: record.replacement, transport: transport))
        }
        guard let order = usable.map(\.record.order).min() else { return [] }
        var services: [SIPService] = []
        for (_, service) in usable.filter({ $0.record.order == order }).sorted(by: { $0.record.preference < $1.record.preference })
        where !services.contains(service) {
            services.append(service)
        }
        return services
    }

    /// The service of a domain by the transport's well-known name (RFC 3263, section 4.1).
    static func usual(_ transport: TransportKind, of domain: String) -> SIPService {
        switch transport {
        case .udp: SIPService(name: "_sip._udp.\(domain)", transport: .udp)
        case .tcp: SIPService(name: "_sip._tcp.\(domain)", transport: .tcp)
        case .tls: SIPService(name: "_sips._tcp.\(domain)", transport: .tls)
        }
    }

    /// Nil for a record that does not lead to SRV records of SIP.
    private static func transport(of record: NAPTRRecord) -> TransportKind? {
        guard record.flags.lowercased() == "s", !record.hasRegularExpression, !record.replacement.isEmpty else { return nil }
        switch record.service.uppercased() {
        case "SIP+D2U": return .udp
        case "SIP+D2T": return .tcp
        case "SIPS+D2T": return .tls
        default: return nil
        }
    }
}
