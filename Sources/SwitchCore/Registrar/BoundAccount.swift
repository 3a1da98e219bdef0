import Containers
import Routing
import SIPUserAgent
import Vocabulary

/// An account that is registered here, with what its shard keeps beside its bindings.
struct BoundAccount: ~Copyable {
    var account: EndpointAccount
    /// Where each of its endpoints is kept track of; all hold the same bindings.
    var locations: [LiveLocation]
    /// OPTIONS that are not answered yet.
    var checks: [LightCheck] = []
    var timer = TimerHandle.none
    var timerDeadline = Instant.never

    /// Asks whether somebody is still there.
    struct LightCheck {
        var number: UInt32
        var remote: NetworkAddress
        var startedAt: Instant
    }

    init(_ account: EndpointAccount, locations: [LiveLocation]) {
        self.account = account
        self.locations = locations
    }

    func bindings(now: Instant) -> [LiveBinding] { locations.first?.bindings(now: now) ?? [] }

    /// Those included whose time is over and whose end has not been noticed.
    var allBindings: [LiveBinding] { locations.first?.update { $0 } ?? [] }

    func isBeingChecked(_ remote: NetworkAddress) -> Bool { checks.contains { $0.remote == remote } }

    /// When something of it is due: a binding's end, or a check of one that was not heard.
    func nextDeadline(now: Instant, timeToLive: Interval?) -> Instant {
        var deadline = Instant.never
        for binding in bindings(now: now) {
            deadline = min(deadline, binding.expiresAt)
            if let timeToLive, !isBeingChecked(binding.flow.remote) { deadline = min(deadline, binding.heardAt + timeToLive) }
        }
        return deadline
    }
}

extension LiveBinding: RegisteredContact {
    public var source: NetworkAddress { flow.remote }
}

extension LiveBinding {
    static let bounds = RegisterRequest.Bounds(
        contact: Limit.contact, path: Limit.path, callID: Limit.callID, instance: Limit.instance)

    /// Whole seconds that it still stands, at least one.
    func secondsLeft(now: Instant) -> UInt32 {
        UInt32(clamping: max(1, (expiresAt - now + .milliseconds(500)).inSeconds))
    }
}

extension RegistrarRules {
    init(_ settings: EndpointSettings) {
        self.init(
            lifetime: UInt32(clamping: settings.expire), minimumLifetime: UInt32(clamping: settings.minimumExpire), replaces: settings.replaces)
    }
}

extension DigestServer.Settings {
    init(_ settings: EndpointSettings) {
        let families = settings.algorithms.compactMap { name in name.withBytes { DigestAlgorithm($0)?.family } }
        self.init(
            realm: settings.realm, algorithms: families.isEmpty ? [.md5] : families, origin: settings.challengeCode == 407 ? .proxy : .server,
            answerTime: settings.failures.answerTime, nonceLifetime: settings.nonceLifetime)
    }
}
