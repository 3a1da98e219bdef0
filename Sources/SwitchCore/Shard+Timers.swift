import CallControl
import Containers
import SIPTransactions
import Vocabulary

/// Whose timer fired.
enum TimerOwner {
    case call(SlabKey)
    case leg(SlabKey)
    case registration(SlabKey)
    case watch(SlabKey)
    case account(SlabKey)
    case keepAlive
}

// The timers of calls, legs, registrations and watches, one for each.
extension Shard {
    private static let legBit: UInt64 = 1 << 31
    private static let registrationBit: UInt64 = 1 << 30
    private static let watchBit: UInt64 = 1 << 29
    private static let accountBit: UInt64 = 1 << 28
    static let keepAliveToken: UInt64 = 1 << 27

    static func timerToken(_ key: SlabKey, isLeg: Bool) -> UInt64 { key.word | (isLeg ? legBit : 0) }
    static func timerToken(registration key: SlabKey) -> UInt64 { key.word | registrationBit }

    static func timerToken(watch key: SlabKey) -> UInt64 { key.word | watchBit }
    static func timerToken(account key: SlabKey) -> UInt64 { key.word | accountBit }

    static func decodeTimer(_ token: UInt64) -> TimerOwner {
        if token == keepAliveToken { return .keepAlive }
        let key = SlabKey(word: token & ~(legBit | registrationBit | watchBit | accountBit))
        if token & legBit != 0 { return .leg(key) }
        if token & watchBit != 0 { return .watch(key) }
        if token & accountBit != 0 { return .account(key) }
        return token & registrationBit != 0 ? .registration(key) : .call(key)
    }

    /// Sets the call's timer to its next deadline. An earlier timer is left alone: it finds nothing due and is set anew.
    mutating func scheduleCall(_ key: SlabKey) {
        guard calls.contains(key) else { return }
        let deadline = calls[key].call.nextDeadline
        guard deadline < calls[key].call.timerDeadline else { return }
        var timer = calls[key].call.timer
        wheel.cancel(&timer)
        calls[key].call.timer = wheel.set(at: deadline, token: Shard.timerToken(key, isLeg: false))
        calls[key].call.timerDeadline = deadline
    }

    mutating func scheduleLeg(_ key: SlabKey) {
        guard legs.contains(key) else { return }
        let deadline = legs[key].nextDeadline
        guard deadline < legs[key].timerDeadline else { return }
        var timer = legs[key].timer
        wheel.cancel(&timer)
        legs[key].timer = wheel.set(at: deadline, token: Shard.timerToken(key, isLeg: true))
        legs[key].timerDeadline = deadline
    }

    mutating func callTimedOut(_ key: SlabKey, now: Moment) {
        guard calls.contains(key) else { return }
        calls[key].call.timer = .none
        calls[key].call.timerDeadline = .never
        let wasRecording = calls[key].call.isRecording
        calls[key].call.handleTimeout(&actions, now: now)
        // A store that is silent for so long is as good as one that fails: nobody else is made to ring for it.
        if wasRecording, !calls[key].call.isRecording { storeIsFailing = true }
        perform(for: key, message: nil, now: now)
        scheduleCall(key)
    }

    mutating func legTimedOut(_ key: SlabKey, now: Moment) {
        guard legs.contains(key) else { return }
        legs[key].timer = .none
        legs[key].timerDeadline = .never
        switch legs[key].unacknowledgedAnswer?.handleTimeout(now: now.instant) ?? .nothing {
        case .nothing: break
        case .repeatAnswer:
            if let server = legs[key].unacknowledgedAnswer?.server { transactions.repeatLastResponse(server, outbox: &outbox) }
        case .giveUp: acknowledgementMissing(on: key, now: now)
        }
        guard legs.contains(key) else { return }
        sessionTimedOut(on: key, now: now)
        guard legs.contains(key) else { return }
        switch legs[key].reliable.handleTimeout(now: now.instant) {
        case .nothing: break
        case .repeatAnswer:
            if transactions.isAlive(legs[key].inviteFromPeer), let response = legs[key].reliable.awaiting {
                transactions.noteRetransmission()
                response.message.withBytes { outbox.send($0, to: transactions.flow(of: legs[key].inviteFromPeer)) }
            }
        case .giveUp:
            let call = legs[key].call
            if calls.contains(call) {
                calls[call].call.provisionalUnacknowledged(&actions, now: now)
                perform(for: call, message: nil, now: now)
            }
        }
        scheduleLeg(key)
    }
}
