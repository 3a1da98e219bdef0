import CallRecords
import Hummingbird
import ManagementAPI
import Vocabulary

extension Handlers {
    /// How long before a call's INVITE and after its end messages are taken for its own: repetitions
    /// travel for half a minute (RFC 3261, section 17), and clocks may be set.
    private static let timeAroundCall = Interval.seconds(60)

    func getCallTrace(_ exchange: Exchange) async throws -> Reply {
        let text = exchange.path("id")
        guard let id = CallIdentifier(text), let span = try await span(of: id) else {
            throw Problem(.notFound, "there is no call \"\(text)\", neither up nor recorded")
        }
        return try await trace("call \(id)", span, preferring: .oldest, exchange)
    }

    func getRegistrationTrace(_ exchange: Exchange) async throws -> Reply {
        let name = exchange.path("name")
        let status = await services.control.registrations().first { $0.name == name }
        let stored = try await services.trace.storedCallID(ofRegistration: name)
        guard status != nil || stored != nil else {
            throw Problem(.notFound, "the switch neither holds nor remembers a registration \"\(name)\"")
        }
        let callIDs = Set([status?.callID, stored].compactMap { $0 }.filter { !$0.isEmpty })
        return try await trace("registration \(name)", Span(callIDs: callIDs, from: nil, to: nil), preferring: .newest, exchange)
    }

    /// Whose messages, and between which times.
    private struct Span {
        var callIDs: Set<String>
        var from: WallTime?
        var to: WallTime?
    }

    /// A call's Call-IDs: the caller's, and one for each try at a gateway.
    private func span(of id: CallIdentifier) async throws -> Span? {
        func around(_ callIDs: [String], from: WallTime, to: WallTime?) -> Span {
            let margin = Handlers.timeAroundCall
            return Span(callIDs: Set(callIDs.filter { !$0.isEmpty }), from: from + margin * -1, to: to.map { $0 + margin })
        }
        if let call = await services.control.liveCalls().first(where: { $0.id == id }) {
            return around([call.callerCallID, call.calleeCallID] + call.attemptCallIDs, from: call.receivedAt, to: nil)
        }
        guard let record = try await services.records.callRecord(id) else { return nil }
        return around(
            [record.callerCallID, record.calleeCallID] + record.attempts.map(\.callID), from: record.receivedAt,
            to: record.endedAt.isSet ? record.endedAt : nil)
    }

    private func trace(_ subject: String, _ span: Span, preferring preference: TracePreference, _ exchange: Exchange) async throws -> Reply {
        let format = try traceFormat(exchange)
        let limit = try traceLimit(exchange)
        let secrets: Trace.Secrets = try exchange.flag("unmasked") == true ? .shown : .masked
        // One more than asked for shows whether there are more.
        var messages = try await services.trace.messages(
            callIDs: span.callIDs, from: span.from, to: span.to, limit: limit + 1, preferring: preference)
        let isCut = messages.count > limit
        if isCut { messages = Array(preference == .oldest ? messages.prefix(limit) : messages.suffix(limit)) }
        let trace = Trace(of: subject, messages, isCut: isCut, gap: await services.trace.gap(), secrets: secrets)
        return switch format {
        case .json: .json(trace.document)
        case .ladder: .plainText(TraceLadder.lines(trace).map { $0 + "\n" }.joined())
        case .pcap: .file(PacketCapture.bytes(trace), mediaType: "application/vnd.tcpdump.pcap")
        }
    }

    private func traceFormat(_ exchange: Exchange) throws(Problem) -> TraceFormat {
        guard let text = exchange.query("format") else { return .json }
        guard let format = TraceFormat(rawValue: text) else {
            let names = TraceFormat.allCases.map(\.rawValue)
            throw Problem(.malformedRequest, "there is no format \"\(text)\"; \(Suggestion.remedy(for: text, among: names))")
        }
        return format
    }

    private func traceLimit(_ exchange: Exchange) throws(Problem) -> Int {
        guard let text = exchange.query("limit") else { return Endpoint.usualTrace }
        guard let limit = Int(text), (1...Endpoint.largestTrace).contains(limit) else {
            throw Problem(.malformedRequest, "limit must be a whole number from 1 to \(Endpoint.largestTrace)")
        }
        return limit
    }
}
