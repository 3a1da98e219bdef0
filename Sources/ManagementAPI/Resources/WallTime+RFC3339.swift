import Vocabulary

// RFC 3339 instants in UTC with milliseconds, by the proleptic Gregorian calendar.

extension WallTime {
    /// The instant as `2026-01-31T23:59:59.000Z`; null when it is unset.
    public var document: DocumentNode { isSet ? .text(rfc3339) : .null }

    public var rfc3339: String {
        let milliseconds = floorDivision(microseconds, 1000)
        let seconds = floorDivision(milliseconds, 1000)
        let days = floorDivision(seconds, 86_400)
        let date = WallTime.civil(daysSince1970: days)
        let second = seconds - days * 86_400
        func padded(_ value: Int64, _ width: Int) -> String {
            let text = "\(value)"
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(padded(second / 3600, 2)):"
            + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(milliseconds - seconds * 1000, 3))Z"
    }

    /// Reads an RFC 3339 instant with `Z` or an offset; a fraction counts to the microsecond. Nil for anything else.
    public init?(rfc3339 text: String) {
        var rest = Substring(text)
        func number(_ digits: Int) -> Int64? {
            let taken = rest.prefix(digits)
            guard taken.utf8.count == digits, taken.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
            rest = rest.dropFirst(digits)
            return Int64(taken)
        }
        func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2), take("Tt "),
            let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2),
            (1...12).contains(month), hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = WallTime.daysSince1970(year: year, month: month, day: day)
        guard day >= 1, WallTime.civil(daysSince1970: days) == (year, month, day) else { return nil }
        var micros: Int64 = 0
        if take(".") {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            guard !digits.isEmpty, let value = Int64((digits + "000000").prefix(6)) else { return nil }
            micros = value
            rest = rest.dropFirst(digits.count)
        }
        var offset: Int64 = 0
        if rest.first == "+" || rest.first == "-" {
            let sign: Int64 = rest.first == "+" ? 1 : -1
            rest = rest.dropFirst()
            guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
            offset = sign * (hours * 3600 + minutes * 60)
        } else {
            guard take("Zz") else { return nil }
        }
        guard rest.isEmpty else { return nil }
        self.init(microseconds: (days * 86_400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000 + micros)
    }

    /// Days by eras of 400 years, counted from the first of March.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivision(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivision(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

/// Division that rounds down, also below zero.
private func floorDivision(_ a: Int64, _ b: Int64) -> Int64 {
    a >= 0 ? a / b : -((-a + b - 1) / b)
}
