import SIPMessages
import Vocabulary

/// A datagram as it comes from the network, read to the last header field.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = input(data, count)
    var parser = MessageParser()
    for framing in [MessageParser.Framing.datagram, .stream] {
        guard let message = parser.parse(bytes, framing: framing) else { return 0 }
        requireInside(bytes, message.bytes)
        for part in [message.body, message.methodName, message.requestURI, message.reasonPhrase] { requireInside(message.bytes, part) }
        for i in 0..<message.fieldCount {
            let field = message[i]
            requireInside(message.bytes, field.writtenName)
            requireInside(message.bytes, field.value)
            precondition(field.name == .other || field.name == HeaderName(field.writtenName), "a header field changed its name")
            if framing == .datagram { readHeaderValue(field.value) }
        }
        if let essentials = try? Essentials(message) {
            precondition(message.defect == nil, "essentials of a defective message")
            for part in [essentials.callID, essentials.fromTag, essentials.toTag, essentials.via.branch] { requireInside(bytes, part) }
        }
        _ = try? message.checkRequest()
        _ = ReasonHeader.q850Cause(of: message)
        _ = message.lists("timer", in: .supported)
    }
    return 0
}
