import Foundation
import Vocabulary

/// The demo's call: a caller with one number, a callee that plays early media, answers and is hung up.
struct DemoCall: Sendable {
    let caller: DemoPeer
    let callee: DemoPeer
    let target: NetworkAddress

    static let callerNumber = "+14155550100"
    static let calleeNumber = "+442079460000"

    /// Runs the call to its end. Throws when something else comes than a call needs.
    func run() async throws {
        async let called: Void = DemoCall.onThread { try answer() }
        async let calling: Void = DemoCall.onThread { try call() }
        _ = try await (called, calling)
    }

    private func call() throws {
        let callID = "demo-\(UInt32.random(in: 0 ... .max))"
        let tag = "c\(UInt32.random(in: 0 ... .max))"
        var cseq = 1
        func request(_ method: String, uri: String, to: String, body: String = "") -> String {
            let content = body.isEmpty ? "" : "Content-Type: application/sdp\r\n"
            return "\(method) \(uri) SIP/2.0\r\nVia: SIP/2.0/UDP \(caller.address);branch=z9hG4bK\(UInt64.random(in: 0 ... .max));rport\r\n"
                + "Max-Forwards: 70\r\nFrom: \"Demo caller\" <sip:\(Self.callerNumber)@\(caller.address)>;tag=\(tag)\r\nTo: \(to)\r\n"
                + "Call-ID: \(callID)\r\nCSeq: \(cseq) \(method)\r\nContact: <sip:\(Self.callerNumber)@\(caller.address)>\r\n"
                + "\(content)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        let uri = "sip:\(Self.calleeNumber)@\(target)"
        caller.send(request("INVITE", uri: uri, to: "<\(uri)>", body: DemoCall.description(caller.address)), to: target)
        let answer = try expect(caller, "SIP/2.0 200")
        let to = DemoCall.header("To", of: answer)
        let contact = DemoCall.header("Contact", of: answer).trimmingCharacters(in: CharacterSet(charactersIn: "<>"))
        caller.send(request("ACK", uri: contact, to: to), to: target)
        // The conversation: one second, kept by waiting for a message that does not come.
        if let early = caller.receive(within: 1) { throw CommandFailure(.failed, "the demo's call ended early: \(early.prefix(60))") }
        cseq = 2
        caller.send(request("BYE", uri: contact, to: to), to: target)
        _ = try expect(caller, "SIP/2.0 200")
    }

    private func answer() throws {
        let invite = try expect(callee, "INVITE ")
        let tag = "d\(UInt32.random(in: 0 ... .max))"
        func response(_ status: String, to request: String, body: String = "") -> String {
            let to = DemoCall.header("To", of: request)
            let content = body.isEmpty ? "" : "Content-Type: application/sdp\r\n"
            return "SIP/2.0 \(status)\r\nVia: \(DemoCall.header("Via", of: request))\r\nFrom: \(DemoCall.header("From", of: request))\r\n"
                + "To: \(to)\(to.contains(";tag=") ? "" : ";tag=\(tag)")\r\nCall-ID: \(DemoCall.header("Call-ID", of: request))\r\n"
                + "CSeq: \(DemoCall.header("CSeq", of: request))\r\nContact: <sip:\(callee.address)>\r\n"
                + "\(content)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        callee.send(response("100 Trying", to: invite), to: target)
        callee.send(response("183 Session Progress", to: invite, body: DemoCall.description(callee.address)), to: target)
        _ = callee.receive(within: 0.4)
        callee.send(response("200 OK", to: invite, body: DemoCall.description(callee.address)), to: target)
        _ = try expect(callee, "ACK ")
        let bye = try expect(callee, "BYE ")
        callee.send(response("200 OK", to: bye), to: target)
    }

    /// Waits up to five seconds for a message that begins so; provisional responses and repetitions are passed over.
    private func expect(_ peer: DemoPeer, _ beginning: String) throws -> String {
        for _ in 0..<20 {
            guard let message = peer.receive(within: 5) else { break }
            if message.hasPrefix(beginning) { return message }
            if message.hasPrefix("SIP/2.0 "), !message.hasPrefix("SIP/2.0 1") {
                throw CommandFailure(.failed, "the demo's \(peer.name) got \(message.prefix { $0 != "\r\n" })")
            }
        }
        throw CommandFailure(.failed, "the demo's \(peer.name) waited in vain for \(beginning)")
    }

    static func header(_ name: String, of message: String) -> String {
        for line in message.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].caseInsensitiveCompare(name) == .orderedSame { return parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return ""
    }

    private static func description(_ address: NetworkAddress) -> String {
        let host = address.hostDescription
        return "v=0\r\no=demo 1 1 IN IP4 \(host)\r\ns=-\r\nc=IN IP4 \(host)\r\nt=0 0\r\nm=audio \(address.port + 2) RTP/AVP 0 8 101\r\n"
            + "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
    }

    private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }
}
