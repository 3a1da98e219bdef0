/// The OpenAPI 3.1 document of the management interface, generated from `Endpoint` and `Schemas`.
public enum OpenAPIDocument {
    public static func document(version: String) -> DocumentNode {
        [
            "openapi": "3.1.0",
            "info": ["title": "Tandem management interface", "version": .text(version)],
            "security": [["token": []]],
            "paths": paths,
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "schemas": Schemas.document,
            ],
        ]
    }

    private static var paths: DocumentNode {
        var order: [String] = []
        var operations: [String: [DocumentNode.Entry]] = [:]
        for endpoint in Endpoint.allCases {
            let description = endpoint.description
            if operations[description.path] == nil { order.append(description.path) }
            operations[description.path, default: []].append(
                .init(description.method.rawValue.lowercased(), operation(endpoint.rawValue, description)))
        }
        return DocumentNode(.mapping(order.map { .init($0, DocumentNode(.mapping(operations[$0] ?? []))) }))
    }

    private static func operation(_ name: String, _ description: EndpointDescription) -> DocumentNode {
        var entries: [DocumentNode.Entry] = [
            .init("operationId", .text(name)), .init("summary", .text(description.summary)),
            .init("parameters", .list(parameters(description))),
        ]
        if description.request != .none {
            entries.append(.init("requestBody", ["required": true, "content": content(description.request)]))
        }
        if description.access == .anybody { entries.append(.init("security", [])) }
        entries.append(.init("responses", responses(description)))
        return DocumentNode(.mapping(entries))
    }

    private static func parameters(_ description: EndpointDescription) -> [DocumentNode] {
        let inPath: [DocumentNode] = description.pathParameters.map {
            ["name": .text($0), "in": "path", "required": true, "schema": ["type": "string"]]
        }
        let inQuery: [DocumentNode] = description.query.map {
            ["name": .text($0.name), "in": "query", "required": false, "description": .text($0.meaning), "schema": $0.schema]
        }
        let condition: [DocumentNode] =
            description.isConditional
            ? [
                [
                    "name": "If-Match", "in": "header", "required": false,
                    "description": "the ETag that was read; 412 when it is not the present one", "schema": ["type": "string"],
                ]
            ]
            : []
        return inPath + inQuery + condition
    }

    private static func responses(_ description: EndpointDescription) -> DocumentNode {
        var entries: [DocumentNode.Entry] = []
        var success: [DocumentNode.Entry] = [.init("description", .text(description.summary))]
        if description.success.payload != .none { success.append(.init("content", content(description.success.payload))) }
        entries.append(.init("\(description.success.status)", DocumentNode(.mapping(success))))
        let everywhere: [Problem.Category] = description.access == .token ? [.unauthenticated] : []
        for category in everywhere + description.refusals {
            entries.append(
                .init(
                    "\(category.status)",
                    ["description": .text(category.title), "content": ["application/problem+json": ["schema": reference("Problem")]]]))
        }
        return DocumentNode(.mapping(entries))
    }

    private static func content(_ payload: EndpointDescription.Payload) -> DocumentNode {
        switch payload {
        case .json(let schema): ["application/json": ["schema": reference(schema)]]
        case .page(let schema):
            [
                "application/json": [
                    "schema": [
                        "type": "object", "required": ["items", "next"],
                        "properties": ["items": ["type": "array", "items": reference(schema)], "next": ["type": ["string", "null"]]],
                    ]
                ]
            ]
        case .documents:
            ["application/yaml": ["schema": ["type": "string"]], "application/json": ["schema": reference("Object")]]
        case .text: ["text/plain": ["schema": ["type": "string"]]]
        case .trace:
            [
                "application/json": ["schema": reference("Trace")], "text/plain": ["schema": ["type": "string"]],
                "application/vnd.tcpdump.pcap": ["schema": ["type": "string", "format": "binary"]],
            ]
        case .none: [:]
        }
    }

    private static func reference(_ schema: String) -> DocumentNode { ["$ref": .text("#/components/schemas/\(schema)")] }
}
