import Vocabulary

/// The numbers that one candidate is sent, and what made them. Reused from attempt to attempt.
public struct NumbersSent: Sendable {
    public var caller: [UInt8] = []
    public var callee: [UInt8] = []
    /// The rules of the candidate's dial plan that matched; nil where none did.
    public var callerRule: Int?
    public var calleeRule: Int?
    /// Index in the caller number pool of the number that stands as caller; nil without a pool, or when none of
    /// its numbers is free.
    public var poolNumber: Int?

    public init() {}
}

/// Whether a number of a caller number pool is taken, or only looked at for an explanation.
public enum PoolUse: Sendable { case take, preview }

extension SwitchConfiguration {
    /// The numbers as a candidate is sent them: `caller` and `callee`, which came out of the decision or of a
    /// redirection, after its own dial plan, or that of its period; a number of its caller pool then stands in for the
    /// caller. `random` is the inquiry's: a candidate has the same chance whenever it is asked.
    /// - Returns: the pool's number as long as the call keeps it; nil for a preview, or where nothing was taken.
    @discardableResult
    public func numbersSent(
        to destination: CallDestination, caller: Bytes, callee: Bytes, random: UInt64, now: Moment, pool use: PoolUse,
        into numbers: inout NumbersSent
    ) -> CallerPoolSeat? {
        numbers.poolNumber = nil
        switch destination {
        case .phone(let index):
            var random = NumberRandom(seed: random)
            numbers.callerRule = phones[index].incomingCallerRewrite.rewrite(caller, random: &random, into: &numbers.caller)
            numbers.calleeRule = phones[index].incomingCalleeRewrite.rewrite(callee, random: &random, into: &numbers.callee)
            return nil
        case .routingGateway(let index):
            var random = NumberRandom(seed: random ^ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15)
            let gateway = tables.routingGateways[index]
            let period = tables.period(gateway.periods, at: localTime(now)).map { $0 - Int(gateway.periods.lowerBound) }
            let callerRules = period.flatMap { routingGateways[index].periods[$0].callerRewrite } ?? routingGateways[index].callerRewrite
            let calleeRules = period.flatMap { routingGateways[index].periods[$0].calleeRewrite } ?? routingGateways[index].calleeRewrite
            numbers.callerRule = callerRules.rewrite(caller, random: &random, into: &numbers.caller)
            numbers.calleeRule = calleeRules.rewrite(callee, random: &random, into: &numbers.callee)
            return poolNumber(for: index, use, random: &random, into: &numbers)
        }
    }

    private func poolNumber(for index: Int, _ use: PoolUse, random: inout NumberRandom, into numbers: inout NumbersSent) -> CallerPoolSeat? {
        guard let pool = routingGateways[index].callerPool, let all = callerPools[pool.group] else { return nil }
        switch use {
        case .preview:
            numbers.poolNumber = live.callerPools.preview(pool, of: all, random: &random)
            if let place = numbers.poolNumber { numbers.replaceCaller(all[place]) }
            return nil
        case .take:
            guard let seat = live.callerPools.take(pool, of: all, random: &random) else { return nil }
            numbers.poolNumber = seat.index
            numbers.replaceCaller(seat.number)
            return seat
        }
    }

    /// Whether a number of the gateway's caller pool is free.
    func hasPoolNumber(_ index: Int) -> Bool {
        guard let pool = routingGateways[index].callerPool, let all = callerPools[pool.group] else { return false }
        var anything = NumberRandom(seed: 0)
        return live.callerPools.preview(pool, of: all, random: &anything) != nil
    }
}

extension NumbersSent {
    fileprivate mutating func replaceCaller(_ number: PackedNumber) {
        caller.removeAll(keepingCapacity: true)
        number.append(to: &caller)
    }
}
