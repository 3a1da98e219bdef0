import Vocabulary

/// A view of a `sip`, `sips` or `tel` URI; any other scheme is `other` and kept whole (RFC 3261, section 19.1; RFC 3966).
public struct URI {
    public enum Scheme: UInt8, Sendable { case sip, sips, tel, other }

    /// The URI as written.
    public let text: Bytes
    public let scheme: Scheme
    /// User part, escapes left in place; the number of a `tel` URI. Empty when there is none.
    public let user: Bytes
    /// Whether a user part stands before the host (it may not be empty then).
    public let hasUser: Bool
    /// Password in the user information; empty when there is none.
    public let password: Bytes
    /// Host name or address, an IPv6 reference with its brackets.
    public let host: Bytes
    /// Nil when not given.
    public let port: UInt16?
    /// `;name=value` parameters, from the first semicolon on.
    public let parameters: Bytes
    /// Header fields after the question mark, without it.
    public let headers: Bytes

    /// Nil when the text breaks the grammar.
    public init?(_ text: Bytes) {
        self.text = text
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0, text[0].isLetter else { return nil }
        let scheme = text.upTo(colon)
        for i in 0..<colon where !(scheme[i].isLetter || scheme[i].isDigit || scheme[i] == 0x2B || scheme[i] == 0x2D || scheme[i] == 0x2E) {
            return nil
        }
        for i in 0..<text.count
        where text[i] <= 0x20 || text[i] == 0x7F || text[i] == UInt8(ascii: "<") || text[i] == UInt8(ascii: ">")
            || text[i] == UInt8(ascii: "\"")
        {
            return nil
        }
        let rest = text.from(colon + 1)
        if scheme.equalsIgnoringCase("tel") {
            self.scheme = .tel
            let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.count
            guard URI.isTelephoneNumber(rest.upTo(end)) else { return nil }
            (user, hasUser, password, host, port) = (rest.upTo(end), true, .empty, .empty, nil)
            (parameters, headers) = (rest.from(end), .empty)
            return
        }
        guard scheme.equalsIgnoringCase("sip") || scheme.equalsIgnoringCase("sips") else {
            self.scheme = .other
            (user, hasUser, password, host, port) = (.empty, false, .empty, .empty, nil)
            (parameters, headers) = (.empty, .empty)
            guard !rest.isEmpty else { return nil }
            return
        }
        self.scheme = scheme.count == 3 ? .sip : .sips

        var hostStart = 0
        var foundUser = Bytes.empty
        var foundPassword = Bytes.empty
        // The user part may itself hold ; ? and =, while an at sign can only stand behind it (elsewhere it is escaped).
        let at = rest.firstIndex(of: UInt8(ascii: "@"))
        if let at {
            let information = rest.upTo(at)
            let split = information.firstIndex(of: UInt8(ascii: ":"))
            foundUser = information.upTo(split ?? information.count)
            if let split { foundPassword = information.from(split + 1) }
            guard !foundUser.isEmpty, URI.escapesAreSound(information) else { return nil }
            hostStart = at + 1
        }
        user = foundUser
        hasUser = at != nil
        password = foundPassword

        let afterUser = rest.from(hostStart)
        guard let hostEnd = URI.endOfHost(afterUser) else { return nil }
        host = afterUser.upTo(hostEnd)
        var position = hostEnd
        var foundPort: UInt16? = nil
        if position < afterUser.count, afterUser[position] == UInt8(ascii: ":") {
            let start = position + 1
            position = start
            while position < afterUser.count, afterUser[position].isDigit { position += 1 }
            guard let value = afterUser[start..<position].decimal, value <= 65_535 else { return nil }
            foundPort = UInt16(value)
        }
        port = foundPort
        let question = afterUser.firstIndex(of: UInt8(ascii: "?"), from: position)
        guard position == afterUser.count || afterUser[position] == UInt8(ascii: ";") || question == position else { return nil }
        parameters = afterUser[position..<(question ?? afterUser.count)]
        headers = afterUser.from(question.map { $0 + 1 } ?? afterUser.count)
        guard URI.escapesAreSound(parameters), URI.escapesAreSound(headers) else { return nil }
    }

    /// The first value of a URI parameter such as `transport` or `lr`; nil when absent.
    public func parameter(_ name: StaticString) -> ParameterList.Parameter? { ParameterList.value(name, in: parameters) }

    /// Transport named by the `transport` parameter, by the scheme, or UDP.
    public var transport: TransportKind? {
        guard let value = parameter("transport")?.value else { return scheme == .sips ? .tls : nil }
        if value.equalsIgnoringCase("udp") { return .udp }
        if value.equalsIgnoringCase("tcp") { return scheme == .sips ? .tls : .tcp }
        if value.equalsIgnoringCase("tls") { return .tls }
        return nil
    }

    /// The numeric address of the host with the port or the transport's default; nil for a host name.
    public var address: NetworkAddress? {
        NetworkAddress(parsing: host).map {
            var address = $0
            address.port = port ?? (transport ?? .udp).defaultPort
            return address
        }
    }

    private static func endOfHost(_ text: Bytes) -> Int? {
        guard text.count > 0 else { return nil }
        if text[0] == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")), NetworkAddress(parsing: text[0..<close + 1]) != nil else { return nil }
            return close + 1
        }
        var i = 0
        while i < text.count, text[i].isLetter || text[i].isDigit || text[i] == 0x2D || text[i] == 0x2E || text[i] == 0x5F { i += 1 }
        return i > 0 ? i : nil
    }

    private static func isTelephoneNumber(_ text: Bytes) -> Bool {
        var hasDigit = false
        for i in 0..<text.count {
            let c = text[i]
            let plusFirst = c == UInt8(ascii: "+") && i == 0
            let visual = c == 0x2D || c == 0x2E || c == 0x28 || c == 0x29
            let digit = c.isHexDigit || c == UInt8(ascii: "*") || c == UInt8(ascii: "#")
            guard plusFirst || visual || digit else { return false }
            hasDigit = hasDigit || digit
        }
        return hasDigit
    }

    private static func escapesAreSound(_ text: Bytes) -> Bool {
        var i = 0
        while let percent = text.firstIndex(of: UInt8(ascii: "%"), from: i) {
            guard percent + 2 < text.count, text[percent + 1].isHexDigit, text[percent + 2].isHexDigit else { return false }
            i = percent + 3
        }
        return true
    }
}

// MARK: - Comparison (RFC 3261, section 19.1.4; RFC 3966, section 4)

extension URI {
    public func isEquivalent(to other: URI) -> Bool {
        guard scheme == other.scheme else { return false }
        switch scheme {
        case .other: return text.equals(other.text)
        case .tel: return URI.telephoneNumbersAreEqual(user, other.user) && parametersMatch(other, everyParameterCounts: true)
        case .sip, .sips:
            guard hasUser == other.hasUser, user.equalsUnescaping(other.user), password.equalsUnescaping(other.password) else { return false }
            guard hostsAreEqual(other), port == other.port else { return false }
            guard parametersMatch(other, everyParameterCounts: false) else { return false }
            return headersMatch(other)
        }
    }

    private func hostsAreEqual(_ other: URI) -> Bool {
        if let a = NetworkAddress(parsing: host), let b = NetworkAddress(parsing: other.host) { return a == b }
        return host.equalsIgnoringCase(other.host)
    }

    private static func telephoneNumbersAreEqual(_ a: Bytes, _ b: Bytes) -> Bool {
        func isVisual(_ c: UInt8) -> Bool { c == 0x2D || c == 0x2E || c == 0x28 || c == 0x29 }
        var i = 0
        var j = 0
        while true {
            while i < a.count, isVisual(a[i]) { i += 1 }
            while j < b.count, isVisual(b[j]) { j += 1 }
            guard i < a.count, j < b.count else { return i == a.count && j == b.count }
            guard a[i].lowercased == b[j].lowercased else { return false }
            i += 1
            j += 1
        }
    }

    /// Parameters in both must agree. `user`, `ttl`, `method`, `maddr` and `transport` must be in both or in none.
    private func parametersMatch(_ other: URI, everyParameterCounts: Bool) -> Bool {
        URI.parameters(parameters, agreeWith: other.parameters, all: everyParameterCounts)
            && URI.parameters(other.parameters, agreeWith: parameters, all: everyParameterCounts)
    }

    private static func parameters(_ a: Bytes, agreeWith b: Bytes, all: Bool) -> Bool {
        var list = ParameterList(a)
        while let parameter = list.next() {
            var others = ParameterList(b)
            var found = false
            while let candidate = others.next() {
                guard candidate.name.equalsUnescaping(parameter.name, ignoringCase: true) else { continue }
                found = true
                guard (candidate.value ?? .empty).equalsUnescaping(parameter.value ?? .empty, ignoringCase: true) else { return false }
            }
            if !found, all || parameter.name.mustBeInBothURIs { return false }
        }
        return true
    }

    /// Header components are never ignored: same names and values in any order.
    private func headersMatch(_ other: URI) -> Bool {
        URI.countHeaders(headers) == URI.countHeaders(other.headers) && URI.headers(headers, standIn: other.headers)
            && URI.headers(other.headers, standIn: headers)
    }

    private static func headers(_ a: Bytes, standIn b: Bytes) -> Bool {
        var rest = a
        while let component = URI.nextHeader(&rest) {
            var others = b
            var found = false
            while let candidate = URI.nextHeader(&others) { if candidate.equalsUnescaping(component, ignoringCase: true) { found = true } }
            if !found { return false }
        }
        return true
    }

    private static func nextHeader(_ rest: inout Bytes) -> Bytes? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count
        defer { rest = end < rest.count ? rest.from(end + 1) : .empty }
        return rest.upTo(end)
    }

    private static func countHeaders(_ headers: Bytes) -> Int {
        var rest = headers
        var count = 0
        while nextHeader(&rest) != nil { count += 1 }
        return count
    }
}

extension Bytes {
    fileprivate var mustBeInBothURIs: Bool {
        equalsIgnoringCase("user") || equalsIgnoringCase("ttl") || equalsIgnoringCase("method") || equalsIgnoringCase("maddr")
            || equalsIgnoringCase("transport")
    }

    /// Compares with %-escapes decoded on both sides.
    func equalsUnescaping(_ other: Bytes, ignoringCase: Bool = false) -> Bool {
        var a = UnescapingReader(bytes: self)
        var b = UnescapingReader(bytes: other)
        while true {
            let x = a.next()
            let y = b.next()
            guard let x, let y else { return x == nil && y == nil }
            if x != y, !(ignoringCase && x.lowercased == y.lowercased) { return false }
        }
    }
}

/// Reads bytes with `%HH` decoded.
struct UnescapingReader {
    let bytes: Bytes
    private var position = 0

    init(bytes: Bytes) { self.bytes = bytes }

    mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        if byte == UInt8(ascii: "%"), position + 2 < bytes.count, let value = hex(bytes[position + 1], bytes[position + 2]) {
            position += 3
            return value
        }
        position += 1
        return byte
    }

    private func hex(_ a: UInt8, _ b: UInt8) -> UInt8? {
        guard a.isHexDigit, b.isHexDigit else { return nil }
        func digit(_ c: UInt8) -> UInt8 { c.isDigit ? c - 0x30 : (c | 0x20) - 0x61 + 10 }
        return digit(a) << 4 | digit(b)
    }
}
