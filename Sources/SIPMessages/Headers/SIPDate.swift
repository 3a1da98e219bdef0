import Vocabulary

/// The Date header field: RFC 1123 form, always GMT (RFC 3261, section 20.17).
public struct SIPDate: Hashable, Sendable {
    public let wall: WallTime

    public init(_ wall: WallTime) { self.wall = wall }

    /// Reads `Sat, 13 Nov 2010 23:29:00 GMT`; nil for another form, zone or an impossible date.
    /// The name of the day is not held against the date.
    public init?(_ text: Bytes) {
        var words = Words(text)
        guard let weekday = words.next(), weekday.count == 4, weekday[3] == UInt8(ascii: ","),
            Calendar.index(of: weekday.upTo(3), in: Calendar.days) != nil,
            let day = words.next()?.digits(1...2), let monthName = words.next(),
            let month = Calendar.index(of: monthName, in: Calendar.months), let year = words.next()?.digits(4...4),
            let clock = words.next(), clock.count == 8, clock[2] == UInt8(ascii: ":"), clock[5] == UInt8(ascii: ":"),
            let hour = clock[0..<2].digits(2...2), let minute = clock[3..<5].digits(2...2), let second = clock[6..<8].digits(2...2),
            let zone = words.next(), zone.equals("GMT"), words.next() == nil
        else { return nil }
        // A leap second is written as 60.
        guard (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second) else { return nil }
        let days = Calendar.daysSinceEpoch(year: year, month: month + 1, day: day)
        let back = Calendar.civil(daysSinceEpoch: days)
        guard back.year == year, back.month == month + 1, back.day == day else { return nil }
        wall = WallTime(microseconds: Int64(days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000)
    }

    public var text: String {
        let seconds = Calendar.floorDivide(Int(wall.microseconds), 1_000_000)
        let days = Calendar.floorDivide(seconds, 86_400)
        let (year, month, day) = Calendar.civil(daysSinceEpoch: days)
        let ofDay = seconds - days * 86_400
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let clock = "\(two(ofDay / 3_600)):\(two(ofDay / 60 % 60)):\(two(ofDay % 60))"
        // 1970-01-01 was a Thursday.
        let weekday = days + 3 - 7 * Calendar.floorDivide(days + 3, 7)
        let fourDigits = "\(two(year / 100))\(two(year % 100))"
        return "\(Calendar.days[weekday]), \(two(day)) \(Calendar.months[month - 1]) \(fourDigits) \(clock) GMT"
    }
}

/// The text of the present second, made once.
public struct SIPDateClock: Sendable {
    private var second = Int64.min
    private var bytes: [UInt8] = []

    public init() {}

    public mutating func text(at wall: WallTime) -> [UInt8] {
        let now = Int64(Calendar.floorDivide(Int(wall.microseconds), 1_000_000))
        if now != second { (second, bytes) = (now, Array(SIPDate(wall).text.utf8)) }
        return bytes
    }
}

/// The Gregorian calendar as the Date header field names it.
private enum Calendar {
    static let days: [StaticString] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    static let months: [StaticString] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func index(of name: Bytes, in names: [StaticString]) -> Int? {
        for i in names.indices where name.equals(names[i]) { return i }
        return nil
    }

    static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((b - 1 - a) / b) }

    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = floorDivide(y, 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func civil(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let z = daysSinceEpoch + 719_468
        let era = floorDivide(z, 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

/// Reads words separated by white space.
private struct Words {
    let text: Bytes
    var position = 0

    init(_ text: Bytes) { self.text = text }

    mutating func next() -> Bytes? {
        let start = text.skipWhitespace(from: position)
        position = start
        while position < text.count, !text[position].isWhitespace { position += 1 }
        return position > start ? text[start..<position] : nil
    }
}

extension Bytes {
    /// The value of a run of digits whose length lies in `length`.
    fileprivate func digits(_ length: ClosedRange<Int>) -> Int? {
        length.contains(count) ? decimal.map { Int($0) } : nil
    }
}
