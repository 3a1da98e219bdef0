import Routing
import Vocabulary

// Nothing may be configured to send the switch's own calls to the switch.
extension CrossChecks {
    func ownAddresses(_ set: ObjectSet) -> [FieldProblem] {
        guard !ownAddresses.listeners.isEmpty else { return [] }
        return set.sorted.flatMap { object in
            object.targets.compactMap { target in
                guard ownAddresses.contains(target.address, target.transport) else { return nil }
                return FieldProblem(
                    at: position(of: target, of: object.key), kind: object.key.kind.rawValue, name: object.key.name,
                    field: field(of: target, of: object.key),
                    rule: "\(target.address) is an address of this switch (\(target.transport.name))", remedy: target.remedy)
            }
        }
    }

    private func position(of target: OwnTarget, of key: ObjectKey) -> SourcePosition {
        guard let node = documents[key]?[target.field] else { return .none }
        return element(of: target, in: node)?.node.position ?? node.position
    }

    private func field(of target: OwnTarget, of key: ObjectKey) -> String {
        guard let node = documents[key]?[target.field], let element = element(of: target, in: node) else { return target.field }
        return "\(target.field)[\(element.index)]"
    }

    private func element(of target: OwnTarget, in node: DocumentNode) -> (index: Int, node: DocumentNode)? {
        node.elements?.enumerated().first { element in
            let text = element.element.text?.split(separator: ";").first.map { String($0) }
            return text.flatMap { NetworkAddress($0, defaultPort: target.transport.defaultPort) } == target.address
        }.map { ($0.offset, $0.element) }
    }
}

/// An address that an object sends to, or says calls come from.
private struct OwnTarget {
    var field: String
    var address: NetworkAddress
    var transport: TransportKind
    var remedy: String
}

extension ConfiguredObject {
    fileprivate var targets: [OwnTarget] {
        switch self {
        case .mappingGateway(let gateway):
            // A host alone may be another program on this machine; with our port it can only be ourselves.
            gateway.value.addresses.filter { $0.port != 0 }.map {
                OwnTarget(field: "addresses", address: $0, transport: .udp, remedy: "write the address that the customer's calls come from")
            }
        case .routingGateway(let gateway):
            gateway.value.addresses.map {
                OwnTarget(
                    field: "addresses", address: $0, transport: gateway.value.transport,
                    remedy: "write the vendor's address: calls sent there would come back")
            }
        case .phone(let phone):
            phone.value.address.map {
                [
                    OwnTarget(
                        field: "address", address: $0, transport: phone.value.transport,
                        remedy: "write the phone's address: calls sent there would come back")
                ]
            } ?? []
        case .registration(let registration): registration.registration.proxy.ownTarget.map { [$0] } ?? []
        case .gatewayGroup, .numberGroup, .parameter: []
        }
    }
}

extension NextHop {
    /// The proxy of a registration, where it is written as an IP address.
    fileprivate var ownTarget: OwnTarget? {
        numericTarget.map {
            OwnTarget(
                field: "proxy", address: $0.address, transport: $0.transport,
                remedy: "write the upstream's address: the account would register here")
        }
    }
}
