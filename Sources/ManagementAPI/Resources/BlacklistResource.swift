import Routing
import Vocabulary

/// A number on the dynamic blacklist, as the REST interface and `tandem blacklist` show it.
public struct BlacklistResource: Sendable {
    public var entry: BlacklistEntry
    private let since: WallTime
    private let until: WallTime

    init(_ entry: BlacklistEntry, _ view: LiveView) {
        self.entry = entry
        since = view.wall(entry.since)
        until = view.wall(entry.until)
    }

    /// `until` is null for an entry that stays until it is removed.
    public var document: DocumentNode {
        [
            "side": .text(entry.kind.side.rawValue), "number": .text(entry.number.description), "kind": .text("\(entry.kind)"),
            "meaning": .text(entry.kind.meaning), "since": since.document, "until": until.document,
        ]
    }
}

extension BlacklistKind {
    public var meaning: String {
        switch self {
        case .maliciousCaller: "too many attempts of this caller"
        case .concurrentCaller: "too many calls of this caller at once"
        case .unansweredCallee: "this callee did not answer too many calls in a row"
        case .callerByHand, .calleeByHand: "put there by an operator"
        }
    }
}

/// A number that an operator bars.
public struct BlacklistOrder: Hashable, Sendable {
    public var number: PackedNumber
    public var side: BlacklistSide
    /// Nil: until it is removed.
    public var seconds: Int64?

    static let longest: Int64 = 10 * 365 * 86_400

    /// Reads `{number, side, seconds}`; throws what is wrong with it.
    public init(_ document: DocumentNode) throws(Problem) {
        func refused(_ field: String, _ rule: String, _ remedy: String) -> Problem {
            .refused([FieldProblem(at: document[field]?.position ?? document.position, field: field, rule: rule, remedy: remedy)])
        }
        for entry in document.entries ?? [] where !["number", "side", "seconds"].contains(entry.key) {
            throw refused(entry.key, "there is no field \"\(entry.key)\"", Suggestion.remedy(for: entry.key, among: ["number", "side", "seconds"]))
        }
        guard let text = document["number"]?.text, NumberText.isNumber(text), let number = PackedNumber(text) else {
            throw refused("number", "\(document["number"]?.printableShape ?? "nothing") is no number", "write digits, such as 14155550100")
        }
        let side = document["side"].map { $0.text.flatMap { BlacklistSide(rawValue: $0.lowercased()) } } ?? .caller
        guard let side else {
            throw refused("side", "\(document["side"]?.printableShape ?? "nothing") is no side of a call", "write caller or callee")
        }
        self.number = number
        self.side = side
        if let node = document["seconds"], !node.isNull {
            guard let seconds = node.integer.map(Int64.init), (1...BlacklistOrder.longest).contains(seconds) else {
                throw refused(
                    "seconds", "\(node.printableShape) is not a whole number from 1 to \(BlacklistOrder.longest)",
                    "write the seconds, or leave the field out to bar it until it is removed")
            }
            self.seconds = seconds
        }
    }
}

extension LiveView {
    /// Everything that is listed now, by side and number.
    public var blacklisted: [BlacklistResource] {
        blacklist.entries(now: now.instant).map { BlacklistResource($0, self) }
    }

    /// Bars a number; throws when the list is full.
    public func bar(_ order: BlacklistOrder) throws(Problem) -> BlacklistResource {
        let entry = BlacklistEntry(
            number: order.number, kind: order.side == .caller ? .callerByHand : .calleeByHand, since: now.instant,
            until: order.seconds.map { now.instant + .seconds($0) } ?? .never)
        guard blacklist.add(entry, now: now.instant) else {
            throw Problem(.notReady, "the dynamic blacklist is full; remove numbers from it first")
        }
        return BlacklistResource(entry, self)
    }

    /// Takes a number off the list; false when it is not there.
    public func unbar(_ number: String, _ side: BlacklistSide) -> Bool {
        PackedNumber(number).map { blacklist.remove($0, from: side) } ?? false
    }
}
