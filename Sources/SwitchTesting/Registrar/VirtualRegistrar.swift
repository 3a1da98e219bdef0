import SIPMessages
import Vocabulary

/// A registrar of an upstream carrier, at the address of a peer that takes its calls. It follows RFC 3261,
/// section 10.3, asks for digest credentials, and departs from both where a script says so.
public final class VirtualRegistrar {
    /// A Contact that is bound to an address-of-record.
    public struct Binding: Sendable, Equatable {
        public var contact: String
        public var callID: String
        public var cseq: Int
        /// `+sip.instance` (RFC 5626), without quotes.
        public var instance: String?
        public var until: Instant
    }

    /// One REGISTER, copies not counted, and what became of it.
    public struct Exchange: Sendable {
        public var request: SeenMessage
        /// Seconds asked for the first Contact.
        public var expires: Int
        /// 0: silence.
        public var status: Int
        public var hasCredentials: Bool
        public var isWithdrawal: Bool { expires == 0 }
    }

    public let peer: Peer
    public var rules: RegistrarRules
    /// Consumed one by one by REGISTERs that want a lifetime; then `always` holds.
    public var script: [RegistrarStep] = []
    /// Consumed one by one by withdrawals; then `alwaysForWithdrawals` holds.
    public var withdrawalScript: [RegistrarStep] = []
    public var always = RegistrarStep.asUsual
    public var alwaysForWithdrawals = RegistrarStep.asUsual
    public private(set) var exchanges: [Exchange] = []
    /// Repetitions of REGISTERs seen before.
    public private(set) var copies = 0
    /// REGISTERs that came out of order (RFC 3261, section 10.3, item 7).
    public private(set) var outOfOrder = 0
    private unowned let world: VirtualWorld
    private var gate: DigestGate
    private var table = BindingTable()
    /// Answers by branch, for repetitions.
    private var answers: [String: [UInt8]] = [:]

    public init(_ peer: Peer, passwords: [String: String] = ["acme": "secret"], rules: RegistrarRules = RegistrarRules(), in world: VirtualWorld) {
        self.peer = peer
        self.rules = rules
        self.world = world
        gate = DigestGate(passwords: passwords)
        peer.requestArrived = { self.requestArrived($0) }
    }

    // MARK: - For tests

    /// What is bound to an address-of-record now.
    public func bindings(_ addressOfRecord: String) -> [Binding] { table.all(addressOfRecord, world.now) }

    /// All bindings that stand now, of every address-of-record.
    public var bindingCount: Int { table.addressesOfRecord.reduce(0) { $0 + bindings($1).count } }

    /// A Contact of somebody else under the same address-of-record.
    public func bind(_ contact: String, to addressOfRecord: String, for length: Interval = .seconds(3_600)) {
        table.add(Binding(contact: contact, callID: "foreign", cseq: 1, until: world.now + length), to: addressOfRecord)
    }

    /// Another password from now on.
    public func setPassword(_ password: String, of user: String) { gate.passwords[user] = password }

    /// Restarted: no nonce is known any more, and without storage no binding either.
    public func restart(keepingBindings: Bool) {
        gate.forgetNonces()
        answers.removeAll()
        if !keepingBindings { table.removeAll() }
    }

    /// Statuses answered, in order; 0 for silence.
    public var statuses: [Int] { exchanges.map(\.status) }
    /// Withdrawals among the exchanges.
    public var withdrawals: [Exchange] { exchanges.filter(\.isWithdrawal) }

    // MARK: - Requests

    private func requestArrived(_ message: SeenMessage) -> Bool {
        switch message.method {
        case .register: registerReceived(message)
        case .invite, .bye: return callRequestReceived(message)
        default: return false
        }
        return true
    }

    /// Takes a call's INVITE or BYE only to challenge it.
    private func callRequestReceived(_ message: SeenMessage) -> Bool {
        guard rules.challengesCalls, let challenge = rules.challenge else { return false }
        if let known = answers[message.branch] {
            answer(known, to: message)
            return true
        }
        switch gate.judge(message, challenge, now: world.now) {
        case .accepted: return false
        case .challenge(let isStale):
            respond(message, challenge.isProxy ? 407 : 401, gate.challenge(challenge, isStale: isStale, now: world.now))
        case .refused(let status): respond(message, status, [])
        }
        return true
    }

    private func registerReceived(_ message: SeenMessage) {
        if let known = answers[message.branch] {
            copies += 1
            if !known.isEmpty { answer(known, to: message) }
            return
        }
        let wishes = VirtualRegistrar.wishes(message)
        check(message, wishes)
        let expires = wishes.first.map { $0.expires ?? 3_600 } ?? 3_600
        var step = expires == 0 ? alwaysForWithdrawals : always
        if expires == 0, !withdrawalScript.isEmpty { step = withdrawalScript.removeFirst() }
        if expires > 0, !script.isEmpty { step = script.removeFirst() }
        let (status, fields) = perform(step, message, wishes)
        let hasCredentials = message.header("Authorization") != nil || message.header("Proxy-Authorization") != nil
        let isSilent = step == .silent || step == .answerLost
        exchanges.append(
            Exchange(request: message, expires: expires, status: isSilent ? 0 : status, hasCredentials: hasCredentials))
        if isSilent {
            answers[message.branch] = []
        } else {
            respond(message, status, fields)
        }
    }

    private func perform(_ step: RegistrarStep, _ message: SeenMessage, _ wishes: [BindingTable.Wish]) -> (Int, [String]) {
        switch step {
        case .silent: return (0, [])
        case .answer(let status, let fields): return (status, fields)
        case .challenge(let isStale):
            let challenge = rules.challenge ?? ChallengeRules()
            return (challenge.isProxy ? 407 : 401, gate.challenge(challenge, isStale: isStale, now: world.now))
        case .asUsual, .answerLost: return admit(message, wishes)
        }
    }

    // MARK: - As usual

    private func admit(_ message: SeenMessage, _ wishes: [BindingTable.Wish]) -> (Int, [String]) {
        var confirmation: [String] = []
        if let challenge = rules.challenge {
            switch gate.judge(message, challenge, now: world.now) {
            case .accepted(let fields): confirmation = fields
            case .challenge(let isStale):
                return (challenge.isProxy ? 407 : 401, gate.challenge(challenge, isStale: isStale, now: world.now))
            case .refused(let status): return (status, [])
            }
        }
        let longest = wishes.map { $0.expires ?? 3_600 }.max() ?? 3_600
        if longest > 0, longest < rules.minimumExpires { return (423, ["Min-Expires: \(rules.minimumExpires)"]) }
        let record = VirtualRegistrar.addressOfRecord(message)
        let change = table.apply(
            wishes, to: record, callID: message.callID, cseq: message.cseq, grant: { min($0 ?? 3_600, self.rules.maximumExpires) }, now: world.now)
        guard case .done = change else {
            outOfOrder += 1
            return (500, [])
        }
        return (200, confirmation + listed(record) + rules.fields)
    }

    private func listed(_ record: String) -> [String] {
        guard rules.listsBindings else { return [] }
        let all = bindings(record)
        var lines = all.map { binding in
            let left = (binding.until - world.now).inSeconds
            return "Contact: <\(binding.contact)>" + (rules.grantForm == .contactParameter ? ";expires=\(left)" : "")
        }
        if rules.grantForm == .expiresHeader, let last = all.last { lines.append("Expires: \((last.until - world.now).inSeconds)") }
        return lines
    }

    private static func wishes(_ message: SeenMessage) -> [BindingTable.Wish] {
        let general = message.header("Expires").flatMap { Int($0) }
        return message.elements("Contact").map { element in
            element.withBytes { bytes in
                guard let contact = NameAddress(bytes) else { return BindingTable.Wish(contact: element, expires: general) }
                let own = contact.parameter("expires")?.value?.decimal.map { Int($0) }
                return BindingTable.Wish(
                    contact: contact.uri.string, expires: own ?? general, instance: contact.parameter("+sip.instance")?.value?.unquoted.string)
            }
        }
    }

    static func addressOfRecord(_ message: SeenMessage) -> String {
        message.header("To")?.withBytes { NameAddress($0)?.uri.string } ?? ""
    }

    /// What no REGISTER of the switch may be.
    private func check(_ message: SeenMessage, _ wishes: [BindingTable.Wish]) {
        func report(_ what: String) { world.report(Violation(.soundMessages, call: nil, "\(what):\n\(message.text)", at: world.now)) }
        if message.elements("Contact").contains("*") { report("REGISTER for every Contact") }
        if wishes.isEmpty { report("REGISTER without Contact") }
        if message.fromTag.isEmpty || !message.toTag.isEmpty { report("REGISTER with wrong tags") }
        if message.requestURI.contains("@") { report("REGISTER with a user in its Request-URI") }
    }

    // MARK: - Answers

    private func respond(_ message: SeenMessage, _ status: Int, _ fields: [String]) {
        let bytes = PeerWriter.response(to: message, status: status, toTag: peer.mint("t"), fields: fields)
        answers[message.branch] = bytes
        answer(bytes, to: message)
    }

    private func answer(_ bytes: [UInt8], to message: SeenMessage) {
        let (peer, world) = (peer, world)
        func send() { world.send(bytes, from: peer.address, to: message.from, transport: peer.transport) }
        if rules.answerDelay == .zero { send() } else { world.after(rules.answerDelay) { send() } }
    }
}
