import CAllocationCount
import Glibc
import SDP
import SIPMessages
import Vocabulary

/// A typical INVITE parsed, against a `memchr` scan for its line ends in the same run, alternating.
enum ParseBench {
    /// About 1.1 KB, like a carrier's call with an offer.
    static let invite: String = {
        let body = """
            v=0
            o=user1 53655765 2353687637 IN IP4 192.0.2.11
            s=-
            c=IN IP4 192.0.2.11
            t=0 0
            m=audio 16384 RTP/AVP 8 0 18 101
            a=rtpmap:8 PCMA/8000
            a=rtpmap:0 PCMU/8000
            a=rtpmap:18 G729/8000
            a=fmtp:18 annexb=no
            a=rtpmap:101 telephone-event/8000
            a=fmtp:101 0-16
            a=ptime:20
            a=sendrecv

            """.withCRLF
        return """
            INVITE sip:+14155550100@192.0.2.20:5060;user=phone SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK-524287-1---0f3eb40b11f97a9c;rport
            Max-Forwards: 70
            From: "Example Caller" <sip:+14155550123@192.0.2.11>;tag=1928301774-524287
            To: <sip:+14155550100@192.0.2.20;user=phone>
            Call-ID: 1-24580@192.0.2.11-7f3a9c0b11f9
            CSeq: 1 INVITE
            Contact: <sip:+14155550123@192.0.2.11:5060;transport=udp>
            Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, OPTIONS, PRACK, UPDATE, INFO
            Supported: 100rel, timer, replaces
            Session-Expires: 1800;refresher=uac
            Min-SE: 90
            P-Asserted-Identity: <sip:+14155550123@192.0.2.11>
            Remote-Party-ID: <sip:+14155550123@192.0.2.11>;party=calling;screen=yes;privacy=off
            Accept: application/sdp
            User-Agent: Example Gateway 7.2.1
            Content-Type: application/sdp
            Content-Length: \(body.utf8.count)


            """.withCRLF + body
    }()

    /// Parses per round; the fastest of the rounds counts, since the machine may be shared.
    private static let repetitions = 20_000
    private static let rounds = 25

    /// Copies in memory that are read in turn, so that no work on one can be taken for another's.
    private static let copies = 16

    static func run() {
        let text = Array(invite.utf8)
        var parser = MessageParser()
        var scan = UInt64.max
        var parse = UInt64.max
        var check = UInt64.max
        var description = UInt64.max
        var allocations: UInt64 = 0
        precondition(cac_allocations() > 0, "the allocation counter is not in place")
        let all = (0..<copies).flatMap { _ in text }
        all.withBytes { all in
            func copy(_ i: Int) -> Bytes { all[(i % copies) * text.count..<(i % copies + 1) * text.count] }
            for round in 0..<rounds {
                scan = min(scan, measured { scanLines(copy($0)) })
                let before = cac_allocations()
                parse = min(parse, measured { parseOnce(copy($0), &parser) })
                let after = cac_allocations()
                // The first round may set up what lives as long as the program.
                if round > 0 { allocations += after - before }
                check = min(check, measured { parseAndCheck(copy($0), &parser) })
                description = min(description, measured { describe(copy($0), &parser) })
            }
        }
        func line(_ what: String, _ nanoseconds: UInt64) {
            let ratio = Double(nanoseconds) / Double(scan)
            report("INVITE of \(text.count) bytes: \(what)", Double(nanoseconds) / Double(repetitions), "ns, \(rounded(ratio)) times the scan")
        }
        line("memchr scan for its line ends", scan)
        line("parsed, with the fields every message needs", parse)
        line("the same, and all of a request's fields checked", check)
        line("the same as parsed, and its SDP read", description)
        report("allocations while parsing \((rounds - 1) * repetitions) messages", Double(allocations), "")
    }

    static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    private static func measured(_ body: (Int) -> Int) -> UInt64 {
        var sink = 0
        let start = now()
        for i in 0..<repetitions { sink &+= body(i) }
        let end = now()
        precondition(sink != 0)
        return end - start
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    @inline(never)
    private static func scanLines(_ bytes: Bytes) -> Int {
        var lines = 0
        var position = bytes.base
        let end = bytes.base + bytes.count
        while let newline = memchr(position, 0x0A, end - position) {
            lines += 1
            position = UnsafeRawPointer(newline) + 1
        }
        return lines
    }

    @inline(never)
    private static func parseOnce(_ bytes: Bytes, _ parser: inout MessageParser) -> Int {
        guard let message = parser.parse(bytes), let essentials = try? Essentials(message) else { return 0 }
        return essentials.fromTag.count + message.fieldCount
    }

    @inline(never)
    private static func parseAndCheck(_ bytes: Bytes, _ parser: inout MessageParser) -> Int {
        guard let message = parser.parse(bytes), let essentials = try? Essentials(message), (try? message.checkRequest()) != nil else { return 0 }
        return essentials.fromTag.count + message.fieldCount
    }

    @inline(never)
    private static func describe(_ bytes: Bytes, _ parser: inout MessageParser) -> Int {
        guard let message = parser.parse(bytes), let essentials = try? Essentials(message), let session = try? SessionDescription(message.body) else {
            return 0
        }
        return essentials.fromTag.count + session.mediaCount
    }
}

extension String {
    fileprivate var withCRLF: String { split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n") }
}
