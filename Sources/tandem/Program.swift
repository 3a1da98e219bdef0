import ArgumentParser
import Foundation

/// How the program ends.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case wrongUsage = 2
    /// Some of what was asked for was done, some was not.
    case partlyDone = 3
    /// A document or value breaks a rule; nothing was changed.
    case refused = 4
}

/// Why a command did not do everything; the lines go to standard error.
struct CommandFailure: Error, Equatable {
    var status: ExitStatus
    var lines: [String]

    init(_ status: ExitStatus = .failed, _ lines: String...) {
        self.init(status, lines: lines)
    }

    init(_ status: ExitStatus, lines: [String]) {
        self.status = status
        self.lines = lines
    }
}

/// Runs one command line and maps every way it can end to an exit status.
enum Program {
    static func run(_ arguments: [String]) async -> ExitStatus {
        do {
            var command = try Tandem.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .done
        } catch {
            return report(error)
        }
    }

    static func exit(_ status: ExitStatus) -> Never { Foundation.exit(status.rawValue) }

    private static func report(_ error: any Error) -> ExitStatus {
        switch error {
        case let failure as CommandFailure:
            failure.lines.forEach { Console.current.error($0) }
            return failure.status
        case let failure as BootFileFailure:
            failure.lines.forEach { Console.current.error($0) }
            return failure.cause == .breaksRules ? .refused : .failed
        default: return reportParsing(error)
        }
    }

    /// Help and version are thrown by the parser too, and are no failure.
    private static func reportParsing(_ error: any Error) -> ExitStatus {
        let message = Tandem.fullMessage(for: error)
        switch Tandem.exitCode(for: error) {
        case .success:
            Console.current.print(message)
            return .done
        case .validationFailure:
            Console.current.error(message)
            return .wrongUsage
        default:
            Console.current.error(message)
            return .failed
        }
    }
}
