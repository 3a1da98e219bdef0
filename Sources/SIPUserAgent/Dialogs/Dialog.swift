import Containers
import SIPMessages
import SIPTransactions
import Vocabulary

/// What a dialog knows of its remote side: it changes with the fork that answers and with target refreshes.
public struct RemoteParty: Sendable, Equatable {
    /// Empty until a response with a tag came.
    public var tag = StoredBytes.none
    /// The remote target: URI of the peer's Contact.
    public var target = StoredBytes.none
    /// Route set in order, comma-separated, with angle brackets; empty when there is none.
    public var routes = StoredBytes.none
    /// Highest RSeq seen from this peer; 0 before the first reliable provisional response.
    public var lastRSeq: UInt32 = 0
    public var flow: Flow

    public init(flow: Flow) { self.flow = flow }

    fileprivate var textCount: UInt32 { tag.count + target.count + routes.count }

    fileprivate mutating func move(from old: borrowing ByteStore, to kept: inout ByteStore) {
        tag = kept.store(old[tag])
        target = kept.store(old[target])
        routes = kept.store(old[routes])
    }
}

/// One SIP dialog of ours, early or confirmed (RFC 3261, section 12). It writes requests of the dialog
/// and checks those that come in it.
public struct Dialog: ~Copyable {
    public private(set) var texts = ByteStore()
    private var callIDText: StoredBytes
    private var localTagText: StoredBytes
    /// Our side's From or To value without tag.
    private var localText: StoredBytes
    /// The other side's, as it was first written.
    private var remoteText: StoredBytes
    public private(set) var remote: RemoteParty
    /// Other early dialogs of the same INVITE (a vendor that forks); the current one is `remote`.
    private var otherForks: [RemoteParty] = []
    /// The way of the request that opened the dialog: every fork begins with it.
    private let openingFlow: Flow
    /// Which of the peer's addresses requests go to.
    public var requestAddress = RequestAddress.contact
    /// Bytes of texts kept after the last tidying.
    private var tidySize = 0
    /// CSeq number of our last request; 0 before the first.
    public private(set) var localCSeq: UInt32
    /// CSeq number of the peer's last request; nil before the first.
    public private(set) var remoteCSeq: UInt32?

    /// Most early dialogs kept of one INVITE; further forks replace the oldest.
    static let maximumForks = 8

    /// The dialog of a call that comes in: we are the UAS of its INVITE.
    public init(
        answering message: Message, _ essentials: Essentials, localTag: MintedToken, flow: Flow, endpoints: LocalEndpoints,
        requestAddress: RequestAddress = .contact
    ) {
        self.requestAddress = requestAddress
        callIDText = texts.store(essentials.callID)
        localTagText = texts.store(token: localTag)
        localText = texts.store(essentials.to.text)
        remoteText = texts.store(essentials.from.withoutTag)
        remote = RemoteParty(flow: flow)
        openingFlow = flow
        localCSeq = 0
        remoteCSeq = essentials.cseq.number
        remote.tag = texts.store(essentials.fromTag)
        takeRoutes(message, reversed: false)
        takeTarget(message, fallback: essentials.from.uri, endpoints: endpoints)
    }

    /// The dialog of a call that goes out: we are the UAC of its INVITE. `local` and `remote` are the
    /// From and To values without tags, `target` the Request-URI, `routes` a preloaded route set, separated by commas.
    public init(
        calling target: Bytes, local: Bytes, remote remoteValue: Bytes, callID: Bytes, localTag: MintedToken, flow: Flow, routes: String = "",
        requestAddress: RequestAddress = .contact
    ) {
        self.requestAddress = requestAddress
        callIDText = texts.store(callID)
        localTagText = texts.store(token: localTag)
        localText = texts.store(local)
        remoteText = texts.store(remoteValue)
        remote = RemoteParty(flow: flow)
        openingFlow = flow
        localCSeq = 0
        remoteCSeq = nil
        remote.target = texts.store(target, room: 64)
        if !routes.isEmpty { remote.routes = routes.withBytes { texts.store($0) } }
    }

    /// A dialog that was confirmed before a restart. `skipped` keeps our CSeq numbers ahead of any request
    /// that may have been sent after the state was stored.
    public init(restoring stored: StoredDialog, skipping skipped: UInt32) {
        callIDText = texts.store(stored.callID)
        localTagText = texts.store(stored.localTag)
        localText = texts.store(stored.local)
        remoteText = texts.store(stored.remote)
        remote = RemoteParty(flow: stored.flow)
        openingFlow = stored.flow
        localCSeq = stored.localCSeq + skipped
        remoteCSeq = stored.remoteCSeq
        remote.tag = texts.store(stored.remoteTag)
        remote.target = texts.store(stored.remoteTarget)
        remote.routes = texts.store(stored.routes)
    }

    /// What is kept of the dialog for a restart; the views are valid until the dialog changes.
    public var stored: StoredDialog {
        StoredDialog(
            callID: callID, localTag: localTag, local: texts[localText], remote: texts[remoteText], remoteTag: remoteTag,
            remoteTarget: remoteTarget, routes: texts[remote.routes], localCSeq: localCSeq, remoteCSeq: remoteCSeq, flow: flow)
    }

    public var callID: Bytes { texts[callIDText] }
    public var localTag: Bytes { texts[localTagText] }
    public var remoteTag: Bytes { texts[remote.tag] }
    public var remoteTarget: Bytes { texts[remote.target] }
    public var flow: Flow { remote.flow }
    /// Bytes of texts kept.
    public var footprint: Int { texts.size }

    // MARK: - Incoming

    /// Whether a request belongs to this dialog (section 12.2.2), beyond the local tag by which it was found.
    public func matches(_ essentials: Essentials) -> Bool {
        essentials.callID.equals(callID) && essentials.toTag.equals(localTag) && (remote.tag.isEmpty || essentials.fromTag.equals(remoteTag))
    }

    /// Takes the CSeq number of a request. False when it is not above the one before (answer 500, section 12.2.2).
    public mutating func accept(cseq number: UInt32) -> Bool {
        if let last = remoteCSeq, number <= last { return false }
        remoteCSeq = number
        return true
    }

    /// A request of the peer came by this flow. A peer that is found where it was heard is from now on found there, as
    /// when its address translator gave it another port; any peer is found by the stream connection that it opened last.
    /// Another host is not believed.
    public mutating func requestHeard(by flow: Flow) {
        guard flow != remote.flow, flow.remote.hasSameHost(as: remote.flow.remote) else { return }
        if requestAddress == .source || (flow.transport.isReliable && flow.transport == remote.flow.transport) { remote.flow = flow }
    }

    /// The stream connection to the peer is no more: another one is opened to its first route or its Contact, not to the
    /// port from which it had opened the old one. A datagram's way, and that of a peer found where it was heard, stay.
    /// True when requests go another way from now on.
    @discardableResult
    public mutating func connectionEnded() -> Bool {
        guard remote.flow.transport.isReliable, requestAddress != .source else { return false }
        var list = CommaList(texts[remote.routes])
        let next = list.next().flatMap { NameAddress($0)?.uri } ?? remoteTarget
        guard let uri = URI(next), let address = uri.address, uri.transport ?? remote.flow.transport == remote.flow.transport
        else { return false }
        let way = Flow(transport: remote.flow.transport, listener: remote.flow.listener, remote: address)
        defer { remote.flow = way }
        return way != remote.flow
    }

    /// A target refresh request or its response: the peer's Contact replaces the remote target (section 12.2).
    public mutating func refreshTarget(_ message: Message, endpoints: LocalEndpoints) {
        takeTarget(message, fallback: .empty, endpoints: endpoints)
        tidy()
    }

    /// A response to our INVITE: makes or selects the early dialog of its To tag, and takes route set and
    /// target. Returns false for a second tag after `confirmed` (another fork answered as well).
    public mutating func responseReceived(_ message: Message, _ essentials: Essentials, confirmed: Bool, endpoints: LocalEndpoints) -> Bool {
        guard !essentials.toTag.isEmpty else { return true }
        if remote.tag.isEmpty {
            remote.tag = texts.store(essentials.toTag)
        } else if !essentials.toTag.equals(remoteTag) {
            if confirmed { return false }
            select(essentials.toTag)
        }
        // Route set and target come from the first response of the fork and again from its 2xx, which may
        // also take the route set away (section 12.1.2, 13.2.2.4).
        if message.status >= 200 { remote.routes = .none }
        takeRoutes(message, reversed: true)
        takeTarget(message, fallback: .empty, endpoints: endpoints)
        tidy()
        return true
    }

    /// Takes a reliable provisional response's RSeq. False for one that is not the next: it came before, or
    /// one that came first is missing and will be repeated (RFC 3262, section 4).
    public mutating func accept(rseq: UInt32) -> Bool {
        if remote.lastRSeq != 0, rseq != remote.lastRSeq &+ 1 { return false }
        remote.lastRSeq = rseq
        return true
    }

    /// Makes the early dialog with this tag current, if it is known.
    public mutating func selectFork(tag: Bytes) {
        guard !tag.equals(remoteTag), otherForks.contains(where: { texts[$0.tag].equals(tag) }) else { return }
        select(tag)
    }

    private mutating func select(_ tag: Bytes) {
        let previous = remote
        if let index = otherForks.firstIndex(where: { texts[$0.tag].equals(tag) }) {
            remote = otherForks[index]
            otherForks[index] = previous
            return
        }
        if otherForks.count == Dialog.maximumForks { otherForks.removeFirst() }
        otherForks.append(previous)
        remote = RemoteParty(flow: openingFlow)
        remote.tag = texts.store(tag)
        remote.target = previous.target
    }

    private mutating func takeTarget(_ message: Message, fallback: Bytes, endpoints: LocalEndpoints) {
        var target = fallback
        if let value = message.first(.contact) {
            var list = CommaList(value)
            if let element = list.next(), let contact = NameAddress(element), URI(contact.uri) != nil { target = contact.uri }
        }
        if !target.isEmpty, !target.equals(remoteTarget) {
            // A shared place must not be overwritten: forks may share the target they began with.
            if otherForks.isEmpty { texts.replace(&remote.target, with: target) } else { remote.target = texts.store(target) }
        }
        takeFlow(endpoints)
    }

    /// Drops texts that were replaced, so that a peer that goes on changing its target or forking makes us
    /// keep no more than what stands; if that is much, the oldest forks go.
    private mutating func tidy() {
        guard texts.size > min(2 * tidySize + Dialog.untidyTexts, Dialog.maximumTexts) else { return }
        while liveSize > Dialog.maximumTexts / 2, !otherForks.isEmpty { otherForks.removeFirst() }
        var kept = ByteStore()
        callIDText = kept.store(texts[callIDText])
        localTagText = kept.store(texts[localTagText])
        localText = kept.store(texts[localText])
        remoteText = kept.store(texts[remoteText])
        for index in otherForks.indices { otherForks[index].move(from: texts, to: &kept) }
        remote.move(from: texts, to: &kept)
        texts = kept
        tidySize = texts.size
    }

    /// Bytes of the texts that are in use.
    private var liveSize: Int {
        let own = callIDText.count + localTagText.count + localText.count + remoteText.count
        return Int(otherForks.reduce(own + remote.textCount) { $0 + $1.textCount })
    }

    /// Texts that may have been replaced before it is looked whether to drop them.
    private static let untidyTexts = 4_096
    /// One message adds less than 128 KiB, so the store's own bound is never reached.
    private static let maximumTexts = 512 * 1024

    private mutating func takeRoutes(_ message: Message, reversed: Bool) {
        guard message.first(.recordRoute) != nil else { return }
        var elements: [Bytes] = []
        message.forEachElement(of: .recordRoute) { elements.append($0) }
        if reversed { elements.reverse() }
        var joined: [UInt8] = []
        for (index, element) in elements.enumerated() {
            if index > 0 { joined.append(UInt8(ascii: ",")) }
            joined.append(contentsOf: element.buffer)
        }
        joined.withBytes { routes in
            guard !routes.equals(texts[remote.routes]) else { return }
            remote.routes = texts.store(routes)
        }
    }

    /// Where requests go: the first route, else the remote target, unless the peer is set to be found where it was heard.
    private mutating func takeFlow(_ endpoints: LocalEndpoints) {
        switch requestAddress {
        case .source: return
        case .contactPort:
            if let port = URI(remoteTarget)?.port { remote.flow.remote.port = port }
            return
        case .contact: break
        }
        var list = CommaList(texts[remote.routes])
        let next = list.next().flatMap { NameAddress($0)?.uri } ?? remoteTarget
        if let uri = URI(next) { remote.flow = endpoints.flow(toward: uri, known: remote.flow) }
    }

    // MARK: - Outgoing

    /// The next CSeq number for a request of ours; ACK and CANCEL reuse their INVITE's.
    public mutating func nextCSeq() -> UInt32 {
        localCSeq += 1
        return localCSeq
    }

    /// Keeps our numbers ahead of what may have been sent before a restart.
    public mutating func skipCSeq(by count: UInt32) { localCSeq += count }

    /// Writes request line, Via, Route, Max-Forwards, From, To, Call-ID and CSeq (section 12.2.1.1).
    public func writeRequest(
        _ method: Bytes, cseq: UInt32, branch: MintedToken, maxForwards: Int = 70, endpoints: LocalEndpoints, into outbox: inout Outbox
    ) {
        var routes = CommaList(texts[remote.routes])
        let firstRoute = routes.next()
        let firstURI = firstRoute.flatMap { NameAddress($0)?.uri }
        // A first route without `lr` is a strict router: it stands in the request line, the target ends the route set.
        let isStrict = firstURI.flatMap { URI($0) }.map { $0.parameter("lr") == nil } ?? false
        outbox.begin()
        outbox.append(method)
        outbox.append(UInt8(ascii: " "))
        outbox.append(isStrict ? firstURI! : remoteTarget)
        outbox.append(" SIP/2.0\r\n")
        outbox.appendVia(flow: flow, branch: branch, endpoints: endpoints)
        if firstRoute != nil {
            outbox.append("Route: ")
            if isStrict {
                while let route = routes.next() {
                    outbox.append(route)
                    outbox.append(UInt8(ascii: ","))
                }
                outbox.append(UInt8(ascii: "<"))
                outbox.append(remoteTarget)
                outbox.append(UInt8(ascii: ">"))
            } else {
                outbox.append(texts[remote.routes])
            }
            outbox.append("\r\n")
        }
        outbox.append("Max-Forwards: ")
        outbox.append(decimal: UInt64(maxForwards))
        outbox.append("\r\nFrom: ")
        outbox.append(unfolding: texts[localText])
        outbox.append(";tag=")
        outbox.append(localTag)
        outbox.append("\r\nTo: ")
        outbox.append(unfolding: texts[remoteText])
        if !remote.tag.isEmpty {
            outbox.append(";tag=")
            outbox.append(remoteTag)
        }
        outbox.append("\r\nCall-ID: ")
        outbox.append(callID)
        outbox.append("\r\nCSeq: ")
        outbox.append(decimal: UInt64(cseq))
        outbox.append(UInt8(ascii: " "))
        outbox.append(method)
        outbox.append("\r\n")
    }
}

/// The fields of a dialog that survive a restart.
public struct StoredDialog {
    public var callID: Bytes
    public var localTag: Bytes
    public var local: Bytes
    public var remote: Bytes
    public var remoteTag: Bytes
    public var remoteTarget: Bytes
    public var routes: Bytes
    public var localCSeq: UInt32
    public var remoteCSeq: UInt32?
    public var flow: Flow

    public init(
        callID: Bytes, localTag: Bytes, local: Bytes, remote: Bytes, remoteTag: Bytes, remoteTarget: Bytes, routes: Bytes,
        localCSeq: UInt32, remoteCSeq: UInt32?, flow: Flow
    ) {
        self.callID = callID
        self.localTag = localTag
        self.local = local
        self.remote = remote
        self.remoteTag = remoteTag
        self.remoteTarget = remoteTarget
        self.routes = routes
        self.localCSeq = localCSeq
        self.remoteCSeq = remoteCSeq
        self.flow = flow
    }
}

extension Outbox {
    /// `Via: SIP/2.0/UDP host:port;branch=z9hG4bK...;rport`
    public mutating func appendVia(flow: Flow, branch: MintedToken, endpoints: LocalEndpoints) {
        append("Via: SIP/2.0/")
        append(flow.transport.viaName)
        append(UInt8(ascii: " "))
        append(endpoints.advertised(flow))
        append(";branch=")
        append(Via.magicCookie)
        append(branch)
        append(flow.transport == .udp ? ";rport\r\n" : "\r\n")
    }
}

extension NameAddress {
    /// The element without its `tag` parameter; other parameters are dropped with it, as they name that dialog only.
    public var withoutTag: Bytes {
        guard !parameters.isEmpty else { return text }
        return text.upTo(parameters.base - text.base).trimmed
    }
}

extension ByteStore {
    public mutating func store(token: MintedToken) -> StoredBytes {
        withUnsafeTemporaryAllocation(byteCount: MintedToken.length, alignment: 1) { buffer in
            token.write(into: buffer)
            return store(Bytes(UnsafeRawBufferPointer(buffer)))
        }
    }
}
