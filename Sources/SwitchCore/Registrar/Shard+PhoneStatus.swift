import CallRecords
import Routing
import Vocabulary

// How the phones and gateways that register here stand, for people.
extension Shard {
    /// Those whose registrations this shard keeps, registered or not, in the order of the configuration.
    func phoneStatus(now: Moment) -> [PhoneStatus] {
        let suspensions = configuration.live.registrar.failures.suspensions(now: now.instant)
        return configuration.endpointAccounts.accounts.flatMap { account -> [PhoneStatus] in
            guard account.name.withBytes({ Shard.registrarShard(of: $0, count: settings.count) }) == settings.index else { return [] }
            // A host may be barred from this account and from all: the later end counts.
            let ends = Dictionary(
                suspensions.lazy.filter { $0.account == account.name || $0.account.isEmpty }.map { ($0.host, $0.until) }, uniquingKeysWith: max)
            let suspended = ends.map {
                PhoneStatus.SuspendedSource(host: $0.hostDescription, secondsLeft: ($1 - now.instant + .milliseconds(500)).inSeconds)
            }.sorted { $0.host < $1.host }
            return account.endpoints.compactMap { endpoint in
                guard let kind = PhoneStatus.Kind(endpoint.kind) else { return nil }
                let places = configuration.location(of: endpoint)?.bindings(now: now.instant) ?? []
                return PhoneStatus(
                    kind: kind, name: endpoint.name,
                    places: places.sorted { ($0.q, $0.updatedAt.instant) > ($1.q, $1.updatedAt.instant) }.map { PhoneStatus.Place($0, now: now) },
                    suspendedSources: suspended)
            }
        }
    }

    /// Accounts that are registered with this shard.
    public var boundAccountCount: Int { boundAccounts.count }
}

extension PhoneStatus.Kind {
    fileprivate init?(_ kind: LiveTable.Kind) {
        switch kind {
        case .phone: self = .phone
        case .mappingGateway: self = .mappingGateway
        case .routingGateway: self = .routingGateway
        case .group: return nil
        }
    }
}

extension PhoneStatus.Place {
    fileprivate init(_ binding: LiveBinding, now: Moment) {
        self.init(
            contact: String(decoding: binding.contact, as: UTF8.self), source: binding.flow.remote.description, transport: binding.flow.transport,
            isBehindNAT: binding.isBehindNAT, since: binding.registeredAt.wall, updatedAt: binding.updatedAt.wall,
            expiresInSeconds: (binding.expiresAt - now.instant).inSeconds, userAgent: String(decoding: binding.userAgent, as: UTF8.self))
    }
}
