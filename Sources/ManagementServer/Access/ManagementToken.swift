import Foundation

/// The secret that opens the management interface: 32 random bytes, kept in a file that only the
/// owner can read. It is never written to a log or an answer.
public struct ManagementToken: Sendable {
    /// The bytes in base64url without padding (RFC 4648, section 5).
    public let text: String

    public init(text: String) { self.text = text }

    /// A new token from the system's random source.
    public static func random() -> ManagementToken {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let base64 = Data(bytes).base64EncodedString()
        let url = base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        return ManagementToken(text: url.replacingOccurrences(of: "=", with: ""))
    }

    /// Whether a presented text is this token, in a time that depends on its length only.
    public func matches(_ presented: some StringProtocol) -> Bool {
        let mine = Array(text.utf8)
        let theirs = Array(presented.utf8)
        guard mine.count == theirs.count, !mine.isEmpty else { return false }
        var difference: UInt8 = 0
        for position in mine.indices { difference |= mine[position] ^ theirs[position] }
        return difference == 0
    }
}

/// The file that holds the token.
public enum ManagementTokenFile {
    public struct Failure: Error, CustomStringConvertible, Sendable {
        public var description: String
    }

    /// Reads the token, or makes one when the file does not exist. A file that others can read is
    /// refused: its token must count as known.
    public static func readOrCreate(at path: String) throws(Failure) -> ManagementToken {
        if let token = try readIfPresent(path) { return token }
        return try create(path)
    }

    /// Reads the token of a switch that runs.
    public static func read(at path: String) throws(Failure) -> ManagementToken {
        guard let token = try readIfPresent(path) else {
            throw Failure(description: "there is no token file \(path); the switch makes it when it first starts")
        }
        return token
    }

    private static func readIfPresent(_ path: String) throws(Failure) -> ManagementToken? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("look at", path) }
        guard status.st_mode & 0o077 == 0 else {
            throw Failure(
                description: "others may read the token file \(path); delete it so that a new token is made, "
                    + "or run: chmod 600 \(path)")
        }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw failure("read", path) }
        let text = String(decoding: buffer[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.utf8.count >= 32 else {
            throw Failure(description: "the token file \(path) holds no token; delete it so that a new one is made")
        }
        return ManagementToken(text: text)
    }

    /// Writes beside the place and renames, so that nobody ever sees half a token.
    private static func create(_ path: String) throws(Failure) -> ManagementToken {
        let token = ManagementToken.random()
        let draft = "\(path).\(getpid()).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", draft) }
        let line = Array("\(token.text)\n".utf8)
        let written = write(descriptor, line, line.count)
        let isComplete = written == line.count && fsync(descriptor) == 0
        close(descriptor)
        guard isComplete, rename(draft, path) == 0 else {
            let cause = failure("write", path)
            unlink(draft)
            throw cause
        }
        return token
    }

    private static func failure(_ deed: String, _ path: String) -> Failure {
        Failure(description: "cannot \(deed) \(path): \(String(cString: strerror(errno)))")
    }
}
