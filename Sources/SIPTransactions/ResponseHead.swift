import SIPMessages
import Vocabulary

/// What every response copies from its request, and where it goes (RFC 3261, sections 8.2.6 and 18.2; RFC 3581).
public enum ResponseHead {
    /// Writes Via (the topmost with `received` and `rport`), Record-Route, From, Call-ID, CSeq, Timestamp, and
    /// To without its line end, so that a tag can follow.
    public static func write(_ message: Message, _ essentials: Essentials, source: NetworkAddress, into outbox: inout Outbox) {
        writeVias(message, topmost: essentials.via, source: source, into: &outbox)
        for i in 0..<message.fieldCount {
            let field = message[i]
            guard field.name == .recordRoute || field.name == .timestamp else { continue }
            outbox.append(field.name.name)
            outbox.append(": ")
            outbox.append(unfolding: field.value)
            outbox.append("\r\n")
        }
        outbox.append("From: ")
        outbox.append(unfolding: essentials.from.text)
        outbox.append("\r\nCall-ID: ")
        outbox.append(essentials.callID)
        outbox.append("\r\nCSeq: ")
        outbox.append(decimal: UInt64(essentials.cseq.number))
        outbox.append(UInt8(ascii: " "))
        outbox.append(essentials.cseq.methodName)
        outbox.append("\r\nTo: ")
        outbox.append(unfolding: essentials.to.text)
    }

    /// Copies all Via elements, the topmost with where the request came from.
    public static func writeVias(_ message: Message, topmost: Via, source: NetworkAddress, into outbox: inout Outbox) {
        var isTopmost = true
        var position = 0
        while let value = message.next(.via, from: &position) {
            outbox.append("Via: ")
            if isTopmost {
                isTopmost = false
                writeTopmost(topmost, source: source, into: &outbox)
                outbox.append(unfolding: value.from(topmost.text.base - value.base + topmost.text.count))
            } else {
                outbox.append(unfolding: value)
            }
            outbox.append("\r\n")
        }
    }

    /// The way a response takes: a stream's own connection; on UDP what the peer is set to, by default `maddr`, the
    /// source port when the request asked for it by `rport`, else the port of `sent-by`.
    public static func replyFlow(_ via: Via, cameBy flow: Flow, to mode: ReplyAddress = .automatic) -> Flow {
        guard flow.transport == .udp else { return flow }
        var reply = flow
        switch mode {
        case .automatic: break
        case .source: return flow
        case .viaPort:
            reply.remote.port = via.port ?? 5060
            return reply
        case .via:
            // A host name is not looked up for a response: the source's IP stands for it.
            if let address = NetworkAddress(parsing: via.host), address.family == flow.remote.family { reply.remote = address }
            reply.remote.port = via.port ?? 5060
            return reply
        }
        if let maddr = via.maddr, let address = NetworkAddress(parsing: maddr), address.family == flow.remote.family {
            reply.remote = address
            reply.remote.port = via.port ?? 5060
        } else if !via.hasRport {
            reply.remote.port = via.port ?? 5060
        }
        return reply
    }

    private static func writeTopmost(_ via: Via, source: NetworkAddress, into outbox: inout Outbox) {
        outbox.append(unfolding: via.text.upTo(via.text.count - via.parameters.count))
        var list = ParameterList(via.parameters)
        while let parameter = list.next() {
            if parameter.name.equalsIgnoringCase("rport") || parameter.name.equalsIgnoringCase("received") { continue }
            outbox.append(UInt8(ascii: ";"))
            outbox.append(parameter.name)
            if let value = parameter.value {
                outbox.append(UInt8(ascii: "="))
                outbox.append(value)
            }
        }
        let isSameHost = NetworkAddress(parsing: via.host)?.hasSameHost(as: source) ?? false
        if via.hasRport || !isSameHost {
            outbox.append(";received=")
            outbox.append(bareHost: source)
        }
        if via.hasRport {
            outbox.append(";rport=")
            outbox.append(decimal: UInt64(source.port))
        }
    }
}

extension Outbox {
    /// The host without brackets, as `received` has it.
    mutating func append(bareHost address: NetworkAddress) {
        withUnsafeTemporaryAllocation(byteCount: 48, alignment: 1) { buffer in
            let length = address.writeHost(into: buffer)
            append(Bytes(UnsafeRawPointer(buffer.baseAddress!), count: length))
        }
    }

    /// A header field's value with line folds replaced by one space each (RFC 3261, section 7.3.1).
    public mutating func append(unfolding value: Bytes) {
        guard let first = value.firstIndex(of: 0x0D, or: 0x0A) else {
            append(value)
            return
        }
        var position = first
        append(value.upTo(first))
        while position < value.count {
            if value[position] == 0x0D || value[position] == 0x0A {
                position = value.skipWhitespace(from: position)
                append(UInt8(ascii: " "))
            } else {
                let end = value.firstIndex(of: 0x0D, or: 0x0A, from: position) ?? value.count
                append(value[position..<end])
                position = end
            }
        }
    }
}
