import CallRecords
import Vocabulary

/// Draws a trace as text: a column for every address, Tandem's own among them, and an arrow for every message.
///
/// A peer that sent the first message stands left of Tandem, all others stand right of it in the order in
/// which they appear. Beside an arrow stand the CSeq and what is worth noting.
public struct TraceLadder {
    /// From one column's line to the next one's, in characters.
    private static let width = 34
    private static let name = "Tandem"
    private static let timeWidth = 12

    private struct Peer: Hashable {
        let address: NetworkAddress
        let transport: TransportKind
    }

    private let trace: Trace
    /// Columns from the left; nil is Tandem.
    private let columns: [Peer?]

    private init(_ trace: Trace) {
        self.trace = trace
        var peers: [Peer?] = []
        for entry in trace.entries {
            let peer = TraceLadder.peer(entry)
            if !peers.contains(peer) { peers.append(peer) }
        }
        let isCalled = trace.entries.first?.message.envelope.direction == .received
        peers.insert(nil, at: isCalled ? 1 : 0)
        columns = peers
    }

    /// The ladder's lines.
    public static func lines(_ trace: Trace) -> [String] {
        let gap = trace.gap.map { ["Messages are not kept at present: \($0)"] } ?? []
        guard let first = trace.entries.first else { return ["No message of \(trace.subject.printable) is kept."] + gap }
        let ladder = TraceLadder(trace)
        var lines = ["\(trace.subject.printable), from \(first.message.envelope.at.rfc3339)", "", ladder.head, ladder.rails()]
        for entry in trace.entries { lines.append(ladder.line(entry, since: first.message.envelope.at)) }
        if trace.isCut { lines += ["", "There are more messages; ask for more with a higher limit."] }
        return lines + gap
    }

    // MARK: - Lines

    /// The columns' names, each centred over its line.
    private var head: String {
        var text = TraceLadder.padded("seconds", TraceLadder.timeWidth - 2)
        for (index, peer) in columns.enumerated() {
            let name = peer.map { "\($0.address) \($0.transport.name)" } ?? TraceLadder.name
            let start = max(position(index) - name.count / 2, text.count + 2)
            text += String(repeating: " ", count: start - text.count) + name
        }
        return text
    }

    private func line(_ entry: Trace.Entry, since start: WallTime) -> String {
        let peer = columns.firstIndex(of: TraceLadder.peer(entry)) ?? 0
        let own = columns.firstIndex(of: nil) ?? 0
        var characters = Array(rails())
        let time = TraceLadder.padded(TraceLadder.seconds(entry.message.envelope.at.microseconds - start.microseconds), TraceLadder.timeWidth - 2)
        characters.replaceSubrange(0..<time.count, with: time)
        let (left, right) = (min(peer, own), max(peer, own))
        let pointsRight = (entry.message.envelope.direction == .sent) == (own < peer)
        let arrow = TraceLadder.arrow(title(entry), width: position(right) - position(left) - 1, pointsRight: pointsRight)
        characters.replaceSubrange(position(left) + 1..<position(right), with: arrow)
        let notes = TraceLadder.notes(entry)
        return String(characters) + (notes.isEmpty ? "" : "   " + notes)
    }

    /// A line with nothing but the columns' lines.
    private func rails() -> String {
        var text = ""
        for index in columns.indices { text += String(repeating: " ", count: position(index) - text.count) + "|" }
        return text
    }

    private func position(_ column: Int) -> Int { TraceLadder.timeWidth + 2 + column * TraceLadder.width }

    private func title(_ entry: Trace.Entry) -> String {
        let message = entry.message
        let words = message.startLine.split(separator: " ", maxSplits: 1)
        var title = message.method ?? (words.count > 1 ? String(words[1]) : message.startLine)
        if message.hasSDP { title += " (SDP)" }
        if message.method == "REGISTER", let seconds = message.expires { title += " (expires \(seconds))" }
        return title
    }

    // MARK: - Parts

    private static func peer(_ entry: Trace.Entry) -> Peer {
        Peer(address: entry.message.envelope.remote, transport: entry.message.envelope.transport)
    }

    private static func notes(_ entry: Trace.Entry) -> String {
        var notes = [entry.message.cseq].compactMap { $0 }
        if entry.message.hasCredentials { notes.append("with credentials") }
        if entry.isRetransmission { notes.append("retransmission") }
        return notes.joined(separator: ", ")
    }

    /// `------ INVITE ------>` of exactly `width` characters.
    private static func arrow(_ title: String, width: Int, pointsRight: Bool) -> String {
        let text = " \(title.prefix(width - 6)) "
        let dashes = width - text.count - 1
        let (before, after) = (String(repeating: "-", count: dashes / 2), String(repeating: "-", count: dashes - dashes / 2))
        return pointsRight ? before + text + after + ">" : "<" + before + text + after
    }

    /// Seconds with three digits behind the point.
    private static func seconds(_ microseconds: Int64) -> String {
        let milliseconds = (microseconds.magnitude + 500) / 1000
        let fraction = "\(milliseconds % 1000)"
        return (microseconds < 0 ? "-" : "") + "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    private static func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
}
