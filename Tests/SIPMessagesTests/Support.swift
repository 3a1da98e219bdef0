import SIPMessages
import Testing
import Vocabulary

/// Parses bytes that lie in a buffer of exactly their size, so that the sanitizer sees a read past the end.
func withMessage<R>(
    _ bytes: [UInt8], framing: MessageParser.Framing = .datagram, limits: MessageLimits = MessageLimits(), _ body: (Message?) throws -> R
) rethrows -> R {
    var parser = MessageParser(limits: limits)
    return try bytes.withBytes { view in
        let message = parser.parse(view, framing: framing)
        return try body(message)
    }
}

/// Parses text whose lines are written with LF; they get CRLF.
func withMessage<R>(
    _ text: String, framing: MessageParser.Framing = .datagram, limits: MessageLimits = MessageLimits(), _ body: (Message?) throws -> R
) rethrows -> R {
    try withMessage(text.crlf, framing: framing, limits: limits, body)
}

/// The essentials of a message that has to be there.
func essentials(of message: Message?) throws -> Essentials {
    let message = try #require(message)
    return try Essentials(message)
}

extension String {
    /// The bytes with every LF turned into CRLF.
    var crlf: [UInt8] {
        var bytes: [UInt8] = []
        for byte in utf8 {
            if byte == 0x0A { bytes.append(0x0D) }
            bytes.append(byte)
        }
        return bytes
    }

    /// Calls `body` with the text as a URI, nil when it is none.
    func asURI<R>(_ body: (URI?) throws -> R) rethrows -> R { try withBytes { try body(URI($0)) } }
}

/// What becomes of a message before the transaction layer sees it.
enum Verdict: Hashable, CustomStringConvertible {
    case accepted
    /// A request that is answered with the defect's status.
    case refused(MessageDefect, Stage)
    /// A response, or no SIP message at all: nobody can be answered.
    case dropped(MessageDefect?)

    /// Where a defect is found.
    enum Stage: String { case structure, essentials, requestCheck }

    var description: String {
        switch self {
        case .accepted: "accepted"
        case .refused(let defect, let stage): "\(defect.status) \(defect) (\(stage.rawValue))"
        case .dropped(let defect): "dropped \(defect.map { "\($0)" } ?? "unread")"
        }
    }

    init(of message: Message?) {
        guard let message else {
            self = .dropped(nil)
            return
        }
        func refused(_ defect: MessageDefect, _ stage: Stage) -> Verdict { message.isRequest ? .refused(defect, stage) : .dropped(defect) }
        if let defect = message.defect {
            self = refused(defect, .structure)
            return
        }
        do throws(MessageDefect) {
            _ = try Essentials(message)
        } catch {
            self = refused(error, .essentials)
            return
        }
        guard message.isRequest else {
            self = .accepted
            return
        }
        do throws(MessageDefect) {
            try message.checkRequest()
            self = .accepted
        } catch {
            self = .refused(error, .requestCheck)
        }
    }
}

func verdict(of text: String, framing: MessageParser.Framing = .datagram, limits: MessageLimits = MessageLimits()) -> Verdict {
    withMessage(text, framing: framing, limits: limits) { Verdict(of: $0) }
}
