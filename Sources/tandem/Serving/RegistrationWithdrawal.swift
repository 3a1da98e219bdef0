import CallRecords
import Vocabulary

/// Who holds the registrations: the running switch, or a test's own.
protocol RegistrationHolder: Sendable {
    func registrations() async throws -> [RegistrationStatus]
    /// Withdraws every registration that may stand upstream.
    func withdrawRegistrations() async throws
}

/// The part of a stop that tells upstreams not to route calls here any more: asks for the withdrawal of all
/// registrations at once and waits for the answers, within a bound.
struct RegistrationWithdrawal: Sendable {
    /// How long answers are waited for (boot key `shutdown.unregisterTimeout`).
    var bound: Interval
    /// Whether anything is sent (`SS_SIP_USER_AGENT_SEND_UNREGISTER`).
    var isSending: Bool
    var now: @Sendable () -> Moment
    /// Waits until the next look. Returns early when the wait is over, by a second signal for one.
    var pause: @Sendable (Interval) async -> Void
    /// Whether somebody wants the stop to go on without the answers.
    var isHurried: @Sendable () -> Bool
    /// Told how many registrations are done with, of how many; before the first and after each look.
    var onProgress: @Sendable (_ done: Int, _ all: Int) -> Void

    /// Between two looks at the registrations; rarer when a look is a lot of work for the shards.
    static func lookInterval(_ registrations: Int) -> Interval { .milliseconds(registrations > 1000 ? 250 : 50) }

    func run(_ holder: some RegistrationHolder) async -> WithdrawalOutcome {
        let start = now()
        guard let before = try? await holder.registrations() else {
            return WithdrawalOutcome(ending: .failed("the shards do not answer"), at: start.wall, upstreams: [])
        }
        let held = before.filter { mayBeBound($0, at: start.wall) }
        guard isSending else {
            return WithdrawalOutcome(ending: .nothingSent, at: start.wall, upstreams: held.map { .init($0, before: $0, at: start.wall) })
        }
        do {
            try await holder.withdrawRegistrations()
        } catch {
            return WithdrawalOutcome(
                ending: .failed("\(error)"), at: start.wall, upstreams: held.map { .init($0, before: $0, at: start.wall) })
        }
        return await follow(holder, held, from: start)
    }

    /// Looks at the registrations until none is being withdrawn any more.
    private func follow(_ holder: some RegistrationHolder, _ held: [RegistrationStatus], from start: Moment) async -> WithdrawalOutcome {
        let known = Dictionary(held.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var last = held
        while true {
            if let statuses = try? await holder.registrations() {
                last = statuses.filter { known[$0.name] != nil || $0.state == .withdrawing }
            }
            let waiting = last.count { $0.state == .withdrawing }
            onProgress(last.count - waiting, last.count)
            let moment = now()
            var ending: WithdrawalOutcome.Ending?
            if waiting == 0 {
                ending = .allAnswered
            } else if isHurried() {
                ending = .hurried
            } else if moment.instant - start.instant >= bound {
                ending = .bound(bound)
            }
            if let ending {
                return WithdrawalOutcome(
                    ending: ending, at: moment.wall, upstreams: last.map { .init($0, before: known[$0.name], at: moment.wall) })
            }
            await pause(RegistrationWithdrawal.lookInterval(last.count))
        }
    }

    /// Whether the upstream may hold a binding, or is about to: then it is told of the end.
    private func mayBeBound(_ status: RegistrationStatus, at now: WallTime) -> Bool {
        if status.boundUntil > now || status.mayBeStale { return true }
        switch status.state {
        case .registering, .registered, .refreshing, .withdrawing: return true
        case .disabled, .waitingToStart, .resolving, .waitingToRetry, .credentialsRefused, .withdrawn, .withdrawalFailed: return false
        }
    }
}
