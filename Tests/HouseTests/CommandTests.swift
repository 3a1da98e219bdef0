import Foundation
import Testing

/// Holds the commands that readers are told to type to the scripts, the Makefile and the program.
@Suite("The commands in the documents exist")
struct CommandTests {
    private static let documents = ["README.md", "CONTRIBUTING.md", "Benchmarks/README.md"]

    /// Words of every command line in a document: shell blocks, and what stands between back-ticks.
    private func commands(in document: String) throws -> [[String]] {
        let text = try Repository.text(document)
        let inline = text.split(separator: "\n").flatMap { Markdown.quoted(String($0)) }
        return (Markdown(text).code("sh") + inline).map { line in
            line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
        }
    }

    @Test("scripts that documents name can be run", arguments: documents)
    func scripts(document: String) throws {
        for words in try commands(in: document) {
            guard let first = words.first, first.hasPrefix("./scripts/") || first.hasPrefix("Benchmarks/run") else { continue }
            #expect(Repository.isExecutable(first), "\(document) names \(first)")
        }
    }

    @Test("words for make that documents name are in the Makefile", arguments: documents)
    func makefileWords(document: String) throws {
        let targets = try makefileTargets()
        for words in try commands(in: document) where words.first == "make" && words.count > 1 {
            #expect(targets.contains(words[1]), "\(document) names make \(words[1])")
        }
    }

    @Test("the Makefile has the plain words, each with a sentence for make help")
    func plainWords() throws {
        #expect(
            try makefileTargets().isSuperset(of: [
                "run", "test", "build", "bench", "format", "lint", "docs", "fuzz", "simulate", "clean", "help",
            ]))
    }

    @Test("the README's two commands come first and can be run, and CI runs the second")
    func twoCommands() throws {
        let typed = try Markdown(Repository.text("README.md")).code("sh")
        #expect(Array(typed.prefix(2)) == ["./scripts/run", "./scripts/test"])
        #expect(Repository.isExecutable("scripts/run"))
        #expect(Repository.isExecutable("scripts/test"))
        #expect(Repository.isExecutable(".ci/run"))
        #expect(try Repository.text(".ci/run").contains("./scripts/test"))
        let makefile = try Repository.text("Makefile")
        #expect(makefile.contains("\n\t./scripts/run\n"))
        #expect(makefile.contains("\n\t./scripts/test\n"))
    }

    @Test("commands of tandem that documents and scripts name are commands of the program")
    func programCommands() throws {
        let program = Repository.swiftSource(in: "Sources/tandem")
        var named = Set<String>()
        for document in Self.documents + ["docs/architecture.md"] {
            for words in try commands(in: document) where words.count > 1 && words[0].hasSuffix("tandem") {
                named.insert(words[1])
            }
        }
        named.formUnion(["demo", "simulate"])
        #expect(named.isSuperset(of: ["serve", "apply", "calls", "cdrs"]))
        for name in named.sorted() {
            let type = name.prefix(1).uppercased() + name.dropFirst()
            let isNamed = program.contains("commandName: \"\(name)\"")
            let isType = program.contains("struct \(type):") || program.contains("struct \(type)Command:")
            #expect(isNamed || isType, "tandem has no command \(name)")
        }
    }

    @Test("the README shows the example files as they are")
    func examples() throws {
        let shown = try Markdown(Repository.text("README.md")).code("yaml").joined(separator: "\n")
        for file in ["examples/tandem.yaml", "examples/gateways.yaml"] {
            let lines = try Repository.text(file).split(separator: "\n").filter { !$0.hasPrefix("#") }
            #expect(shown.contains(lines.joined(separator: "\n")), "README.md shows another \(file)")
        }
    }

    private func makefileTargets() throws -> Set<String> {
        let lines = try Repository.text("Makefile").split(separator: "\n")
        return Set(
            lines.compactMap { line in
                guard line.contains(":"), line.contains(" ## ") else { return nil }
                return line.split(separator: ":").first.map(String.init)
            })
    }
}
