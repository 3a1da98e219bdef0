import Synchronization
import Vocabulary

/// Which phones and gateways registered from which address: their calls come from there. Written by the
/// shards that keep the registrations, read by all.
public final class BoundSources: Sendable {
    private let names = Mutex<[NetworkAddress: [EndpointName]]>([:])
    /// So that nothing is looked up while nobody is registered.
    private let sourceCount = Atomic<Int>(0)

    public init() {}

    /// Who registered from exactly this address; of several the one that came first.
    public func endpoint(at source: NetworkAddress) -> EndpointName? {
        guard sourceCount.load(ordering: .relaxed) > 0 else { return nil }
        return names.withLock { $0[source]?.first }
    }

    /// All who registered from exactly this address.
    public func endpoints(at source: NetworkAddress) -> [EndpointName] {
        guard sourceCount.load(ordering: .relaxed) > 0 else { return [] }
        return names.withLock { $0[source] ?? [] }
    }

    public func insert(_ name: EndpointName, at source: NetworkAddress) {
        names.withLock { names in
            if names[source]?.contains(name) != true { names[source, default: []].append(name) }
            sourceCount.store(names.count, ordering: .relaxed)
        }
    }

    public func remove(_ name: EndpointName, at source: NetworkAddress) {
        names.withLock { names in
            names[source]?.removeAll { $0 == name }
            if names[source]?.isEmpty == true { names[source] = nil }
            sourceCount.store(names.count, ordering: .relaxed)
        }
    }
}

/// What all shards know together of who registers here: where from, which nonces were used, who failed.
public final class RegistrarMemory: Sendable {
    public let sources = BoundSources()
    public let nonces = NonceCounts()
    public let failures = AuthenticationFailures()

    public init() {}
}
