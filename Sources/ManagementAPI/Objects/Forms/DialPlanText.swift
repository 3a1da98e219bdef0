import Routing

/// A dial plan as an operator writes it: a list of `original=target`, several targets with `|` between them.
///
/// `"0044=44"` replaces a prefix, `"025="` strips it, `"*=12345|67890"` puts one of two numbers in place of
/// any, `"13/L9=1"` only where the number is shorter than 9.
enum DialPlanText {
    private static let mostRules = 10_000
    private static let example = "[\"0044=44\", \"13/L9=1\", \"*=12345|67890\"]"

    static func read(_ node: DocumentNode, field: String, _ reading: inout ObjectReading) -> RewriteRules? {
        let remedy = "write a list such as \(example)"
        guard let elements = reading.optionalElements(of: node, field: field, atMost: mostRules, remedy: remedy) else { return nil }
        var rules: [RewriteRules.Rule] = []
        for (index, element) in elements.enumerated() {
            do throws(RewriteFault) {
                rules.append(try RewriteRules.Rule(parsing: element.text ?? element.shape))
            } catch {
                reading.refuse(error, "\(field)[\(index)]", at: element.position)
            }
        }
        guard rules.count == elements.count else { return nil }
        // Each by itself is good; what is left are originals that stand twice.
        for (index, fault) in RewriteRules.faults(of: rules) { reading.refuse(fault, "\(field)[\(index)]", at: elements[index].position) }
        return RewriteRules(rules)
    }

    static func document(_ plan: RewriteRules) -> DocumentNode { .list(plan.rules.map { .text($0.text) }) }

    static let schema: DocumentNode = [
        "type": ["array", "null"], "maxItems": .number(mostRules), "items": ["type": "string", "pattern": "^[^=]+=.*$"],
    ]
}

extension ObjectReading {
    fileprivate mutating func refuse(_ fault: RewriteFault, _ place: String, at position: SourcePosition) {
        refuse(place, at: position, HostText.printable("\(fault.field.rawValue) \(fault.rule)"), remedy: fault.remedy)
    }
}

extension ObjectField {
    static func dialPlan(_ name: String, _ path: WritableKeyPath<Object, RewriteRules> & Sendable, meaning: String) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: DialPlanText.schema,
            read: { node, object, reading in
                guard !node.isNull, let plan = DialPlanText.read(node, field: name, &reading) else { return }
                object[keyPath: path] = plan
            },
            write: { DialPlanText.document($0[keyPath: path]) })
    }

    /// The same where nothing means that another plan holds.
    static func optionalDialPlan(_ name: String, _ path: WritableKeyPath<Object, RewriteRules?> & Sendable, meaning: String) -> ObjectField {
        ObjectField(
            name, meaning: meaning, schema: DialPlanText.schema,
            read: { node, object, reading in
                guard !node.isNull else { return }
                object[keyPath: path] = DialPlanText.read(node, field: name, &reading)
            },
            write: { $0[keyPath: path].map(DialPlanText.document) ?? .null })
    }
}
