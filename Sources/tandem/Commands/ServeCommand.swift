import ArgumentParser
import Foundation
import Logging

/// `tandem serve`: the switch itself, in the foreground.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the switch in the foreground.",
        discussion: "SIGTERM or SIGINT stops it in order; calls that are up are taken up again at the next start.")

    @Option(name: .long, help: "The boot file. Otherwise ./tandem.yaml or /etc/tandem/tandem.yaml.")
    var config: String?

    func run() async throws {
        let bootFile = try BootFile.find(config)
        let logger = LogSetup.start(bootFile.loggingLevel)
        let signals = Signals.watch([SIGTERM, SIGINT])
        let service = try await SwitchService.start(bootFile, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await service.serveManagement { address in
                    logger.info("ready", metadata: ["management": "http://\(address)", "node": "\(bootFile.node)"])
                }
            }
            group.addTask {
                for await number in signals {
                    logger.info("stopping", metadata: ["signal": "\(number)"])
                    return
                }
            }
            // Whichever ends first, a signal or a failure of the management interface, ends the other.
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch {
                await service.stop()
                throw error
            }
        }
        await service.stop()
        logger.info("stopped")
    }
}

/// Where the log goes: standard error, one line per event, with its metadata.
enum LogSetup {
    static func start(_ level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "tandem")
    }
}
