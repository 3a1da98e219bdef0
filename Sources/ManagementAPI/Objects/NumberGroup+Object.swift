import Routing

extension NumberGroup: ManagedObject {
    public static var kind: ObjectKind { .numberGroup }

    public init(blank name: String) { self.init(name: name) }

    public static let fields: [ObjectField<NumberGroup>] = [
        .note("memo", \.memo, bound: 1024, meaning: "what the group is for; nothing unless set"),
        ObjectField(
            "numbers",
            meaning: "whole numbers: a list, or a text with white space or commas between them; a number that stands twice counts once; shown "
                + "as a list up to \(NumberListText.longestList) numbers, beyond that as a text",
            schema: [
                "oneOf": [
                    ["type": "array", "maxItems": .number(NumberListText.most), "items": ["type": "string", "pattern": "^[+]?[0-9*#]{1,31}$"]],
                    ["type": "string"], ["type": "null"],
                ]
            ],
            read: { node, group, reading in
                guard !node.isNull else { return }
                group.numbers = NumberListText.read(node, field: "numbers", &reading)
            },
            write: { NumberListText.document($0.numbers) }),
    ]
}
