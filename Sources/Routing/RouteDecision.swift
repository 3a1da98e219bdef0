import Containers
import Vocabulary

/// One gateway that was looked at for a call, and what became of it.
public struct Candidate: Sendable, Equatable {
    /// Index into the configuration's routing gateways.
    public var gateway: Int
    /// Length of the prefix by which it matched.
    public var prefixLength: Int
    public var verdict: Verdict
    /// Where a redirection of this gateway points; nil for the gateway's own address.
    public var redirection: NetworkAddress?
    /// The callee number of a redirection; empty for the call's own.
    public var redirectedNumber = StoredBytes.none
    /// Tried again by datagram, because its stream transport failed (RFC 3261, section 18.1.1).
    public var isDatagramOnly = false
    /// Why the verdict fell, where the verdict alone does not say it.
    public var why = StoredBytes.none

    public enum Verdict: UInt8, Sendable, Equatable, CaseIterable {
        /// In the list, its turn has not come.
        case waiting
        case tried
        case answered
        /// The operator locked it.
        case locked
        /// The call came from this very address and is not sent back.
        case sameAsSource
        /// The registration that it needs does not stand; `why` says more.
        case registrationDown
        /// Neither an address nor a registration tells where it is.
        case withoutAddress
        /// Named twice for this call: the longer prefix stands.
        case alreadyListed
        /// Answered with a redirection, which was followed.
        case redirected
        /// The list ended before its turn: an answer, the caller's hang-up, or a stop rule.
        case notNeeded

        public var name: String { "\(self)" }
        public var isUsable: Bool { self == .waiting }
    }

    public init(gateway: Int, prefixLength: Int, verdict: Verdict = .waiting) {
        self.gateway = gateway
        self.prefixLength = prefixLength
        self.verdict = verdict
    }
}

extension SwitchConfiguration {
    /// Every routing gateway that takes the number, in the order to try them, with the reason for
    /// each that cannot be used. The one function behind calls and explanations.
    public func candidates(for callee: Bytes, from source: NetworkAddress, into list: inout [Candidate]) {
        list.removeAll(keepingCapacity: true)
        routes.forEachMatch(callee) { gateway, prefixLength in
            var candidate = Candidate(gateway: gateway, prefixLength: prefixLength)
            let description = routingGateways[gateway]
            if list.contains(where: { $0.gateway == gateway }) {
                candidate.verdict = .alreadyListed
            } else if description.locked {
                candidate.verdict = .locked
            } else if description.addresses.first == source {
                candidate.verdict = .sameAsSource
            }
            list.append(candidate)
        }
    }
}
