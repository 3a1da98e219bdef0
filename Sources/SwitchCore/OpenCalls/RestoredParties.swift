import Routing
import Vocabulary

// A restored call knows its gateways and phones by their names only. What the configuration of today says of those
// names holds for it: places, probes, session timers, addresses.

extension SwitchConfiguration {
    /// Nil: there is no gateway or phone of that name any more.
    func origin(named name: Bytes) -> CallOrigin? {
        if let index = mappingGateway(named: name.string) { return .mappingGateway(index) }
        return phone(numbered: name).map { .phone($0) }
    }

    func destination(named name: Bytes) -> CallDestination? {
        if let index = routingGateway(named: name.string) { return .routingGateway(index) }
        return phone(numbered: name).map { .phone($0) }
    }

    func switches(of origin: CallOrigin?) -> GatewaySwitches? {
        origin.map { GatewaySwitches(sessionTimer: allowsSessionTimer($0), probeInterval: probeInterval(of: $0)) }
    }

    func switches(of destination: CallDestination?) -> GatewaySwitches? {
        destination.map { GatewaySwitches(sessionTimer: allowsSessionTimer($0), probeInterval: probeInterval(of: $0)) }
    }
}

/// What of a gateway's settings holds for its restored calls too.
struct GatewaySwitches {
    /// Whether a session timer may begin. One that runs goes on: the peer counts on it.
    var sessionTimer: Bool
    /// Seconds between probes; nil: none.
    var probeInterval: Int?
}
