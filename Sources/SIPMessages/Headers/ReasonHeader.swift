import Vocabulary

/// One value of a Reason header field: why a request was sent or refused (RFC 3326).
public struct ReasonHeader {
    public let proto: Bytes
    /// The `cause` parameter; nil when absent or not a number.
    public let cause: Int?
    /// The `text` parameter without quotes; empty when absent.
    public let text: Bytes

    public init?(_ value: Bytes) {
        let end = value.endOfToken(from: 0)
        proto = value.upTo(end)
        let parameters = value.from(end).trimmed
        guard !proto.isEmpty, parameters.isEmpty || parameters[0] == UInt8(ascii: ";") else { return nil }
        cause = ParameterList.value("cause", in: parameters)?.value?.decimal.flatMap { Int(exactly: $0) }
        text = (ParameterList.value("text", in: parameters)?.value ?? .empty).unquoted
    }

    /// The Q.850 cause in a message's Reason header fields, if one stands there.
    public static func q850Cause(of message: Message) -> Int? {
        var found: Int? = nil
        message.forEachElement(of: .reason) { element in
            if found == nil, let reason = ReasonHeader(element), reason.proto.equalsIgnoringCase("Q.850") { found = reason.cause }
        }
        return found
    }
}
