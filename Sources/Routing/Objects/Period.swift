/// Settings of a gateway on certain weekdays between two times of the day; what is nil or empty stays as it is otherwise.
public struct Period: Sendable, Hashable {
    /// Bit 0 is Monday, bit 6 Sunday.
    public var weekdays: UInt8
    /// Seconds since midnight, local time: from `begin` (included) to `end` (excluded, at most 86,400).
    public var begin: Int
    public var end: Int

    /// Takes no calls in this time.
    public var isBarred = false
    public var capacity: Int?
    public var callsPerSecond: Int?
    /// A routing gateway's.
    public var priority: Int?
    /// Replace the gateway's own filters in this time.
    public var callerPrefixes: PrefixFilter?
    public var calleePrefixes: PrefixFilter?
    /// Replace the gateway's own dial plan in this time.
    public var callerRewrite: RewriteRules?
    public var calleeRewrite: RewriteRules?

    public init(weekdays: UInt8 = 0x7F, begin: Int = 0, end: Int = 86_400) {
        self.weekdays = weekdays
        self.begin = begin
        self.end = end
    }

    public func contains(weekday: Int, second: Int) -> Bool {
        weekdays >> UInt8(weekday) & 1 == 1 && begin <= second && second < end
    }
}
