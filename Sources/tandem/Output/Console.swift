import Foundation

/// Where commands write to and read from: the terminal, or a test's buffers.
struct Console: Sendable {
    enum Stream: Sendable { case output, error }

    var write: @Sendable (Stream, String) -> Void
    /// Everything on standard input.
    var readInput: @Sendable () -> Data

    /// Writes bytes that are no text to standard output.
    var writeBytes: @Sendable (Data) -> Void = { try? FileHandle.standardOutput.write(contentsOf: $0) }
    /// Whether standard output is a terminal.
    var isTerminal: @Sendable () -> Bool = { isatty(STDOUT_FILENO) != 0 }

    @TaskLocal static var current = Console.standard

    static let standard = Console(
        write: { stream, text in
            let handle = stream == .output ? FileHandle.standardOutput : FileHandle.standardError
            // A reader that went away (a closed pipe) is no failure of the command.
            try? handle.write(contentsOf: Data(text.utf8))
        },
        readInput: { (try? FileHandle.standardInput.readToEnd()) ?? Data() })

    func print(_ line: String) { write(.output, line + "\n") }
    func error(_ line: String) { write(.error, line + "\n") }
}

extension Console {
    /// Prints what `text` makes: once, or every second in place of what was there, until the task is cancelled.
    func show(_ options: OutputOptions, isWatching: Bool, text: (OutputFormat) async throws -> String) async throws {
        let format = options.format ?? .table
        while true {
            let text = try await text(format)
            guard isWatching else { return write(.output, text) }
            write(.output, (format == .table ? "\u{1B}[H\u{1B}[2J" : "") + text)
            try await Task.sleep(for: .seconds(1))
        }
    }
}
