import CallRecords
import Dispatch
import Logging
import ManagementAPI
import SIPTransport
import Synchronization
import Vocabulary

/// Logs each registration's change of state and keeps the last thousand. Renewals, of which there are
/// very many, are logged at debug and not kept.
final class RegistrationEventLog: NoticeSink {
    /// Events that are kept.
    static let capacity = 1000
    /// Events that may wait for the log's output; what finds no room is counted and told.
    static let longestQueue = 20_000

    private struct Content {
        var lastID: Int64 = 0
        var alarms: UInt64 = 0
        /// A ring, oldest first from `head` on.
        var events: [NumberedRegistrationEvent] = []
        var head = 0
        /// What is still to be logged.
        var queue: [RegistrationEvent] = []
        var unlogged = 0
    }

    private let content = Mutex(Content())
    let logger: Logger
    /// Writes the log: a shard's thread never waits for its output.
    let writing = DispatchQueue(label: "tandem.registrations.log")

    init(logger: Logger) { self.logger = logger }

    /// Newest first.
    var events: [NumberedRegistrationEvent] {
        content.withLock { Array(($0.events[$0.head...] + $0.events[..<$0.head]).reversed()) }
    }

    /// Events that somebody should look into, since the start.
    var alarms: UInt64 { content.withLock { $0.alarms } }

    func registrationsChanged(_ events: [RegistrationEvent]) {
        let isFirst = content.withLock { content -> Bool in
            let isFirst = content.queue.isEmpty
            for event in events {
                if !event.isRoutine { RegistrationEventLog.keep(event, in: &content) }
                if content.queue.count < RegistrationEventLog.longestQueue { content.queue.append(event) } else { content.unlogged += 1 }
            }
            return isFirst
        }
        if isFirst { writing.async { self.write() } }
    }

    /// Returns when everything that was told before is logged.
    func flush() { writing.sync {} }

    private func write() {
        let (events, unlogged) = content.withLock { content in
            defer { (content.queue, content.unlogged) = ([], 0) }
            return (content.queue, content.unlogged)
        }
        for event in events { log(event) }
        if unlogged > 0 { logger.warning("changes of registrations came faster than they could be logged", metadata: ["lost": "\(unlogged)"]) }
    }

    private static func keep(_ event: RegistrationEvent, in content: inout Content) {
        content.lastID += 1
        if event.isAlarming { content.alarms += 1 }
        let numbered = NumberedRegistrationEvent(id: content.lastID, event: event)
        if content.events.count < capacity {
            content.events.append(numbered)
        } else {
            content.events[content.head] = numbered
            content.head = (content.head + 1) % capacity
        }
    }

    private func log(_ event: RegistrationEvent) {
        let status = event.status
        let level: Logger.Level = event.isRoutine ? .debug : event.isAlarming ? .warning : .info
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = ["name": "\(status.name)", "state": "\(status.state.rawValue)"]
        if !status.reason.isEmpty { metadata["reason"] = "\(TableText.printable(status.reason))" }
        if !status.upstream.isEmpty { metadata["upstream"] = "\(status.upstream)" }
        if status.boundUntil.isSet { metadata["until"] = "\(status.boundUntil.rfc3339)" }
        if status.nextTryAt.isSet, event.isAlarming { metadata["nextTry"] = "\(status.nextTryAt.rfc3339)" }
        logger.log(level: level, "registration changed", metadata: metadata)
    }
}
