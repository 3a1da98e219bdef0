import CallRecords
import ManagementAPI
import Vocabulary

/// What became of the registrations at a stop, for each upstream and in lines for people.
struct WithdrawalOutcome: Sendable, Equatable {
    /// Why nothing more is waited for.
    enum Ending: Sendable, Equatable {
        case allAnswered
        case bound(Interval)
        /// By a second signal.
        case hurried
        /// `SS_SIP_USER_AGENT_SEND_UNREGISTER` is Off.
        case nothingSent
        case failed(String)
    }

    /// One registration and what its upstream said.
    struct Upstream: Sendable, Equatable {
        enum Result: Sendable, Equatable {
            case withdrawn
            case refused(Int)
            case noAnswer
            case notAsked
        }

        var name: String
        /// The upstream's address; empty when none was found.
        var address: String
        var result: Result
        /// Why, as the registration's status says it.
        var reason: String
        /// The latest moment at which a stale binding may stand; unset when none can.
        var staleUntil: WallTime
    }

    /// Outcomes are written one by one up to so many.
    static let mostLines = 50

    var ending: Ending
    /// When the wait ended.
    var at: WallTime
    /// By name.
    var upstreams: [Upstream]

    init(ending: Ending, at: WallTime, upstreams: [Upstream]) {
        self.ending = ending
        self.at = at
        self.upstreams = upstreams.sorted { $0.name < $1.name }
    }

    /// Whether every upstream confirmed what it was asked; where nothing was to be sent, nothing is missing.
    var isClean: Bool { ending == .nothingSent || ending == .allAnswered && upstreams.allSatisfy { $0.result == .withdrawn } }

    /// The latest moment at which any stale binding may stand; unset when none can.
    var staleUntil: WallTime { upstreams.map(\.staleUntil).max() ?? .unset }

    /// One line of the report, and whether somebody should look into it.
    struct Line: Sendable, Equatable {
        var text: String
        var isAlarming = true
    }

    var lines: [String] { report.map(\.text) }

    /// What is logged and shown at the end: one line for each upstream, a summary above fifty.
    var report: [Line] {
        switch ending {
        case .nothingSent: return [Line(text: nothingSentLine, isAlarming: !upstreams.isEmpty)]
        case .failed(let why): return [Line(text: "the registrations could not be withdrawn: \(why)" + stale(staleUntil))]
        case .allAnswered, .bound, .hurried: break
        }
        guard !upstreams.isEmpty else { return [] }
        guard upstreams.count > WithdrawalOutcome.mostLines else { return upstreams.map(line) + endingLines }
        // The ones to look into are named, as far as there is room.
        let open = upstreams.filter { $0.result != .withdrawn }
        let shown = open.prefix(WithdrawalOutcome.mostLines)
        let rest = open.count > shown.count ? [Line(text: "... and \((open.count - shown.count).grouped) more")] : []
        return shown.map(line) + rest + [summary] + endingLines
    }

    private var nothingSentLine: String {
        let head = "SS_SIP_USER_AGENT_SEND_UNREGISTER is Off: nothing was sent to upstreams"
        guard !upstreams.isEmpty else { return head + "; none holds a registration" }
        return head + "; \(upstreams.count.grouped) may hold a registration" + stale(staleUntil)
    }

    private var summary: Line {
        let withdrawn = upstreams.count { $0.result == .withdrawn }
        let silent = upstreams.count { $0.result == .noAnswer }
        let refused = upstreams.count { if case .refused = $0.result { true } else { false } }
        let text =
            "\(upstreams.count.grouped) registrations: \(withdrawn.grouped) withdrawn, \(refused.grouped) refused, "
            + "\(silent.grouped) without an answer" + stale(staleUntil)
        return Line(text: text, isAlarming: !isClean)
    }

    private var endingLines: [Line] {
        switch ending {
        case .bound(let bound): [Line(text: "stopped waiting after \(bound.secondsText) s (shutdown.unregisterTimeout)")]
        case .hurried: [Line(text: "stopped waiting: told to stop a second time")]
        case .allAnswered, .nothingSent, .failed: []
        }
    }

    private func line(_ upstream: Upstream) -> Line {
        let place = upstream.address.isEmpty ? upstream.name : "\(upstream.name) (\(upstream.address))"
        let why = upstream.reason.isEmpty ? "" : " (\(TableText.printable(upstream.reason)))"
        return switch upstream.result {
        case .withdrawn: Line(text: "\(place): withdrawn", isAlarming: false)
        case .refused(let status): Line(text: "\(place): withdrawal refused with \(status)\(why)" + stale(upstream.staleUntil))
        case .noAnswer: Line(text: "\(place): no answer to the withdrawal\(why)" + stale(upstream.staleUntil))
        case .notAsked: Line(text: "\(place): not withdrawn" + stale(upstream.staleUntil))
        }
    }

    private func stale(_ until: WallTime) -> String {
        guard until > at else { return "" }
        let seconds = (until.microseconds - at.microseconds + 999_999) / 1_000_000
        return "; a stale binding may stand until \(until.rfc3339) (\(Int(seconds).grouped) s)"
    }
}

extension WithdrawalOutcome.Upstream {
    init(_ status: RegistrationStatus, before: RegistrationStatus?, at now: WallTime) {
        name = status.name
        address = status.upstream.isEmpty ? before?.upstream ?? "" : status.upstream
        reason = ""
        staleUntil = .unset
        switch status.state {
        case .withdrawn:
            result = .withdrawn
            return
        case .withdrawing:
            result = .noAnswer
        case .withdrawalFailed:
            result = status.lastStatus >= 300 ? .refused(status.lastStatus) : .noAnswer
            reason = status.reason
        case .disabled, .waitingToStart, .resolving, .registering, .registered, .refreshing, .waitingToRetry, .credentialsRefused:
            // Never bound, or not asked because nothing is sent.
            result = status.boundUntil > now || status.mayBeStale ? .notAsked : .withdrawn
        }
        staleUntil = status.boundUntil
    }
}

extension Int {
    /// With commas between thousands: "10,000".
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + text
    }
}
