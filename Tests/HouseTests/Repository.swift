import Foundation

/// The checked-out tree that these tests belong to.
enum Repository {
    /// Found from this file; links on the way are followed.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appendingPathComponent(path).path)
    }

    /// Names in a folder, sorted, without hidden ones.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            .filter { !$0.hasPrefix(".") }.sorted()
    }

    /// Every Markdown file that a reader meets, as paths from the root.
    static func documents() throws -> [String] {
        let top = try names(in: "").filter { $0.hasSuffix(".md") }
        let docs = try names(in: "docs").filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }
        let decisions = try names(in: "docs/decisions").map { "docs/decisions/" + $0 }
        return top + docs + decisions + ["Benchmarks/README.md"]
    }

    /// All Swift source of a folder, in one text.
    static func swiftSource(in folder: String) -> String {
        let base = root.appendingPathComponent(folder)
        let files = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return files.filter { $0.pathExtension == "swift" }
            .compactMap { try? String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
    }
}
