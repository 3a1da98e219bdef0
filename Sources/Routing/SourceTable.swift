import Vocabulary

/// Finds the mapping gateway of a source address: an entry with the exact port goes before one for
/// any port of the host; among equals the lower priority number, then the name.
public struct SourceTable: Sendable {
    private var exact: [NetworkAddress: Int] = [:]
    private var anyPort: [NetworkAddress: Int] = [:]

    public init(_ gateways: [MappingGateway]) {
        for (index, gateway) in gateways.enumerated() {
            for address in gateway.addresses {
                let goesFirst = { (other: Int) in
                    (gateway.priority, gateway.name) < (gateways[other].priority, gateways[other].name)
                }
                if address.port == 0 {
                    if anyPort[address].map(goesFirst) ?? true { anyPort[address] = index }
                } else if exact[address].map(goesFirst) ?? true {
                    exact[address] = index
                }
            }
        }
    }

    public enum Rule: Sendable, Hashable { case addressAndPort, address, registration }

    /// Index of the gateway and the rule that found it; nil for a source that belongs to none.
    public func gateway(of source: NetworkAddress) -> (index: Int, rule: Rule)? {
        if !exact.isEmpty, let index = exact[source] { return (index, .addressAndPort) }
        return anyPort[source.host].map { ($0, .address) }
    }
}
