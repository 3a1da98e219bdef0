/// Times of the day and weekdays as operators write them.
enum TimeOfDayText {
    /// Seconds since midnight of `08:00`, `08:00:30` or `24:00`.
    static func seconds(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts.allSatisfy({ (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isASCIIDigit) }) else {
            return nil
        }
        let numbers = parts.compactMap { Int($0) }
        guard numbers[1] < 60, numbers.count < 3 || numbers[2] < 60 else { return nil }
        let seconds = numbers[0] * 3600 + numbers[1] * 60 + (numbers.count < 3 ? 0 : numbers[2])
        return seconds <= 86_400 ? seconds : nil
    }

    static func text(_ seconds: Int) -> String {
        let pair: (Int) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
        let minutes = "\(pair(seconds / 3600)):\(pair(seconds / 60 % 60))"
        return seconds % 60 == 0 ? minutes : minutes + ":\(pair(seconds % 60))"
    }

    /// From Monday, as `Period.weekdays` counts them.
    static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    static let weekdayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    /// The bits of `mon`, of `mon-fri`, or of `sat-tue` over the end of the week.
    static func weekdayBits(_ text: String) -> UInt8? {
        let ends = text.lowercased().split(separator: "-", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard (1...2).contains(ends.count), let first = weekdays.firstIndex(of: ends[0]), let last = weekdays.firstIndex(of: ends[ends.count - 1])
        else { return nil }
        var bits: UInt8 = 0
        var day = first
        while true {
            bits |= 1 << UInt8(day)
            if day == last { return bits }
            day = (day + 1) % 7
        }
    }
}
