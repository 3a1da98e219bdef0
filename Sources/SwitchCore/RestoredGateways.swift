import Routing
import SIPUserAgent
import Vocabulary

/// A configuration's gateways by name: a restored call knows its gateways by nothing else, and there may be thousands
/// of such calls at a start.
struct RestoredGateways {
    let configuration: SwitchConfiguration
    private let mapping: [String: Int]
    private let routing: [String: Int]

    init(_ configuration: SwitchConfiguration) {
        self.configuration = configuration
        mapping = Dictionary(configuration.mappingGateways.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        routing = Dictionary(configuration.routingGateways.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The switches that a gateway has today; nil: there is no gateway of that name any more.
    func switches(mappingGateway name: Bytes) -> GatewaySwitches? {
        mapping[name.string].map { configuration.mappingGateways[$0] }.map {
            GatewaySwitches(sessionTimer: $0.sessionTimer, probeInterval: $0.probeInterval)
        }
    }

    func switches(routingGateway name: Bytes) -> GatewaySwitches? {
        routing[name.string].map { configuration.routingGateways[$0] }.map {
            GatewaySwitches(sessionTimer: $0.sessionTimer, probeInterval: $0.probeInterval)
        }
    }
}

/// What of a gateway's settings holds for its restored calls too.
struct GatewaySwitches {
    /// Whether a session timer may begin. One that runs goes on: the peer counts on it.
    var sessionTimer: Bool
    /// Seconds between probes; nil: none.
    var probeInterval: Int?
}

extension Shard {
    /// The gateways of the present configuration by name.
    mutating func gatewaysForRestoring() -> RestoredGateways {
        if let gateways = restoredGateways, gateways.configuration === configuration { return gateways }
        let gateways = RestoredGateways(configuration)
        restoredGateways = gateways
        return gateways
    }
}
