import Routing
import Vocabulary

/// Whether and where one routing gateway can be reached: asks each of its addresses by OPTIONS, and keeps the
/// addresses of its host names. What it finds stands in the gateway's `LiveObject`, for all shards.
struct GatewayWatch {
    let name: String
    let live: LiveObject
    let transport: TransportKind
    let hosts: [NextHop]
    /// Whether OPTIONS are sent.
    let isChecked: Bool
    private(set) var checks: [AddressCheck] = []
    /// What each host name was last resolved to.
    private var resolved: [NextHop: [NetworkAddress]] = [:]
    /// When each host name is to be looked up again; `never` while an answer is awaited.
    private var lookups: [NextHop: Instant]
    private let configured: [NetworkAddress]
    private var lastNumber: UInt32

    struct AddressCheck {
        let address: NetworkAddress
        /// Names it in the answers that come for it, whatever else the list has by then.
        let number: UInt32
        /// When it is asked next; `never` while an answer is awaited.
        var nextAt: Instant
    }

    /// `previous`: the watch of the same gateway before the configuration changed; what it knows is kept.
    init(_ gateway: RoutingGateway, live: LiveObject, after previous: GatewayWatch?, now: Instant) {
        name = gateway.name
        self.live = live
        transport = gateway.transport
        hosts = gateway.hosts
        isChecked = gateway.optionsCheck
        configured = gateway.addresses
        lookups = [:]
        lastNumber = previous?.lastNumber ?? 0
        for host in hosts {
            lookups[host] = previous?.lookups[host] ?? now
            resolved[host] = previous?.resolved[host]
        }
        takeAddresses(keeping: previous?.checks ?? [], now: now)
    }

    var nextDeadline: Instant {
        var next = Instant.never
        for check in checks { next = min(next, check.nextAt) }
        for (_, at) in lookups { next = min(next, at) }
        return next
    }

    /// The addresses to be asked now; each awaits its answer then.
    mutating func dueChecks(now: Instant) -> [Int] {
        let due = checks.indices.filter { checks[$0].nextAt <= now }
        for index in due { checks[index].nextAt = .never }
        return due
    }

    /// The host names to be looked up now; each awaits its answer then.
    mutating func dueLookups(now: Instant) -> [NextHop] {
        let due = hosts.filter { lookups[$0].map { $0 <= now } ?? false }
        for host in due { lookups[host] = .never }
        return due
    }

    /// An address answered, or did not. It is asked again after the period, give or take a tenth.
    mutating func answered(_ number: UInt32, isAlive: Bool, period: Interval, random: UInt64, now: Instant) {
        guard let index = checks.firstIndex(where: { $0.number == number && $0.nextAt == .never }) else { return }
        live.set(isAlive ? .alive : .dead, of: checks[index].address)
        let tenth = period.nanoseconds / 10
        checks[index].nextAt = now + Interval(nanoseconds: period.nanoseconds - tenth + Int64(random % UInt64(max(1, 2 * tenth))))
    }

    /// What the name servers said about a host name of this gateway. An answer that failed leaves the addresses known before.
    mutating func resolved(_ host: NextHop, _ resolution: Resolution, now: Instant) {
        guard hosts.contains(host) else { return }
        switch resolution {
        case .targets(let targets, let validFor):
            resolved[host] = targets.filter { $0.transport == transport }.map(\.address)
            lookups[host] = now + max(validFor, GatewayWatch.shortestLookupInterval)
        case .failed(_, let validFor):
            lookups[host] = now + max(validFor, GatewayWatch.shortestLookupInterval)
        }
        takeAddresses(keeping: checks, now: now)
    }

    private static let shortestLookupInterval = Interval.seconds(30)

    private mutating func takeAddresses(keeping old: [AddressCheck], now: Instant) {
        var addresses = configured
        for host in hosts { for address in resolved[host] ?? [] where !addresses.contains(address) { addresses.append(address) } }
        live.setResolvedAddresses(hosts.isEmpty ? nil : addresses)
        live.keepAddresses(addresses)
        guard isChecked else {
            checks = []
            return
        }
        checks = addresses.map { address in
            if let known = old.first(where: { $0.address == address }) { return known }
            lastNumber &+= 1
            return AddressCheck(address: address, number: lastNumber, nextAt: now)
        }
    }
}
