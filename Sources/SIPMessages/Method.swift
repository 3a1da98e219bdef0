import Vocabulary

/// A request method. Names are case-sensitive (RFC 3261, section 7.1); one that we do not know is
/// `other`, and its name stays in the message.
public enum Method: UInt8, Hashable, Sendable, CaseIterable {
    case invite, ack, bye, cancel, options, register, prack, update, info, message, refer, subscribe, notify, publish, other

    public init(_ name: Bytes) {
        func known(_ method: Method) -> Method { name.equals(method.name) ? method : .other }
        guard name.count >= 3 else {
            self = .other
            return
        }
        self =
            switch (name.count, name[0]) {
            case (6, UInt8(ascii: "I")): known(.invite)
            case (3, UInt8(ascii: "A")): known(.ack)
            case (3, UInt8(ascii: "B")): known(.bye)
            case (6, UInt8(ascii: "C")): known(.cancel)
            case (7, UInt8(ascii: "O")): known(.options)
            case (8, UInt8(ascii: "R")): known(.register)
            case (5, UInt8(ascii: "P")): known(.prack)
            case (6, UInt8(ascii: "U")): known(.update)
            case (4, UInt8(ascii: "I")): known(.info)
            case (7, UInt8(ascii: "M")): known(.message)
            case (5, UInt8(ascii: "R")): known(.refer)
            case (9, UInt8(ascii: "S")): known(.subscribe)
            case (6, UInt8(ascii: "N")): known(.notify)
            case (7, UInt8(ascii: "P")): known(.publish)
            default: .other
            }
    }

    /// The name on the wire; empty for `other`.
    public var name: StaticString {
        switch self {
        case .invite: "INVITE"
        case .ack: "ACK"
        case .bye: "BYE"
        case .cancel: "CANCEL"
        case .options: "OPTIONS"
        case .register: "REGISTER"
        case .prack: "PRACK"
        case .update: "UPDATE"
        case .info: "INFO"
        case .message: "MESSAGE"
        case .refer: "REFER"
        case .subscribe: "SUBSCRIBE"
        case .notify: "NOTIFY"
        case .publish: "PUBLISH"
        case .other: ""
        }
    }
}
