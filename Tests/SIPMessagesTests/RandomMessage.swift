import SIPMessages
import Vocabulary

/// A valid message drawn from a seed, with what a parser has to find in it.
struct RandomMessage {
    var startLine: String
    var method: SIPMessages.Method
    var uri: String?
    var status = 0
    var cseq: UInt32
    var callID: String
    var fromTag: String
    var toTag: String
    var branch: String
    var host: String
    /// Name as written and value without folds, in order.
    var fields: [(name: String, value: String)] = []
    var body: [UInt8]

    private static let tokenBytes = Array("abcXYZ0189-.!%*_+`'~".utf8)
    private static let userBytes = Array("abcXYZ0189-_.!~*'()&=+$,;?/".utf8)

    init(_ random: inout SeededGenerator) {
        func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }
        func text(_ bytes: [UInt8], _ length: ClosedRange<Int>) -> String {
            String(decoding: (0..<Int.random(in: length, using: &random)).map { _ in pick(bytes) }, as: UTF8.self)
        }
        func token() -> String { text(Self.tokenBytes, 1...12) }
        func someHost() -> String { pick(["example.net", "192.0.2.7", "[2001:db8::7]", "a-b.example.com", "x_y.example.org"]) }
        func someURI() -> String {
            let scheme = pick(["sip", "sips", "SIP"])
            let user = Bool.random(using: &random) ? text(Self.userBytes, 1...10).escapedPercent + "@" : ""
            let port = Bool.random(using: &random) ? ":\(Int.random(in: 1...65_535, using: &random))" : ""
            return "\(scheme):\(user)\(someHost())\(port)" + pick(["", ";transport=udp", ";lr;x=y", ";user=phone"])
        }
        func display() -> String { pick(["", "\"A, <B> \\\" C\" ", "Plain Name ", "\"\" "]) }
        func space() -> String { pick([" ", "  ", "", "\t", "\r\n ", " \r\n\t"]) }

        let known: [SIPMessages.Method] = [
            .invite, .ack, .bye, .cancel, .options, .register, .prack, .update, .info, .message, .refer, .subscribe, .notify, .publish,
        ]
        method = pick(known)
        let isRequest = Bool.random(using: &random)
        uri = isRequest ? someURI() : nil
        if !isRequest { status = Int.random(in: 100...699, using: &random) }
        startLine = isRequest ? "\(method.name) \(uri ?? "") SIP/2.0" : "SIP/2.0 \(status) \(pick(["OK", "", "Ringing, now", "Überlastet"]))"
        cseq = UInt32.random(in: 0..<1 << 31, using: &random)
        callID = token() + pick(["", "@192.0.2.1"])
        fromTag = token()
        toTag = Bool.random(using: &random) ? token() : ""
        branch = "z9hG4bK" + token()
        host = someHost()
        body = (0..<pick([0, 0, 1, 40, 300])).map { _ in UInt8.random(in: 0...255, using: &random) }

        var wanted: [(String, String)] = [
            (
                pick(["Via", "v", "VIA"]),
                "SIP/2.0/\(pick(["UDP", "TCP", "TLS"]))\(pick([" ", "\t", "\r\n "]))\(host);branch=\(branch)"
                    + pick(["", ";rport", ", SIP/2.0/UDP 192.0.2.9"])
            ),
            (pick(["From", "f"]), "\(display())<\(someURI())>\(space());tag=\(fromTag)"),
            (pick(["To", "t"]), "\(display())<\(someURI())>" + (toTag.isEmpty ? "" : ";\(space())tag\(space())=\(space())\(toTag)")),
            (pick(["Call-ID", "i"]), callID),
            ("CSeq", "\(cseq)\(pick([" ", "\t", "\r\n "]))\(method.name)"),
            ("Max-Forwards", "\(Int.random(in: 0...255, using: &random))"),
            (pick(["Content-Length", "l"]), "\(body.count)"),
        ]
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            wanted.append(
                pick([
                    ("X-" + token(), token() + space() + token()), ("Subject", "a\(space()), b"),
                    ("Contact", "\(display())<\(someURI())>;expires=60"),
                    ("Record-Route", "<\(someURI())>, <\(someURI())>"), ("Supported", "100rel,\(space())timer"), ("Expires", "3600"), ("X-Empty", ""),
                ]))
        }
        wanted.shuffle(using: &random)
        fields = wanted.map { ($0.0, $0.1) }
    }

    /// Writes the message as the switch would.
    func write(into outbox: inout Outbox) {
        func append(_ text: String) { text.withBytes { outbox.append($0) } }
        outbox.begin()
        append(startLine)
        outbox.append("\r\n")
        for (name, value) in fields {
            append(name)
            outbox.append(": ")
            append(value)
            outbox.append("\r\n")
        }
        outbox.append("\r\n")
        body.withBytes { outbox.append($0) }
    }
}

extension String {
    /// Percent signs of the random alphabets are escapes in a URI.
    fileprivate var escapedPercent: String { split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25") }
}
