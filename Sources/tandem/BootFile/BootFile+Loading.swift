import Foundation
import ManagementAPI

/// The boot file cannot be used; every line says where and why.
struct BootFileFailure: Error, Equatable {
    enum Cause: Sendable { case unreadable, breaksRules }

    var cause: Cause
    var lines: [String]

    init(_ cause: Cause = .breaksRules, lines: [String]) {
        self.cause = cause
        self.lines = lines
    }
}

extension BootFile {
    /// Where the boot file is looked for when nobody says where it is.
    static let usualPlaces = ["./tandem.yaml", "/etc/tandem/tandem.yaml"]

    /// Reads a boot file from disk, with the overrides of the environment.
    static func load(
        _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(BootFileFailure) -> BootFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BootFileFailure(.unreadable, lines: ["cannot read the boot file \(path)"])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw BootFileFailure(lines: ["\(path): the boot file is not UTF-8"])
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return try read(text, path: path, folder: folder, environment: environment)
    }

    /// The boot file at `path`, or else the first of the usual places.
    static func find(
        _ path: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(BootFileFailure) -> BootFile {
        if let path { return try load(path, environment: environment) }
        guard let place = usualPlaces.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            let places = usualPlaces.joined(separator: " or ")
            throw BootFileFailure(.unreadable, lines: ["there is no boot file at \(places); name it with --config FILE"])
        }
        return try load(place, environment: environment)
    }

    /// Reads the text of a boot file; `folder` is what relative paths start from.
    static func read(_ text: String, path: String, folder: String, environment: [String: String]) throws(BootFileFailure) -> BootFile {
        let documents: [DocumentNode]
        do {
            documents = try YAMLDocuments.read(text)
        } catch {
            throw BootFileFailure(lines: [FieldProblem(error).line(file: path)])
        }
        guard documents.count <= 1 else {
            throw BootFileFailure(lines: ["\(path): the boot file must be a single document"])
        }
        let (tree, overrides) = BootEnvironment.overlay(documents.first ?? [:], environment)
        let strangers = BootEnvironment.problems(environment)
        switch BootReading.read(tree, overrides: overrides, folder: folder) {
        case .success(let file) where strangers.isEmpty: return file
        case .success: throw BootFileFailure(lines: strangers.map { $0.line(file: "environment") })
        case .failure(let refused):
            throw BootFileFailure(lines: refused.problems.map { $0.line(file: path) } + strangers.map { $0.line(file: "environment") })
        }
    }
}
