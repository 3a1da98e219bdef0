import Logging
import ManagementAPI
import SwitchCore
import Vocabulary

/// Reads the boot file's tree and collects every rule that it breaks.
struct BootReading {
    /// The keys of each section; "" is the file itself.
    private static let keys: [String: [String]] = [
        "": ["node", "data", "sip", "management", "logging", "durability", "shutdown", "tls", "dns", "trace"],
        "sip": ["listen", "shards"],
        "management": ["listen"],
        "logging": ["level"],
        "shutdown": ["unregisterTimeout"],
        "tls": [
            "certificate", "privateKey", "trustRoots", "verifyPeers", "requireClientCertificates", "acceptWildcards", "minimumVersion",
        ],
        "dns": ["servers"],
        "trace": ["enabled", "maximumSize", "maximumAge"],
    ]

    private(set) var problems: [FieldProblem] = []
    private let tree: DocumentNode
    /// Environment variables that gave a value, by the path of the key.
    let overrides: [String: String]
    /// What relative paths are relative to.
    private let folder: String

    /// Reads a tree whose overrides are already laid over it.
    static func read(_ tree: DocumentNode, overrides: [String: String], folder: String) -> Result<BootFile, RefusedChange> {
        var reading = BootReading(tree: tree, overrides: overrides, folder: folder)
        let file = reading.file()
        return reading.problems.isEmpty ? .success(file) : .failure(RefusedChange(reading.problems))
    }

    private init(tree: DocumentNode, overrides: [String: String], folder: String) {
        self.tree = tree
        self.overrides = overrides
        self.folder = folder
    }

    private mutating func file() -> BootFile {
        checkKeys()
        var file = BootFile(dataFolder: path("./data"))
        if let node = value("node") {
            if let text = node.text, ObjectKey.fault(ofName: text) == nil {
                file.node = text
            } else {
                refuse("node", node, "\(node.shape) is no name", remedy: ObjectKey.fault(ofName: "") ?? "")
            }
        }
        if let node = value("data") {
            if let text = node.text, !text.isEmpty {
                file.dataFolder = path(text)
            } else {
                refuse("data", node, "\(node.shape) is no folder", remedy: "write a path, such as ./data")
            }
        }
        if let node = value("sip.listen") { file.listeners = listeners(node) }
        if let node = value("sip.shards") { file.shards = shards(node) }
        if let node = value("management.listen"), let address = managementAddress(node) { file.managementListen = address }
        if let level = choice("logging.level", Logger.Level.allCases.map { ($0.rawValue, $0) }) { file.loggingLevel = level }
        readTransport(&file)
        readTrace(&file)
        if let durability = choice("durability", BootFile.Durability.allCases.map { ($0.rawValue, $0) }) { file.durability = durability }
        return file
    }

    private mutating func checkKeys() {
        checkKeys(of: tree, section: "")
        for section in BootReading.keys.keys.sorted() where !section.isEmpty {
            if let node = tree[section] { checkKeys(of: node, section: section) }
        }
    }

    private mutating func checkKeys(of node: DocumentNode, section: String) {
        guard !node.isNull else { return }
        guard let entries = node.entries else {
            return refuse(section, node, "\(node.shape) is not a mapping", remedy: "write its keys below it, one per line")
        }
        let known = BootReading.keys[section] ?? []
        for entry in entries where !known.contains(entry.key) {
            let path = section.isEmpty ? entry.key : "\(section).\(entry.key)"
            problems.append(
                FieldProblem(
                    at: entry.keyPosition, field: path, rule: "there is no key \"\(entry.key)\" here",
                    remedy: Suggestion.remedy(for: entry.key, among: known)))
        }
    }

    func value(_ path: String) -> DocumentNode? {
        tree[path: path.split(separator: ".").map { String($0) }]
    }

    mutating func refuse(_ field: String, _ node: DocumentNode, _ rule: String, remedy: String) {
        let source = overrides[String(field.prefix { $0 != "[" })].map { " (from \($0))" } ?? ""
        problems.append(FieldProblem(at: node.position, field: field, rule: rule + source, remedy: remedy))
    }

    func path(_ text: String) -> String {
        if text.hasPrefix("/") { return text }
        let relative = text.hasPrefix("./") ? String(text.dropFirst(2)) : text
        return folder.hasSuffix("/") ? folder + relative : folder + "/" + relative
    }

    mutating func choice<Value>(_ field: String, _ options: [(String, Value)]) -> Value? {
        guard let node = value(field) else { return nil }
        if let option = options.first(where: { $0.0 == node.text?.lowercased() }) { return option.1 }
        refuse(
            field, node, "\(node.shape) is not possible here", remedy: Suggestion.remedy(for: node.text ?? "", among: options.map(\.0)))
        return nil
    }

    private mutating func shards(_ node: DocumentNode) -> Int? {
        if node.text == "auto" { return nil }
        guard let count = node.integer, (1...32).contains(count) else {
            refuse("sip.shards", node, "\(node.shape) is no number of shards", remedy: "write auto, or a whole number from 1 to 32")
            return nil
        }
        return count
    }

    private mutating func managementAddress(_ node: DocumentNode) -> NetworkAddress? {
        guard let text = node.text, let address = NetworkAddress(text, defaultPort: 8080), address.port != 0 else {
            refuse(
                "management.listen", node, "\(node.shape) is not an IP address with a port",
                remedy: "write the address to listen on, such as \"127.0.0.1:8080\"")
            return nil
        }
        return address
    }

    private mutating func listeners(_ node: DocumentNode) -> [ListenerDescription] {
        let remedy = "write a list such as [\"udp://0.0.0.0:5060\"]"
        guard let elements = node.elements else {
            refuse("sip.listen", node, "\(node.shape) is not a list", remedy: remedy)
            return []
        }
        if elements.isEmpty || elements.count > 64 {
            refuse("sip.listen", node, "there must be 1 to 64 listeners", remedy: remedy)
        }
        var listeners: [ListenerDescription] = []
        for (index, element) in elements.enumerated() {
            let field = "sip.listen[\(index)]"
            switch ListenerText.read(element) {
            case .failure(let refusal):
                let source = overrides["sip.listen"].map { " (from \($0))" } ?? ""
                problems.append(FieldProblem(at: refusal.position, field: field, rule: refusal.rule + source, remedy: refusal.remedy))
            case .success(let listener):
                if listeners.contains(where: { $0.transport == listener.transport && $0.local == listener.local }) {
                    problems.append(
                        FieldProblem(
                            at: element.position, field: field, rule: "the same address is listened on twice", remedy: "remove one of them"))
                }
                listeners.append(listener)
            }
        }
        return listeners
    }
}
