import SIPMessages
import Vocabulary

/// Reads a header field's value as every type that there is.
func readHeaderValue(_ value: Bytes) {
    var elements = CommaList(value)
    while let element = elements.next() {
        requireInside(value, element)
        precondition(!element.isEmpty, "an empty element is no element")
        readElement(element)
    }
    readElement(value)
}

private func readElement(_ value: Bytes) {
    if let address = NameAddress(value) {
        requireInside(value, address.displayName)
        requireInside(value, address.uri)
        requireInside(value, address.parameters)
        _ = (address.tag, address.display)
        if let uri = URI(address.uri) { requireInside(value, uri.host) }
    }
    if let via = Via(value) {
        for part in [via.transport, via.host, via.parameters, via.branch] { requireInside(value, part) }
        _ = (via.received, via.rport, via.maddr, via.hasMagicCookie)
    }
    if let type = ContentType(value) { requireInside(value, type.parameters) }
    if let seconds = DeltaSeconds(value) { requireInside(value, seconds.parameters) }
    if let reason = ReasonHeader(value) { requireInside(value, reason.proto) }
    if let cseq = CSeq(value) {
        precondition(cseq.number < 1 << 31)
        requireInside(value, cseq.methodName)
    }
    if let date = SIPDate(value) {
        // What is written is read back as the same instant.
        date.text.withBytes { precondition(SIPDate($0) == date, "a date does not survive") }
    }
    _ = RAck(value)
    _ = HeaderName(value)
    var list = ParameterList(value)
    while let parameter = list.next() {
        requireInside(value, parameter.name)
        if let text = parameter.value { requireInside(value, text) }
    }
    _ = (value.isToken, value.unquoted, value.endOfComment(from: 0))
}
