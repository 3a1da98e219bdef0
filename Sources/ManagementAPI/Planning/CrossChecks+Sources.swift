import Routing
import Vocabulary

// Whom a call is taken for may not be left to chance.
extension CrossChecks {
    /// A source address belongs to one mapping gateway for each priority; otherwise it would be left
    /// to chance who pays for a call. Gateways that prove themselves by password may share one.
    func sharedSourceAddresses(_ set: ObjectSet) -> [FieldProblem] {
        struct Claim: Hashable {
            var address: NetworkAddress
            var priority: Int
        }
        var owners: [Claim: String] = [:]
        var problems: [FieldProblem] = []
        for object in set.of(.mappingGateway) {
            guard case .mappingGateway(let described) = object, described.value.authentication != .password else { continue }
            let gateway = described.value
            for address in gateway.addresses {
                let claim = Claim(address: address, priority: gateway.priority)
                guard let owner = owners[claim] else {
                    owners[claim] = gateway.name
                    continue
                }
                problems.append(problem(address, priority: gateway.priority, owner: owner, second: gateway.name))
            }
        }
        return problems
    }

    private func problem(_ address: NetworkAddress, priority: Int, owner: String, second: String) -> FieldProblem {
        // Shown at the one that the file describes; at the second when it describes both.
        let isSecondDescribed = documents[ObjectKey(.mappingGateway, second)] != nil
        let (shown, other) = isSecondDescribed ? (second, owner) : (owner, second)
        let elements = documents[ObjectKey(.mappingGateway, shown)]?["addresses"]?.elements ?? []
        let index = elements.firstIndex { $0.text.flatMap { NetworkAddress($0) } == address }
        return FieldProblem(
            at: index.map { elements[$0].position } ?? documents[ObjectKey(.mappingGateway, shown)]?.position ?? .none,
            kind: ObjectKind.mappingGateway.rawValue, name: shown, field: index.map { "addresses[\($0)]" } ?? "addresses",
            rule: "\"\(shown)\" and \"\(other)\" both take calls from \(address) with priority \(priority)",
            remedy: "give one of them another priority, or take the address out of one")
    }

    /// Calls that arrive at a registration's Contact are taken for one mapping gateway of each priority, for the same reason.
    func sharedContacts(_ set: ObjectSet) -> [FieldProblem] {
        struct Claim: Hashable {
            var registration: String
            var priority: Int
        }
        var owners: [Claim: String] = [:]
        return set.of(.mappingGateway).compactMap { object in
            guard case .mappingGateway(let described) = object, let registration = described.value.registration else { return nil }
            let gateway = described.value
            let claim = Claim(registration: registration, priority: gateway.priority)
            guard let owner = owners.updateValue(gateway.name, forKey: claim) else { return nil }
            let shown = documents[object.key] != nil ? gateway.name : owner
            return FieldProblem(
                at: documents[ObjectKey(.mappingGateway, shown)]?["registration"]?.position ?? .none, kind: object.key.kind.rawValue, name: shown,
                field: "registration",
                rule:
                    "\"\(gateway.name)\" and \"\(owner)\" both take the calls of Registration \"\(registration)\" with priority \(gateway.priority)",
                remedy: "give one of them another priority, or take the registration out of one")
        }
    }
}
