import Foundation
import ManagementAPI

extension SecretReader {
    /// Reads files of this machine.
    static let files = SecretReader { path in
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return .failure(
                Fault(
                    rule: "\(path) cannot be read (\(String(cString: strerror(errno))))",
                    remedy: "make the file, and give the switch's user the right to read it"))
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: longest + 2)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else {
            return .failure(Fault(rule: "\(path) cannot be read (\(String(cString: strerror(errno))))", remedy: "name a file"))
        }
        var bytes = buffer[..<count]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard !bytes.isEmpty else { return .failure(Fault(rule: "\(path) is empty", remedy: "write the password into it, and nothing else")) }
        guard bytes.count <= longest, let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            return .failure(
                Fault(
                    rule: "\(path) holds more than one line of 1 to \(longest) bytes",
                    remedy: "write the password into it, and nothing else"))
        }
        return .success(text)
    }

    /// In bytes.
    private static let longest = 256
}
