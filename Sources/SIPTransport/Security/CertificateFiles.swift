import Glibc
import NIOSSL

/// Reads the files that the TLS settings name; what cannot be used is an error that names the file and the remedy.
enum CertificateFiles {
    /// Larger files are no certificates or keys, in bytes.
    private static let maximumSize = 4 << 20

    /// The certificate of this host and those that lead to its root. The first must be valid `now`, in
    /// seconds since 1970.
    static func chain(_ file: String, now: time_t) throws(TransportError) -> [NIOSSLCertificate] {
        let certificates = try certificates(in: file)
        guard let leaf = certificates.first else { throw noCertificate(file) }
        if leaf.notValidAfter < now {
            throw .tlsFile(file, reason: "the certificate expired on \(UTCDate(leaf.notValidAfter))", remedy: "renew it")
        }
        if leaf.notValidBefore > now {
            throw .tlsFile(
                file, reason: "the certificate is not valid before \(UTCDate(leaf.notValidBefore))",
                remedy: "use another one, or set this machine's clock")
        }
        return certificates
    }

    static func privateKey(_ file: String) throws(TransportError) -> NIOSSLPrivateKey {
        let bytes = try read(file, setting: "tls.privateKey")
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            let isEncrypted = String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
            throw .tlsFile(
                file, reason: isEncrypted ? "the private key has a passphrase" : "there is no private key in PEM in it",
                remedy: isEncrypted ? "store it without one (openssl pkey -in OLD -out NEW)" : "name the right file in tls.privateKey")
        }
    }

    /// The certificates in a file, or in all the files of a folder that hold any.
    static func trustRoots(_ path: String) throws(TransportError) -> [NIOSSLCertificate] {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return try certificates(in: path, setting: "tls.trustRoots") }
        guard let folder = opendir(path) else { throw unreadable(path, errno, setting: "tls.trustRoots") }
        defer { closedir(folder) }
        var found: [NIOSSLCertificate] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix("."), let more = try? certificates(in: "\(path)/\(name)") else { continue }
            found += more
        }
        guard !found.isEmpty else { throw noCertificate(path, setting: "tls.trustRoots") }
        return found
    }

    private static func certificates(in file: String, setting: String = "tls.certificate") throws(TransportError) -> [NIOSSLCertificate] {
        let bytes = try read(file, setting: setting)
        guard !bytes.isEmpty, let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
            throw noCertificate(file, setting: setting)
        }
        return found
    }

    private static func read(_ file: String, setting: String) throws(TransportError) -> [UInt8] {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(file, errno, setting: setting) }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while all.count < maximumSize {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw unreadable(file, errno, setting: setting) }
            if count == 0 { break }
            all += buffer.prefix(count)
        }
        return all
    }

    private static func unreadable(_ file: String, _ errorNumber: Int32, setting: String) -> TransportError {
        let remedy =
            errorNumber == EACCES ? "let the user that runs the switch read it" : "name a file that exists in \(setting)"
        return .tlsFile(file, reason: String(cString: strerror(errorNumber)), remedy: remedy)
    }

    private static func noCertificate(_ file: String, setting: String = "tls.certificate") -> TransportError {
        .tlsFile(file, reason: "there is no certificate in PEM in it", remedy: "name the right file in \(setting)")
    }
}

/// A day for people, `2026-03-31`, of seconds since 1970.
struct UTCDate: CustomStringConvertible {
    let description: String

    init(_ seconds: time_t) {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        description = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    }
}
