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
