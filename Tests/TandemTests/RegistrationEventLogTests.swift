import CallRecords
import Foundation
import Logging
import ManagementAPI
import Synchronization
import Testing
import Vocabulary

@testable import tandem

@Suite struct RegistrationEventLogTests {
    /// Keeps what is logged.
    private struct Recorder: LogHandler {
        final class Lines: Sendable { let all = Mutex<[(level: Logger.Level, text: String)]>([]) }
        let lines = Lines()
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            lines.all.withLock { $0.append((event.level, "\(event.message) \(metadata)")) }
        }
    }

    @Test("good changes are told, alarms are warnings, renewals are for debugging and not kept")
    func levels() {
        let recorder = Recorder()
        let log = RegistrationEventLog(logger: Logger(label: "test") { _ in recorder })
        log.registrationsChanged([
            Sample.event(1, "a", from: .registering, to: .registered).event, Sample.event(2, "a", from: .registered, to: .refreshing).event,
            Sample.event(3, "a", from: .refreshing, to: .registered).event, Sample.event(4, "b", from: .registering, to: .credentialsRefused).event,
            Sample.event(5, "c", from: .withdrawing, to: .withdrawalFailed).event,
        ])
        log.flush()
        #expect(recorder.lines.all.withLock { $0.map(\.level) } == [.info, .debug, .debug, .warning, .warning])
        let first = recorder.lines.all.withLock { $0[0].text }
        #expect(first == "registration changed name=a state=registered until=2026-01-01T01:00:00.000Z upstream=192.0.2.10:5060 udp")
        #expect(log.events.map(\.event.status.name) == ["c", "b", "a"], "newest first")
        #expect(log.events.map(\.id) == [3, 2, 1])
        #expect(log.alarms == 2)
    }

    @Test("control characters of an upstream's reason do not reach the log")
    func printable() {
        let recorder = Recorder()
        let log = RegistrationEventLog(logger: Logger(label: "test") { _ in recorder })
        var event = Sample.event(1, "a", from: .registering, to: .waitingToRetry).event
        event.status.reason = "503 \u{1B}[2J"
        log.registrationsChanged([event])
        log.flush()
        #expect(recorder.lines.all.withLock { $0[0].text.contains("reason=503 \\u{1b}[2J") })
    }

    @Test("what comes faster than it can be logged is bounded and told")
    func floods() {
        let recorder = Recorder()
        let log = RegistrationEventLog(logger: Logger(label: "test") { _ in recorder })
        let event = Sample.event(1, "a", from: .registering, to: .registered).event
        log.registrationsChanged(Array(repeating: event, count: RegistrationEventLog.longestQueue + 3))
        log.flush()
        let lines = recorder.lines.all.withLock { $0.map(\.text) }
        #expect(lines.count == RegistrationEventLog.longestQueue + 1)
        #expect(lines.last == "changes of registrations came faster than they could be logged lost=3")
    }

    @Test("the last thousand events are kept")
    func bound() {
        let log = RegistrationEventLog(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for number in 1...1_234 {
            log.registrationsChanged([Sample.event(Int64(number), "r\(number)", from: .registering, to: .registered).event])
        }
        #expect(log.events.count == RegistrationEventLog.capacity)
        #expect(log.events.first?.event.status.name == "r1234")
        #expect(log.events.last?.event.status.name == "r235")
        #expect(log.events.map(\.id) == (235...1234).reversed())
    }
}

@Suite struct SecretFileTests {
    private func read(_ bytes: [UInt8]?) throws -> Result<String, SecretReader.Fault> {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-secret-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
        return SecretReader.files.read(path)
    }

    @Test("a file's text loses one line feed at its end")
    func text() throws {
        #expect(try read(Array("secret\n".utf8)).get() == "secret")
        #expect(try read(Array(" s ".utf8)).get() == " s ")
        #expect(try read(Array(repeating: 0x61, count: 256)).get().utf8.count == 256)
    }

    @Test(
        "a file that is missing, empty, too long, of several lines or no text is refused",
        arguments: [
            nil, [], [0x0A], Array(repeating: 0x61, count: 257), Array(repeating: 0x61, count: 10_000), Array("a\nb\n".utf8), [0xFF, 0xFE],
        ] as [[UInt8]?])
    func refused(bytes: [UInt8]?) throws {
        #expect(throws: SecretReader.Fault.self) { try read(bytes).get() }
    }

    @Test("a folder is no file")
    func folder() {
        #expect(throws: SecretReader.Fault.self) { try SecretReader.files.read("/").get() }
    }
}
