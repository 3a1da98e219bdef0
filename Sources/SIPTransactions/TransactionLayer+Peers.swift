import Containers
import SIPMessages
import Vocabulary

/// A peer that requests of ours wait for: the head of a list that runs through those client transactions.
struct AwaitedPeer {
    let remote: NetworkAddress
    let transport: TransportKind
    /// The transaction that joined last.
    var first: SlabKey
}

/// A client transaction's place in the list of its peer.
struct PeerLink {
    var peer: SlabKey
    var previous: SlabKey
    var next: SlabKey

    static let none = PeerLink(peer: .absent, previous: .absent, next: .absent)
}

extension SlabKey {
    /// Names nothing: a slab's generations begin at 1.
    static let absent = SlabKey(index: 0, generation: 0)
    var isPresent: Bool { generation != 0 }
}

// Transactions that await their final response, by the peer they await it from. A report of a failed
// transport ends all that it meets in the list and looks at no other, so a storm of reports costs no
// more than the transactions that it ends.
extension TransactionLayer {
    /// Sending to this peer failed: requests that wait for it fail at once (RFC 3261, section 17.1.4).
    public mutating func transportFailed(_ flow: Flow, outbox: inout Outbox) {
        guard let peer = peer(of: flow) else { return }
        var next = peers[peer].first
        while next.isPresent {
            let key = next
            next = clients[key].link.next
            let own = clients[key].flow
            guard flow.connection == 0 || own.connection == 0 || own.connection == flow.connection else { continue }
            let actions = clients[key].machine.transportFailed()
            guard actions.contains(.terminate) else { continue }
            events.append(.requestFailed(clients[key].user, method: clients[key].method, cause: .transport))
            perform(actions, client: key, outbox: &outbox)
        }
    }

    /// The transaction's request went out: it waits for its peer.
    mutating func awaitPeer(_ key: SlabKey) {
        let flow = clients[key].flow
        let peer: SlabKey
        if let known = self.peer(of: flow) {
            peer = known
        } else {
            peer = peers.insert(AwaitedPeer(remote: flow.remote, transport: flow.transport, first: .absent))
            peerIndex.insert(hash(ofPeer: flow), peer)
        }
        latestPeer = peer
        let first = peers[peer].first
        if first.isPresent { clients[first].link.previous = key }
        clients[key].link = PeerLink(peer: peer, previous: .absent, next: first)
        peers[peer].first = key
    }

    /// The transaction waits no more: it was answered, or it ends. A peer without transactions is forgotten.
    mutating func stopAwaiting(_ key: SlabKey) {
        let link = clients[key].link
        guard link.peer.isPresent else { return }
        clients[key].link = .none
        if link.next.isPresent { clients[link.next].link.previous = link.previous }
        if link.previous.isPresent {
            clients[link.previous].link.next = link.next
        } else if link.next.isPresent {
            peers[link.peer].first = link.next
        } else {
            let peer = peers.remove(link.peer)
            peerIndex.remove(hash(ofPeer: Flow(transport: peer.transport, listener: 0, remote: peer.remote)), link.peer)
        }
    }

    /// The peer at the other end of a flow, if something waits for it. Mostly it is the one of the request before.
    private func peer(of flow: Flow) -> SlabKey? {
        if peers.contains(latestPeer), peers[latestPeer].remote == flow.remote, peers[latestPeer].transport == flow.transport {
            return latestPeer
        }
        return peerIndex.find(hash(ofPeer: flow)) { key in peers[key].remote == flow.remote && peers[key].transport == flow.transport }
    }

    /// Multiplications and shifts over the address's words; the seed keeps peers from choosing collisions.
    private func hash(ofPeer flow: Flow) -> UInt64 {
        var hash = seed ^ flow.remote.high
        hash = (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
        hash ^= flow.remote.low
        hash = (hash ^ hash >> 32) &* 0xD1B5_4A32_D192_ED03
        hash ^= UInt64(flow.remote.port) << 8 | UInt64(flow.transport.rawValue)
        hash = (hash ^ hash >> 29) &* 0x9E37_79B9_7F4A_7C15
        return hash ^ hash >> 32
    }
}
