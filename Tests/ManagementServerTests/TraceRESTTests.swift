import CallRecords
import ManagementAPI
import Testing
import Vocabulary

/// Traces over the REST interface: whose messages, in which form. How they look: `ManagementAPITests`.
@Suite struct TraceRESTTests {
    private static func message(_ callID: String, _ title: String = "INVITE sip:x SIP/2.0", seconds: Int64 = 0) -> TracedMessage {
        MemoryTrace.message("\(title)\r\nCall-ID: \(callID)\r\nCSeq: 1 INVITE\r\n\r\n", seconds: seconds)
    }

    private func titles(_ answer: RESTHarness.Answer) -> [String] {
        (answer.document["messages"]?.elements ?? []).compactMap { $0["startLine"]?.text }
    }

    @Test("a live call shows the messages of both legs and of every try, and nobody else's")
    func liveCall() async throws {
        let trace = MemoryTrace(kept: [
            Self.message("a1@example.net", "A SIP/2.0"), Self.message("earlier", "B SIP/2.0"), Self.message("b1@example.net", "C SIP/2.0"),
            Self.message("other", "D SIP/2.0"), Self.message("a1@example.net", "E SIP/2.0", seconds: -120),
        ])
        var sample = Sample.liveCall(1)
        sample.attemptCallIDs = ["earlier", sample.calleeCallID]
        let call = sample
        try await RESTHarness.run(liveCalls: [call], trace: trace) { server async throws in
            let answer = try await server.ask("GET", "/api/v1/calls/\(call.id)/trace")
            #expect(answer.status == 200)
            #expect(titles(answer) == ["A SIP/2.0", "B SIP/2.0", "C SIP/2.0"])
            #expect(answer.document["subject"]?.text == "call \(call.id)")
            #expect(answer.document["gap"]?.isNull == true)
        }
    }

    @Test("an ended call shows the messages around its time: a Call-ID may come again")
    func endedCall() async throws {
        // Record 2 was received at second 2 and ended at second 11.
        let trace = MemoryTrace(kept: [-59, -57, 2, 71, 72].map { Self.message("a", "M\($0) SIP/2.0", seconds: $0) })
        try await RESTHarness.run(records: 2, trace: trace) { server async throws in
            let answer = try await server.ask("GET", "/api/v1/calls/\(CallIdentifier(rawValue: 2))/trace")
            #expect(titles(answer) == ["M-57 SIP/2.0", "M2 SIP/2.0", "M71 SIP/2.0"])
            #expect(try await server.ask("GET", "/api/v1/calls/\(CallIdentifier(rawValue: 9))/trace").problem == "not-found")
            #expect(try await server.ask("GET", "/api/v1/calls/nonsense/trace").problem == "not-found")
        }
    }

    @Test("a registration is found by its status, and by what is stored of it when it is gone; the last messages are taken")
    func registrations() async throws {
        var trace = MemoryTrace(kept: (1...5).map { MemoryTrace.register("c@example.net", cseq: $0, seconds: Int64($0)) })
        trace.kept.append(MemoryTrace.register("before", cseq: 9, seconds: 9))
        trace.callIDs = ["gone": "before", "upstream-1": "c@example.net"]
        try await RESTHarness.run(trace: trace) { server async throws in
            server.control.setRegistrations([Sample.registration("upstream-1"), Sample.registration("never-sent") { $0.callID = "" }])
            let all = try await server.ask("GET", "/api/v1/registrations/upstream-1/trace")
            #expect(titles(all).count == 5)
            #expect(all.document["isCut"]?.text == "false")
            let last = try await server.ask("GET", "/api/v1/registrations/upstream-1/trace?limit=2")
            #expect(last.document["messages"]?.elements?.compactMap { $0["cseq"]?.text } == ["4 REGISTER", "5 REGISTER"])
            #expect(last.document["isCut"]?.text == "true")
            #expect(titles(try await server.ask("GET", "/api/v1/registrations/gone/trace")).count == 1)
            #expect(titles(try await server.ask("GET", "/api/v1/registrations/never-sent/trace")).isEmpty)
            #expect(try await server.ask("GET", "/api/v1/registrations/nobody/trace").problem == "not-found")
        }
    }

    @Test("the forms: JSON, a ladder as text, a capture file")
    func forms() async throws {
        let trace = MemoryTrace(kept: [MemoryTrace.register("c", cseq: 1)], callIDs: ["upstream-1": "c"], reason: "the disk is full")
        try await RESTHarness.run(trace: trace) { server async throws in
            let path = "/api/v1/registrations/upstream-1/trace"
            let json = try await server.ask("GET", path + "?format=json")
            #expect(json.headers["content-type"] == "application/json")
            #expect(json.document["gap"]?.text == "the disk is full")
            let ladder = try await server.ask("GET", path + "?format=ladder")
            #expect(ladder.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(ladder.text.contains("REGISTER (expires 0)"))
            #expect(ladder.text.hasSuffix("Messages are not kept at present: the disk is full\n"))
            let pcap = try await server.ask("GET", path + "?format=pcap")
            #expect(pcap.headers["content-type"] == "application/vnd.tcpdump.pcap")
            #expect(pcap.headers["content-length"] == "\(PacketCapture.bytes(Trace(of: "x", trace.kept)).count)")
            for query in ["format=svg", "limit=0", "limit=10001", "limit=x", "unmasked=perhaps", "other=1"] {
                #expect(try await server.ask("GET", path + "?" + query).problem == "malformed-request", "\(query)")
            }
        }
    }

    @Test("digest responses are hidden in every form unless they are asked for")
    func masking() async throws {
        let trace = MemoryTrace(kept: [MemoryTrace.register("c", cseq: 1)], callIDs: ["upstream-1": "c"])
        try await RESTHarness.run(trace: trace) { server async throws in
            for format in TraceFormat.allCases {
                let path = "/api/v1/registrations/upstream-1/trace?format=\(format.rawValue)"
                #expect(!(try await server.ask("GET", path).text.contains("0123456789abcdef")))
                #expect(!(try await server.ask("GET", path + "&unmasked=false").text.contains("0123456789abcdef")))
                let shown = try await server.ask("GET", path + "&unmasked=true").text.contains("0123456789abcdef")
                #expect(shown == (format != .ladder))
            }
        }
    }
}
