import SIPMessages
import Vocabulary

/// Who refreshes, as the `refresher` parameter says it: the sender of the request that negotiates
/// (uac), or the one who answers it (uas). It speaks of the transaction, not of the dialog (RFC 4028, section 4).
public enum SessionRefresher: UInt8, Hashable, Sendable, CaseIterable {
    case uac, uas

    /// The word on the wire.
    public var name: StaticString { self == .uac ? "uac" : "uas" }
}

/// The Session-Expires header field: how long the session lives without a refresh (RFC 4028, section 4).
/// The parser knows its compact form `x` as the same name.
public struct SessionExpires: Hashable, Sendable {
    /// The session interval in seconds. Numbers beyond 32 bits count as the largest.
    public var seconds: UInt32
    /// Nil when the parameter is absent.
    public var refresher: SessionRefresher?

    public init(seconds: UInt32, refresher: SessionRefresher? = nil) {
        self.seconds = seconds
        self.refresher = refresher
    }

    /// `delta-seconds *(";" se-params)`. Nil when the value breaks the grammar, names two different
    /// refreshers, or one that is neither uac nor uas.
    public init?(_ value: Bytes) {
        guard let (seconds, parameters) = SessionExpires.interval(value) else { return nil }
        self.seconds = seconds
        var list = ParameterList(parameters)
        while let parameter = list.next() {
            guard parameter.name.isToken else { return nil }
            guard parameter.name.equalsIgnoringCase("refresher") else { continue }
            guard let word = parameter.value, let named = SessionRefresher.allCases.first(where: { word.equalsIgnoringCase($0.name) }),
                refresher == nil || refresher == named
            else { return nil }
            refresher = named
        }
        if list.isMalformed { return nil }
    }

    /// The seconds of a Min-SE header field: `delta-seconds *(";" generic-param)` (section 5). Nil when
    /// the value breaks the grammar.
    public static func minSE(_ value: Bytes) -> UInt32? {
        guard let (seconds, parameters) = interval(value) else { return nil }
        var list = ParameterList(parameters)
        while let parameter = list.next() {
            guard parameter.name.isToken else { return nil }
        }
        return list.isMalformed ? nil : seconds
    }

    private static func interval(_ value: Bytes) -> (seconds: UInt32, parameters: Bytes)? {
        var i = 0
        while i < value.count, value[i].isDigit { i += 1 }
        guard i > 0 else { return nil }
        let seconds = UInt32(clamping: value.upTo(i).decimal ?? .max)
        let parameters = value.from(i).trimmed
        guard parameters.isEmpty || parameters[0] == UInt8(ascii: ";") else { return nil }
        return (seconds, parameters)
    }
}
