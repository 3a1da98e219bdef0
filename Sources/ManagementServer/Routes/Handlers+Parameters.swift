import Hummingbird
import ManagementAPI
import Vocabulary

extension Handlers {
    func listParameters() async throws -> Reply {
        let snapshot = try await services.configurator.snapshot()
        let parameters = services.configurator.catalogue.definitions.map { ParameterResource($0, in: snapshot.objects).document }
        return .page(parameters).tagged(snapshot.revision)
    }

    func getParameter(_ exchange: Exchange) async throws -> Reply {
        let definition = try definition(exchange)
        let snapshot = try await services.configurator.snapshot()
        return .json(ParameterResource(definition, in: snapshot.objects).document)
            .tagged(snapshot.objectRevisions[ObjectKey(.parameter, definition.name)] ?? 0)
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
