import Synchronization
import Vocabulary

/// Who failed to prove itself, how often, and who is barred for it.
///
/// Failures are counted for a source host and an account together, so that guessing from elsewhere does
/// not bar an account's owner, and in a wider net for the source host alone, so that trying one
/// password at many accounts is seen too. Whoever has one IPv6 address has all of its network, so the
/// host is the /64 there (RFC 4291, section 2.5.1). Only answers to challenges count; as a nonce is good
/// for the address alone that it was given to, nobody fails in another's name. Shared by all shards.
public final class AuthenticationFailures: Sendable {
    /// How much is allowed, from the parameters.
    public struct Limits: Sendable, Hashable {
        /// Wrong answers to challenges of one attempt before 403, and how far apart they may be.
        public var answers: Int
        public var answerTime: Interval
        /// Failed REGISTERs, and how long who fails more is barred.
        public var registrations: Int
        public var registrationSuspension: Interval
        /// Failures of any request, and how long who fails more is barred.
        public var requests: Int
        public var requestSuspension: Interval

        public init(
            answers: Int, answerTime: Interval, registrations: Int, registrationSuspension: Interval, requests: Int, requestSuspension: Interval
        ) {
            self.answers = answers
            self.answerTime = answerTime
            self.registrations = registrations
            self.registrationSuspension = registrationSuspension
            self.requests = requests
            self.requestSuspension = requestSuspension
        }
    }

    /// What a further failure comes to.
    public enum Outcome: Sendable, Hashable {
        /// Challenge again.
        case mayTryAgain
        /// Refuse this attempt; the next one begins anew.
        case refused
        /// Barred from now on, for this long.
        case suspended(Interval)
    }

    /// A host that is barred from one account, or from all.
    public struct Suspension: Sendable, Hashable {
        /// Port 0; for IPv6 the first address of the /64 network.
        public var host: NetworkAddress
        /// Empty: barred from every account.
        public var account: String
        public var until: Instant
    }

    private struct Key: Hashable {
        /// As in `Suspension`.
        var host: NetworkAddress
        /// Empty: all accounts.
        var account: String
    }

    fileprivate struct Entry {
        var answers: UInt16 = 0
        var registrations: UInt16 = 0
        var requests: UInt32 = 0
        var last: Instant
        /// Address and port of the last failure: behind one translator, or in one network, there may be a guesser
        /// beside the account's owner.
        var source: NetworkAddress?
        var suspendedUntil = Instant.zero
    }

    /// A host may fail this many times as often as it may at one account, before it is barred from all.
    private static var hostFactor: Int { 10 }

    private let entries = Mutex<[Key: Entry]>([:])
    /// So that nothing is looked up while nobody failed.
    private let entryCount = Atomic<Int>(0)
    private let bound: Int

    /// `maximum`: pairs of source and account kept at most; beyond it the ones that failed longest ago are forgotten.
    public init(maximum: Int = 16_384) { bound = max(8, maximum) }

    /// Pairs kept now.
    public var count: Int { entryCount.load(ordering: .relaxed) }

    /// How long this source stays barred from the account; nil when it is not.
    public func suspension(of account: String, source: NetworkAddress, now: Instant) -> Interval? {
        guard count > 0 else { return nil }
        let host = source.countedHost
        return entries.withLock { entries in
            let until = max(
                entries[Key(host: host, account: account)]?.suspendedUntil ?? .zero, entries[Key(host: host, account: "")]?.suspendedUntil ?? .zero)
            return until > now ? until - now : nil
        }
    }

    /// Notes a wrong answer to a challenge.
    public func failed(_ account: String, source: NetworkAddress, isRegistration: Bool, limits: Limits, now: Instant) -> Outcome {
        entries.withLock { entries in
            defer { entryCount.store(entries.count, ordering: .relaxed) }
            if entries.count + 2 > bound { AuthenticationFailures.makeRoom(&entries, bound, limits, now) }
            let host = source.countedHost
            var net = AuthenticationFailures.entry(entries, Key(host: host, account: ""), limits, now)
            net.last = now
            net.requests += 1
            var suspension = Interval.zero
            if Int(net.requests) > limits.requests.clamped * Self.hostFactor + Self.hostFactor {
                suspension = limits.requestSuspension
                net.bar(now + suspension)
            }
            entries[Key(host: host, account: "")] = net

            var entry = AuthenticationFailures.entry(entries, Key(host: host, account: account), limits, now)
            if now - entry.last > limits.answerTime { entry.answers = 0 }
            entry.last = now
            entry.source = source
            entry.answers += 1
            entry.requests += 1
            if isRegistration { entry.registrations += 1 }
            let isAttemptOver = Int(entry.answers) > limits.answers
            if isAttemptOver { entry.answers = 0 }
            if isRegistration, Int(entry.registrations) > limits.registrations { suspension = max(suspension, limits.registrationSuspension) }
            if Int(entry.requests) > limits.requests { suspension = max(suspension, limits.requestSuspension) }
            if suspension > .zero { entry.bar(now + suspension) }
            entries[Key(host: host, account: account)] = entry
            if suspension > .zero { return .suspended(suspension) }
            return isAttemptOver ? .refused : .mayTryAgain
        }
    }

    /// The account proved itself from this source: its failures from this very address and port are forgotten.
    public func succeeded(_ account: String, source: NetworkAddress) {
        guard count > 0 else { return }
        entries.withLock { entries in
            let key = Key(host: source.countedHost, account: account)
            if entries[key]?.source == source { entries[key] = nil }
            entryCount.store(entries.count, ordering: .relaxed)
        }
    }

    /// Who is barred now, from one account or from all.
    public func suspensions(now: Instant) -> [Suspension] {
        guard count > 0 else { return [] }
        return entries.withLock { entries in
            entries.compactMap { key, entry in
                entry.suspendedUntil > now ? Suspension(host: key.host, account: key.account, until: entry.suspendedUntil) : nil
            }
        }
    }

    /// What is known of a pair, its failures forgotten when the last lies longer back than a suspension would last.
    /// A suspension stands to its end: the limits may have become shorter since.
    private static func entry(_ entries: [Key: Entry], _ key: Key, _ limits: Limits, _ now: Instant) -> Entry {
        guard let entry = entries[key] else { return Entry(last: now) }
        return now - entry.last <= limits.memory || entry.suspendedUntil > now ? entry : Entry(last: now)
    }

    private static func makeRoom(_ entries: inout [Key: Entry], _ bound: Int, _ limits: Limits, _ now: Instant) {
        entries = entries.filter { now - $0.value.last <= limits.memory || $0.value.suspendedUntil > now }
        guard entries.count + 2 > bound else { return }
        let times = entries.values.map(\.last).sorted()
        let end = times[times.count / 4]
        var left = entries.count - bound * 3 / 4
        entries = entries.filter { pair in
            guard left > 0, pair.value.last <= end else { return true }
            left -= 1
            return false
        }
    }
}

extension AuthenticationFailures.Entry {
    /// Barred: what was counted has had its effect.
    fileprivate mutating func bar(_ until: Instant) {
        suspendedUntil = max(suspendedUntil, until)
        (answers, registrations, requests) = (0, 0, 0)
    }
}

extension NetworkAddress {
    /// What failures are counted for: an IPv4 host, or an IPv6 network of 64 bits.
    fileprivate var countedHost: NetworkAddress {
        switch family {
        case .ipv4: host
        case .ipv6: NetworkAddress(ipv6High: high, low: 0, port: 0)
        }
    }
}

extension AuthenticationFailures.Limits {
    fileprivate var memory: Interval { max(registrationSuspension, requestSuspension) }
}

extension Int {
    /// Small enough to be multiplied.
    fileprivate var clamped: Int { Swift.min(Swift.max(self, 0), 100_000) }
}
