import CallRecords
import Routing
import SIPMessages
import Testing
import Vocabulary

@testable import SwitchCore

/// What a shard lets in and refuses when it is flooded or overloaded.
@Suite("Admission to a shard")
struct ShardAdmissionTests {
    private static let stranger = udp("198.51.100.9:5060")

    /// Hands a message over as the loop does; whether it was let in.
    @discardableResult
    private func arrive(_ text: String, from flow: Flow, _ bench: ShardBench) -> Bool {
        let isAdmitted = text.crlf.withBytes { bench.shard.admits($0, from: flow.remote, at: bench.now) == .taken }
        if isAdmitted { bench.receive(text, from: flow) }
        return isAdmitted
    }

    private func register(_ number: Int, extra: String = "") -> String {
        """
        REGISTER sip:192.0.2.1 SIP/2.0
        Via: SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bKr\(number)
        Max-Forwards: 70
        From: <sip:alice@192.0.2.1>;tag=t\(number)
        To: <sip:alice@192.0.2.1>
        Call-ID: register-\(number)@198.51.100.9
        CSeq: 1 REGISTER
        \(extra)Content-Length: 0


        """
    }

    private func overload(_ bench: ShardBench, lag: Int64) {
        for _ in 0..<100 {
            bench.time += 10
            bench.shard.lagMeasured(.milliseconds(lag), at: bench.now)
        }
    }

    private func notices(_ bench: ShardBench) -> [ProtectionNotice] { bench.shard.protectionNotices }

    private func overloadLevel(_ bench: ShardBench) -> Int { bench.shard.statistics.overloadLevel }

    private func counted(_ cause: RefusalCause, _ bench: ShardBench) -> UInt64 { bench.shard.statistics.refusals[cause] }

    // MARK: - Strangers

    @Test("a stranger's flood is dropped at the gate, counted by cause and told of; nothing is kept")
    func flood() {
        let bench = ShardBench()
        for number in 0..<10_000 {
            bench.time = Int64(number / 50)
            arrive(register(number), from: Self.stranger, bench)
        }
        #expect((40...45).contains(bench.sent().count), "answers to what the budget let in")
        let statistics = bench.shard.statistics
        #expect(statistics.messagesReceived == 10_000)
        #expect(statistics.refusals[.strangerSource] + statistics.refusals[.unknownSource] == 10_000)
        #expect(statistics.transactions == 0)
        #expect(notices(bench).count == 1)
        #expect(bench.commands().isEmpty, "no record of any")
    }

    @Test("what belongs to a call passes from anywhere, although the source has used up its budget")
    func callsPass() throws {
        let bench = ShardBench(parameters: ParameterValues(["SS_PROTECTION_STRANGER_RATE": .integer(1)]))
        let call = try #require(bench.establish())
        while arrive(register(1), from: Self.stranger, bench) {}
        _ = bench.sent()
        #expect(!arrive(ShardBench.invite(number: 7), from: Self.stranger, bench), "a new INVITE does not")
        #expect(arrive(ShardBench.carrierBye(call), from: Self.stranger, bench))
        #expect(bench.sent().contains { $0.message.hasPrefix("BYE") }, "it ended the call")

        bench.receive(ShardBench.invite(number: 2), from: ShardBench.caller)
        let invite = try #require(bench.sent().first { $0.message.hasPrefix("INVITE") }).message
        #expect(arrive(ShardBench.reply(to: invite, 180), from: Self.stranger, bench), "a response to a request of ours")
        let guessed = invite.replacing(invite.value("Via"), with: "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK000000000000000000000000000")
        #expect(
            !arrive(ShardBench.reply(to: guessed.replacing("From: ", with: "X-From: "), 180), from: Self.stranger, bench),
            "a guessed branch is no key")
    }

    @Test("what belongs to a call of another shard goes to that shard, which knows it by its secret; so much of it a second")
    func callsOfOtherShards() throws {
        let tight = ParameterValues(["SS_PROTECTION_STRANGER_RATE": .integer(1)])
        let reader = ShardBench(index: 1, count: 2, parameters: tight)
        let owner = ShardBench(index: 0, count: 2, parameters: tight)
        func admission(_ text: String, at bench: ShardBench) -> AdmissionVerdict {
            text.crlf.withBytes { bench.shard.admits($0, from: Self.stranger.remote, at: bench.now) }
        }
        func isOwn(_ text: String) -> Bool {
            text.crlf.withBytes { owner.shard.admitsOwn($0, from: Self.stranger.remote, at: owner.now) }
        }
        // A call whose Call-ID leads to the owner.
        let number = try #require(
            (1...50).first { number in ShardBench.invite(number: number).crlf.withBytes { Shard.owner(of: $0, count: 2) } == 0 })
        let call = try #require(owner.establish(number))
        while admission(register(1), at: reader) == .taken {}
        let byes = [ShardBench.carrierBye(call).replacing("carriertag1", with: "carriertag\(number)"), ShardBench.callerBye(call)]
        for bye in byes {
            #expect(admission(bye, at: reader) == .ifOwn(by: 0))
            #expect(isOwn(bye))
        }
        let secret = call.answer.value("To").suffix(13)
        let forged = byes[1].replacing(secret, with: "0000000000001")
        #expect(forged != byes[1])
        #expect(!isOwn(forged), "a guessed tag is no key")
        #expect(counted(.strangerSource, owner) == 1)

        // What bears nothing of ours goes no further, nor what bears nothing of another shard's.
        #expect(admission(register(2), at: reader) == .refused)
        #expect(admission(ShardBench.invite(number: number), at: reader) == .refused)
        #expect(admission(byes[1].replacing(call.answer.value("To"), with: "<sip:x@192.0.2.1>;tag=short"), at: reader) == .refused)

        // An invented tag is worth no more than 10,000 messages at once.
        let passed = (0..<20_000).count { _ in admission(forged, at: reader) == .ifOwn(by: 0) }
        #expect((9_990...10_000).contains(passed))
        let before = counted(.strangerSource, reader)
        #expect(admission(forged, at: reader) == .refused)
        #expect(counted(.strangerSource, reader) == before + 1)
    }

    @Test("a scanner's request is dropped without an answer, a stranger's that looks like a phone's is answered")
    func scanner() {
        let bench = ShardBench()
        for agent in ["friendly-scanner", "SIPVicious 0.3", "sipcli/v1.8", "VaxSIPUserAgent/3.1"] {
            arrive(register(1, extra: "User-Agent: \(agent)\n"), from: Self.stranger, bench)
        }
        arrive(register(1).replacing("From: <", with: "From: \"sipvicious\" <"), from: Self.stranger, bench)
        #expect(bench.sent().isEmpty)
        #expect(counted(.scanner, bench) == 5)
        let isForeign = bench.shard.lastMessageWasForeign
        #expect(isForeign)
        arrive(register(2, extra: "User-Agent: Example Phone 1.0\n"), from: Self.stranger, bench)
        #expect(bench.sent().count == 1)
        arrive(ShardBench.invite(extra: "User-Agent: sipcli/v1.8\n"), from: ShardBench.caller, bench)
        #expect(bench.callCount == 1, "a gateway may call itself what it likes")
    }

    @Test("the operator edits the list of signs, and the change counts at once")
    func signs() {
        let bench = ShardBench()
        let next = SwitchConfiguration(
            mappingGateways: bench.shard.configuration.mappingGateways,
            parameters: ParameterValues(["SS_PROTECTION_SCANNER_SIGNS": .text("to=alice, ,Odd Thing")]))
        bench.shard.commandReceived(.configure(next), at: bench.now)
        arrive(register(1), from: Self.stranger, bench)
        arrive(register(2, extra: "User-Agent: my odd thing 3\n").replacing("To: <sip:alice", with: "To: <sip:bob"), from: Self.stranger, bench)
        arrive(
            register(3, extra: "User-Agent: friendly-scanner\n").replacing("To: <sip:alice", with: "To: <sip:bob"), from: Self.stranger, bench)
        #expect(counted(.scanner, bench) == 2)
        #expect(bench.sent().count == 1)
    }

    @Test("strangers leave three quarters of the transactions to others")
    func strangerTransactions() {
        let bench = ShardBench(maximumTransactions: 40)
        for number in 0..<10 { arrive(ShardBench.invite(number: number), from: ShardBench.caller, bench) }
        #expect(bench.transactionCount >= 10)
        arrive(register(1), from: Self.stranger, bench)
        #expect(counted(.strangerTransactions, bench) == 1)
    }

    // MARK: - Phones and accounts

    @Test("a phone's host is known while it is registered: its calls are bounded, and refused with Retry-After")
    func phoneCalls() throws {
        let bench = ShardBench(parameters: ParameterValues(["SS_PROTECTION_SOURCE_CALL_RATE": .integer(2)]))
        bench.shard.noteBinding(Self.stranger.remote)
        for number in 0..<5 { arrive(ShardBench.invite(number: number), from: Self.stranger, bench) }
        let refused = bench.sent().filter { $0.message.hasPrefix("SIP/2.0 503") }
        #expect(refused.count == 1)
        let seconds = try #require(UInt64(refused[0].message.value("Retry-After")))
        #expect((3...10).contains(seconds))
        #expect(counted(.sourceCallRate, bench) == 1)
        bench.shard.forgetBinding(Self.stranger.remote)
    }

    @Test("a phone that is registered with another shard is known to this one, where it registered from")
    func otherShard() {
        let bench = ShardBench(count: 2, parameters: ParameterValues(["SS_PROTECTION_STRANGER_RATE": .integer(1)]))
        while arrive(register(1), from: Self.stranger, bench) {}
        bench.shard.configuration.live.registrar.sources.insert(EndpointName(.phone, "alice"), at: Self.stranger.remote)
        #expect(arrive(register(2), from: Self.stranger, bench))
        #expect(!arrive(register(3), from: udp("198.51.100.9:40000"), bench))
    }

    @Test("requests with one account's credentials beyond its rate are dropped; another account is not touched")
    func accountRate() {
        let bench = ShardBench(parameters: ParameterValues(["SS_PROTECTION_ACCOUNT_RATE": .integer(3)]))
        func credentials(_ user: String) -> String { "Authorization: Digest realm=\"example.net\", username=\"\(user)\", nonce=\"n\"\n" }
        for number in 0..<10 { arrive(register(number, extra: credentials("alice")), from: Self.stranger, bench) }
        #expect(counted(.accountRate, bench) == 4)
        arrive(register(11, extra: credentials("bob")), from: Self.stranger, bench)
        #expect(counted(.accountRate, bench) == 4)
    }

    // MARK: - Overload

    @Test("an overloaded shard refuses new calls with 503 and a Retry-After that differs, and keeps calls that are up")
    func overloadedCalls() throws {
        let bench = ShardBench()
        let call = try #require(bench.establish())
        overload(bench, lag: 250)
        #expect(overloadLevel(bench) == 1)
        for number in 10..<40 { arrive(ShardBench.invite(number: number), from: ShardBench.caller, bench) }
        let refused = bench.sent().filter { $0.message.hasPrefix("SIP/2.0 503") }
        #expect(refused.count == 30)
        #expect(Set(refused.map { $0.message.value("Retry-After") }).count > 2)
        #expect(bench.callCount == 1)
        #expect(bench.transactionCount <= 2, "the refusals left nothing behind")
        #expect(counted(.overloadCall, bench) == 30)
        let callsRefused = bench.shard.statistics.callsRefused
        #expect(callsRefused == 30)
        #expect(notices(bench) == [.overload(refusesCalls: true, refusesRequests: false, lagMilliseconds: 250)])
        let reinvite = ShardBench.request(
            "INVITE", from: call.answer.value("From"), to: call.answer.value("To"), callID: call.answer.value("Call-ID"), cseq: 4712,
            via: "192.0.2.2:5060", extra: "Contact: <sip:desk@192.0.2.2:5066>\n")
        arrive(reinvite, from: ShardBench.caller, bench)
        #expect(!bench.sent().contains { $0.message.hasPrefix("SIP/2.0 503") }, "a re-INVITE belongs to a call that is up")
        arrive(ShardBench.carrierBye(call), from: ShardBench.carrier, bench)
        #expect(bench.sent().contains { $0.message.hasPrefix("BYE") })
    }

    @Test("a repetition of an INVITE that was taken before the overload is no new call")
    func repetition() {
        let bench = ShardBench()
        arrive(ShardBench.invite(), from: ShardBench.caller, bench)
        _ = bench.sent()
        overload(bench, lag: 250)
        arrive(ShardBench.invite(), from: ShardBench.caller, bench)
        #expect(counted(.overloadCall, bench) == 0)
        #expect(!bench.sent().contains { $0.message.hasPrefix("SIP/2.0 503") })
    }

    @Test("twice as overloaded it refuses REGISTERs too and hears no stranger, but answers OPTIONS; then it recovers")
    func overloadedRequests() throws {
        let bench = ShardBench()
        overload(bench, lag: 450)
        #expect(overloadLevel(bench) == 2)
        arrive(register(1), from: ShardBench.caller, bench)
        #expect(bench.sent().map { String($0.message.prefix(11)) } == ["SIP/2.0 503"])
        arrive(register(2).replacing("REGISTER", with: "OPTIONS"), from: ShardBench.caller, bench)
        #expect(bench.sent().map { String($0.message.prefix(11)) } == ["SIP/2.0 200"])
        #expect(!arrive(register(3), from: Self.stranger, bench))
        #expect(counted(.overloadRequest, bench) == 2)
        for _ in 0..<4 { overload(bench, lag: 0) }
        #expect(overloadLevel(bench) == 0)
        #expect(arrive(register(4), from: Self.stranger, bench))
        arrive(ShardBench.invite(number: 9), from: ShardBench.caller, bench)
        #expect(bench.callCount == 1)
    }
}
