import CallRecords
import Routing
import Vocabulary

extension PhoneStatus {
    /// The account's state as the REST interface and `tandem phones -o json` show it: of several places the first, where calls go,
    /// also by itself.
    func document(calls: Int) -> DocumentNode {
        let first = places.first
        return [
            "kind": .text(kind.rawValue),
            "name": .text(name),
            "state": .text(isOnline ? "online" : "offline"),
            "address": first.map { .text("\($0.source) \($0.transport.name)") } ?? .null,
            "isBehindNAT": first.map { .flag($0.isBehindNAT) } ?? .null,
            "since": first?.since.document ?? .null,
            "expiresInSeconds": first.map { .number($0.expiresInSeconds) } ?? .null,
            "userAgent": .optional(first?.userAgent ?? ""),
            "calls": .number(calls),
            "places": .list(places.map(\.document)),
            "suspendedSources": .list(
                suspendedSources.map { ["host": .text($0.host), "secondsLeft": .number($0.secondsLeft)] }),
        ]
    }
}

extension PhoneStatus.Place {
    fileprivate var document: DocumentNode {
        [
            "contact": .text(contact), "source": .text(source), "transport": .text("\(transport.name)"), "isBehindNAT": .flag(isBehindNAT),
            "since": since.document, "updatedAt": updatedAt.document, "expiresInSeconds": .number(expiresInSeconds),
            "userAgent": .optional(userAgent),
        ]
    }
}

extension LiveView {
    /// Phones and gateways that register here, by kind and name, with the calls that each has.
    public func documents(of phones: [PhoneStatus]) -> [DocumentNode] {
        phones.sorted { ($0.kind.order, $0.name) < ($1.kind.order, $1.name) }.map { status in
            status.document(calls: configuration.live.object(status.kind.live, named: status.name)?.calls ?? 0)
        }
    }
}

extension PhoneStatus.Kind {
    /// Phones first.
    fileprivate var order: Int {
        switch self {
        case .phone: 0
        case .mappingGateway: 1
        case .routingGateway: 2
        }
    }

    fileprivate var live: LiveTable.Kind {
        switch self {
        case .phone: .phone
        case .mappingGateway: .mappingGateway
        case .routingGateway: .routingGateway
        }
    }
}
