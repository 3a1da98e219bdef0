import Hummingbird
import ManagementAPI
import Routing

extension Handlers {
    /// By side and number; a page goes on behind `side/number`.
    func listBlacklist(_ exchange: Exchange) async throws -> Reply {
        let limit = try exchange.limit()
        let all = try await view().blacklisted
        var start = 0
        if let after = exchange.query("after") {
            guard let place = BlacklistPlace(after) else { throw Problem(.malformedRequest, "after must be what a page gave as next") }
            start = all.firstIndex { BlacklistPlace($0.entry) > place } ?? all.count
        }
        let page = all[start...].prefix(limit)
        let next = start + page.count < all.count ? page.last.map { BlacklistPlace($0.entry).text } : nil
        return .page(page.map(\.document), next: next)
    }

    func addToBlacklist(_ exchange: Exchange) async throws -> Reply {
        let documents = try services.readDocuments(try await exchange.bodyText())
        guard documents.count == 1, let document = documents.first, document.entries != nil else {
            throw Problem(.malformedRequest, "the body must be one object with number, side and seconds")
        }
        return .json(try await view().bar(try BlacklistOrder(document)).document, status: .created)
    }

    func removeFromBlacklist(_ exchange: Exchange) async throws -> Reply {
        let (side, number) = (exchange.path("side"), exchange.path("number"))
        guard let side = BlacklistSide(rawValue: side.lowercased()), try await view().unbar(number, side) else {
            throw Problem(.notFound, "\(number) is not on the dynamic blacklist as \(side)")
        }
        return .nothing
    }
}

/// Where an entry stands in the list: callers first, then by number.
private struct BlacklistPlace: Comparable {
    var side: BlacklistSide
    var number: String

    init(_ entry: BlacklistEntry) {
        side = entry.kind.side
        number = entry.number.description
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let side = BlacklistSide(rawValue: String(parts[0])) else { return nil }
        self.side = side
        number = String(parts[1])
    }

    var text: String { "\(side.rawValue)/\(number)" }

    static func < (a: BlacklistPlace, b: BlacklistPlace) -> Bool {
        a.side == b.side ? a.number < b.number : a.side == .caller
    }
}
