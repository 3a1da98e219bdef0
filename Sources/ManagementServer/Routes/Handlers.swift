import Hummingbird
import ManagementAPI

/// Answers every endpoint of the contract.
struct Handlers: Sendable {
    let settings: RESTServerSettings
    let services: ManagementServices

    /// Who is written into the audit.
    static let author = "management token"

    func answer(_ endpoint: Endpoint, _ exchange: Exchange) async throws -> Reply {
        try exchange.checkQuery(endpoint)
        return switch endpoint {
        case .listCalls: await listCalls()
        case .hangUpCall: try await hangUpCall(exchange)
        case .listCallRecords: try await listCallRecords(exchange)
        case .getCallRecord: try await getCallRecord(exchange)
        case .getReport: try await getReport(exchange)
        case .listObjects: try await listObjects(of: nil)
        case .listObjectsOfKind: try await listObjects(of: kind(exchange))
        case .getObject: try await getObject(exchange)
        case .putObject: try await putObject(exchange)
        case .deleteObject: try await deleteObject(exchange)
        case .applyDocuments: try await applyDocuments(exchange)
        case .listAudit: try await listAudit(exchange)
        case .listParameters: try await listParameters()
        case .getParameter: try await getParameter(exchange)
        case .putParameter: try await putParameter(exchange)
        case .resetParameter: try await resetParameter(exchange)
        case .listParameterChanges: try await listParameterChanges(exchange)
        case .exportParameters: try await exportParameters()
        case .importParameters: try await importParameters(exchange)
        case .listRegistrations: await listRegistrations()
        case .getRegistration: try await getRegistration(exchange)
        case .listRegistrationEvents: try await listRegistrationEvents(exchange)
        case .listGateways: try await listGateways(exchange)
        case .listPhones: try await listPhones(exchange)
        case .getPhone: try await getPhone(exchange)
        case .listBlacklist: try await listBlacklist(exchange)
        case .addToBlacklist: try await addToBlacklist(exchange)
        case .removeFromBlacklist: try await removeFromBlacklist(exchange)
        case .explain: try await explain(exchange)
        case .getCallTrace: try await getCallTrace(exchange)
        case .getRegistrationTrace: try await getRegistrationTrace(exchange)
        case .getDrain: try await getDrain(exchange)
        case .drain: try await drain()
        case .cancelDrain: try await cancelDrain()
        case .getStop: try await getStop(exchange)
        case .stop: await stop()
        case .getStatistics: .json(await services.control.statistics().document)
        case .live: .json(["status": "live"])
        case .ready: await ready()
        case .metrics: await metrics()
        case .openAPI: .json(OpenAPIDocument.document(version: settings.version))
        }
    }

    private func ready() async -> Reply {
        let readiness = await services.control.readiness()
        return .json(readiness.document, status: readiness.isReady ? .ok : .serviceUnavailable)
    }
}
