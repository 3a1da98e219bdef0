import Vocabulary

/// The `o=` line that a description gets on its way through the switch, so that the other side does not
/// learn who made it. Within one leg `username`, `sessionIdentifier` and `address` stay the same and
/// `sessionVersion` rises by one with every changed description (RFC 3264, section 8).
public struct OriginRewrite: Sendable {
    public var username: StaticString
    public var sessionIdentifier: UInt64
    public var sessionVersion: UInt64
    /// Its port is not used.
    public var address: NetworkAddress

    public init(username: StaticString = "-", sessionIdentifier: UInt64, sessionVersion: UInt64, address: NetworkAddress) {
        self.username = username
        self.sessionIdentifier = sessionIdentifier
        self.sessionVersion = sessionVersion
        self.address = address
    }
}

extension SessionDescription {
    /// Hands the description to `append` piece by piece, its `o=` line replaced and everything else byte
    /// for byte as it was.
    public func write(with rewrite: OriginRewrite, to append: (Bytes) -> Void) {
        let value = origin.username.base - text.base
        // From the user name to the end of the address stands the value; the line's end stays as it was.
        let end = origin.address.base - text.base + origin.address.count
        append(text.upTo(value))
        rewrite.write(to: append)
        append(text.from(end))
    }

    /// Bytes that `write(with:to:)` will hand out.
    public func length(with rewrite: OriginRewrite) -> Int {
        var length = 0
        write(with: rewrite) { length += $0.count }
        return length
    }
}

extension OriginRewrite {
    fileprivate func write(to append: (Bytes) -> Void) {
        append(Bytes(username))
        append(Bytes(" "))
        OriginRewrite.write(sessionIdentifier, to: append)
        append(Bytes(" "))
        OriginRewrite.write(sessionVersion, to: append)
        append(Bytes(address.family == .ipv4 ? " IN IP4 " : " IN IP6 "))
        withUnsafeTemporaryAllocation(byteCount: 48, alignment: 1) { buffer in
            let count = address.writeHost(into: buffer)
            append(Bytes(UnsafeRawBufferPointer(buffer)).upTo(count))
        }
    }

    private static func write(_ number: UInt64, to append: (Bytes) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { buffer in
            var position = 20
            var rest = number
            repeat {
                position -= 1
                buffer[position] = UInt8(0x30 + rest % 10)
                rest /= 10
            } while rest > 0
            append(Bytes(UnsafeRawBufferPointer(buffer)).from(position))
        }
    }
}
