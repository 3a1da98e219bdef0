import SIPMessages
import Vocabulary

/// A message as a peer read it: what every peer needs as Strings, the rest on demand.
public struct SeenMessage: Sendable {
    public let at: Instant
    public let from: NetworkAddress
    public let bytes: [UInt8]
    public let isRequest: Bool
    /// Method of a request, or of the request that a response answers.
    public let method: Method
    /// 0 for a request.
    public let status: Int
    public let callID: String
    public let fromTag: String
    public let toTag: String
    public let cseq: Int
    /// Branch of the topmost Via.
    public let branch: String

    /// Nil when it cannot be read.
    init?(_ bytes: [UInt8], from: NetworkAddress, at now: Instant, parser: inout MessageParser) {
        guard let view = bytes.withBytes({ SeenMessage.read($0, &parser) }) else { return nil }
        (isRequest, method, status) = (view.isRequest, view.method, view.status)
        (callID, fromTag, toTag, cseq, branch) = (view.callID, view.fromTag, view.toTag, view.cseq, view.branch)
        self.bytes = bytes
        self.from = from
        at = now
    }

    private struct View {
        var isRequest: Bool
        var method: Method
        var status: Int
        var callID: String
        var fromTag: String
        var toTag: String
        var cseq: Int
        var branch: String
    }

    private static func read(_ bytes: Bytes, _ parser: inout MessageParser) -> View? {
        guard let message = parser.parse(bytes), message.defect == nil, let essentials = try? Essentials(message) else { return nil }
        return View(
            isRequest: message.isRequest, method: essentials.cseq.method, status: message.status, callID: essentials.callID.string,
            fromTag: essentials.fromTag.string, toTag: essentials.toTag.string, cseq: Int(essentials.cseq.number),
            branch: essentials.via.branch.string)
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
    public var startLine: String { String(text.prefix { $0 != "\r\n" }) }
    /// The method as written, for one that has no name of its own.
    public var methodName: String { String(startLine.prefix { $0 != " " }) }
    public var requestURI: String { startLine.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    public var reasonPhrase: String { startLine.split(separator: " ", maxSplits: 2).dropFirst(2).first.map(String.init) ?? "" }

    /// Values of the header field, in order; the name as written in full, any case.
    public func headers(_ name: String) -> [String] {
        let wanted = HeaderName(text: name)
        var parser = MessageParser()
        return bytes.withBytes { bytes in
            guard let message = parser.parse(bytes) else { return [] }
            return (0..<message.fieldCount).compactMap { index in
                let field = message[index]
                let isWanted = wanted == .other ? field.writtenName.string.lowercased() == name.lowercased() : field.name == wanted
                return isWanted ? field.value.string : nil
            }
        }
    }

    public func header(_ name: String) -> String? { headers(name).first }

    /// Every comma-separated element of a header field.
    public func elements(_ name: String) -> [String] {
        headers(name).flatMap { value in
            value.withBytes { bytes in
                var list = CommaList(bytes)
                var elements: [String] = []
                while let element = list.next() { elements.append(element.string) }
                return elements
            }
        }
    }

    public var body: String {
        guard let end = text.range(ofBlankLine: ()) else { return "" }
        return String(text[end...])
    }

    public var hasBody: Bool { !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) }

    /// The URI of the first Contact; nil when there is none.
    public var contact: String? {
        header("Contact")?.withBytes { NameAddress($0)?.uri.string }
    }
}

extension HeaderName {
    init(text: String) { self = text.withBytes { HeaderName($0) } }
}

extension String {
    /// Where the body begins.
    fileprivate func range(ofBlankLine: Void) -> String.Index? {
        // CR LF is one Character.
        var previous: Character? = nil
        for index in indices {
            if self[index] == "\r\n", previous == "\r\n" { return self.index(after: index) }
            previous = self[index]
        }
        return nil
    }
}
