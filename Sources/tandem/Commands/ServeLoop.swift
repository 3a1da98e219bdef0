import Foundation
import Logging
import Vocabulary

/// Runs a started switch until it is told to stop, by a signal or over the management interface, and stops
/// it in order: management answers until the registrations are withdrawn, so that the one who asked can follow.
struct ServeLoop: Sendable {
    let service: SwitchService
    let logger: Logger
    let terminal: StopTerminal
    /// SIGHUP: reads again what can change while the switch runs.
    let readAgain: @Sendable () async -> Void

    private enum Event: Sendable {
        case signal(Int32)
        case stopRequested
        case managementEnded((any Error)?)
        case quiet(WithdrawalOutcome)
    }

    /// How long the management interface stays up for the one who asked for the stop, once all is said.
    private static let lastLook = Duration.seconds(2)

    /// Returns when everything is closed. Throws what ended the management interface, when that is why it stopped.
    func run(
        _ signals: AsyncStream<Int32>, onListening: @escaping @Sendable (NetworkAddress) async -> Void = { _ in }
    ) async throws -> WithdrawalOutcome {
        let (events, post) = AsyncStream.makeStream(of: Event.self)
        let watching = Task { for await number in signals { post.yield(.signal(number)) } }
        let listening = Task { for await _ in service.stopBoard.requests { post.yield(.stopRequested) } }
        let management = Task {
            do {
                try await service.serveManagement(onListening: onListening)
                post.yield(.managementEnded(nil))
            } catch {
                post.yield(.managementEnded(error))
            }
        }
        let (outcome, failure) = await follow(events) { post.yield(.quiet($0)) }
        await service.stopBoard.waitUntilSeen(atMost: ServeLoop.lastLook)
        management.cancel()
        await management.value
        watching.cancel()
        listening.cancel()
        await service.close()
        if let failure { throw failure }
        return outcome
    }

    /// Handles events until the registrations are done with.
    private func follow(
        _ events: AsyncStream<Event>, onQuiet: @escaping @Sendable (WithdrawalOutcome) -> Void
    ) async -> (outcome: WithdrawalOutcome, failure: (any Error)?) {
        var isStopping = false
        var failure: (any Error)?
        for await event in events {
            switch event {
            case .signal(SIGHUP):
                await readAgain()
                continue
            case .signal(let number):
                guard !isStopping else {
                    logger.notice("told to stop a second time: not waiting for upstreams any more", metadata: ["signal": "\(number)"])
                    service.stopBoard.hurry()
                    continue
                }
                logger.info("stopping", metadata: ["signal": "\(number)"])
            case .stopRequested:
                guard !isStopping else { continue }
                logger.info("stopping", metadata: ["asked": "over the management interface"])
            case .managementEnded(let error):
                guard !isStopping else { continue }
                failure = error
            case .quiet(let outcome):
                return (outcome, failure)
            }
            isStopping = true
            Task {
                let outcome = await service.quiesce { terminal.progress($0, of: $1) }
                terminal.endProgress()
                onQuiet(outcome)
            }
        }
        return (await service.quiesce(), failure)
    }
}

/// The terminal that the switch was started on, if it was: shows the progress of a stop, and its end.
struct StopTerminal: Sendable {
    /// Fewer registrations are withdrawn too soon for progress to be worth a line.
    static let worthShowing = 50

    /// Writes to the terminal; nil when there is none.
    var write: (@Sendable (String) -> Void)?

    static var standard: StopTerminal {
        guard isatty(1) == 1 else { return StopTerminal(write: nil) }
        return StopTerminal { text in Console.standard.write(.output, text) }
    }

    func progress(_ done: Int, of all: Int) {
        guard all > StopTerminal.worthShowing else { return }
        write?("\rwithdrawing \(done.grouped) of \(all.grouped)")
    }

    /// Clears the line of the progress.
    func endProgress() { write?("\r\u{1B}[K") }

    func show(_ lines: [String]) { lines.forEach { write?($0 + "\n") } }
}
