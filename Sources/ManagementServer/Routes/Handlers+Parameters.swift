import Hummingbird
import ManagementAPI
import Vocabulary

extension Handlers {
    func listParameters() async throws -> Reply {
        let snapshot = try await services.configurator.snapshot()
        let catalogue = services.configurator.catalogue
        let changes = try await services.store.lastChanges(of: .parameter)
        let parameters = catalogue.definitions.map {
            ParameterResource($0, in: snapshot.objects, catalogue: catalogue, lastChange: changes[$0.name]).document
        }
        return .page(parameters).tagged(snapshot.revision)
    }

    func getParameter(_ exchange: Exchange) async throws -> Reply {
        let definition = try definition(exchange)
        let key = ObjectKey(.parameter, definition.name)
        let snapshot = try await services.configurator.snapshot()
        let change = try await services.store.audit(of: .object(key), limit: 1, before: nil).first
        let resource = ParameterResource(definition, in: snapshot.objects, catalogue: services.configurator.catalogue, lastChange: change)
        return .json(resource.document).tagged(snapshot.objectRevisions[key] ?? 0)
    }

    func listParameterChanges(_ exchange: Exchange) async throws -> Reply {
        let key = ObjectKey(.parameter, try definition(exchange).name)
        return try await auditPage(of: .object(key), exchange) { ParameterChange($0).document }
    }

    func exportParameters() async throws -> Reply {
        let snapshot = try await services.configurator.snapshot()
        return .json(ParameterSet.document(of: snapshot.objects, catalogue: services.configurator.catalogue)).tagged(snapshot.revision)
    }

    func importParameters(_ exchange: Exchange) async throws -> Reply {
        let documents = try services.readDocuments(try await exchange.bodyText()).filter { !$0.isNull }
        guard documents.count == 1, documents[0]["kind"]?.text == ParameterSet.kind else {
            throw Problem.refused([
                FieldProblem(
                    at: documents.first?.position ?? .none, rule: "the file is not one document of kind \(ParameterSet.kind)",
                    remedy: "write \"kind: \(ParameterSet.kind)\" and \"values:\" as tandem param export does; other documents go to tandem apply")
            ])
        }
        let outcome = try await services.configurator.apply(
            documents, otherParameters: try exchange.flag("replace") == true ? .reset : .stay,
            mode: try exchange.flag("dryRun") == true ? .dryRun : .apply, expecting: try exchange.expectation(about: nil), author: Handlers.author)
        return .json(outcome.document).tagged(outcome.revision)
    }

    func putParameter(_ exchange: Exchange) async throws -> Reply {
        let definition = try definition(exchange)
        let documents = try services.readDocuments(try await exchange.bodyText())
        guard documents.count == 1, let value = documents[0]["value"] else {
            throw Problem(.malformedRequest, "the body must be {\"value\": VALUE}")
        }
        let key = ObjectKey(.parameter, definition.name)
        let outcome = try await services.configurator.apply(
            [.head(key, ["value": value])], expecting: try exchange.expectation(about: key), author: Handlers.author)
        return .json(outcome.document).tagged(outcome.revision)
    }

    func resetParameter(_ exchange: Exchange) async throws -> Reply {
        let key = ObjectKey(.parameter, try definition(exchange).name)
        let expectation = try exchange.expectation(about: key)
        let snapshot = try await services.configurator.snapshot()
        if expectation == .anything, snapshot.objects[key] == nil {
            // It has its default already: done, nothing changed.
            return .json(Configurator.Outcome(revision: snapshot.revision, isApplied: true, changes: []).document).tagged(snapshot.revision)
        }
        let outcome = try await services.configurator.delete(key, expecting: expectation, author: Handlers.author)
        return .json(outcome.document).tagged(outcome.revision)
    }

    private func definition(_ exchange: Exchange) throws(Problem) -> ParameterDefinition {
        let name = exchange.path("name")
        guard let definition = services.configurator.catalogue[name] else {
            throw Problem(.notFound, "there is no parameter \"\(name)\"; \(services.configurator.catalogue.remedy(forUnknown: name))")
        }
        return definition
    }
}
