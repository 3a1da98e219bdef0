import Hummingbird
import ManagementAPI
import Vocabulary

extension Handlers {
    func listObjects(of kind: ObjectKind?) async throws -> Reply {
        let snapshot = try await services.configurator.snapshot()
        let objects = kind.map { snapshot.objects.of($0) } ?? snapshot.objects.sorted
        return .page(objects.map(\.document)).tagged(snapshot.revision)
    }

    func getObject(_ exchange: Exchange) async throws -> Reply {
        let key = try key(exchange)
        let snapshot = try await services.configurator.snapshot()
        guard let object = snapshot.objects[key] else {
            throw Problem(.notFound, "there is no \(key.kind.rawValue) \"\(key.name)\"")
        }
        return .json(object.document).tagged(snapshot.objectRevisions[key] ?? snapshot.revision)
    }

    func putObject(_ exchange: Exchange) async throws -> Reply {
        let key = try key(exchange)
        let documents = try services.readDocuments(try await exchange.bodyText())
        guard documents.count == 1, let document = documents.first, document.entries != nil else {
            throw Problem(.malformedRequest, "the body must be one document with the fields of the object")
        }
        try checkHead(of: document, is: key)
        let outcome = try await services.configurator.apply(
            [.head(key, document)], expecting: try exchange.expectation(about: key), author: Handlers.author)
        return .json(outcome.document).tagged(outcome.revision)
    }

    func deleteObject(_ exchange: Exchange) async throws -> Reply {
        let key = try key(exchange)
        let outcome = try await services.configurator.delete(key, expecting: try exchange.expectation(about: key), author: Handlers.author)
        return .json(outcome.document).tagged(outcome.revision)
    }

    func applyDocuments(_ exchange: Exchange) async throws -> Reply {
        let documents = try services.readDocuments(try await exchange.bodyText())
        let outcome = try await services.configurator.apply(
            documents, mode: try exchange.flag("dryRun") == true ? .dryRun : .apply, expecting: try exchange.expectation(about: nil),
            author: Handlers.author)
        return .json(outcome.document).tagged(outcome.revision)
    }

    func listAudit(_ exchange: Exchange) async throws -> Reply {
        try await auditPage(of: auditScope(exchange), exchange) { $0.document }
    }

    func auditPage(of scope: AuditScope, _ exchange: Exchange, show: (AuditEntry) -> DocumentNode) async throws -> Reply {
        let limit = try exchange.limit()
        let entries = try await services.store.audit(of: scope, limit: limit + 1, before: try exchange.number("before"))
        let page = entries.prefix(limit)
        return .page(page.map(show), next: entries.count > limit ? page.last.map { "\($0.id)" } : nil)
    }

    private func auditScope(_ exchange: Exchange) throws(Problem) -> AuditScope {
        guard let text = exchange.query("kind") else {
            if exchange.query("name") != nil { throw Problem(.malformedRequest, "name wants kind beside it") }
            return .everything
        }
        guard let kind = ObjectKind(typed: text) else {
            throw Problem(.malformedRequest, "there is no kind \"\(text)\"; \(Suggestion.remedy(for: text, among: ObjectKind.names))")
        }
        return exchange.query("name").map { .object(ObjectKey(kind, $0)) } ?? .kind(kind)
    }

    func kind(_ exchange: Exchange) throws(Problem) -> ObjectKind {
        let text = exchange.path("kind")
        guard let kind = ObjectKind(typed: text) else {
            throw Problem(.notFound, "there is no kind \"\(text)\"; \(Suggestion.remedy(for: text, among: ObjectKind.names))")
        }
        return kind
    }

    private func key(_ exchange: Exchange) throws(Problem) -> ObjectKey {
        let kind = try kind(exchange)
        let name = exchange.path("name")
        guard kind == .parameter else { return ObjectKey(kind, name) }
        return ObjectKey(kind, services.configurator.catalogue[name]?.name ?? name)
    }

    /// A body may repeat the kind and the name, but not contradict the path.
    private func checkHead(of document: DocumentNode, is key: ObjectKey) throws(Problem) {
        for (field, expected) in [("kind", key.kind.rawValue), ("name", key.name)] {
            guard let node = document[field], node.text != expected else { continue }
            throw Problem.refused([
                FieldProblem(
                    at: node.position, kind: key.kind.rawValue, name: key.name, field: field,
                    rule: "\(node.shape) is not the \(field) of the path", remedy: "leave it out, or write \"\(expected)\"")
            ])
        }
    }
}
