import Vocabulary

// What the end of a call adds to its decision.

extension DecisionText {
    /// Goes on with a decision that is stored already, as after a restart. False when the text is none.
    public mutating func resume(_ stored: Bytes) -> Bool {
        guard stored.count > 1 else { return false }
        begin(with: stored.upTo(stored.count - 1))
        return true
    }

    /// The rule that held, why, and the limit of the call; `from`: when the wall clock stood where the limit begins.
    public mutating func rule(_ name: String, why: String, limit: (seconds: Int64, of: String, from: WallTime?)?) {
        raw(#","rule":{"name":"#)
        text(name)
        raw(#","why":"#)
        text(why)
        if let limit {
            raw(#","limitSeconds":"#)
            number(limit.seconds)
            raw(#","limitOf":"#)
            text(limit.of)
            if let from = limit.from {
                raw(#","limitFrom":"#)
                number(from.microseconds)
            }
        }
        raw("}")
    }

    /// What showed that the call was over.
    public mutating func evidence(_ note: Bytes) {
        raw(#","evidence":"#)
        text(note)
    }

    /// When a side last showed life, and how.
    public mutating func lastSeen(_ side: DecisionSide, at: WallTime, by kind: String) {
        switch side {
        case .caller: raw(#","callerLastSeen":{"at":"#)
        case .callee: raw(#","calleeLastSeen":{"at":"#)
        }
        number(at.microseconds)
        raw(#","by":"#)
        text(kind)
        raw("}")
    }
}

public enum DecisionSide: Sendable { case caller, callee }
