import Vocabulary

/// Everything on the wire that belongs to one call, or to all, as text for a reader.
public struct WireTrace {
    /// The call to follow; nil follows all.
    public let call: Int?
    public private(set) var lines: [String] = []
    private var callIDs: Set<String> = []

    public init(call: Int? = nil) { self.call = call }

    mutating func sent(_ bytes: [UInt8], from: NetworkAddress, to: NetworkAddress, now: Instant, isLost: Bool) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let call {
            let callID = WireTrace.callID(of: text)
            if !callIDs.contains(callID) {
                guard text.hasPrefix("INVITE "), WireTrace.number(inRequestLineOf: text) == call else { return }
                callIDs.insert(callID)
            }
        }
        lines.append("\(WireTrace.seconds(now)) \(from) -> \(to)\(isLost ? " (lost)" : "")")
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: true) { lines.append("    \(line)") }
    }

    private static func callID(of text: String) -> String {
        for line in text.split(separator: "\r\n") where line.hasPrefix("Call-ID: ") { return String(line.dropFirst(9)) }
        return ""
    }

    /// The simulated call that a number stands for, read from `INVITE sip:+1415...@...`.
    static func number(inRequestLineOf text: String) -> Int? {
        guard let start = text.firstIndex(of: ":"), let end = text.firstIndex(of: "@") else { return nil }
        guard start < end else { return nil }
        return SimulatedNumber.call(of: String(text[text.index(after: start)..<end]))
    }

    private static func seconds(_ instant: Instant) -> String {
        let microseconds = instant.nanoseconds / 1_000
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}

/// The called number of a simulated call: an example number with the call's own number in its end.
public enum SimulatedNumber {
    static let prefix = "+1415555"

    public static func of(_ call: Int) -> String {
        let digits = String(call)
        return prefix + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    }

    public static func call(of number: String) -> Int? {
        number.hasPrefix(prefix) ? Int(number.dropFirst(prefix.count)) : nil
    }
}
