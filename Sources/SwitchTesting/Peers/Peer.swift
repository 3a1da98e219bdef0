import SIPMessages
import Vocabulary

/// A user agent at one address, caller or callee of many calls. It builds every message itself and
/// shares no code with the switch but the parser, so that neither can hide the other's mistakes.
public final class Peer {
    public let name: String
    public let address: NetworkAddress
    public let transport: TransportKind
    /// Stands in every identifier that the peer mints, so that a leak can be seen.
    let marker: String
    /// Text that must not appear in what the switch sends here: the other side's marker and network.
    var forbidden: [[UInt8]] = []
    unowned let world: VirtualWorld
    let switchAddress: NetworkAddress
    /// Number of its stream connection; 0 for datagrams.
    public var connection: UInt32 = 0
    /// Where its stream connection comes from, when that is not the address at which others can open one to it.
    public private(set) var connectedFrom: NetworkAddress?
    /// Calls by Call-ID.
    public private(set) var calls: [String: PeerCall] = [:]
    /// Calls in the order of their INVITEs; only kept when messages are kept.
    public private(set) var callList: [PeerCall] = []
    /// What becomes of a new call; nil leaves it to the test.
    public var callArrived: ((PeerCall) -> Void)?
    /// Sees everything that arrives first, also what is no SIP; true when it has dealt with it.
    var bytesArrived: (([UInt8], NetworkAddress) -> Bool)?
    /// Sees every request first; true when it has dealt with it.
    var requestArrived: ((SeenMessage) -> Bool)?
    /// Everything received, when the world is a small one.
    public var keepsMessages = true
    public private(set) var seen: [SeenMessage] = []
    /// Drops everything that arrives.
    public var isDead = false
    /// Record-Route values that it adds to what it answers and sends, as if proxies stood before it.
    public var recordRoutes: [String] = []
    private var minted = 0
    private var parser = MessageParser()

    public init(
        _ name: String, at address: NetworkAddress, transport: TransportKind = .udp, marker: String, in world: VirtualWorld,
        towards switchAddress: NetworkAddress
    ) {
        self.name = name
        self.address = address
        self.transport = transport
        self.marker = marker
        self.world = world
        self.switchAddress = switchAddress
        world.register(self, at: address)
    }

    /// Text that the other side must not see in its own messages, and this one not in its.
    public func forbid(_ texts: String...) { forbidden += texts.map { Array($0.utf8) } }

    /// What it sends by a stream comes from this port, by a connection of this number, until the connection ends.
    public func connect(fromPort port: UInt16, number: UInt32) {
        var source = address
        source.port = port
        (connectedFrom, connection) = (source, number)
        world.register(self, at: source)
    }

    func connectionEnded() {
        guard let source = connectedFrom else { return }
        (connectedFrom, connection) = (nil, 0)
        world.unregister(source)
    }

    /// A tag, branch tail or Call-ID that nobody else has.
    func mint(_ kind: String) -> String {
        minted += 1
        return "\(kind)\(minted)\(marker)\(name)"
    }

    // MARK: - Calling

    /// A call that the peer is to begin: `invite()` sends its INVITE. `target`: the Request-URI, where it is not
    /// the number at the switch's address.
    public func makeCall(
        index: Int = -1, to number: String, from caller: String = "+14155550100", displayName: String = "", target: String? = nil
    ) -> PeerCall {
        let call = PeerCall(
            peer: self, index: index, role: .caller, callID: mint("c") + "@\(address.sipHost)",
            localValue: "\(displayName.isEmpty ? "" : "\"\(displayName)\" ")<sip:\(caller)@\(address.sipHost)>",
            remoteValue: "<sip:\(number)@\(switchAddress)>", target: target ?? "sip:\(number)@\(switchAddress)")
        add(call)
        return call
    }

    private func add(_ call: PeerCall) {
        calls[call.callID] = call
        if keepsMessages { callList.append(call) }
    }

    func remove(_ call: PeerCall) { calls[call.callID] = nil }

    func forgetCalls() {
        calls.removeAll()
        callList.removeAll()
    }

    // MARK: - Receiving

    func receive(_ bytes: [UInt8], from: NetworkAddress) {
        guard !isDead else { return }
        if let bytesArrived, bytesArrived(bytes, from) { return }
        guard let message = SeenMessage(bytes, from: from, at: world.now, parser: &parser) else {
            world.report(Violation(.soundMessages, call: nil, "\(name) cannot read: \(String(decoding: bytes, as: UTF8.self))", at: world.now))
            return
        }
        if keepsMessages { seen.append(message) }
        if message.isRequest, let requestArrived, requestArrived(message) { return }
        let call = calls[message.callID]
        checkHiding(message, call?.index)
        if let call {
            call.received(message)
        } else if message.isRequest {
            strayRequest(message)
        }
    }

    private func strayRequest(_ message: SeenMessage) {
        switch message.method {
        case .ack: break
        case .invite where message.toTag.isEmpty:
            let number = message.requestURI.withBytes { URI($0)?.user.string } ?? ""
            let call = PeerCall(
                peer: self, index: SimulatedNumber.call(of: number) ?? -1, role: .callee, callID: message.callID,
                localValue: message.header("To") ?? "", remoteValue: message.header("From") ?? "", target: message.contact ?? "")
            add(call)
            call.received(message)
        default:
            world.send(PeerWriter.response(to: message, status: 481, toTag: mint("t")), from: address, to: message.from, transport: transport)
        }
    }

    private func checkHiding(_ message: SeenMessage, _ call: Int?) {
        for text in forbidden where message.bytes.contains(run: text) {
            let words = String(decoding: text, as: UTF8.self)
            world.report(Violation(.topologyHidden, call: call, "\(name) sees \"\(words)\" in:\n\(message.text)", at: world.now))
        }
    }

    /// A message to or from this peer was lost on the way: an answer that is missing may be excused by it.
    func lost(_ bytes: [UInt8]) {
        guard let message = SeenMessage(bytes, from: address, at: world.now, parser: &parser) else { return }
        calls[message.callID]?.lost(message)
    }

    /// Sends bytes as they are.
    public func send(raw text: String, to destination: NetworkAddress? = nil) {
        world.send(Array(text.utf8), from: address, to: destination ?? switchAddress, transport: transport)
    }
}

extension [UInt8] {
    /// Whether the bytes occur in a row.
    func contains(run: [UInt8]) -> Bool {
        guard let first = run.first, count >= run.count else { return false }
        return withBytes { whole in
            run.withBytes { part in
                var from = 0
                while let at = whole.firstIndex(of: first, from: from), at + part.count <= whole.count {
                    if whole[at..<at + part.count].equals(part) { return true }
                    from = at + 1
                }
                return false
            }
        }
    }
}
