import ArgumentParser
import Foundation
import Logging
import Synchronization

/// `tandem serve`: the switch itself, in the foreground.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the switch in the foreground.",
        discussion: """
            SIGTERM, SIGINT or tandem stop stops it in order: registrations at upstreams are withdrawn first, and the last lines say \
            what became of each. A second signal ends the wait for their answers. Calls that are up are taken up again at the next \
            start. SIGHUP reads certificates, files of passwords and the logging level again. A restart is the supervisor's: stop, \
            then start.
            """)

    @Option(name: .long, help: "The boot file. Otherwise ./tandem.yaml or /etc/tandem/tandem.yaml.")
    var config: String?

    func run() async throws {
        let bootFile = try BootFile.find(config)
        let logger = LogSetup.start(bootFile.loggingLevel)
        let signals = Signals.watch([SIGTERM, SIGINT, SIGHUP])
        let service = try await SwitchService.start(bootFile, logger: logger)
        let terminal = StopTerminal.standard
        let outcome = try await ServeLoop(
            service: service, logger: logger, terminal: terminal,
            readAgain: {
                await service.reload()
                LogSetup.readLevelAgain(config, logger: logger)
            }
        ).run(signals) { address in
            logger.info("ready", metadata: ["management": "http://\(address)", "node": "\(bootFile.node)"])
        }
        logger.info("stopped")
        terminal.show(outcome.lines)
    }
}

/// Where the log goes: standard error, one line per event, with its metadata.
enum LogSetup {
    private static let level = Mutex(Logger.Level.info)

    static func start(_ level: Logger.Level) -> Logger {
        setLevel(level)
        LoggingSystem.bootstrap { AdjustableLogHandler(inner: StreamLogHandler.standardError(label: $0)) }
        return Logger(label: "tandem")
    }

    static func setLevel(_ new: Logger.Level) { level.withLock { $0 = new } }

    /// Takes the logging level out of the boot file again; a file that cannot be used changes nothing.
    static func readLevelAgain(_ config: String?, logger: Logger) {
        do {
            let level = try BootFile.find(config).loggingLevel
            setLevel(level)
            logger.notice("logging level read again", metadata: ["level": "\(level)"])
        } catch {
            logger.error("the logging level stays as it was", metadata: ["problems": "\(error.lines.joined(separator: "; "))"])
        }
    }

    /// Every logger of the process has the level that is set at the moment, unless it was given one of its own.
    private struct AdjustableLogHandler: LogHandler {
        var inner: StreamLogHandler
        var ownLevel: Logger.Level?

        var logLevel: Logger.Level {
            get { ownLevel ?? LogSetup.level.withLock { $0 } }
            set { ownLevel = newValue }
        }
        var metadata: Logger.Metadata {
            get { inner.metadata }
            set { inner.metadata = newValue }
        }
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { inner[metadataKey: key] }
            set { inner[metadataKey: key] = newValue }
        }
        func log(event: LogEvent) { inner.log(event: event) }
    }
}
