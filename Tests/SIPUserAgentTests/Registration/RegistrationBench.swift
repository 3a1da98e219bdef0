import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Testing
import Vocabulary

/// A registration with its clock, its requests as text and a registrar's answers to them.
final class RegistrationBench {
    var client: RegistrationClient
    var now = Moment(instant: .zero + .seconds(1_000), wall: WallTime(microseconds: 1_800_000_000_000_000))
    /// Requests that went out, oldest first.
    var requests: [String] = []
    var targets: [Target] = []
    var questions: [NextHop] = []
    /// States entered, in order.
    var states: [RegistrationState] = []
    var stores = 0
    var isFinished = false
    private var outbox = Outbox()
    private var parser = MessageParser()

    static func account(
        proxy: NextHop = NextHop(host: "192.0.2.9", port: 5060), password: String = "secret", period: Int? = nil
    ) -> RegistrationAccount {
        RegistrationAccount(
            name: "upstream-1", proxy: proxy, host: "sw.example.net", username: "acme", authUser: "acme", password: password,
            period: period, contactUser: "contactuser", instance: "00000000-0000-8000-8000-000000000001")
    }

    init(
        _ account: RegistrationAccount = RegistrationBench.account(), binding: RegistrationBinding? = nil,
        identity: RegistrationIdentity = RegistrationIdentity(callID: "the-call-id", fromTag: "tag1")
    ) {
        client = RegistrationClient(
            account, identity: identity, binding: binding, resendTime: .seconds(32), randomness: SecretSource(seed: 7, stream: 1), now: now)
    }

    func perform(_ event: (inout RegistrationClient, inout [RegistrationAction], Moment) -> Void) {
        var actions: [RegistrationAction] = []
        event(&client, &actions, now)
        var next = 0
        while next < actions.count {
            let action = actions[next]
            next += 1
            switch action {
            case .resolve(let hop): questions.append(hop)
            case .send(let target): write(to: target)
            case .storeThenSend(let target):
                stores += 1
                write(to: target)
            case .store: stores += 1
            case .changed: states.append(client.state)
            case .finished: isFinished = true
            }
        }
    }

    private func write(to target: Target) {
        guard let flow = endpoints.flow(to: target.address, transport: target.transport) else {
            perform { $0.requestFailed("nothing listens", &$1, now: $2) }
            return
        }
        client.prepareContact(flow: flow, endpoints: endpoints)
        let branch = MintedToken(shard: 0, key: SlabKey(index: UInt32(requests.count), generation: 1), secret: 1)
        client.writeRequest(flow: flow, branch: branch, endpoints: endpoints, into: &outbox)
        requests.append(outbox.unfinished.string)
        targets.append(target)
        outbox.begin()
    }

    /// Begins and lets the first REGISTER go out.
    func start() {
        perform { $0.start(after: .zero, &$1, now: $2) }
        fire()
    }

    /// Time passes up to the next deadline, which fires.
    func fire() {
        let deadline = client.nextDeadline
        if deadline > now.instant { pass(deadline - now.instant) } else { perform { $0.handleTimeout(&$1, now: $2) } }
    }

    /// Time passes; what is due happens.
    func pass(_ length: Interval) {
        now = Moment(instant: now.instant + length, wall: now.wall + length)
        perform { $0.handleTimeout(&$1, now: $2) }
    }

    func withdraw(_ cause: WithdrawalCause = .stop) { perform { $0.withdraw(cause, &$1, now: $2) } }
    func fail(_ why: String = "no answer") { perform { $0.requestFailed(why, &$1, now: $2) } }
    func resolve(_ hop: NextHop, _ resolution: Resolution) { perform { $0.resolved(hop, resolution, &$1, now: $2) } }

    /// The registrar's answer to the last request.
    func answer(_ status: Int, _ phrase: String = "Answer", _ fields: String...) {
        let request = requests.last ?? ""
        let copied = ["Via", "From", "To", "Call-ID", "CSeq"].compactMap { name in request.values(name).first.map { "\(name): \($0)" } }
        let text = (["SIP/2.0 \(status) \(phrase)"] + copied + fields + ["Content-Length: 0", "", ""]).joined(separator: "\r\n")
        let bytes = Array(text.utf8)
        bytes.withBytes { bytes in
            guard let message = parser.parse(bytes, framing: .datagram) else {
                Issue.record("the answer cannot be read: \(text)")
                return
            }
            perform { $0.responseReceived(message, &$1, now: $2) }
        }
    }

    /// A 200 that grants our Contact so many seconds.
    func grant(_ seconds: Int, others: String...) {
        answer(200, "OK", (["<\(client.contactSent)>;expires=\(seconds)"] + others).map { "Contact: \($0)" }.joined(separator: "\r\n"))
    }

    func challenge(_ status: Int = 401, nonce: String, stale: Bool = false) {
        let name = status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate"
        let staleness = stale ? ", stale=true" : ""
        answer(status, "Unauthorized", "\(name): Digest realm=\"sw.example.net\", nonce=\"\(nonce)\", algorithm=MD5, qop=\"auth\"\(staleness)")
    }

    var last: String { requests.last ?? "" }
    var cseq: String { last.values("CSeq").first ?? "" }
    var contact: String { last.values("Contact").first ?? "" }
}

extension RegistrationState {
    var isRegistered: Bool { if case .registered = self { true } else { false } }
    var isWaitingToRetry: Bool { if case .waitingToRetry = self { true } else { false } }
    var isCredentialsRefused: Bool { if case .credentialsRefused = self { true } else { false } }
    var isWithdrawalFailed: Bool { if case .withdrawalFailed = self { true } else { false } }
}
