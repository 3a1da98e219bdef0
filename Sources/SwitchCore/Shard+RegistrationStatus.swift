import CallRecords
import Containers
import Routing
import SIPUserAgent
import Vocabulary

// What people, calls and other shards are told of registrations.
extension Shard {
    mutating func registrationChanged(_ key: SlabKey, now: Moment) {
        let status = status(registration: key, now: now)
        let before = registrations[key].toldState
        if status.state != before {
            registrations[key].toldState = status.state
            notices.append(RegistrationEvent(at: now.wall, from: before, status: status))
        }
        guard !registrations[key].isDeparting else { return }
        let client = registrations[key].client
        upstreamChanged(
            RegistrationView(
                name: registrations[key].key, isUsable: client.isUsable, flow: registrations[key].flow,
                serviceRoutes: client.serviceRoutes.joined(separator: ","),
                reason: client.isUsable ? "" : client.reason.isEmpty ? "\(status.state)" : "\(status.state): \(client.reason)"))
    }

    /// Keeps what calls need to know, and tells the other shards.
    mutating func upstreamChanged(_ view: RegistrationView) {
        let before = upstreams[view.name]
        // Another reason alone does not concern those that may use it.
        if let before, before == view || (before.isUsable && view.isUsable && before.flow == view.flow && before.serviceRoutes == view.serviceRoutes)
        {
            return
        }
        takeUpstream(view)
        if settings.count > 1 { announcements.append(view) }
    }

    mutating func takeUpstream(_ view: RegistrationView) {
        upstreams[view.name] = view
        if let flow = view.flow, upstreamHosts.insert(flow.remote.host).inserted { expectedHostsChanged() }
    }

    /// The snapshot is another: which Contact belongs to which registration.
    mutating func nameRegistrations() {
        let before = contactUsers
        (contactUsers, registrationsByContact) = ([:], [:])
        for registration in configuration.registrations {
            let user = before[registration.name] ?? naming.contactUser(of: registration.name)
            contactUsers[registration.name] = user
            registrationsByContact[user] = registration.name
        }
        for name in upstreams.keys where configuration.registrationsByName[name] == nil { upstreams[name] = nil }
        callCredentials = [:]
        upstreamHosts = Set(upstreams.values.compactMap { $0.flow?.remote.host })
        expectedHostsChanged()
    }

    /// State of every registration that this shard keeps, those on their way out included.
    func registrationStatus(now: Moment) -> [RegistrationStatus] { registrations.keys.map { status(registration: $0, now: now) } }

    private func status(registration key: SlabKey, now: Moment) -> RegistrationStatus {
        let client = registrations[key].client
        func wall(_ instant: Instant) -> WallTime { instant == .never ? .unset : now.wall + (instant - now.instant) }
        var status = RegistrationStatus(name: registrations[key].key, state: Shard.state(client), since: client.since.wall)
        status.boundUntil = client.end(now.instant).map(wall) ?? .unset
        switch client.state {
        case .waitingToStart(let at), .registered(let at), .waitingToRetry(let at), .credentialsRefused(let at), .withdrawalFailed(let at):
            status.nextTryAt = wall(at)
        case .disabled, .resolving, .registering, .refreshing, .withdrawing, .withdrawn: break
        }
        status.reason = client.reason
        status.lastStatus = client.lastStatus
        status.roundTripMicroseconds = client.roundTrip.nanoseconds / 1_000
        status.upstream = (client.target ?? client.binding?.target).map { "\($0.address) \($0.transport)" } ?? ""
        status.addressOfRecord = client.account.addressOfRecord
        status.contact = client.contactSent.isEmpty ? client.binding?.contact ?? "" : client.contactSent
        status.callID = client.identity.callID
        status.cseq = client.identity.cseq
        status.grantedSeconds = client.granted
        status.failures = client.failures
        status.foreignContacts = client.foreignContacts
        status.mayBeStale = client.mayBeStale
        return status
    }

    private static func state(_ client: RegistrationClient) -> RegistrationStatus.State {
        switch client.state {
        case .disabled: .disabled
        case .waitingToStart: .waitingToStart
        case .resolving: .resolving
        case .registering: .registering
        case .registered: .registered
        case .refreshing: .refreshing
        case .waitingToRetry: .waitingToRetry
        case .credentialsRefused: .credentialsRefused
        case .withdrawing: .withdrawing
        case .withdrawn: .withdrawn
        case .withdrawalFailed: .withdrawalFailed
        }
    }
}
