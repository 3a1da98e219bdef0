import Vocabulary

/// What kind of work a message is, by its first bytes: which may wait, and which may be refused, when
/// there is more than can be done.
public enum WorkClass: Sendable, Hashable {
    /// An answer to a request of ours.
    case response
    /// A method that is only of use within a call that is up: ACK, BYE, PRACK, UPDATE, INFO.
    case withinCall
    /// A method that may begin something, or end what a request before it began: INVITE, CANCEL and all others.
    case mayBegin
    /// A REGISTER, MESSAGE, SUBSCRIBE or PUBLISH: never part of a call that is up.
    case outsideCalls
    /// Too short for SIP, such as a keepalive.
    case noise

    private static let shortestMessage = 12

    public init(_ message: Bytes) {
        guard message.count >= WorkClass.shortestMessage else {
            self = .noise
            return
        }
        switch message[0] {
        case UInt8(ascii: "S"):
            self = message.starts(with: "SIP/2.0 ") ? .response : message.starts(with: "SUBSCRIBE ") ? .outsideCalls : .mayBegin
        case UInt8(ascii: "A"): self = message.starts(with: "ACK ") ? .withinCall : .mayBegin
        case UInt8(ascii: "B"): self = message.starts(with: "BYE ") ? .withinCall : .mayBegin
        case UInt8(ascii: "P"):
            self = message.starts(with: "PRACK ") ? .withinCall : message.starts(with: "PUBLISH ") ? .outsideCalls : .mayBegin
        case UInt8(ascii: "U"): self = message.starts(with: "UPDATE ") ? .withinCall : .mayBegin
        case UInt8(ascii: "I"): self = message.starts(with: "INFO ") ? .withinCall : .mayBegin
        case UInt8(ascii: "R"): self = message.starts(with: "REGISTER ") ? .outsideCalls : .mayBegin
        case UInt8(ascii: "M"): self = message.starts(with: "MESSAGE ") ? .outsideCalls : .mayBegin
        default: self = .mayBegin
        }
    }

    /// Whether it may be left until more urgent work is done. A CANCEL waits as its INVITE does, so that it does not overtake it.
    public var canWait: Bool {
        switch self {
        case .response, .withinCall: false
        case .mayBegin, .outsideCalls, .noise: true
        }
    }
}
