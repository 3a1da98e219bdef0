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
        guard let files = FileManager.default.enumerator(at: Self.folder, includingPropertiesForKeys: [.isRegularFileKey]) else { return }
        for case let file as URL in files {
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            [UInt8](try Data(contentsOf: file)).withBytes { bytes in
                probe.read(bytes, with: &parser)
                probe.readValue(bytes)
                probe.readDescription(bytes)
            }
        }
        #expect(probe.escaped == 0)
    }
}
