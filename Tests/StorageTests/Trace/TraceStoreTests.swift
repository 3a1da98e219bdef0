import CallRecords
import Foundation
import ManagementAPI
import Storage
import Testing
import Vocabulary

/// Keeping and finding messages in the trace's files, over ends of the process of every kind.
@Suite("The trace", .timeLimit(.minutes(2)))
struct TraceStoreTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a message comes back whole: time, direction, transport, both addresses, connection, bytes")
    func whole() throws {
        let trace = try TestTrace(folder)
        let messages = (0..<6).map { tracedMessage("a", $0, at: .milliseconds(Int64($0))) }
        trace.submit(messages)
        #expect(try trace.messages("a") == messages)
        trace.store.close()
        #expect(try trace.messages("a") == messages)
        #expect(trace.reports.all.isEmpty)
    }

    @Test("only messages of the Call-IDs asked for are found, whatever the form of the header field")
    func callIDs() throws {
        let trace = try TestTrace(folder)
        func message(_ field: String) -> TracedMessage {
            var message = tracedMessage("")
            message.bytes = Array("OPTIONS sip:example.net SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\(field)\r\nContent-Length: 0\r\n\r\n".utf8)
            return message
        }
        let forms = ["Call-ID: x@y", "i:x@y", "CALL-ID  :  x@y  ", "call-id:\r\n x@y", "I: x@y\r\nCall-ID: z"].map(message)
        let others = ["Call-ID: X@y", "Call-ID: x@y2", "Call-ID:", "Calls-ID: x@y", "Subject: a\r\n Call-ID: x@y"].map(message)
        let bodied = message("Content-Length: 9\r\n\r\nCall-ID: x@y")
        trace.submit(forms + others + [bodied])
        trace.submit(tracedMessage("other"))
        #expect(try trace.messages("x@y") == forms)
        #expect(try trace.messages("other", "nothing") == [tracedMessage("other")])
        #expect(try trace.messages("nothing").isEmpty)
        #expect(try trace.messages().isEmpty)
        trace.store.close()
    }

    @Test("messages of several segments and batches come in the order of time, within the time and the limit asked for")
    func order() throws {
        var settings = TestTrace.settings
        settings.segmentBytes = 1
        let trace = try TestTrace(folder, settings)
        // Each batch is a segment of its own size; two shards hand over with crossed times.
        let messages = (0..<40).map { tracedMessage($0 % 2 == 0 ? "a" : "b", $0, at: .seconds(Int64($0)), padding: 9_000) }
        for start in stride(from: 0, to: 40, by: 8) {
            trace.submit((start..<start + 8).filter { $0 % 3 == 0 }.map { messages[$0] })
            trace.submit((start..<start + 8).filter { $0 % 3 != 0 }.map { messages[$0] })
        }
        #expect(try trace.messages("a", "b") == messages)
        #expect(try folder.traceFiles().count > 4)
        let reader = trace.store.reader
        let within = try reader.messages(callIDs: ["a", "b"], from: traceStart + .seconds(5), to: traceStart + .seconds(9), limit: 100)
        #expect(within == Array(messages[5...9]))
        #expect(try reader.messages(callIDs: ["a", "b"], limit: 3) == Array(messages[..<3]))
        #expect(try reader.messages(callIDs: ["a", "b"], limit: 3, preferring: .newest) == Array(messages[37...]))
        #expect(try reader.messages(callIDs: ["a"], limit: 0).isEmpty)
        trace.store.close()
    }

    @Test("the next process finds what this one kept, and goes on in files of its own")
    func nextProcess() throws {
        var expected: [TracedMessage] = []
        for process in 0..<3 {
            let trace = try TestTrace(folder)
            #expect(try trace.messages("a") == expected)
            expected.append(tracedMessage("a", process, at: .seconds(Int64(process))))
            trace.submit(expected[process])
            #expect(try trace.messages("a") == expected)
            trace.store.close()
        }
        #expect(try folder.traceFiles().count == 3)
        #expect(try folder.traceFiles(".index").count == 3)
    }

    @Test("a process that leaves no message leaves no file")
    func nothing() throws {
        for _ in 0..<2 {
            let trace = try TestTrace(folder)
            #expect(try trace.messages("a").isEmpty)
            trace.store.close()
        }
        #expect(try folder.traceFiles("").isEmpty)
    }

    @Test("what a killed process wrote is there, and a message that it wrote in part is cut off cleanly")
    func tornEnd() throws {
        let trace = try TestTrace(folder)
        let messages = (0..<5).map { tracedMessage("a", $0, at: .milliseconds(Int64($0))) }
        trace.submit(messages)
        _ = try trace.messages("a")
        let damages: [(bytes: Int, change: (inout Data) -> Void, kept: Int)] = [
            (0, { _ in }, 5), (1, { $0.removeLast(1) }, 4), (2, { $0.removeLast(messages[4].bytes.count + 10) }, 4),
            (3, { $0[$0.count - 5] ^= 1 }, 4), (4, { $0.append(contentsOf: [UInt8](repeating: 0x54, count: 100)) }, 5),
            (5, { $0 = $0.prefix(40) }, 0), (6, { $0 = $0.prefix(3) }, 0), (7, { $0 = Data() }, 0),
        ]
        for damage in damages {
            let afterwards = try TemporaryFolder()
            try folder.copyTrace(to: afterwards)
            let path = try #require(try afterwards.traceFiles().first)
            var contents = try Data(contentsOf: URL(fileURLWithPath: path))
            damage.change(&contents)
            try contents.write(to: URL(fileURLWithPath: path))
            for round in 0..<2 {
                let next = try TestTrace(afterwards)
                #expect(try next.messages("a") == Array(messages.prefix(damage.kept)), "damage \(damage.bytes)")
                let isCut = next.reports.all.contains { if case .cut = $0 { true } else { false } }
                #expect(isCut == (round == 0 && [1, 2, 3, 4, 5].contains(damage.bytes)), "damage \(damage.bytes)")
                next.store.close()
            }
            #expect(try afterwards.traceFiles().isEmpty == (damage.kept == 0))
        }
        trace.store.close()
    }

    @Test("an index that is missing, damaged or of another length is made anew")
    func indexRebuild() throws {
        let first = try TestTrace(folder)
        let messages = (0..<200).map { tracedMessage("call-\($0 % 7)", $0, at: .milliseconds(Int64($0))) }
        first.submit(messages)
        first.store.close()
        let index = try #require(try folder.traceFiles(".index").first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: index))
        let damages: [(Data) -> Data?] = [
            { _ in nil }, { $0.prefix(20) }, { $0.dropLast() }, { $0 + [0] },
            { Self.changed($0, at: 60) }, { Self.changed($0, at: 9) }, { _ in Data() },
        ]
        for damage in damages {
            if let damaged = damage(whole) {
                try damaged.write(to: URL(fileURLWithPath: index))
            } else {
                try FileManager.default.removeItem(atPath: index)
            }
            let next = try TestTrace(folder)
            #expect(try next.messages("call-3") == messages.filter { $0.callID == "call-3" })
            next.store.close()
            #expect(try Data(contentsOf: URL(fileURLWithPath: index)) == whole)
        }
    }

    private static func changed(_ data: Data, at position: Int) -> Data {
        var copy = data
        copy[position] ^= 1
        return copy
    }

    @Test("a file of another kind is left alone, and half an index of a process that died is deleted")
    func otherFile() throws {
        try FileManager.default.createDirectory(atPath: folder.file("trace"), withIntermediateDirectories: false)
        let strange = folder.file("trace/0000000007.segment")
        let draft = folder.file("trace/0000000003.index.123.new")
        try Data("half an index".utf8).write(to: URL(fileURLWithPath: draft))
        try Data("something else".utf8).write(to: URL(fileURLWithPath: strange))
        let trace = try TestTrace(folder)
        trace.submit(tracedMessage("a"))
        #expect(try trace.messages("a") == [tracedMessage("a")])
        trace.store.close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: strange)) == Data("something else".utf8))
        #expect(!FileManager.default.fileExists(atPath: draft))
        #expect(try folder.traceFiles().count == 2)
    }

    @Test("readers find whole messages while the writer writes, rolls over and deletes")
    func manyReaders() async throws {
        var settings = TestTrace.settings
        settings.segmentBytes = 1
        settings.maximumBytes = 1 << 20
        let trace = try TestTrace(folder, settings)
        await withTaskGroup(of: Void.self) { group in
            for reader in 0..<4 {
                group.addTask {
                    for _ in 0..<40 {
                        let found = (try? trace.messages("call-\(reader)")) ?? []
                        #expect(found.allSatisfy { $0.callID == "call-\(reader)" })
                        #expect(found == found.sorted { $0.envelope.at < $1.envelope.at })
                        #expect(zip(found, found.dropFirst()).allSatisfy { $1.envelope.at.microseconds - $0.envelope.at.microseconds == 4_000 })
                    }
                }
            }
            group.addTask {
                for number in 0..<2_000 {
                    trace.submit(tracedMessage("call-\(number % 4)", number, at: .milliseconds(Int64(number)), padding: 1_000))
                }
            }
        }
        let last = try #require(try trace.messages("call-3").last)
        #expect(last == tracedMessage("call-3", 1_999, at: .milliseconds(1_999), padding: 1_000))
        #expect(try folder.bytesOfTrace() <= 1 << 20)
        trace.store.close()
    }

    @Test("the files of the trace are its owner's only")
    func rights() throws {
        let trace = try TestTrace(folder)
        trace.submit(tracedMessage("a"))
        trace.store.close()
        for (path, expected) in try [(folder.file("trace"), 0o700)] + folder.traceFiles("").map({ ($0, 0o600) }) {
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == expected, "\(path)")
        }
    }

    @Test("a shard gets back the memory of what it handed over, once that is written")
    func memoryReturns() throws {
        let trace = try TestTrace(folder)
        let message = tracedMessage("a", padding: 200_000)
        func place(_ stream: TraceStream) -> UnsafeRawPointer? { stream.bytes.withUnsafeBytes { $0.baseAddress } }
        var stream = TraceStream()
        message.bytes.withBytes { stream.append($0, message.envelope) }
        let first = place(stream)
        while !trace.store.submit(&stream, lost: 0) {}
        _ = try trace.messages("a")
        message.bytes.withBytes { stream.append($0, message.envelope) }
        #expect(place(stream) != first)
        while !trace.store.submit(&stream, lost: 0) {}
        message.bytes.withBytes { stream.append($0, message.envelope) }
        #expect(place(stream) == first)
        trace.store.close()
    }

    @Test("a search reads each segment's index and what it names, not the contents")
    func cost() throws {
        var settings = TestTrace.settings
        settings.segmentBytes = 1 << 20
        let trace = try TestTrace(folder, settings)
        let batch = (0..<100).map { tracedMessage("bulk-\($0)", $0, padding: 500) }
        for _ in 0..<200 { trace.submit(batch) }
        trace.submit(tracedMessage("needle", 1))
        for _ in 0..<200 { trace.submit(batch) }
        _ = try trace.messages("needle")
        let kept = Int(trace.store.statistics.bytes)
        #expect(kept > 20 << 20)
        let before = try bytesReadByThread()
        #expect(try trace.messages("needle") == [tracedMessage("needle", 1)])
        #expect(try bytesReadByThread() - before < kept / 10)
        trace.store.close()
    }

    /// What this thread has asked the system to read since it began; what the kernel's file says of it is read as well.
    private func bytesReadByThread() throws -> Int {
        let text = try String(contentsOfFile: "/proc/thread-self/io", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("rchar: ") })
        return try #require(Int(line.dropFirst("rchar: ".count)))
    }
}
