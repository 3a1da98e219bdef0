// The schema of a call's or a registration's messages.
extension Schemas {
    static let trace: [DocumentNode.Entry] = [
        .init(
            "Trace",
            record([
                ("subject", text), ("secretsMasked", ["type": "boolean"]), ("isCut", ["type": "boolean"]), ("gap", optionalText),
                ("messages", ["type": "array", "items": reference("TracedMessage")]),
            ])),
        .init(
            "TracedMessage",
            record([
                ("time", time), ("microseconds", integer), ("direction", ["type": "string", "enum": ["received", "sent"]]),
                ("transport", ["type": "string", "enum": ["udp", "tcp", "tls"]]), ("local", text), ("remote", text), ("connection", integer),
                ("startLine", text), ("callID", optionalText), ("cseq", optionalText), ("isRetransmission", ["type": "boolean"]), ("text", text),
            ])),
    ]
}
