import CallRecords
import Hummingbird
import ManagementAPI
import Routing
import Vocabulary

extension Handlers {
    /// What the switch knows now; it has nothing to say while it starts or stops.
    func view() async throws -> LiveView {
        guard let view = await services.control.view() else { throw Problem(.notReady, "the switch has no configuration in force") }
        return view
    }

    func listGateways(_ exchange: Exchange) async throws -> Reply {
        let kind = try exchange.choice("kind", among: GatewayStatus.Kind.allCases)
        return .page(try await view().gateways.filter { kind == nil || $0.kind == kind }.map(\.document))
    }

    func listPhones(_ exchange: Exchange) async throws -> Reply {
        let state = try exchange.choice("state", among: PhoneState.allCases)
        let phones = await services.control.phones().filter { state == nil || $0.isOnline == (state == .online) }
        return .page(try await view().documents(of: phones))
    }

    func getPhone(_ exchange: Exchange) async throws -> Reply {
        let name = exchange.path("number")
        let all = await services.control.phones()
        guard let document = try await view().documents(of: all.filter { $0.name == name }).first else {
            let near = Suggestion.nearest(to: name, among: all.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
            throw Problem(.notFound, "no phone \"\(name)\" registers here\(near)")
        }
        return .json(document)
    }

    func explain(_ exchange: Exchange) async throws -> Reply {
        guard let callee = exchange.query("callee") else { throw Problem(.malformedRequest, "say whom the call is for: callee") }
        let view = try await view()
        let from = exchange.query("from")
        guard let caller = exchange.query("caller") ?? from.flatMap({ name in view.configuration.phones.first { $0.name == name }?.name }) else {
            throw Problem(.malformedRequest, "say who calls: caller")
        }
        for (name, number) in [("caller", caller), ("callee", callee)] where number.utf8.count > 255 {
            throw Problem(.malformedRequest, "\(name) is longer than 255 bytes")
        }
        let source = try exchange.query("source").map { text throws(Problem) in
            guard let address = NetworkAddress(text) else {
                throw Problem(.malformedRequest, "source must be an IP address with an optional port, such as 192.0.2.1:5060")
            }
            return address
        }
        let explanation = Explanation(from: from, caller: caller, callee: callee, time: try exchange.time("at"), source: source)
        return .json(try explanation.answer(view).document)
    }

    func metrics() async -> Reply {
        let text = await services.control.statistics().prometheus
        guard let view = await services.control.view() else { return .text(text) }
        return .text(text + LiveMetrics.text(view, phones: await services.control.phones()))
    }
}

private enum PhoneState: String, CaseIterable { case online, offline }

extension Exchange {
    /// One of the words of an enumeration; nil when it is not given.
    fileprivate func choice<Value: RawRepresentable<String>>(_ name: String, among values: [Value]) throws(Problem) -> Value? {
        guard let text = query(name) else { return nil }
        guard let value = values.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
            throw Problem(.malformedRequest, "there is no \(name) \"\(text)\"; \(Suggestion.remedy(for: text, among: values.map(\.rawValue)))")
        }
        return value
    }
}
