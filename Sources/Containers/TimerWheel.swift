import Vocabulary

/// A timer set in a `TimerWheel`; `none` is no timer.
public struct TimerHandle: Hashable, Sendable {
    var index: Int32
    public static let none = TimerHandle(index: -1)
    public var isSet: Bool { index >= 0 }
}

/// A hierarchical timing wheel: setting and cancelling cost a few list links whatever the number of timers.
///
/// Resolution is 2^22 ns (about 4.2 ms): a timer never fires early and at most one tick late. Five
/// levels of 64 slots reach 52 days; a later deadline waits in the last level and is set again.
/// Each timer carries a 64-bit token, which it hands back when it fires.
public struct TimerWheel: ~Copyable {
    private static var tickShift: Int64 { 22 }
    private static var levels: Int { 5 }

    private struct Timer {
        var deadlineTick: Int64
        var token: UInt64
        var next: Int32
        var previous: Int32
        /// Slot in `heads` (level * 64 + position), -1 when free.
        var slot: Int32
    }

    private var timers: [Timer] = []
    private var firstFree: Int32 = -1
    private var heads: [Int32]
    private var occupied: [UInt64]
    private var currentTick: Int64
    /// Timers now set.
    public private(set) var count = 0

    public init(now: Instant) {
        heads = Array(repeating: -1, count: Self.levels * 64)
        occupied = Array(repeating: 0, count: Self.levels)
        currentTick = now.nanoseconds >> Self.tickShift
    }

    /// Sets a timer. A deadline that is past fires at the next `popExpired`.
    public mutating func set(at deadline: Instant, token: UInt64) -> TimerHandle {
        let index: Int32
        // Round up, so that nothing fires early.
        let remainder = deadline.nanoseconds & ((1 << Self.tickShift) - 1)
        let tick = (deadline.nanoseconds >> Self.tickShift) + (remainder == 0 ? 0 : 1)
        let timer = Timer(deadlineTick: tick, token: token, next: -1, previous: -1, slot: -1)
        if firstFree >= 0 {
            index = firstFree
            firstFree = timers[Int(index)].next
            timers[Int(index)] = timer
        } else {
            index = Int32(timers.count)
            timers.append(timer)
        }
        link(index)
        count += 1
        return TimerHandle(index: index)
    }

    /// Cancels the timer and clears the handle; nothing happens when it is not set.
    public mutating func cancel(_ handle: inout TimerHandle) {
        guard handle.isSet else { return }
        unlink(handle.index)
        release(handle.index)
        handle = .none
    }

    /// The token of one timer that is due, or nil. The handle of a fired timer is no longer valid:
    /// its owner clears it without cancelling.
    public mutating func popExpired(now: Instant) -> UInt64? {
        let target = now.nanoseconds >> Self.tickShift
        while true {
            let position = Int(currentTick & 63)
            let head = heads[position]
            if head >= 0, timers[Int(head)].deadlineTick <= target {
                unlink(head)
                let token = timers[Int(head)].token
                release(head)
                return token
            }
            guard currentTick < target else { return nil }
            advance(to: target)
        }
    }

    /// When `popExpired` has to be called next: never later than the first deadline, perhaps earlier.
    public var nextDeadline: Instant {
        guard count > 0 else { return .never }
        var earliest = Int64.max
        for level in 0..<Self.levels where occupied[level] != 0 {
            let shift = Int64(6 * level)
            let position = Int((currentTick >> shift) & 63)
            // The lowest level counts its current slot; a higher one was emptied of it when its turn began,
            // so what stands there is a whole turn away.
            let skip = level == 0 ? 0 : 1
            let rotated = occupied[level].rotatedRight(by: (position + skip) & 63)
            let distance = Int64(rotated.trailingZeroBitCount + skip)
            earliest = min(earliest, max(((currentTick >> shift) + distance) << shift, currentTick))
        }
        return Instant(nanoseconds: earliest << Self.tickShift)
    }

    // MARK: - Lists

    /// Moves on to the next tick that has something in it, cascading higher levels on the way.
    private mutating func advance(to target: Int64) {
        if occupied[0] == 0 {
            // Nothing in this turn of the lowest level: go to its end at once.
            let turnEnd = currentTick | 63
            if turnEnd < target { currentTick = turnEnd } else { currentTick = target - 1 }
        } else {
            let position = Int(currentTick & 63)
            let later = position == 63 ? 0 : occupied[0] >> UInt64(position + 1)
            let turnEnd = currentTick | 63
            let step = later == 0 ? turnEnd : currentTick + Int64(later.trailingZeroBitCount)
            currentTick = min(step, target - 1)
        }
        currentTick += 1
        var level = 1
        while level < Self.levels, currentTick & ((1 << Int64(6 * level)) - 1) == 0 {
            cascade(level: level, position: Int(currentTick >> Int64(6 * level) & 63))
            level += 1
        }
    }

    private mutating func cascade(level: Int, position: Int) {
        let slot = level * 64 + position
        var index = heads[slot]
        heads[slot] = -1
        occupied[level] &= ~(1 << UInt64(position))
        while index >= 0 {
            let next = timers[Int(index)].next
            link(index)
            index = next
        }
    }

    private mutating func link(_ index: Int32) {
        let deadline = max(timers[Int(index)].deadlineTick, currentTick)
        let distance = deadline - currentTick
        var level = 0
        while level < Self.levels - 1, distance >= 1 << Int64(6 * (level + 1)) { level += 1 }
        let reach = Int64(1) << Int64(6 * Self.levels)
        let tick = distance < reach ? deadline : currentTick + reach - 1
        let position = Int(tick >> Int64(6 * level) & 63)
        let slot = level * 64 + position
        timers[Int(index)].slot = Int32(slot)
        timers[Int(index)].previous = -1
        timers[Int(index)].next = heads[slot]
        if heads[slot] >= 0 { timers[Int(heads[slot])].previous = index }
        heads[slot] = index
        occupied[level] |= 1 << UInt64(position)
    }

    private mutating func unlink(_ index: Int32) {
        let timer = timers[Int(index)]
        precondition(timer.slot >= 0, "timer is not set")
        if timer.previous >= 0 { timers[Int(timer.previous)].next = timer.next } else { heads[Int(timer.slot)] = timer.next }
        if timer.next >= 0 { timers[Int(timer.next)].previous = timer.previous }
        if heads[Int(timer.slot)] < 0 { occupied[Int(timer.slot) >> 6] &= ~(1 << UInt64(timer.slot & 63)) }
    }

    private mutating func release(_ index: Int32) {
        timers[Int(index)].slot = -1
        timers[Int(index)].next = firstFree
        firstFree = index
        count -= 1
    }
}

extension UInt64 {
    fileprivate func rotatedRight(by n: Int) -> UInt64 { n == 0 ? self : self >> UInt64(n) | self << UInt64(64 - n) }
}
