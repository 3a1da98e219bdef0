import Routing
import Vocabulary

/// Rules between objects, checked on the set that a change would leave behind.
struct CrossChecks {
    /// The documents that a file holds, to say where a rule is broken.
    var documents: [ObjectKey: DocumentNode]

    func problems(of set: ObjectSet) -> [FieldProblem] {
        sharedSourceAddresses(set) + sharedContacts(set) + missingRegistrations(set) + sharedAccounts(set)
    }

    /// Calls that arrive at a registration's Contact are taken for one mapping gateway of each priority, for the same reason.
    private func sharedContacts(_ set: ObjectSet) -> [FieldProblem] {
        struct Claim: Hashable {
            var registration: String
            var priority: Int
        }
        var owners: [Claim: String] = [:]
        return set.of(.mappingGateway).compactMap { object in
            guard case .mappingGateway(let gateway) = object, let registration = gateway.registration else { return nil }
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

    /// A gateway's registration exists.
    private func missingRegistrations(_ set: ObjectSet) -> [FieldProblem] {
        set.sorted.compactMap { object in
            guard let name = object.registration else { return nil }
            guard set[ObjectKey(.registration, name)] == nil else { return nil }
            let document = documents[object.key]
            let known = set.of(.registration).map(\.key.name)
            return FieldProblem(
                at: document?["registration"]?.position ?? .none, kind: object.key.kind.rawValue, name: object.key.name, field: "registration",
                rule: "there is no Registration \"\(name)\"",
                remedy: Suggestion.nearest(to: name, among: known).map { "did you mean \"\($0)\"?" }
                    ?? "add a document of kind Registration with that name")
        }
    }

    /// An account is registered once: two REGISTERs of one account by one proxy would replace each other's binding.
    private func sharedAccounts(_ set: ObjectSet) -> [FieldProblem] {
        struct Account: Hashable {
            var username: String
            var host: String
            var proxy: NextHop
        }
        var owners: [Account: String] = [:]
        var problems: [FieldProblem] = []
        for object in set.of(.registration) {
            guard case .registration(let described) = object, described.registration.enabled else { continue }
            let registration = described.registration
            let account = Account(username: registration.username, host: registration.host.lowercased(), proxy: registration.proxy)
            guard let owner = owners.updateValue(registration.name, forKey: account) else { continue }
            let shown = documents[object.key] != nil ? registration.name : owner
            let other = shown == owner ? registration.name : owner
            problems.append(
                FieldProblem(
                    at: documents[ObjectKey(.registration, shown)].map { $0["username"]?.position ?? $0.position } ?? .none,
                    kind: ObjectKind.registration.rawValue, name: shown, field: "username",
                    rule: "\"\(shown)\" and \"\(other)\" register the same account \(registration.username)@\(registration.host) by the same proxy, "
                        + "and would replace each other",
                    remedy: "keep one of them, or give one enabled: false"))
        }
        return problems
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
