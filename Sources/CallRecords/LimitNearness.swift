/// How near a call came to a limit, for reports. By whole milliseconds, without floating point.
public enum LimitNearness {
    /// Duration in hundredths of the limit, rounded down: 100 at the limit.
    public static func percent(durationMilliseconds: Int64, limitSeconds: Int64) -> Int {
        guard limitSeconds > 0, durationMilliseconds > 0 else { return 0 }
        let scaled = Int128(durationMilliseconds) * 100 / (Int128(limitSeconds) * 1_000)
        return Int(clamping: scaled)
    }

    /// Whether a call lasted to within `percent` of its limit, 0 to 100: for 5 % of 7200 s, 6840 s and longer.
    public static func isNear(durationMilliseconds: Int64, limitSeconds: Int64, within percent: Int) -> Bool {
        guard limitSeconds > 0 else { return false }
        let share = Int128(100 - min(max(percent, 0), 100))
        return Int128(durationMilliseconds) * 100 >= Int128(limitSeconds) * 1_000 * share
    }
}
