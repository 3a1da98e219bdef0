import Vocabulary

/// Whether the switch refuses new calls until it is empty, and how many calls are left.
public struct DrainProgress: Hashable, Sendable {
    /// When draining began; unset when the switch does not drain.
    public var since: WallTime
    /// Calls that are up or being set up.
    public var calls: Int

    public init(since: WallTime, calls: Int) {
        self.since = since
        self.calls = calls
    }

    public var isDraining: Bool { since.isSet }

    public var document: DocumentNode {
        ["draining": .flag(isDraining), "since": since.document, "calls": .number(calls)]
    }

    /// Reads what `document` wrote.
    public init?(_ document: DocumentNode) {
        guard let calls = document["calls"]?.integer, let draining = document["draining"]?.text else { return nil }
        let since = draining == "true" ? document["since"]?.text.flatMap { WallTime(rfc3339: $0) } : .unset
        guard let since else { return nil }
        self.init(since: since, calls: calls)
    }
}
