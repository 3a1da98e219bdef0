import ArgumentParser
import Foundation
import ManagementAPI

/// `tandem stop`: stops a running switch in order and shows what became of its registrations.
struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop the switch in order, and show what became of its registrations.",
        discussion: """
            New calls are refused, registrations are withdrawn within shutdown.unregisterTimeout, then the switch closes. Exits with 3 \
            when an upstream did not confirm. A restart is the supervisor's: under systemd, systemctl restart does this and starts again.
            """)

    @OptionGroup var connection: ConnectionOptions

    /// How long the process may take to close, once the registrations are done with.
    private static let longestClose = Duration.seconds(30)

    func run() async throws { try await Stop.stop(connection) }

    /// Asks for the stop, follows it and returns when the switch is gone.
    static func stop(_ connection: ConnectionOptions) async throws {
        let client = try connection.client()
        let folder = try connection.dataFolder()
        _ = try await client.ask(.stop)
        Console.current.print("stopping")
        let ending = await follow(client)
        ending?.lines.forEach { Console.current.print($0) }
        try await waitUntilGone(client, folder)
        guard let ending else {
            throw CommandFailure(.partlyDone, "the switch ended before it said what became of its registrations; its log does")
        }
        Console.current.print("stopped")
        if !ending.isClean { throw CommandFailure(.partlyDone, "not every upstream confirmed the withdrawal") }
    }

    /// Returns when the management port is gone, and where the data folder is at hand, when another switch may start on it.
    private static func waitUntilGone(_ client: ManagementClient, _ folder: String?) async throws {
        let start = ContinuousClock.now
        while true {
            let answers = (try? await client.ask(.live)) != nil
            if !answers, folder.map({ DataFolder.isFree($0) }) ?? true { return }
            guard start.duration(to: .now) < Stop.longestClose else {
                throw CommandFailure(.failed, "the switch is still there after \(Stop.longestClose); look at its log")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Follows the withdrawal to its end; nil when the switch was gone before.
    private static func follow(_ client: ManagementClient) async -> StopProgress? {
        let terminal = StopTerminal.standard
        defer { terminal.endProgress() }
        while let answer = try? await client.ask(.getStop, query: [("wait", "true")]), let progress = StopProgress(answer.document) {
            if progress.phase == .ending { return progress }
            terminal.progress(progress.done, of: progress.registrations)
        }
        return nil
    }
}
