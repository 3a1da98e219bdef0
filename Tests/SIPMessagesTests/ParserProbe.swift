import SDP
import SIPMessages
import Vocabulary

/// Reads everything that the parsers offer of a message and counts the views that leave the buffer.
struct ParserProbe {
    /// Messages that came out of the parser.
    private(set) var read = 0
    private(set) var escaped = 0

    /// Every fourth message is read to the last value; the others as the switch reads them.
    mutating func read(_ bytes: Bytes, with parser: inout MessageParser) {
        guard let message = parser.parse(bytes) else { return }
        read += 1
        inside(bytes, message.bytes, message.body, message.methodName, message.requestURI, message.reasonPhrase)
        let isThorough = read % 4 == 0
        for i in 0..<message.fieldCount {
            let field = message[i]
            inside(message.bytes, field.writtenName, field.value)
            guard isThorough else { continue }
            var elements = CommaList(field.value)
            while let element = elements.next() {
                inside(field.value, element)
                readValue(element)
            }
        }
        message.forEachElement(of: .contact) { escaped += ParserProbe.count(outside: message.bytes, $0) }
        if let essentials = try? Essentials(message) {
            inside(bytes, essentials.callID, essentials.via.branch, essentials.via.host, essentials.via.parameters)
            inside(bytes, essentials.from.uri, essentials.to.uri, essentials.cseq.methodName)
        }
        _ = try? message.checkRequest()
        _ = ReasonHeader.q850Cause(of: message)
        if isThorough {
            readValue(message.requestURI)
            readDescription(message.body)
        }
    }

    /// Reads one value as everything that it could be.
    mutating func readValue(_ value: Bytes) {
        if let address = NameAddress(value) {
            inside(value, address.displayName, address.uri, address.parameters)
            readURI(address.uri)
            _ = address.tag
        }
        if let via = Via(value) {
            inside(value, via.transport, via.host, via.parameters)
            _ = (via.received, via.rport, via.maddr, via.hasMagicCookie)
        }
        if let type = ContentType(value) { inside(value, type.type, type.subtype, type.parameters) }
        if let seconds = DeltaSeconds(value) { inside(value, seconds.parameters) }
        if let reason = ReasonHeader(value) { inside(value, reason.proto) }
        if let cseq = CSeq(value) { inside(value, cseq.methodName) }
        _ = RAck(value)
        _ = SIPDate(value)?.text
        readURI(value)
        var list = ParameterList(value)
        while let parameter = list.next() { inside(value, parameter.name, parameter.value ?? parameter.name) }
    }

    mutating func readURI(_ text: Bytes) {
        guard let uri = URI(text) else { return }
        if uri.scheme == .sip || uri.scheme == .sips { inside(text, uri.host) }
        if !uri.user.isEmpty { inside(text, uri.user) }
        _ = (uri.address, uri.transport, uri.isEquivalent(to: uri))
    }

    mutating func readDescription(_ body: Bytes) {
        guard let description = try? SessionDescription(body) else { return }
        inside(body, description.sessionSection)
        var media = description.media
        while let one = media.next() {
            inside(body, one.text, one.formats, one.type, one.transport)
            _ = (one.address, one.effectiveDirection, one.packetTime)
            var formats = one.formatList
            while let format = formats.next() { _ = (one.rtpMap(of: format)?.clockRate, one.formatParameters(of: format)?.count) }
        }
        _ = (description.describesSameSession(as: description), description.mismatch(asAnswerTo: description), description.isOnHold)
    }

    private mutating func inside(_ whole: Bytes, _ a: Bytes, _ b: Bytes = .empty, _ c: Bytes = .empty, _ d: Bytes = .empty, _ e: Bytes = .empty) {
        escaped +=
            Self.count(outside: whole, a) + Self.count(outside: whole, b) + Self.count(outside: whole, c) + Self.count(outside: whole, d)
            + Self.count(outside: whole, e)
    }

    private static func count(outside whole: Bytes, _ part: Bytes) -> Int {
        part.isEmpty || part.base >= whole.base && part.base + part.count <= whole.base + whole.count ? 0 : 1
    }
}
