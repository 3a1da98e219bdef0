import CallRecords
import Routing
import Vocabulary

/// How a gateway, or a group of gateways, stands now, for people.
public struct GatewayStatus: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable { case mappingGateway, routingGateway, gatewayGroup }

    public struct Address: Hashable, Sendable {
        public var address: String
        /// What the OPTIONS check found: unknown, alive or dead.
        public var state: String

        public init(address: String, state: String) {
            self.address = address
            self.state = state
        }
    }

    public var kind: Kind
    public var name: String
    public var isLocked = false
    /// Calls that are up, made and received.
    public var calls = 0
    /// Nil: no limit.
    public var capacity: Int?
    public var callsPerSecond: Int?
    /// Calls within the last second; nil where no limit of them is set.
    public var recentCalls: Int?
    /// Calls since the process started.
    public var callsGiven: UInt64 = 0
    /// Answer-seizure ratio in percent; nil where it is not counted, or where there is too little to judge.
    public var answerRatio: Int?
    /// How long it is out of use because it answered with Retry-After; 0: it is not.
    public var outOfUseSeconds: Int64 = 0
    /// How many calls at once it says that it takes (PUBLISH); nil: it does not say.
    public var publishedCapacity: Int?
    /// Whether the binding or registration that it needs stands; nil where it needs none.
    public var isRegistered: Bool?
    public var addresses: [Address] = []

    public init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// Whether calls can use it at all, whatever its load.
    public var isUsable: Bool {
        !isLocked && outOfUseSeconds == 0 && isRegistered != false
            && (addresses.isEmpty || addresses.contains { $0.state != "\(AddressState.dead)" })
    }

    public var document: DocumentNode {
        [
            "kind": .text(kind.rawValue), "name": .text(name), "usable": .flag(isUsable), "locked": .flag(isLocked), "calls": .number(calls),
            "capacity": capacity.map { .number($0) } ?? .null, "callsPerSecond": callsPerSecond.map { .number($0) } ?? .null,
            "callsWithinSecond": recentCalls.map { .number($0) } ?? .null, "callsGiven": .number(callsGiven),
            "answerRatio": answerRatio.map { .number($0) } ?? .null,
            "outOfUseSeconds": .number(outOfUseSeconds), "publishedCapacity": publishedCapacity.map { .number($0) } ?? .null,
            "registered": isRegistered.map { .flag($0) } ?? .null,
            "addresses": .list(addresses.map { ["address": .text($0.address), "state": .text($0.state)] }),
        ]
    }
}

extension LiveView {
    /// Every gateway and group: mapping gateways, routing gateways, groups, each by name.
    public var gateways: [GatewayStatus] {
        let mapping = configuration.mappingGateways.indices.map { index -> GatewayStatus in
            let (gateway, live) = (configuration.mappingGateways[index], configuration.live(CallOrigin.mappingGateway(index)))
            var status = GatewayStatus(.mappingGateway, gateway.name)
            status.isLocked = gateway.locked
            status.capacity = gateway.capacity
            status.callsPerSecond = gateway.callsPerSecond
            status.isRegistered = isRegistered(gateway.registersHere, gateway.registration, live)
            status.addresses = gateway.addresses.map { .init(address: $0.description, state: "\(AddressState.unknown)") }
            return status.counting(live, gateway.periods, now)
        }
        let routing = configuration.routingGateways.indices.map { index -> GatewayStatus in
            let (gateway, live) = (configuration.routingGateways[index], configuration.live(CallDestination.routingGateway(index)))
            var status = GatewayStatus(.routingGateway, gateway.name)
            status.isLocked = gateway.locked
            status.capacity = gateway.capacity
            status.callsPerSecond = gateway.callsPerSecond
            status.isRegistered = isRegistered(gateway.registersHere, gateway.registration, live)
            status.addresses = gateway.addresses.map { .init(address: $0.description, state: "\(live.addressState($0))") }
            status.addresses += gateway.hosts.map { .init(address: $0.host, state: "\(AddressState.unknown)") }
            if gateway.calculatesASR ?? configuration.routingSettings.calculatesAnswerRatio {
                status.answerRatio = live.answerRatio(settings: configuration.routingSettings.answerRatio, now: now.instant).map(Int.init)
            }
            let outOfUse = live.unavailableFor(now.instant)
            status.outOfUseSeconds = outOfUse.nanoseconds <= 0 ? 0 : max(1, outOfUse.inSeconds)
            status.publishedCapacity = live.publishedCapacity(now.instant)
            return status.counting(live, gateway.periods, now)
        }
        let groups = zip(configuration.groups, configuration.live.objects(.group, named: configuration.groups.map(\.name))).map {
            group, live -> GatewayStatus in
            var status = GatewayStatus(.gatewayGroup, group.name)
            status.capacity = group.capacity
            status.callsPerSecond = group.callsPerSecond
            return status.counting(live, [], now)
        }
        return [mapping, routing, groups].flatMap { $0.sorted { $0.name < $1.name } }
    }

    private func isRegistered(_ registersHere: Bool, _ registration: String?, _ live: LiveObject) -> Bool? {
        if registersHere { return live.location.isReachable(now: now.instant) }
        return registration.map { fault(ofRegistration: $0) == nil }
    }

    /// Why the registration through which a gateway's calls go does not carry any; nil when it does.
    func fault(ofRegistration name: String) -> String? {
        guard let status = registrations.first(where: { $0.name == name }) else { return "the registration \(name) has not begun" }
        switch status.state {
        case .registered, .refreshing: return nil
        case .disabled, .waitingToStart, .resolving, .registering, .waitingToRetry, .credentialsRefused, .withdrawing, .withdrawn,
            .withdrawalFailed:
            return "the registration \(name) is \(status.state.rawValue)" + (status.reason.isEmpty ? "" : ": \(status.reason)")
        }
    }
}

extension GatewayStatus {
    fileprivate func counting(_ live: LiveObject, _ periods: [Period], _ now: Moment) -> GatewayStatus {
        var status = self
        if callsPerSecond != nil || periods.contains(where: { $0.callsPerSecond != nil }) { status.recentCalls = live.recentCalls(now: now.instant) }
        status.calls = live.calls
        status.callsGiven = live.callsGiven
        return status
    }
}
