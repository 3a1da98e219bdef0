/// Draws what the demo's peers saw as a ladder: the caller left, the callee right, Tandem between them.
enum DemoLadder {
    private static let width = 34

    static func lines(_ entries: [DemoLog.Entry], caller: String, callee: String) -> [String] {
        let gap = String(repeating: " ", count: width)
        let head = "  time/ms   caller" + String(repeating: " ", count: width - 6) + "Tandem" + String(repeating: " ", count: width - 6) + "callee"
        let rail = "            |" + gap + "|" + gap + "|"
        var lines = [head, rail]
        for entry in entries {
            let isLeft = entry.peer == caller
            let pointsRight = (entry.direction == .sent) == isLeft
            let arrow = draw(entry.title, pointsRight: pointsRight)
            let time = padded(decimal(entry.milliseconds), 9)
            lines.append("\(time)   |" + (isLeft ? arrow + "|" + gap : gap + "|" + arrow) + "|")
        }
        return lines
    }

    private static func draw(_ title: String, pointsRight: Bool) -> String {
        let text = " \(title.prefix(width - 6)) "
        let rest = width - text.count
        let dashes = String(repeating: "-", count: rest / 2)
        let more = String(repeating: "-", count: rest - rest / 2 - 1)
        return pointsRight ? dashes + text + more + ">" : "<" + more + text + dashes
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
