import Vocabulary

/// One Via element: the transport and address of a hop, and its branch (RFC 3261, section 20.42; RFC 3581).
public struct Via {
    public let text: Bytes
    /// Transport name as written, e.g. "UDP".
    public let transport: Bytes
    /// `sent-by` host, an IPv6 reference with brackets.
    public let host: Bytes
    public let port: UInt16?
    /// Parameters, from the first semicolon on.
    public let parameters: Bytes
    /// Empty when absent.
    public let branch: Bytes
    /// Whether an `rport` parameter stands there, with or without value.
    public let hasRport: Bool

    /// The branch prefix that says the branch is unique over space and time.
    public static let magicCookie: StaticString = "z9hG4bK"

    /// Whether the branch names its transaction: the cookie with something behind it. A bare cookie is
    /// no identifier (RFC 4475, section 3.2.1) and is matched by the rules of RFC 2543.
    public var hasMagicCookie: Bool { branch.count > 7 && branch.startsIgnoringCase(with: Via.magicCookie) }

    public init?(_ text: Bytes) {
        self.text = text
        // sent-protocol: SIP / 2.0 / transport, white space allowed around the slashes.
        var i = text.endOfToken(from: 0)
        guard text.upTo(i).equalsIgnoringCase("SIP") else { return nil }
        guard Via.slash(text, &i) else { return nil }
        let versionStart = i
        i = text.endOfToken(from: i)
        guard text[versionStart..<i].equals("2.0") else { return nil }
        guard Via.slash(text, &i) else { return nil }
        let transportStart = i
        i = text.endOfToken(from: i)
        transport = text[transportStart..<i]
        guard !transport.isEmpty, i < text.count, text[i].isWhitespace else { return nil }

        i = text.skipWhitespace(from: i)
        let hostStart = i
        if i < text.count, text[i] == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]"), from: i), NetworkAddress(parsing: text[i..<close + 1]) != nil else {
                return nil
            }
            i = close + 1
        } else {
            while i < text.count, text[i].isLetter || text[i].isDigit || text[i] == 0x2D || text[i] == 0x2E || text[i] == 0x5F { i += 1 }
        }
        host = text[hostStart..<i]
        guard !host.isEmpty else { return nil }
        var afterHost = text.skipWhitespace(from: i)
        var foundPort: UInt16? = nil
        if afterHost < text.count, text[afterHost] == UInt8(ascii: ":") {
            let start = text.skipWhitespace(from: afterHost + 1)
            var end = start
            while end < text.count, text[end].isDigit { end += 1 }
            guard let value = text[start..<end].decimal, value <= 65_535 else { return nil }
            foundPort = UInt16(value)
            afterHost = text.skipWhitespace(from: end)
        }
        port = foundPort
        parameters = text.from(afterHost)
        guard parameters.isEmpty || parameters[0] == UInt8(ascii: ";") else { return nil }

        var foundBranch = Bytes.empty
        var foundRport = false
        var list = ParameterList(parameters)
        while let parameter = list.next() {
            if parameter.name.equalsIgnoringCase("branch") {
                foundBranch = parameter.value ?? .empty
            } else if parameter.name.equalsIgnoringCase("rport") {
                foundRport = true
            }
        }
        guard !list.isMalformed else { return nil }
        branch = foundBranch
        hasRport = foundRport
    }

    public var received: Bytes? { ParameterList.value("received", in: parameters)?.value }
    public var rport: UInt16? {
        ParameterList.value("rport", in: parameters)?.value?.decimal.flatMap { UInt16(exactly: $0) }
    }
    public var maddr: Bytes? { ParameterList.value("maddr", in: parameters)?.value }

    private static func slash(_ text: Bytes, _ position: inout Int) -> Bool {
        position = text.skipWhitespace(from: position)
        guard position < text.count, text[position] == UInt8(ascii: "/") else { return false }
        position = text.skipWhitespace(from: position + 1)
        return true
    }
}
