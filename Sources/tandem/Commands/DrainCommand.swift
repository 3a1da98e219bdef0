import ArgumentParser
import Foundation
import ManagementAPI

/// `tandem drain`: empties a running switch of calls without ending any.
struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Refuse new calls and wait until those that are up have ended.",
        discussion: """
            New calls get 503 with Retry-After, and the switch is not ready. A restart needs no drain: calls that are up are taken up \
            again by the next start. Ctrl-C and the timeout end the wait, not the draining; tandem drain --cancel and a restart do. \
            Exits with 3 when calls are left.
            """)

    @Option(name: .long, help: "Wait at most so many seconds.")
    var timeout: Int?
    @Flag(name: .long, help: "Then stop the switch, as tandem stop does; also when the timeout has passed, but not after Ctrl-C.")
    var stop = false
    @Flag(name: .long, help: "Take new calls again.")
    var cancel = false
    @OptionGroup var connection: ConnectionOptions

    /// Ctrl-C as an event; a test's own in tests.
    @TaskLocal static var interrupts: @Sendable () -> AsyncStream<Int32> = { Signals.watch([SIGINT]) }

    private static let remedy = "the switch goes on draining; tandem drain --cancel takes new calls again"

    private enum Ending: Sendable { case empty, timeout, interrupted }

    func validate() throws {
        if let timeout, timeout < 0 { throw ValidationError("--timeout must be at least 0") }
        if cancel, stop || timeout != nil { throw ValidationError("--cancel goes with neither --stop nor --timeout") }
    }

    func run() async throws {
        let client = try connection.client()
        if cancel {
            _ = try await client.ask(.cancelDrain)
            return Console.current.print("new calls are taken")
        }
        let first = try Drain.progress(try await client.ask(.drain))
        let ending = first.calls == 0 ? .empty : try await wait(client, first)
        Signals.leave([SIGINT])
        if ending == .empty {
            Console.current.print("no calls are left")
            guard stop else { return Console.current.print(Drain.remedy) }
            return try await Stop.stop(connection)
        }
        let left = Drain.words(try Drain.progress(try await client.ask(.getDrain)).calls)
        guard stop, ending == .timeout else { throw CommandFailure(.partlyDone, "\(left) left; \(Drain.remedy)") }
        try await Stop.stop(connection)
        throw CommandFailure(.partlyDone, "\(left) left at the stop; the next start goes on with those that were answered")
    }

    private func wait(_ client: ManagementClient, _ first: DrainProgress) async throws -> Ending {
        let interrupts = Drain.interrupts()
        let timeout = timeout
        return try await withThrowingTaskGroup(of: Ending.self) { group in
            group.addTask { try await Drain.follow(client, first) }
            group.addTask {
                for await _ in interrupts { break }
                return .interrupted
            }
            if let timeout {
                group.addTask {
                    try await Task.sleep(for: .seconds(timeout))
                    return .timeout
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .interrupted
        }
    }

    /// Shows how many calls are left, until none is.
    private static func follow(_ client: ManagementClient, _ first: DrainProgress) async throws -> Ending {
        var display = DrainDisplay()
        defer { display.end() }
        var progress = first
        while progress.calls > 0 {
            display.show("draining: \(words(progress.calls)) left")
            progress = try Drain.progress(try await client.ask(.getDrain, query: [("wait", "true")]))
            guard progress.isDraining else {
                throw CommandFailure(.failed, "somebody else ended the draining, or the switch was started anew: new calls are taken")
            }
        }
        return .empty
    }

    private static func progress(_ answer: ManagementClient.Answer) throws -> DrainProgress {
        guard let progress = DrainProgress(answer.document) else {
            throw CommandFailure(.failed, "the switch did not say how many calls are left; is it of this version?")
        }
        return progress
    }

    private static func words(_ calls: Int) -> String { calls == 1 ? "1 call is" : "\(calls.grouped) calls are" }
}

/// One line that is written over on a terminal; elsewhere a line now and then.
private struct DrainDisplay {
    /// The shortest time between two lines where there is no terminal.
    private static let pause = Duration.seconds(10)

    private let isTerminal = Console.current.isTerminal()
    private var last: (text: String, at: ContinuousClock.Instant)?

    mutating func show(_ text: String) {
        guard text != last?.text else { return }
        if isTerminal {
            Console.current.write(.output, "\r\(text)\u{1B}[K")
        } else {
            if let last, last.at.duration(to: .now) < DrainDisplay.pause { return }
            Console.current.print(text)
        }
        last = (text, .now)
    }

    /// Clears the line.
    func end() { if isTerminal { Console.current.write(.output, "\r\u{1B}[K") } }
}
