import SIPUserAgent
import Vocabulary

/// What a test's name server answers to one question.
struct DNSReply: Sendable {
    /// Records with their time to live in seconds.
    var records: [(DNSRecord, ttl: UInt32)] = []
    /// An alias that leads to the records, with its time to live.
    var alias: (name: String, ttl: UInt32)?
    /// The return code: 2 server failure, 3 no such name, 5 refused.
    var code: UInt8 = 0
    /// Time to live and last field of the SOA record of an absence.
    var authority: (ttl: UInt32, minimum: UInt32)?
    /// By UDP nothing but the flag that the answer is too long; the whole by TCP.
    var isTruncated = false
    /// No answer at all.
    var isSilent = false
    /// Records of another name than the one asked for.
    var owner: String?
    /// Bytes instead of a message after the header and question.
    var garbage: [UInt8]?

    static func records(_ records: DNSRecord..., ttl: UInt32 = 300) -> DNSReply { DNSReply(records: records.map { ($0, ttl) }) }
    static let noSuchName = DNSReply(code: 3)
    static let serverFailure = DNSReply(code: 2)
    static let silence = DNSReply(isSilent: true)
}

/// Enough of RFC 1035 to answer questions.
enum DNSMessage {
    /// The question of a query and the bytes that hold it; nil for what is none.
    static func question(_ query: [UInt8]) -> (question: DNSQuestion, end: Int)? {
        guard query.count > 12 else { return nil }
        var labels: [String] = []
        var at = 12
        while at < query.count, query[at] != 0 {
            let length = Int(query[at])
            guard at + length < query.count else { return nil }
            labels.append(String(decoding: query[at + 1...at + length], as: UTF8.self))
            at += length + 1
        }
        guard at + 4 < query.count else { return nil }
        guard let type = DNSQuestion.RecordType(rawValue: UInt16(query[at + 1]) << 8 | UInt16(query[at + 2])) else { return nil }
        return (DNSQuestion(labels.joined(separator: ".").lowercased(), type), at + 5)
    }

    static func answer(_ query: [UInt8], _ reply: DNSReply, byUDP: Bool) -> [UInt8] {
        guard let (question, end) = question(query) else { return [] }
        let isCut = byUDP && reply.isTruncated
        let answers = isCut ? 0 : reply.records.count + (reply.alias == nil ? 0 : 1)
        let authorities = isCut || reply.authority == nil ? 0 : 1
        var message = Array(query[..<2]) + [isCut ? 0x87 : 0x85, 0x80 | reply.code]
        message += sixteen(1) + sixteen(answers) + sixteen(authorities) + sixteen(0) + query[12..<end]
        if let garbage = reply.garbage { return message + garbage }
        if isCut { return message }
        var owner = reply.owner ?? question.name
        if let alias = reply.alias {
            message += record(owner, 5, alias.ttl, name(alias.name))
            owner = alias.name
        }
        for (content, ttl) in reply.records { message += record(owner, question.type.rawValue, ttl, data(content)) }
        if let authority = reply.authority {
            let numbers = [1, 3_600, 600, 86_400, authority.minimum].flatMap(thirtyTwo)
            message += record("example.net", 6, authority.ttl, name("ns.example.net") + name("hostmaster.example.net") + numbers)
        }
        return message
    }

    private static func record(_ owner: String, _ type: UInt16, _ ttl: UInt32, _ data: [UInt8]) -> [UInt8] {
        name(owner) + sixteen(Int(type)) + sixteen(1) + thirtyTwo(ttl) + sixteen(data.count) + data
    }

    private static func data(_ record: DNSRecord) -> [UInt8] {
        switch record {
        case .address(let address):
            let words = address.family == .ipv4 ? [] : bytes(address.high)
            return words + (address.family == .ipv4 ? Array(bytes(address.low)[4...]) : bytes(address.low))
        case .server(let server):
            return sixteen(Int(server.priority)) + sixteen(Int(server.weight)) + sixteen(Int(server.port)) + name(server.target)
        case .rule(let rule):
            let regular = rule.hasRegularExpression ? "!^.*$!sip:x@example.net!" : ""
            return sixteen(Int(rule.order)) + sixteen(Int(rule.preference)) + string(rule.flags) + string(rule.service) + string(regular)
                + name(rule.replacement)
        }
    }

    private static func name(_ name: String) -> [UInt8] { name.split(separator: ".").flatMap { string(String($0)) } + [0] }
    private static func string(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
    private static func sixteen(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }
    private static func thirtyTwo(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    private static func bytes(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } }
}
