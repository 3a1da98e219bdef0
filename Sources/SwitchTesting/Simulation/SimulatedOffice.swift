import Routing
import Vocabulary

/// The operator's objects and parameters in a simulation, and what they bound: drawn anew while calls are up.
struct SimulatedOffice {
    static let customers = (1...3).map { NetworkAddress(ipv4: 0xC000_0200 + UInt32($0), port: 5060) }
    static let vendors = (1...5).map { NetworkAddress(ipv4: 0xC633_6400 + UInt32($0), port: 5060) }

    /// The bounds of calls that begin now, in seconds; nil: none.
    struct Bounds {
        var withoutTimer: Int?
        var maximum: Int
        var customers: [Int?]
        var vendors: [Int?]
        /// Until when calls are billed whose party died.
        var deathBilling: DeathBilling
    }

    let configuration: SwitchConfiguration
    let bounds: Bounds

    /// Every call has some end: `SS_MAX_CALL_DURATION` is always set.
    init(_ generator: inout SeededGenerator, revision: Int64) {
        func draw(_ values: [Int?]) -> Int? { generator.element(of: values) }
        let bounds = Bounds(
            withoutTimer: draw([60, 100, nil]), maximum: draw([150, 240]) ?? 240,
            customers: [nil, draw([nil, 70]), draw([nil, 130])], vendors: [draw([nil, nil, 80]), draw([nil, 90]), nil, nil, 40],
            deathBilling: DeathBilling.allCases[Int(revision % 2)])
        self.bounds = bounds
        let mapping = SimulatedOffice.customers.enumerated().map { place, address in
            var gateway = MappingGateway(name: "customer\(place)", addresses: [address.host])
            gateway.sessionTimer = place != 1 || generator.chance(0.5)
            gateway.maximumDuration = bounds.customers[place]
            gateway.probeInterval = place == 1 ? 20 : nil
            return gateway
        }
        let routing = SimulatedOffice.vendors.enumerated().map { place, address in
            var gateway = RoutingGateway(name: "vendor\(place)", addresses: [address], priority: place)
            gateway.sessionTimer = generator.chance(0.85)
            gateway.maximumDuration = bounds.vendors[place]
            gateway.probeInterval = generator.chance(0.3) ? 15 : nil
            return gateway
        }
        var values: [String: ParameterValue] = [
            "SS_SIP_TIMEOUT_INVITE": .integer(4), "SS_SIP_TIMEOUT_TRYING": .integer(6), "SS_SIP_TIMEOUT_SESSION_PROGRESS": .integer(8),
            "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP": .integer(10), "SS_SIP_TIMEOUT_RINGING": .integer(12),
            "SS_MAX_CALL_DURATION": .integer(bounds.maximum),
            "SS_SIP_SESSION_TTL": .integer(generator.element(of: [90, 120, 600])),
            "SS_SIP_SESSION_UPDATE_SEGMENT": .integer(generator.element(of: [2, 3])),
            "SS_SIP_NO_TIMER_REINVITE_INTERVAL": .none, "SERVER_BILLING_SILENT_CALL": .option(bounds.deathBilling.option),
        ]
        if let seconds = bounds.withoutTimer { values["SS_SIP_NO_TIMER_REINVITE_INTERVAL"] = .integer(seconds) }
        configuration = SwitchConfiguration(
            revision: revision, mappingGateways: mapping, routingGateways: routing, parameters: ParameterValues(values))
    }
}

extension SimulatedOffice.Bounds {
    /// Longest duration of a call through these gateways; `hasTimer`: its caller's leg has a session timer.
    func limit(customer: Int, vendor: Int, hasTimer: Bool) -> Interval {
        let bounds = [maximum, customers[customer], vendors[vendor], hasTimer ? nil : withoutTimer]
        return .seconds(Int64(bounds.compactMap { $0 }.min() ?? maximum))
    }
}
