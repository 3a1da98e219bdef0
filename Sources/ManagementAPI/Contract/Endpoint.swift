/// Every operation of the management interface. The server has one handler per case, and the
/// OpenAPI document is generated from this table, so the two cannot differ.
public enum Endpoint: String, CaseIterable, Hashable, Sendable {
    case listCalls, hangUpCall
    case listCallRecords, getCallRecord, getReport
    case listObjects, listObjectsOfKind, getObject, putObject, deleteObject
    case applyDocuments, listAudit
    case listParameters, getParameter, putParameter, resetParameter, listParameterChanges
    case exportParameters, importParameters
    case listRegistrations, getRegistration, listRegistrationEvents
    case listGateways, listPhones, getPhone
    case listBlacklist, addToBlacklist, removeFromBlacklist
    case explain
    case getCallTrace, getRegistrationTrace
    case getDrain, drain, cancelDrain
    case getStop, stop
    case getStatistics, live, ready, metrics, openAPI
}

/// How an operation is asked for and what it answers.
public struct EndpointDescription: Sendable {
    public enum Method: String, Sendable { case get = "GET", put = "PUT", post = "POST", delete = "DELETE" }
    public enum Access: Sendable {
        /// With the management token.
        case token
        /// By whoever reaches the port.
        case anybody
    }
    public enum Payload: Hashable, Sendable {
        /// JSON of a named schema.
        case json(String)
        /// A list page: `items` of a named schema, and `next`.
        case page(String)
        /// One or many documents, YAML or JSON.
        case documents
        case text
        /// A trace in the form asked for: JSON, a ladder as text, or a capture file.
        case trace
        case none
    }

    public var method: Method
    /// With parts such as `{id}`.
    public var path: String
    public var summary: String
    public var query: [QueryParameter] = []
    public var request = Payload.none
    /// Whether If-Match is obeyed.
    public var isConditional = false
    public var success: (status: Int, payload: Payload)
    public var refusals: [Problem.Category] = []
    public var access = Access.token

    /// Names between braces in the path.
    public var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }
}

/// One parameter of a query string.
public struct QueryParameter: Sendable {
    public var name: String
    public var meaning: String
    public var schema: DocumentNode
}

extension Endpoint {
    /// Where every path begins that is not `/metrics`.
    public static let prefix = "/api/v1"
    public static let largestPage = 1000
    public static let usualPage = 100
    /// Messages of one trace.
    public static let largestTrace = 10_000
    public static let usualTrace = 500

    public var description: EndpointDescription {
        switch self {
        case .listCalls:
            .init(method: .get, path: "/api/v1/calls", summary: "Calls that are up or being set up", success: (200, .page("Call")))
        case .hangUpCall:
            .init(
                method: .delete, path: "/api/v1/calls/{id}", summary: "End a call with BYE or CANCEL", success: (204, .none),
                refusals: [.notFound])
        case .listCallRecords:
            .init(
                method: .get, path: "/api/v1/cdrs", summary: "Call records, newest first", query: Endpoint.callRecordQuery,
                success: (200, .page("CallRecord")), refusals: [.malformedRequest])
        case .getCallRecord:
            .init(
                method: .get, path: "/api/v1/cdrs/{id}", summary: "One call record", success: (200, .json("CallRecord")),
                refusals: [.notFound])
        case .getReport:
            .init(
                method: .get, path: "/api/v1/reports/{report}",
                summary: "A report: \(Report.allCases.map { "\($0.rawValue) (\($0.meaning))" }.joined(separator: "; "))",
                query: Endpoint.reportQuery, success: (200, .page("ReportRow")), refusals: [.malformedRequest, .notFound])
        case .listObjects:
            .init(method: .get, path: "/api/v1/objects", summary: "All objects", success: (200, .page("Object")))
        case .listObjectsOfKind:
            .init(
                method: .get, path: "/api/v1/objects/{kind}", summary: "The objects of one kind", success: (200, .page("Object")),
                refusals: [.notFound])
        case .getObject:
            .init(
                method: .get, path: "/api/v1/objects/{kind}/{name}", summary: "One object; its revision is the ETag",
                success: (200, .json("Object")), refusals: [.notFound])
        case .putObject:
            .init(
                method: .put, path: "/api/v1/objects/{kind}/{name}", summary: "Create or replace one object", request: .documents,
                isConditional: true, success: (200, .json("Change")), refusals: [.notFound, .revisionMismatch, .validationFailed])
        case .deleteObject:
            .init(
                method: .delete, path: "/api/v1/objects/{kind}/{name}", summary: "Delete one object", isConditional: true,
                success: (200, .json("Change")), refusals: [.notFound, .revisionMismatch, .validationFailed])
        case .applyDocuments:
            .init(
                method: .post, path: "/api/v1/apply", summary: "Create or replace all objects of the documents, all or nothing",
                query: [Endpoint.dryRun],
                request: .documents, isConditional: true, success: (200, .json("Change")),
                refusals: [.revisionMismatch, .validationFailed])
        case .listAudit:
            .init(
                method: .get, path: "/api/v1/audit", summary: "Who changed what, newest first", query: Endpoint.auditQuery,
                success: (200, .page("AuditEntry")), refusals: [.malformedRequest])
        case .listParameters:
            .init(method: .get, path: "/api/v1/parameters", summary: "Every parameter with its value", success: (200, .page("Parameter")))
        case .getParameter:
            .init(
                method: .get, path: "/api/v1/parameters/{name}", summary: "One parameter, by name or alias",
                success: (200, .json("Parameter")), refusals: [.notFound])
        case .putParameter:
            .init(
                method: .put, path: "/api/v1/parameters/{name}", summary: "Set a parameter", request: .json("ParameterSetting"),
                isConditional: true, success: (200, .json("Change")), refusals: [.notFound, .revisionMismatch, .validationFailed])
        case .resetParameter:
            .init(
                method: .delete, path: "/api/v1/parameters/{name}", summary: "Give a parameter its default again", isConditional: true,
                success: (200, .json("Change")), refusals: [.notFound, .revisionMismatch])
        case .listParameterChanges:
            .init(
                method: .get, path: "/api/v1/parameters/{name}/changes", summary: "Who changed a parameter, newest first",
                query: [Endpoint.limit, Endpoint.before], success: (200, .page("ParameterChange")), refusals: [.malformedRequest, .notFound])
        case .exportParameters:
            .init(
                method: .get, path: "/api/v1/parameter-set", summary: "The values in force of all parameters as one document",
                success: (200, .json("ParameterSet")))
        case .importParameters:
            .init(
                method: .put, path: "/api/v1/parameter-set", summary: "Set the parameters of one document, all or nothing",
                query: [Endpoint.dryRun, Endpoint.replace], request: .documents, isConditional: true, success: (200, .json("Change")),
                refusals: [.revisionMismatch, .validationFailed])
        case .listRegistrations:
            .init(
                method: .get, path: "/api/v1/registrations", summary: "How the registrations at upstreams stand, by name",
                success: (200, .page("RegistrationStatus")))
        case .getRegistration:
            .init(
                method: .get, path: "/api/v1/registrations/{name}", summary: "How one registration stands",
                success: (200, .json("RegistrationStatus")), refusals: [.notFound])
        case .listRegistrationEvents:
            .init(
                method: .get, path: "/api/v1/registration-events",
                summary: "Registrations that went into another state, newest first; the last thousand since the start, renewals left out",
                query: [Endpoint.limit, Endpoint.before, Endpoint.registrationName], success: (200, .page("RegistrationEvent")),
                refusals: [.malformedRequest])
        case .listGateways:
            .init(
                method: .get, path: "/api/v1/gateways",
                summary: "How the gateways and their groups stand now: calls, limits, what keeps them out of use",
                query: [Endpoint.gatewayKind], success: (200, .page("GatewayStatus")), refusals: [.malformedRequest, .notReady])
        case .listPhones:
            .init(
                method: .get, path: "/api/v1/phones", summary: "How the phones and gateways stand that register here",
                query: [Endpoint.phoneState], success: (200, .page("PhoneStatus")), refusals: [.malformedRequest, .notReady])
        case .getPhone:
            .init(
                method: .get, path: "/api/v1/phones/{number}", summary: "How one phone stands, or one gateway that registers here",
                success: (200, .json("PhoneStatus")), refusals: [.notFound, .notReady])
        case .listBlacklist:
            .init(
                method: .get, path: "/api/v1/blacklist", summary: "Numbers that are barred for a while, by side and number",
                query: [Endpoint.limit, Endpoint.after], success: (200, .page("BlacklistEntry")), refusals: [.malformedRequest, .notReady])
        case .addToBlacklist:
            .init(
                method: .post, path: "/api/v1/blacklist", summary: "Bar a number, for a time or until it is removed",
                request: .json("BlacklistOrder"), success: (201, .json("BlacklistEntry")), refusals: [.validationFailed, .notReady])
        case .removeFromBlacklist:
            .init(
                method: .delete, path: "/api/v1/blacklist/{side}/{number}", summary: "Take a number off the dynamic blacklist",
                success: (204, .none), refusals: [.notFound, .notReady])
        case .explain:
            .init(
                method: .get, path: "/api/v1/explain",
                summary: "What would become of a call, without calling: for whom it would be taken, every rewrite, every candidate and why not",
                query: Endpoint.explainQuery, success: (200, .json("Decision")), refusals: [.malformedRequest, .notReady])
        case .getCallTrace:
            .init(
                method: .get, path: "/api/v1/calls/{id}/trace", summary: "The SIP messages of a call, up or ended, oldest first",
                query: Endpoint.traceQuery, success: (200, .trace), refusals: [.malformedRequest, .notFound])
        case .getRegistrationTrace:
            .init(
                method: .get, path: "/api/v1/registrations/{name}/trace", summary: "The last SIP messages of a registration, oldest first",
                query: Endpoint.traceQuery, success: (200, .trace), refusals: [.malformedRequest, .notFound])
        case .getDrain:
            .init(
                method: .get, path: "/api/v1/drain", summary: "Whether the switch is draining, and how many calls are left",
                query: [
                    QueryParameter(
                        name: "wait", meaning: "true answers when the number of calls has changed, after a second at the latest",
                        schema: ["type": "boolean"])
                ], success: (200, .json("Drain")), refusals: [.malformedRequest, .notReady])
        case .drain:
            .init(
                method: .post, path: "/api/v1/drain", summary: "Refuse new calls with 503, and let those that are up end by themselves",
                success: (200, .json("Drain")), refusals: [.notReady])
        case .cancelDrain:
            .init(
                method: .delete, path: "/api/v1/drain", summary: "Take new calls again", success: (200, .json("Drain")),
                refusals: [.notReady])
        case .getStop:
            .init(
                method: .get, path: "/api/v1/stop", summary: "How far an ordered stop has come",
                query: [
                    QueryParameter(
                        name: "wait", meaning: "true answers when the stop has come further, after a second at the latest",
                        schema: ["type": "boolean"])
                ], success: (200, .json("Stop")), refusals: [.malformedRequest])
        case .stop:
            .init(
                method: .post, path: "/api/v1/stop", summary: "Stop the switch in order: withdraw registrations, then close",
                success: (202, .json("Stop")))
        case .getStatistics:
            .init(method: .get, path: "/api/v1/statistics", summary: "Counts of the switch", success: (200, .json("Statistics")))
        case .live:
            .init(
                method: .get, path: "/api/v1/health/live", summary: "Answers while the process lives", success: (200, .json("Health")),
                access: .anybody)
        case .ready:
            .init(
                method: .get, path: "/api/v1/health/ready", summary: "Whether new calls are taken; 503 when not",
                success: (200, .json("Health")), refusals: [.notReady], access: .anybody)
        case .metrics:
            .init(method: .get, path: "/metrics", summary: "Counts in Prometheus' text format", success: (200, .text))
        case .openAPI:
            .init(
                method: .get, path: "/api/v1/openapi.json", summary: "This document", success: (200, .json("OpenAPI")), access: .anybody)
        }
    }

    private static let limit = QueryParameter(
        name: "limit", meaning: "at most so many; \(usualPage) unless given",
        schema: ["type": "integer", "minimum": 1, "maximum": .number(largestPage)])

    private static let before = QueryParameter(
        name: "before", meaning: "continue behind this entry: the page's \"next\"", schema: ["type": "string"])

    private static let dryRun = QueryParameter(
        name: "dryRun", meaning: "true shows the difference and changes nothing", schema: ["type": "boolean"])

    private static let replace = QueryParameter(
        name: "replace", meaning: "true gives every parameter that the document leaves out its default again", schema: ["type": "boolean"])

    private static let registrationName = QueryParameter(name: "name", meaning: "name of the registration", schema: ["type": "string"])

    private static let after = QueryParameter(
        name: "after", meaning: "continue behind this entry: the page's \"next\"", schema: ["type": "string"])

    private static let gatewayKind = QueryParameter(
        name: "kind", meaning: "only these",
        schema: ["type": "string", "enum": .list(GatewayStatus.Kind.allCases.map { .text($0.rawValue) })])

    private static let phoneState = QueryParameter(
        name: "state", meaning: "only these", schema: ["type": "string", "enum": ["online", "offline"]])

    private static let explainQuery: [QueryParameter] = [
        QueryParameter(
            name: "from", meaning: "mapping gateway or phone that calls; whoever the source belongs to unless given", schema: ["type": "string"]),
        QueryParameter(name: "caller", meaning: "the caller as received; a phone's own number unless given", schema: ["type": "string"]),
        QueryParameter(name: "callee", meaning: "the callee as received", schema: ["type": "string"]),
        QueryParameter(
            name: "at", meaning: "as if it came at this time (RFC 3339); now unless given", schema: ["type": "string", "format": "date-time"]),
        QueryParameter(
            name: "source", meaning: "address that the call comes from, as IP or IP:port; one of the caller's object unless given",
            schema: ["type": "string"]),
    ]

    private static let traceQuery: [QueryParameter] = [
        QueryParameter(
            name: "format", meaning: "json unless given", schema: ["type": "string", "enum": .list(TraceFormat.allCases.map { .text($0.rawValue) })]),
        QueryParameter(
            name: "limit", meaning: "at most so many messages; \(usualTrace) unless given",
            schema: ["type": "integer", "minimum": 1, "maximum": .number(largestTrace)]),
        QueryParameter(name: "unmasked", meaning: "true shows digest responses and other credentials", schema: ["type": "boolean"]),
    ]

    private static let auditQuery: [QueryParameter] = [
        limit,
        before,
        QueryParameter(name: "kind", meaning: "only objects of this kind", schema: ["type": "string"]),
        QueryParameter(name: "name", meaning: "only the object of this name; wants kind", schema: ["type": "string"]),
    ]

    private static let from = QueryParameter(
        name: "from", meaning: "received at or after this time (RFC 3339)", schema: ["type": "string", "format": "date-time"])

    private static let to = QueryParameter(
        name: "to", meaning: "received before this time (RFC 3339)", schema: ["type": "string", "format": "date-time"])

    /// Which report takes which says `Report.queryNames`.
    private static let reportQuery: [QueryParameter] = [
        limit,
        before,
        QueryParameter(
            name: "from", meaning: "received at or after this time (RFC 3339); the last seven days unless given",
            schema: ["type": "string", "format": "date-time"]),
        to,
        QueryParameter(
            name: "within", meaning: "for near-limit: at most so many percent below the limit; \(Report.usualNearness) unless given",
            schema: ["type": "integer", "minimum": 0, "maximum": 100]),
    ]

    private static let callRecordQuery: [QueryParameter] = [
        limit,
        before,
        QueryParameter(name: "caller", meaning: "beginning of the calling number, as received or as routed", schema: ["type": "string"]),
        QueryParameter(name: "callee", meaning: "beginning of the called number, as received or as routed", schema: ["type": "string"]),
        QueryParameter(name: "mappingGateway", meaning: "name of the customer's gateway", schema: ["type": "string"]),
        QueryParameter(name: "routingGateway", meaning: "name of the vendor's gateway", schema: ["type": "string"]),
        QueryParameter(name: "endReason", meaning: "why the call ended", schema: ["type": "string"]),
        from,
        to,
    ]
}
