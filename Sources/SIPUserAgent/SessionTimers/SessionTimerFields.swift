import SIPMessages
import Vocabulary

/// What a request for a session, or a refresh of one, says about the session timer: a caller's INVITE, a
/// re-INVITE or an UPDATE, read or to be written (RFC 4028, sections 7.1, 7.4 and 9).
public struct SessionTimerRequest: Hashable, Sendable {
    /// Nil: no session timer is asked for.
    public var sessionExpires: SessionExpires?
    /// Nil: absent, which means 90 s (section 5).
    public var minSE: UInt32?
    /// `timer` stands in Supported or Require: the sender knows the extension.
    public var supportsTimer: Bool
    /// `timer` stands in Require.
    public var requiresTimer: Bool
    /// Whether Allow lists UPDATE; nil without an Allow header field.
    public var allowsUpdate: Bool?

    public init(
        sessionExpires: SessionExpires? = nil, minSE: UInt32? = nil, supportsTimer: Bool = false, requiresTimer: Bool = false,
        allowsUpdate: Bool? = nil
    ) {
        self.sessionExpires = sessionExpires
        self.minSE = minSE
        self.supportsTimer = supportsTimer || requiresTimer
        self.requiresTimer = requiresTimer
        self.allowsUpdate = allowsUpdate
    }

    /// Reads a request. Throws what it is refused for with 400.
    public init(_ message: Message) throws(SessionTimerDefect) {
        self.init()
        for index in 0..<message.fieldCount {
            let field = message[index]
            switch field.name {
            case .sessionExpires:
                guard sessionExpires == nil else { throw .sessionExpiresRepeated }
                guard let value = SessionExpires(field.value) else { throw .sessionExpiresMalformed }
                sessionExpires = value
            case .minSE:
                guard minSE == nil else { throw .minSERepeated }
                guard let value = SessionExpires.minSE(field.value) else { throw .minSEMalformed }
                minSE = value
            case .supported: if field.value.listsElement("timer") { supportsTimer = true }
            case .require: if field.value.listsElement("timer") { (supportsTimer, requiresTimer) = (true, true) }
            case .allow: allowsUpdate = (allowsUpdate ?? false) || field.value.listsElement("UPDATE")
            default: break
            }
        }
    }
}

/// Why a request is refused with 400 before its session timer is looked at.
public enum SessionTimerDefect: Error, Hashable, Sendable, CaseIterable {
    case sessionExpiresMalformed, sessionExpiresRepeated, minSEMalformed, minSERepeated

    public var status: Int { 400 }

    /// Says what is wrong in the answer itself.
    public var reasonPhrase: StaticString {
        switch self {
        case .sessionExpiresMalformed: "Malformed Session-Expires Header Field"
        case .sessionExpiresRepeated: "Repeated Session-Expires Header Field"
        case .minSEMalformed: "Malformed Min-SE Header Field"
        case .minSERepeated: "Repeated Min-SE Header Field"
        }
    }
}

/// What a response to our INVITE or UPDATE says about the session timer. What breaks the grammar counts
/// as absent: a call is not lost for a header field that it can do without.
public struct SessionTimerResponse: Hashable, Sendable {
    public var sessionExpires: SessionExpires?
    /// The peer's minimum, in a 422 (RFC 4028, section 6).
    public var minSE: UInt32?
    /// Seconds of Retry-After (RFC 3261, section 20.33).
    public var retryAfter: UInt32?
    /// Whether Allow lists UPDATE; nil without an Allow header field.
    public var allowsUpdate: Bool?

    public init(sessionExpires: SessionExpires? = nil, minSE: UInt32? = nil, retryAfter: UInt32? = nil, allowsUpdate: Bool? = nil) {
        self.sessionExpires = sessionExpires
        self.minSE = minSE
        self.retryAfter = retryAfter
        self.allowsUpdate = allowsUpdate
    }

    public init(_ message: Message) {
        self.init()
        for index in 0..<message.fieldCount {
            let field = message[index]
            switch field.name {
            case .sessionExpires: sessionExpires = sessionExpires ?? SessionExpires(field.value)
            case .minSE: minSE = minSE ?? SessionExpires.minSE(field.value)
            case .retryAfter: retryAfter = retryAfter ?? DeltaSeconds(field.value)?.seconds
            case .allow: allowsUpdate = (allowsUpdate ?? false) || field.value.listsElement("UPDATE")
            default: break
            }
        }
    }
}

extension Outbox {
    /// `Session-Expires` and `Min-SE` of a request of ours. The option tag `timer` is the writer's of
    /// Supported to add: it stands in every request of a switch that knows the extension (section 7.1).
    public mutating func append(_ request: SessionTimerRequest) {
        if let value = request.sessionExpires { append(value) }
        if let seconds = request.minSE { append(minSE: seconds) }
    }

    /// `Session-Expires`, and `Require: timer` where the peer has to act on it, of a 2xx of ours (section 9).
    public mutating func append(_ answer: SessionTimerAnswer) {
        append(answer.sessionExpires)
        if answer.requiresTimer { append("Require: timer\r\n") }
    }

    /// `Min-SE`, as a 422 must carry it (section 6).
    public mutating func append(minSE seconds: UInt32) {
        append("Min-SE: ")
        append(decimal: UInt64(seconds))
        append("\r\n")
    }

    public mutating func append(_ value: SessionExpires) {
        append("Session-Expires: ")
        append(decimal: UInt64(value.seconds))
        if let refresher = value.refresher {
            append(";refresher=")
            append(refresher.name)
        }
        append("\r\n")
    }
}

extension Bytes {
    /// Whether a comma-separated list holds this element, compared without case.
    fileprivate func listsElement(_ element: StaticString) -> Bool {
        var list = CommaList(self)
        while let next = list.next() {
            if next.equalsIgnoringCase(element) { return true }
        }
        return false
    }
}
