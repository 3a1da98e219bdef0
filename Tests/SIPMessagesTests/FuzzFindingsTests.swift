import Foundation
import SIPMessages
import Testing
import Vocabulary

/// Inputs that once broke a parser, found by the fuzz targets and kept for ever.
@Suite("Fuzz findings")
struct FuzzFindingsTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../FuzzTesting/Findings").standardizedFileURL

    @Test("every finding is survived by every parser")
    func findings() throws {
        var parser = MessageParser()
        var probe = ParserProbe()
        let files = try #require(FileManager.default.enumerator(at: Self.folder, includingPropertiesForKeys: [.isRegularFileKey]))
        var count = 0
        for case let file as URL in files {
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            count += 1
            [UInt8](try Data(contentsOf: file)).withBytes { bytes in
                probe.read(bytes, with: &parser)
                probe.readValue(bytes)
                probe.readDescription(bytes)
                // As the URI target has it: two URIs with a line feed between them.
                if let split = bytes.firstIndex(of: 0x0A), let a = URI(bytes.upTo(split)), let b = URI(bytes.from(split + 1)) {
                    #expect(a.isEquivalent(to: b) == b.isEquivalent(to: a), "\(file.lastPathComponent)")
                }
            }
        }
        #expect(probe.escaped == 0)
        #expect(count > 0, "no finding was replayed")
    }
}
