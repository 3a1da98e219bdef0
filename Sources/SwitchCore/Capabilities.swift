import SIPMessages
import Vocabulary

/// What the switch supports, as it says in its messages and by what it judges requests.
enum Capabilities {
    static let allow: StaticString = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE\r\n"
    static let supported: StaticString = "Supported: 100rel, timer\r\n"
    static let supportedTimer: StaticString = "Supported: timer\r\n"
    static let supportedReliable: StaticString = "Supported: 100rel\r\n"
    static let accept: StaticString = "Accept: application/sdp\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\n"
    static let userAgent: StaticString = "User-Agent: Tandem\r\n"
    static let server: StaticString = "Server: Tandem\r\n"

    /// Whether a request may be sent inside a dialog and is passed to the other leg.
    static func isRelayed(_ method: Method) -> Bool {
        switch method {
        case .invite, .update, .info, .options, .message, .prack: true
        case .ack, .bye, .cancel, .register, .refer, .subscribe, .notify, .publish, .other: false
        }
    }

    /// Whether an option tag is understood when a request requires it.
    static func isSupported(_ optionTag: Bytes) -> Bool { optionTag.equalsIgnoringCase("100rel") || optionTag.equalsIgnoringCase("timer") }
}
