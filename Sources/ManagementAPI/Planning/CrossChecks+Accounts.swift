import Routing
import Vocabulary

// One user name stands for one account, here and at upstreams.
extension CrossChecks {
    /// An account is registered once: two REGISTERs of one account by one proxy would replace each other's binding.
    func sharedUpstreamAccounts(_ set: ObjectSet) -> [FieldProblem] {
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

    /// Whoever logs in here, phone or gateway, does so by its name: no two of them share one. A mapping and a routing
    /// gateway of one peer may, with the same password.
    func sharedAccountNames(_ set: ObjectSet) -> [FieldProblem] {
        var owners: [String: ConfiguredObject] = [:]
        var problems: [FieldProblem] = []
        for object in set.sorted where object.logsIn {
            guard let owner = owners.updateValue(object, forKey: object.key.name), !owner.sharesAccount(with: object) else { continue }
            let shown = documents[object.key] != nil ? object.key : owner.key
            let other = shown == owner.key ? object.key : owner.key
            problems.append(
                FieldProblem(
                    at: documents[shown].map { $0["name"]?.position ?? $0.position } ?? .none, kind: shown.kind.rawValue, name: shown.name,
                    field: "name", rule: "\(other.kind.rawValue) \"\(other.name)\" logs in with the same user name",
                    remedy: shown.kind == .phone || other.kind == .phone ? "rename one of them" : "rename one of them, or give both the same password"
                ))
        }
        return problems
    }
}

extension ConfiguredObject {
    /// Whether somebody proves to be it with its name and password.
    fileprivate var logsIn: Bool {
        switch self {
        case .mappingGateway(let gateway): gateway.value.registersHere || gateway.value.authentication == .password
        case .routingGateway(let gateway): gateway.value.registersHere
        case .phone: true
        case .gatewayGroup, .numberGroup, .registration, .parameter: false
        }
    }

    /// Whether the two are the sides of one peer, which has one account.
    fileprivate func sharesAccount(with other: ConfiguredObject) -> Bool {
        key.kind != .phone && other.key.kind != .phone && password == other.password && password != .kept
    }
}
