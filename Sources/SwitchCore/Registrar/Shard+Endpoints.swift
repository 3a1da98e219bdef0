import Routing
import SIPMessages
import SIPUserAgent
import Vocabulary

/// Whom a request claims to be from, among phones and gateways that are not known by a configured address.
struct ClaimedEndpoint: Equatable {
    var origin: CallOrigin
    var rule: SourceTable.Rule
    /// User name and password by which it must prove itself; nil: where it registered from is proof enough.
    var credentials: Credentials?

    struct Credentials: Equatable {
        var name: String
        var password: String
    }
}

// Requests of phones and dynamic gateways: whose they are.
extension Shard {
    /// For whom an INVITE from a source without gateway may be taken, once it proved itself: the phone or gateway that
    /// its credentials name; a mapping gateway that registered from this source; the phone in From; the phone that
    /// registered from this source; a mapping gateway by password that From names.
    func claimedEndpoint(_ message: Message, _ essentials: Essentials, from flow: Flow) -> ClaimedEndpoint? {
        // Credentials say who it is, whatever number it presents.
        if let name = digestServer.claimedName(of: message) {
            if let index = configuration.phone(numbered: name) { return phone(index) }
            if let index = configuration.endpointAccounts.provingGateway(named: name) { return provingGateway(index) }
        }
        let all = configuration.live.registrar.sources.endpoints(at: flow.remote)
        let bound = all.first
        if let bound, bound.kind == .mappingGateway, let index = gateway(named: bound.name) {
            // A place that several share, or a proxy's, proves nobody by itself.
            let isOwnPlace =
                all.count { $0.name != bound.name } == 0 && configuration.location(of: bound)?.isBoundDirectly(from: flow.remote) ?? false
            let isEnough = configuration.mappingGateways[index].authentication != .password && isOwnPlace
            return ClaimedEndpoint(origin: .mappingGateway(index), rule: .binding, credentials: isEnough ? nil : credentials(ofGateway: index))
        }
        let user = URI(essentials.from.uri)?.number ?? .empty
        if let index = configuration.phone(numbered: user) { return phone(index) }
        if let bound, bound.kind == .phone, let index = bound.name.withBytes({ configuration.phone(numbered: $0) }) { return phone(index) }
        return configuration.endpointAccounts.provingGateway(named: user).map { provingGateway($0) }
    }

    /// Whether a request from a source without gateway is looked at all the same: it comes from where somebody is
    /// registered, or it is an INVITE, or its CANCEL, of somebody who can prove itself.
    func mayBeEndpoint(_ message: Message, _ essentials: Essentials, from flow: Flow, now: Moment) -> Bool {
        if let bound = configuration.live.registrar.sources.endpoint(at: flow.remote) {
            configuration.location(of: bound)?.heard(from: flow.remote, at: now.instant)
            return true
        }
        guard message.method == .invite || message.method == .cancel, essentials.toTag.isEmpty else { return false }
        // A CANCEL of nothing opens no transaction for a stranger.
        if message.method == .cancel, !transactions.knowsInvite(of: essentials), restoredCaller(of: essentials) == nil { return false }
        return claimedEndpoint(message, essentials, from: flow) != nil
    }

    private func phone(_ index: Int) -> ClaimedEndpoint {
        let phone = configuration.phones[index]
        return ClaimedEndpoint(
            origin: .phone(index), rule: .credentials, credentials: ClaimedEndpoint.Credentials(name: phone.name, password: phone.password))
    }

    private func provingGateway(_ index: Int) -> ClaimedEndpoint {
        ClaimedEndpoint(origin: .mappingGateway(index), rule: .credentials, credentials: credentials(ofGateway: index))
    }

    private func credentials(ofGateway index: Int) -> ClaimedEndpoint.Credentials {
        let gateway = configuration.mappingGateways[index]
        return ClaimedEndpoint.Credentials(name: gateway.name, password: gateway.password ?? "")
    }

    private func gateway(named name: String) -> Int? { configuration.mappingGateway(named: name) }
}
