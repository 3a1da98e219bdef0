import CallRecords
import Foundation
import Logging
import ManagementAPI
import ManagementServer
import Testing
import Vocabulary

@testable import tandem

/// `tandem trace` against a server with a trace in memory, and against a whole switch with its own.
@Suite("tandem trace", .timeLimit(.minutes(1)))
struct TraceCommandTests {
    private static let registered = MemoryTrace(
        kept: [MemoryTrace.register("c", cseq: 1), MemoryTrace.register("c", cseq: 2, seconds: 1), MemoryTrace.register("a", cseq: 3, seconds: 1)],
        callIDs: ["upstream-1": "c"])

    @Test("a call and a registration are drawn; JSON and a capture file hold their messages")
    func forms() async throws {
        try await CommandHarness.run(records: 1, trace: Self.registered) { harness in
            let call = await harness.tandem("trace", CallIdentifier(rawValue: 1).description)
            #expect(call.status == .done)
            #expect(call.output.contains("3 REGISTER"))
            let ladder = await harness.tandem("trace", "registration", "upstream-1")
            #expect(ladder.output.contains("REGISTER (expires 0)"))
            #expect(ladder.output.contains("1 REGISTER, with credentials"))
            let last = await harness.tandem("trace", "registration", "upstream-1", "--limit", "1", "-o", "json")
            let document = try DocumentNode(json: last.output)
            #expect(document["messages"]?.elements?.compactMap { $0["cseq"]?.text } == ["2 REGISTER"])
            let capture = await harness.tandem("trace", "registration", "upstream-1", "-o", "pcap")
            #expect(capture.status == .done)
            #expect(capture.output.contains("CSeq: 2 REGISTER"))
        }
    }

    @Test("credentials are shown only when asked for")
    func masking() async throws {
        try await CommandHarness.run(trace: Self.registered) { harness in
            for format in ["ladder", "json", "pcap"] {
                let masked = await harness.tandem("trace", "registration", "upstream-1", "-o", format)
                #expect(masked.status == .done && !masked.output.contains("0123456789abcdef"))
            }
            let shown = await harness.tandem("trace", "registration", "upstream-1", "-o", "json", "--unmasked")
            #expect(shown.output.contains("0123456789abcdef"))
        }
    }

    @Test("what does not exist, and what is wrong on the command line, is told with its exit status")
    func refusals() async throws {
        try await CommandHarness.run(trace: Self.registered) { harness in
            #expect(await harness.tandem("trace", "nonsense").status == .failed)
            #expect(await harness.tandem("trace", "registration", "nobody").errors.contains("nobody"))
            #expect(await harness.tandem("trace", "x", "--limit", "0").status == .wrongUsage)
            #expect(await harness.tandem("trace", "x", "-o", "svg").status == .wrongUsage)
            #expect(await harness.tandem("trace").status == .wrongUsage)
        }
        let console = Console(
            write: { _, _ in }, readInput: { Data() }, writeBytes: { _ in Issue.record("bytes on a terminal") }, isTerminal: { true })
        let status = await Console.$current.withValue(console) { await Program.run(["trace", "x", "-o", "pcap", "--config", "none"]) }
        #expect(status == .wrongUsage)
    }

    @Test("a running switch shows a call's messages at once, and the next switch on its folder still does")
    func wholeSwitch() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-trace-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var bootFile = BootFile(dataFolder: folder)
        bootFile.listeners = [ListenerDescription(transport: .udp, local: NetworkAddress(ipv4: 0x7F00_0001, port: 0))]
        bootFile.trace.minimumFreeBytes = 0
        let expected = ["<INVITE", ">INVITE", ">100", "<100", "<183", ">183", "<200", ">200", "<ACK", ">ACK", "<BYE", ">BYE", "<200", ">200"]
        let callIDs = try await Self.serve(bootFile) { service in
            let caller = try DemoPeer(name: "caller")
            let callee = try DemoPeer(name: "callee")
            try await Demo.configure(service, callee: callee.address)
            try await DemoCall(caller: caller, callee: callee, target: service.runtime.listeners[0].local).run()
            let record = try await Demo.record(service)
            let callIDs = Set([record.callerCallID] + record.attempts.map(\.callID))
            #expect(try await Self.steps(callIDs, service).sorted() == expected.sorted())
            #expect(await service.trace.gap() == nil)
            return callIDs
        }
        let afterwards = try await Self.serve(bootFile) { try await Self.steps(callIDs, $0) }
        #expect(afterwards.count == expected.count)
        bootFile.trace.isEnabled = false
        try await Self.serve(bootFile) { service in
            let steps = try await Self.steps(callIDs, service)
            #expect(steps.count == expected.count)
            #expect(await service.trace.gap()?.contains("switched off") == true)
        }
    }

    /// Starts a switch, runs the body, and stops it; its data folder is free afterwards.
    private static func serve<R>(_ bootFile: BootFile, _ body: (SwitchService) async throws -> R) async throws -> R {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let service = try await SwitchService.start(bootFile, logger: logger)
        let outcome: Result<R, any Error>
        do { outcome = .success(try await body(service)) } catch { outcome = .failure(error) }
        await service.stop()
        return try outcome.get()
    }

    /// `<INVITE` for a request received, `>200` for a response sent.
    private static func steps(_ callIDs: Set<String>, _ service: SwitchService) async throws -> [String] {
        try await service.trace.messages(callIDs: callIDs, from: nil, to: nil, limit: 100, preferring: .oldest).map {
            ($0.envelope.direction == .received ? "<" : ">") + ($0.method ?? "\($0.status ?? 0)")
        }
    }
}
