import Foundation
import ManagementServer
import Testing

@Suite struct TokenTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-token-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder + "/management.token")
    }

    @Test("the first start makes a token that only the owner can read, later starts keep it")
    func firstStart() throws {
        try withFolder { path in
            let token = try ManagementTokenFile.readOrCreate(at: path)
            #expect(token.text.utf8.count == 43, "32 bytes in base64url")
            #expect(
                token.text.utf8.allSatisfy {
                    UInt8(ascii: "-") == $0 || UInt8(ascii: "_") == $0 || Character(Unicode.Scalar($0)).isLetter
                        || Character(Unicode.Scalar($0)).isNumber
                })
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try ManagementTokenFile.readOrCreate(at: path).text == token.text)
            #expect(try ManagementTokenFile.read(at: path).text == token.text)
            #expect(ManagementToken.random().text != token.text)
        }
    }

    @Test("a token file that others can read is refused with a remedy")
    func openFile() throws {
        try withFolder { path in
            _ = try ManagementTokenFile.readOrCreate(at: path)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            let failure = #expect(throws: ManagementTokenFile.Failure.self) { try ManagementTokenFile.readOrCreate(at: path) }
            #expect(failure?.description.contains("chmod 600") == true)
        }
    }

    @Test("an empty token file opens nothing")
    func emptyFile() throws {
        try withFolder { path in
            #expect(FileManager.default.createFile(atPath: path, contents: Data(), attributes: [.posixPermissions: 0o600]))
            #expect(throws: ManagementTokenFile.Failure.self) { try ManagementTokenFile.readOrCreate(at: path) }
        }
    }

    @Test("a missing token file is explained to clients")
    func missing() throws {
        try withFolder { path in
            let failure = #expect(throws: ManagementTokenFile.Failure.self) { try ManagementTokenFile.read(at: path) }
            #expect(failure?.description.contains("when it first starts") == true)
        }
    }

    @Test("only the whole token matches")
    func matching() {
        let token = ManagementToken(text: "abcdef")
        #expect(token.matches("abcdef"))
        for wrong in ["", "abcde", "abcdeg", "bbcdef", "abcdefg", "ABCDEF"] { #expect(!token.matches(wrong), "\(wrong)") }
        #expect(!ManagementToken(text: "").matches(""))
    }
}
