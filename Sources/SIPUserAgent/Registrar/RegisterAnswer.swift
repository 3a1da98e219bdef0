import SIPMessages
import SIPTransactions
import Vocabulary

// What a registrar says of the bindings in its 200 (RFC 3261, section 10.3, step 8).
extension Outbox {
    /// `Contact: <sip:1001@192.0.2.7:5060>;expires=3600`, with what the device said of itself.
    public mutating func appendBinding(contact: Bytes, seconds: UInt32, q: UInt16, instance: Bytes, flowNumber: UInt32) {
        append("Contact: <")
        append(contact)
        append(">;expires=")
        append(decimal: UInt64(seconds))
        if q < 1_000 {
            append(";q=0.")
            append(UInt8(0x30 + q / 100))
            append(UInt8(0x30 + q / 10 % 10))
            append(UInt8(0x30 + q % 10))
        }
        if !instance.isEmpty {
            append(";+sip.instance=\"")
            append(instance)
            append("\"")
        }
        if flowNumber > 0 {
            append(";reg-id=")
            append(decimal: UInt64(flowNumber))
        }
        append("\r\n")
    }

    /// The Path that was kept (RFC 3327, section 5.3), and that outbound is in use (RFC 5626, section 6).
    public mutating func appendRegistrarExtensions(path: Bytes, usesOutbound: Bool) {
        if !path.isEmpty {
            append("Path: ")
            append(path)
            append("\r\n")
        }
        if usesOutbound { append("Require: outbound\r\n") }
        append("Supported: path, outbound\r\n")
    }
}
