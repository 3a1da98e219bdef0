import Foundation
import NIOSSL
import Testing

@testable import SIPTransport

/// Certificates made for one test with the `openssl` command; the files go with the object.
final class TestCertificates: Sendable {
    /// A certificate and its key, as files.
    struct Files: Sendable {
        var certificate: String
        var privateKey: String

        var loaded: (certificate: NIOSSLCertificate, key: NIOSSLPrivateKey) {
            get throws {
                let chain = try NIOSSLCertificate.fromPEMFile(certificate)
                return (try #require(chain.first), try NIOSSLPrivateKey(file: privateKey, format: .pem))
            }
        }
    }

    struct Failure: Error {
        var text: String
    }

    let folder: String
    /// The authority's own certificate: a trust root.
    let authority: Files

    init() throws {
        folder = NSTemporaryDirectory() + "tandem-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        authority = Files(certificate: "\(folder)/authority.pem", privateKey: "\(folder)/authority.key")
        try openssl(
            ["req", "-x509", "-nodes", "-days", "2", "-subj", "/O=Example/CN=Example Test Authority", "-keyout", authority.privateKey]
                + ["-out", authority.certificate, "-newkey"] + TestCertificates.keyKind)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static let keyKind = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    /// A certificate of the authority with these alternative names, such as `DNS:sip.example.net`.
    func issue(_ alternativeNames: String, days: Int = 2) throws -> Files {
        let files = newFiles()
        let request = files.certificate + ".request"
        try openssl(
            ["req", "-nodes", "-subj", "/CN=sip.example.net", "-addext", "subjectAltName=\(alternativeNames)"]
                + ["-keyout", files.privateKey, "-out", request, "-newkey"] + TestCertificates.keyKind)
        try openssl(
            ["x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.privateKey, "-CAcreateserial"]
                + ["-days", "\(days)", "-copy_extensions", "copy", "-out", files.certificate])
        return files
    }

    /// A certificate that signed itself.
    func selfSigned(_ alternativeNames: String) throws -> Files {
        let files = newFiles()
        try openssl(
            ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=sip.example.net", "-addext", "subjectAltName=\(alternativeNames)"]
                + ["-keyout", files.privateKey, "-out", files.certificate, "-newkey"] + TestCertificates.keyKind)
        return files
    }

    /// A file with any content.
    func file(_ text: String) throws -> String {
        let path = newFiles().certificate
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Puts other files in the place of `files`.
    func replace(_ files: Files, by others: Files) throws {
        try Data(contentsOf: URL(fileURLWithPath: others.certificate)).write(to: URL(fileURLWithPath: files.certificate))
        try Data(contentsOf: URL(fileURLWithPath: others.privateKey)).write(to: URL(fileURLWithPath: files.privateKey))
    }

    /// Settings of a switch with this certificate that believes the authority.
    func settings(_ files: Files) -> TLSSettings {
        var settings = TLSSettings()
        settings.certificate = files.certificate
        settings.privateKey = files.privateKey
        settings.trustRoots = authority.certificate
        return settings
    }

    private func newFiles() -> Files {
        let name = "\(folder)/\(UUID().uuidString)"
        return Files(certificate: "\(name).pem", privateKey: "\(name).key")
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: "openssl \(arguments): \(text)") }
    }
}
