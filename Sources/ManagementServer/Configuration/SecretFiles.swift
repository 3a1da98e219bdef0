import ManagementAPI

/// What the files of secrets of a configuration hold, each read once.
struct SecretFiles: Sendable {
    /// By path; without the files that could not be read.
    private(set) var secrets: [String: String] = [:]
    private var faults: [(key: ObjectKey, path: String, fault: SecretReader.Fault)] = []

    init(of objects: ObjectSet, reader: SecretReader) {
        for (key, path) in objects.secretFiles where secrets[path] == nil {
            switch reader.read(path) {
            case .success(let text): secrets[path] = text
            case .failure(let fault): faults.append((key, path, fault))
            }
        }
    }

    /// The files that could not be read, as problems of the objects that name them.
    var problems: [FieldProblem] { faults.map { SecretFiles.problem($0.key, $0.fault, at: .none) } }

    /// The same for the objects that a change describes, with the place in its documents. A file of another
    /// object that is gone meanwhile does not stand in the way of the change.
    func problems(of keys: [ObjectKey], in documents: [DocumentNode]) -> [FieldProblem] {
        faults.filter { keys.contains($0.key) }.map { key, _, fault in
            let document = documents.first { $0["kind"]?.text == key.kind.rawValue && $0["name"]?.text == key.name }
            return SecretFiles.problem(key, fault, at: document?["passwordFile"]?.position ?? .none)
        }
    }

    /// What was read, and for files that could not be read what they held before.
    func secrets(elseFrom before: [String: String]) -> [String: String] {
        var all = secrets
        for (_, path, _) in faults { all[path] = before[path] }
        return all
    }

    private static func problem(_ key: ObjectKey, _ fault: SecretReader.Fault, at position: SourcePosition) -> FieldProblem {
        FieldProblem(at: position, kind: key.kind.rawValue, name: key.name, field: "passwordFile", rule: fault.rule, remedy: fault.remedy)
    }
}
