import Logging
import SwitchCore
import Synchronization
import Vocabulary

@testable import SIPTransport

/// A hub of streams with one shard's mailbox and sender, and what it logged.
final class HubHarness: Sendable {
    let hub: StreamHub
    let mailbox: Mailbox
    let sender: StreamSender
    let log = LogLines()
    private let transport: TransportKind
    private let arrived = Mutex<(failures: [Flow], messages: [String])>(([], []))

    init(
        _ transport: TransportKind, settings: StreamSettings = StreamSettings(), tls: TLSSettings? = nil, names: ServerNames = ServerNames()
    ) async throws {
        self.transport = transport
        mailbox = try Mailbox()
        hub = try await StreamHub(
            settings: settings, listeners: [loopback(transport)], mailboxes: [mailbox], tls: try tls.map { try TLSLayer($0, names: names) },
            problems: ConnectionProblems(logger: log.logger), owner: { _, _ in 0 })
        sender = StreamSender(shard: 0, hub: hub)
    }

    func flow(to remote: NetworkAddress) -> Flow { Flow(transport: transport, listener: 0, remote: remote) }

    /// Sends a message to an address.
    func send(_ text: String, to remote: NetworkAddress) {
        _ = text.withBytes { sender.append($0, to: flow(to: remote)) }
        sender.flush()
    }

    /// The next flow that is reported as failed; nil when the test's time is over.
    func nextFailure() async -> Flow? {
        while !Task.isCancelled {
            poll()
            if let failed = arrived.withLock({ $0.failures.isEmpty ? nil : $0.failures.removeFirst() }) { return failed }
            await Task.yield()
        }
        return nil
    }

    /// The next message that comes in; nil when the test's time is over.
    func nextMessage() async -> String? {
        while !Task.isCancelled {
            poll()
            if let message = arrived.withLock({ $0.messages.isEmpty ? nil : $0.messages.removeFirst() }) { return message }
            await Task.yield()
        }
        return nil
    }

    private func poll() {
        var contents = Mailbox.Contents(bounds: mailbox.bounds)
        _ = mailbox.take(into: &contents)
        arrived.withLock { arrived in
            arrived.failures += contents.failures
            for index in 0..<contents.messages.count {
                arrived.messages.append(Bytes(UnsafeRawBufferPointer(contents.messages.message(at: index))).string)
            }
        }
    }

    /// The reason that stands for an address.
    func problem(_ remote: NetworkAddress) -> String? { hub.connectionProblems.first { $0.address == remote }?.reason }

    func stop() async { await hub.stop() }
}

/// Log lines as text, level and metadata's reason with the message.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(lines: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata?["reason"].map { ": \($0)" } ?? ""
            lines.lines.withLock { $0.append("\(event.level) \(event.message)\(reason)") }
        }
    }
}
