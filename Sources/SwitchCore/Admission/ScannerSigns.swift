import SIPMessages
import Vocabulary

/// Words by which the programs that scan for switches give themselves away (`SS_PROTECTION_SCANNER_SIGNS`).
///
/// A sign is looked for, whatever its case, in User-Agent; `from=` or `to=` before it has it looked for in
/// that header field instead. Only requests of unknown sources are looked at.
struct ScannerSigns {
    private var inAgent: [[UInt8]] = []
    private var inFrom: [[UInt8]] = []
    private var inTo: [[UInt8]] = []

    init(_ signs: [String]) {
        for sign in signs {
            let text = sign.utf8.map(\.lowercased)
            if text.starts(with: Array("from=".utf8)) {
                inFrom.append(Array(text.dropFirst(5)))
            } else if text.starts(with: Array("to=".utf8)) {
                inTo.append(Array(text.dropFirst(3)))
            } else {
                inAgent.append(text)
            }
        }
    }

    func match(_ message: Message) -> Bool {
        if !inAgent.isEmpty, let agent = message.first(.userAgent), ScannerSigns.holds(agent, inAgent) { return true }
        if !inFrom.isEmpty, let from = message.first(.from), ScannerSigns.holds(from, inFrom) { return true }
        if !inTo.isEmpty, let to = message.first(.to), ScannerSigns.holds(to, inTo) { return true }
        return false
    }

    private static func holds(_ text: Bytes, _ signs: [[UInt8]]) -> Bool {
        signs.contains { sign in !sign.isEmpty && holds(text, sign) }
    }

    private static func holds(_ text: Bytes, _ sign: [UInt8]) -> Bool {
        guard text.count >= sign.count else { return false }
        for start in 0...text.count - sign.count {
            var i = 0
            while i < sign.count, text[start + i].lowercased == sign[i] { i += 1 }
            if i == sign.count { return true }
        }
        return false
    }
}
