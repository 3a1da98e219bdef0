import Containers
import Routing
import SIPMessages
import SIPTransactions
import Vocabulary

// PUBLISH (RFC 3903): a routing gateway says how many calls at once it takes, and for how long that holds. What was
// published is kept in its `LiveObject`, so each PUBLISH may come to another shard.
extension Shard {
    /// The shortest lifetime that is granted, in seconds: the lower end of `SS_SIP_PUBLISH_EXPIRE`.
    private static let shortestPublication: UInt32 = 30

    /// The gateway that may publish and sends from here: by one of its addresses, by where it registered from, or by its
    /// host alone where no other gateway that may publish shares it.
    func publisher(at source: NetworkAddress, now: Instant) -> Int? {
        var byHost: Int?
        var isShared = false
        for index in configuration.routingGateways.indices where configuration.routingGateways[index].allowsPublish {
            let live = configuration.routingLive[index]
            let addresses = configuration.routingGateways[index].addresses
            if live.isOwn(source, configured: addresses) { return index }
            if configuration.routingGateways[index].registersHere, live.location.isBound(from: source, now: now) { return index }
            guard live.isOwnHost(source.host, configured: addresses) else { continue }
            isShared = byHost != nil
            byHost = index
        }
        return isShared ? nil : byHost
    }

    mutating func publishReceived(_ message: Message, server: ServerKey, toTag: Bytes, from flow: Flow, now: Moment) {
        guard let index = publisher(at: flow.remote, now: now.instant) else {
            respondMethodNotAllowed(server, toTag: toTag, now: now)
            return
        }
        do throws(PublishRefusal) {
            let granted = UInt32(clamping: configuration.switchingSettings.publishExpire)
            let request = try Publication(message, shortest: Shard.shortestPublication, granted: granted)
            let tag = MintedToken(shard: settings.index, key: SlabKey(index: 0, generation: 0), secret: secrets.next())
            let isTaken = configuration.routingLive[index].takePublication(
                request.change, tag: tag.secret, matching: request.matching, until: now.instant + .seconds(Int64(request.lifetime)),
                now: now.instant)
            guard isTaken else { throw .conditionFailed }
            transactions.beginResponse(server, status: 200, reason: Bytes(ReasonPhrase.of(200)), toTag: toTag, outbox: &outbox)
            outbox.append("Expires: ")
            outbox.append(decimal: UInt64(request.lifetime))
            outbox.append("\r\nSIP-ETag: ")
            outbox.append(tag)
            outbox.append("\r\n")
            outbox.append(Capabilities.server)
            outbox.append("Content-Length: 0\r\n\r\n")
            transactions.finishResponse(server, status: 200, now: now.instant, outbox: &outbox)
        } catch {
            transactions.beginResponse(server, status: error.status, reason: Bytes(error.reasonPhrase), toTag: toTag, outbox: &outbox)
            outbox.append(error.fields)
            outbox.append(Capabilities.server)
            outbox.append("Content-Length: 0\r\n\r\n")
            transactions.finishResponse(server, status: error.status, now: now.instant, outbox: &outbox)
        }
    }
}

/// What a PUBLISH asks for (RFC 3903, sections 4 and 6).
private struct Publication {
    var change: PublicationChange
    /// The publication that it names by its entity-tag.
    var matching: UInt64?
    /// Seconds that are granted.
    var lifetime: UInt32

    init(_ message: Message, shortest: UInt32, granted: UInt32) throws(PublishRefusal) {
        guard let event = message.first(.event), Publication.package(of: event).equalsIgnoringCase(PublishedState.event) else {
            throw .eventUnknown
        }
        var position = 0
        if let condition = message.next(.sipIfMatch, from: &position) {
            guard condition.isToken, message.next(.sipIfMatch, from: &position) == nil else { throw .conditionMalformed }
            guard condition.count == MintedToken.length, let token = MintedToken(condition) else { throw .conditionFailed }
            matching = token.secret
        }
        let asked = message.first(.expires).flatMap { DeltaSeconds($0)?.seconds } ?? granted
        if asked > 0, asked < shortest { throw .lifetimeTooBrief }
        lifetime = min(asked, granted)
        if message.body.isEmpty {
            guard matching != nil else { throw .stateMissing }
            change = lifetime == 0 ? .remove : .keep
        } else {
            let state = try PublishedState(message)
            change = lifetime == 0 ? .remove : .set(capacity: state.capacity)
        }
    }

    /// The event package, without its parameters.
    private static func package(of event: Bytes) -> Bytes {
        event.upTo(event.firstIndex(of: UInt8(ascii: ";")) ?? event.count).trimmed
    }
}
