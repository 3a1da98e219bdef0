import ManagementAPI

/// Environment variables that take the place of keys of the boot file.
enum BootEnvironment {
    private static let variables: [(name: String, path: [String], isList: Bool)] = [
        ("TANDEM_NODE", ["node"], false),
        ("TANDEM_DATA", ["data"], false),
        ("TANDEM_SIP_LISTEN", ["sip", "listen"], true),
        ("TANDEM_SIP_SHARDS", ["sip", "shards"], false),
        ("TANDEM_MANAGEMENT_LISTEN", ["management", "listen"], false),
        ("TANDEM_LOGGING_LEVEL", ["logging", "level"], false),
        ("TANDEM_DURABILITY", ["durability"], false),
        ("TANDEM_SHUTDOWN_UNREGISTER_TIMEOUT", ["shutdown", "unregisterTimeout"], false),
        ("TANDEM_TLS_CERTIFICATE", ["tls", "certificate"], false),
        ("TANDEM_TLS_PRIVATE_KEY", ["tls", "privateKey"], false),
        ("TANDEM_TLS_TRUST_ROOTS", ["tls", "trustRoots"], false),
        ("TANDEM_TLS_VERIFY_PEERS", ["tls", "verifyPeers"], false),
        ("TANDEM_TLS_REQUIRE_CLIENT_CERTIFICATES", ["tls", "requireClientCertificates"], false),
        ("TANDEM_TLS_ACCEPT_WILDCARDS", ["tls", "acceptWildcards"], false),
        ("TANDEM_TLS_MINIMUM_VERSION", ["tls", "minimumVersion"], false),
        ("TANDEM_DNS_SERVERS", ["dns", "servers"], true),
        ("TANDEM_TRACE_ENABLED", ["trace", "enabled"], false),
        ("TANDEM_TRACE_MAXIMUM_SIZE", ["trace", "maximumSize"], false),
        ("TANDEM_TRACE_MAXIMUM_AGE", ["trace", "maximumAge"], false),
    ]

    /// The tree with the values of the environment in it, and which variable gave which key.
    static func overlay(_ tree: DocumentNode, _ environment: [String: String]) -> (tree: DocumentNode, overrides: [String: String]) {
        var tree = tree.isNull ? [:] : tree
        var overrides: [String: String] = [:]
        for variable in variables {
            guard let text = environment[variable.name], !text.isEmpty else { continue }
            let value: DocumentNode =
                variable.isList
                ? .list(text.split(separator: ",").map { .text($0.filter { $0 != " " }) }) : .text(text)
            tree = tree.setting(variable.path[...], to: value)
            overrides[variable.path.joined(separator: ".")] = variable.name
        }
        return (tree, overrides)
    }

    /// Variables that look like a misspelt one of ours; a stranger's `TANDEM_...` is left alone.
    static func problems(_ environment: [String: String]) -> [FieldProblem] {
        let known = variables.map(\.name)
        return environment.keys.sorted().filter { $0.hasPrefix("TANDEM_") && !known.contains($0) }.compactMap { name in
            let bare = String(name.dropFirst("TANDEM_".count))
            let candidates = known.map { String($0.dropFirst("TANDEM_".count)) }
            return Suggestion.nearest(to: bare, among: candidates, atMost: 1).map {
                FieldProblem(field: name, rule: "there is no such environment variable", remedy: "did you mean \"TANDEM_\($0)\"?")
            }
        }
    }
}

extension DocumentNode {
    /// The tree with one value replaced or added; what is no mapping on the way is left alone.
    fileprivate func setting(_ path: ArraySlice<String>, to value: DocumentNode) -> DocumentNode {
        guard let key = path.first else { return value }
        guard var entries = isNull ? [] : entries else { return self }
        let rest = path.dropFirst()
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = entries[index].value.setting(rest, to: value)
        } else {
            entries.append(.init(key, ([:] as DocumentNode).setting(rest, to: value)))
        }
        return DocumentNode(.mapping(entries), at: position)
    }
}
