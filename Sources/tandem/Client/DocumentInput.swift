import ArgumentParser
import Foundation

/// `-f FILE`: the documents that a command sends.
struct DocumentInput: ParsableArguments {
    @Option(name: [.customShort("f"), .customLong("file")], help: "The file with the documents; - for standard input.")
    var file: String

    var isStandardInput: Bool { file == "-" || file == "/dev/stdin" }

    /// How messages call the file.
    var name: String { isStandardInput ? "stdin" : file }

    func text() throws -> String {
        let data: Data
        if isStandardInput {
            data = Console.current.readInput()
        } else if let contents = FileManager.default.contents(atPath: file) {
            data = contents
        } else {
            throw CommandFailure(.failed, "cannot read \(file)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure(.refused, "\(name): the text is not UTF-8; save it as UTF-8")
        }
        return text
    }
}
