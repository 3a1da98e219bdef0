import Vocabulary

/// What the OPTIONS check knows of an address of a gateway.
public enum AddressState: Sendable, Hashable, CaseIterable {
    /// Not asked yet, or not asked at all: it counts as alive.
    case unknown
    case alive
    /// Its last OPTIONS stayed without answer.
    case dead
}

/// The states of one gateway's addresses, those that are known.
struct AddressStates: Sendable {
    private var known: [(address: NetworkAddress, state: AddressState)] = []

    var hasDead: Bool { known.contains { $0.state == .dead } }

    subscript(address: NetworkAddress) -> AddressState {
        get { known.first { $0.address == address }?.state ?? .unknown }
        set {
            known.removeAll { $0.address == address }
            if newValue != .unknown { known.append((address, newValue)) }
        }
    }

    mutating func keep(_ addresses: [NetworkAddress]) { known.removeAll { !addresses.contains($0.address) } }
}
