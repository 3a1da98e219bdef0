import Vocabulary

/// The way media flows, seen by the sender of the description (RFC 3264, section 5.1; RFC 8866, section 6.7).
public enum Direction: UInt8, Hashable, Sendable, CaseIterable {
    case sendReceive, sendOnly, receiveOnly, inactive

    /// The attribute's name.
    public var name: StaticString {
        switch self {
        case .sendReceive: "sendrecv"
        case .sendOnly: "sendonly"
        case .receiveOnly: "recvonly"
        case .inactive: "inactive"
        }
    }

    public var sends: Bool { self == .sendReceive || self == .sendOnly }
    public var receives: Bool { self == .sendReceive || self == .receiveOnly }

    public init(sends: Bool, receives: Bool) {
        self = sends ? (receives ? .sendReceive : .sendOnly) : (receives ? .receiveOnly : .inactive)
    }

    /// The same flow seen by the other side.
    public var reversed: Direction { Direction(sends: receives, receives: sends) }

    /// Whether a peer may answer an offer of `offered` with this (RFC 3264, section 6.1).
    public func mayAnswer(_ offered: Direction) -> Bool {
        (offered.receives || !sends) && (offered.sends || !receives)
    }

    init?(attribute name: Bytes) {
        for direction in Direction.allCases where name.equals(direction.name) {
            self = direction
            return
        }
        return nil
    }
}
