import Routing
import Vocabulary

/// Rules between objects, checked on the set that a change would leave behind.
struct CrossChecks {
    /// The documents that a file holds, to say where a rule is broken.
    var documents: [ObjectKey: DocumentNode]

    func problems(of set: ObjectSet) -> [FieldProblem] {
        sharedSourceAddresses(set)
    }

    /// A source address belongs to one mapping gateway for each priority; otherwise it would be left
    /// to chance who pays for a call.
    private func sharedSourceAddresses(_ set: ObjectSet) -> [FieldProblem] {
        struct Claim: Hashable {
            var address: NetworkAddress
            var priority: Int
        }
        var owners: [Claim: String] = [:]
        var problems: [FieldProblem] = []
        for object in set.of(.mappingGateway) {
            guard case .mappingGateway(let gateway) = object else { continue }
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
}
