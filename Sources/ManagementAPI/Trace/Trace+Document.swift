import CallRecords
import Vocabulary

extension Trace {
    /// The trace as the REST interface and `tandem trace -o json` show it.
    public var document: DocumentNode {
        [
            "subject": .text(subject),
            "secretsMasked": .flag(secrets == .masked),
            "isCut": .flag(isCut),
            "gap": gap.map { .text($0) } ?? .null,
            "messages": .list(entries.map(\.document)),
        ]
    }
}

extension Trace.Entry {
    fileprivate var document: DocumentNode {
        let envelope = message.envelope
        return [
            "time": envelope.at.document,
            "microseconds": .number(envelope.at.microseconds),
            "direction": .text(envelope.direction == .received ? "received" : "sent"),
            "transport": .text("\(envelope.transport.name)"),
            "local": .text(envelope.local.description),
            "remote": .text(envelope.remote.description),
            "connection": .number(Int(envelope.connection)),
            "startLine": .text(message.startLine),
            "callID": message.callID.map { .text($0) } ?? .null,
            "cseq": message.cseq.map { .text($0) } ?? .null,
            "isRetransmission": .flag(isRetransmission),
            "text": .text(String(decoding: message.bytes, as: UTF8.self)),
        ]
    }
}
