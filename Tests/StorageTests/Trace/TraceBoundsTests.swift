import CallRecords
import Foundation
import Glibc
import Storage
import Synchronization
import Testing
import Vocabulary

/// What the trace does at its bounds: of size, of age, of the disk and of what may wait for it.
@Suite("The trace's bounds", .timeLimit(.minutes(2)))
struct TraceBoundsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("beyond the bound of size the oldest messages go, by whole files, and the newest stay")
    func size() throws {
        var settings = TestTrace.settings
        settings.maximumBytes = 1 << 20
        let trace = try TestTrace(folder, settings)
        for number in 0..<400 {
            trace.submit(tracedMessage("a", number, at: .seconds(Int64(number)), padding: 8_000))
            if number % 50 == 49 {
                let found = try trace.messages("a")
                #expect(found.last == tracedMessage("a", number, at: .seconds(Int64(number)), padding: 8_000))
                #expect(try folder.bytesOfTrace() <= settings.maximumBytes)
                #expect(trace.store.statistics.bytes <= settings.maximumBytes)
                #expect(number < 120 || found.count > 90)
            }
        }
        trace.store.close()
        #expect(try folder.bytesOfTrace() <= settings.maximumBytes)
        // A smaller bound at the next start holds at once.
        settings.maximumBytes = 512 << 10
        let next = try TestTrace(folder, settings)
        #expect(try next.messages("a").last == tracedMessage("a", 399, at: .seconds(399), padding: 8_000))
        #expect(try folder.bytesOfTrace() <= settings.maximumBytes)
        next.store.close()
    }

    @Test("messages beyond the bound of age go, those within it stay")
    func age() throws {
        var settings = TestTrace.settings
        settings.maximumAge = .seconds(800)
        let trace = try TestTrace(folder, settings)
        for number in 0..<20 {
            trace.clock.set(.seconds(Int64(number) * 100))
            trace.submit(tracedMessage("a", number, at: .seconds(Int64(number) * 100)))
            _ = try trace.messages("a")
        }
        let kept = try trace.messages("a").map { $0.envelope.connection }
        // Files cover an eighth of the age, so that much more may stay.
        #expect(kept == Array(11...19) || kept == Array(10...19))
        trace.store.close()

        let clock = TraceClock()
        clock.set(.seconds(5_000))
        let next = try TestTrace(folder, settings, clock: clock)
        #expect(try next.messages("a").isEmpty)
        next.store.close()
        #expect(try folder.traceFiles("").isEmpty)
    }

    @Test("while the disk refuses, messages are dropped and counted, the reason stands, and it is reported once", arguments: [ENOSPC, EIO])
    func refusingDisk(code: Int32) throws {
        let failure = Mutex<Int32>(0)
        let trace = try TestTrace(folder, fault: { failure.withLock { $0 } })
        trace.submit(tracedMessage("a", 1))
        _ = try trace.messages("a")
        failure.withLock { $0 = code }
        trace.submit(tracedMessage("a", 2), tracedMessage("a", 3))
        trace.submit(tracedMessage("a", 4))
        #expect(try trace.messages("a") == [tracedMessage("a", 1)])
        #expect(trace.store.statistics.messagesKept == 1)
        #expect(trace.store.statistics.messagesLost == 3)
        let reason = try #require(trace.store.statistics.pauseReason)
        #expect(reason.contains(String(cString: strerror(code))))
        #expect(trace.reports.all == [.paused(reason: reason)])
        trace.store.close()

        let next = try TestTrace(folder)
        #expect(try next.messages("a") == [tracedMessage("a", 1)])
        next.store.close()
    }

    @Test("after the pause the disk is tried again; what was kept before and what comes after are both there")
    func resumed() throws {
        let failure = Mutex<Int32>(0)
        var settings = TestTrace.settings
        settings.retryInterval = .zero
        let trace = try TestTrace(folder, settings, fault: { failure.withLock { $0 } })
        trace.submit(tracedMessage("a", 1))
        _ = try trace.messages("a")
        failure.withLock { $0 = ENOSPC }
        trace.submit(tracedMessage("a", 2))
        _ = try trace.messages("a")
        failure.withLock { $0 = 0 }
        trace.submit(tracedMessage("a", 3))
        #expect(try trace.messages("a") == [tracedMessage("a", 1), tracedMessage("a", 3)])
        #expect(trace.store.statistics.pauseReason == nil)
        #expect(trace.reports.all.last == .resumed(messagesLost: 1))
        trace.store.close()
    }

    @Test("the trace leaves the disk's last bytes to the ledger")
    func freeSpace() throws {
        var settings = TestTrace.settings
        settings.minimumFreeBytes = .max
        let trace = try TestTrace(folder, settings)
        trace.submit(tracedMessage("a", 1))
        #expect(try trace.messages("a").isEmpty)
        #expect(trace.store.statistics.pauseReason?.contains("left to the ledger") == true)
        trace.store.close()
    }

    @Test("a batch beyond the bound of what may wait is refused, and stays with its shard")
    func waiting() throws {
        let mayWrite = DispatchSemaphore(value: 0)
        let writes = DispatchSemaphore(value: 0)
        var settings = TestTrace.settings
        settings.maximumWaitingBytes = 10_000
        let trace = try TestTrace(
            folder, settings,
            fault: {
                writes.signal()
                mayWrite.wait()
                return 0
            })
        trace.submit(tracedMessage("a", 1))
        writes.wait()
        // The writer is busy with the first batch: two more fit, the third does not.
        func stream(_ number: Int) -> TraceStream {
            let message = tracedMessage("a", number, padding: 4_000)
            var stream = TraceStream()
            message.bytes.withBytes { stream.append($0, message.envelope) }
            return stream
        }
        var refused = stream(4)
        var (second, third) = (stream(2), stream(3))
        #expect(trace.store.submit(&second, lost: 0))
        #expect(second.isEmpty)
        #expect(trace.store.submit(&third, lost: 0))
        #expect(!trace.store.submit(&refused, lost: 7))
        #expect(refused.count == 1)
        for _ in 0..<3 { mayWrite.signal() }
        #expect(try trace.messages("a").count == 3)
        mayWrite.signal()
        while !trace.store.submit(&refused, lost: 7) {}
        #expect(try trace.messages("a").count == 4)
        #expect(trace.store.statistics.messagesLost == 7)
        trace.store.close()
    }

    @Test("a trace that is closed takes nothing more and holds nobody up")
    func closed() throws {
        let trace = try TestTrace(folder)
        trace.store.close()
        trace.submit(tracedMessage("a", 1))
        #expect(try trace.messages("a").isEmpty)
    }
}
