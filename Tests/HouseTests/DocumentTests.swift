import Foundation
import Testing

/// Holds the documents to the tree: paths exist, targets are explained, links lead somewhere. That what they say about
/// behaviour is true is the business of the other tests.
@Suite("The documents agree with the tree")
struct DocumentTests {
    @Test("every path in docs/where-is-it.md exists")
    func whereIsIt() throws {
        let rows = try Markdown(Repository.text("docs/where-is-it.md")).rows.dropFirst()
        #expect(rows.count >= 20)
        for row in rows {
            #expect(row.count == 2, "a row has two cells: \(row)")
            let paths = Markdown.quoted(row.last ?? "")
            #expect(!paths.isEmpty, "no path in the row of \(row)")
            for path in paths {
                #expect(Repository.exists(path), "\(path) does not exist")
            }
        }
    }

    @Test("nothing is looked for twice in docs/where-is-it.md")
    func noRowTwice() throws {
        let wanted = try Markdown(Repository.text("docs/where-is-it.md")).rows.compactMap(\.first)
        #expect(Set(wanted).count == wanted.count)
    }

    @Test("every target is explained in docs/architecture.md, and has its arrows")
    func targets() throws {
        let explained = try Markdown(Repository.text("docs/architecture.md")).rows.flatMap { $0.flatMap(Markdown.quoted) }
        let arrows = try Repository.text("scripts/lib/arrows").split(separator: "\n")
        let targets = try Repository.names(in: "Sources")
        #expect(targets.contains("SwitchCore"))
        for target in targets {
            #expect(explained.contains(target), "docs/architecture.md does not explain \(target)")
            #expect(arrows.contains { $0.hasPrefix(target + ":") }, "scripts/lib/arrows has no line for \(target)")
        }
    }

    @Test("every target named in docs/architecture.md exists")
    func noTargetInvented() throws {
        let rows = try Markdown(Repository.text("docs/architecture.md")).rows.filter { $0.count == 3 }.dropFirst()
        for target in rows.flatMap({ Markdown.quoted($0[1]) }) {
            #expect(Repository.exists("Sources/" + target), "there is no target \(target)")
        }
    }

    @Test("links and pictures lead to files that exist", arguments: try Repository.documents())
    func links(document: String) throws {
        let folder = URL(fileURLWithPath: document, relativeTo: Repository.root).deletingLastPathComponent()
        for link in try Markdown(Repository.text(document)).links where !link.contains("://") {
            let target = folder.appendingPathComponent(link).standardizedFileURL.path
            #expect(FileManager.default.fileExists(atPath: target), "\(document) links to \(link)")
        }
    }

    @Test("decisions are numbered without a gap and listed in docs/architecture.md")
    func decisions() throws {
        let architecture = try Repository.text("docs/architecture.md")
        let files = try Repository.names(in: "docs/decisions")
        #expect(!files.isEmpty)
        for (index, file) in files.enumerated() {
            let number = index + 1
            let digits = String(number)
            #expect(file.hasPrefix(String(repeating: "0", count: 4 - digits.count) + digits + "-"), "\(file) is not number \(number)")
            #expect(architecture.contains("](decisions/\(file))"), "docs/architecture.md does not list \(file)")
            #expect(try Repository.text("docs/decisions/" + file).hasPrefix("# \(number). "), "\(file) does not say its number")
        }
    }

    @Test("docs/performance.md has the markers between which the bench writes")
    func performanceMarkers() throws {
        let text = try Repository.text("docs/performance.md")
        let begin = try #require(text.range(of: "<!-- bench:begin -->"))
        let end = try #require(text.range(of: "<!-- bench:end -->"))
        #expect(begin.upperBound <= end.lowerBound)
    }
}
