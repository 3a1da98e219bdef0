import Vocabulary

/// Finds the mapping gateway or phone of a source address: an entry with the exact port goes before one for
/// any port of the host, a gateway before a phone; among gateways the lower priority number, then the name.
public struct SourceTable: Sendable {
    private var exact: [NetworkAddress: Int] = [:]
    private var anyPort: [NetworkAddress: Int] = [:]
    /// Phones with a configured address, which do not register.
    private var phones: [NetworkAddress: Int] = [:]

    public init(_ gateways: [MappingGateway], phones: [Phone] = []) {
        for (index, gateway) in gateways.enumerated() {
            for address in gateway.addresses {
                let goesFirst = { (other: Int) in
                    (gateway.priority, gateway.name) < (gateways[other].priority, gateways[other].name)
                }
                if gateway.isRecognised(atAnyPortOf: address) {
                    if anyPort[address.host].map(goesFirst) ?? true { anyPort[address.host] = index }
                } else if exact[address].map(goesFirst) ?? true {
                    exact[address] = index
                }
            }
        }
        for (index, phone) in phones.enumerated() {
            guard let address = phone.address else { continue }
            if let known = self.phones[address], phones[known].name <= phone.name { continue }
            self.phones[address] = index
        }
    }

    /// By what the caller of a call was recognised.
    public enum Rule: Sendable, Hashable, CaseIterable {
        case addressAndPort, address
        /// It came to the Contact of a registration of ours at an upstream.
        case registration
        /// It came from where a phone or gateway is registered.
        case binding
        /// By its digest credentials.
        case credentials
    }

    /// Index of the gateway and the rule that found it; nil for a source that belongs to none.
    public func gateway(of source: NetworkAddress) -> (index: Int, rule: Rule)? {
        if !exact.isEmpty, let index = exact[source] { return (index, .addressAndPort) }
        return anyPort[source.host].map { ($0, .address) }
    }

    /// Whose call comes from this source, gateway or phone with a configured address; nil for a source that belongs to none.
    public func origin(of source: NetworkAddress) -> (origin: CallOrigin, rule: Rule)? {
        if let index = exact[source] { return (.mappingGateway(index), .addressAndPort) }
        if let index = phones[source] { return (.phone(index), .addressAndPort) }
        if let index = anyPort[source.host] { return (.mappingGateway(index), .address) }
        return phones[source.host].map { (.phone($0), .address) }
    }
}
