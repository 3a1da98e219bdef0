import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// `SERVER_BILLING_SILENT_CALL`: a call whose party was found gone is billed to the detection, or to that party's last
/// proof of life. Nothing else changes what is billed.
@Suite struct DeathBillingTests {
    private static let lastProof: [String: ParameterValue] = ["SERVER_BILLING_SILENT_CALL": .option("Last proof of life")]

    /// A caller that answers probes for about a minute and then is silent, or answers 481.
    private func silentCall(_ parameters: [String: ParameterValue], status: Int = 0, restarts: Bool = false) throws -> CallRecord {
        let scenario = Scenario(parameters: parameters, probeInterval: 20)
        let (caller, _) = try scenario.answeredCall()
        let answered = try #require(caller.answeredAt)
        scenario.pass(.seconds(60))
        let heard = try #require(caller.requests(.options).last).at - answered
        #expect(heard > .seconds(30))
        caller.answers[.options] = status
        if restarts {
            scenario.world.command(.endUnansweredCalls(.stopping))
            scenario.world.restart()
        }
        scenario.pass(.seconds(400))
        scenario.finish()
        let record = try scenario.record()
        #expect(record.durationMilliseconds > heard.inMilliseconds + 5_000)
        if parameters.isEmpty {
            #expect(record.billedMilliseconds == record.durationMilliseconds)
        } else if !restarts {
            #expect(abs(record.billedMilliseconds - heard.inMilliseconds) <= 100)
        }
        return record
    }

    @Test("a peer that is silent, or does not know the call", arguments: [0, 481])
    func probes(status: Int) throws {
        #expect(try silentCall([:], status: status).endReason == (status == 0 ? .peerSilent : .dialogLost))
        _ = try silentCall(Self.lastProof, status: status)
    }

    @Test("after a restart the policy is the one under which the call began, and the last proof what was stored")
    func restarted() throws {
        let record = try silentCall(Self.lastProof, restarts: true)
        #expect(record.endReason == .peerSilent)
        #expect(record.billedMilliseconds < record.durationMilliseconds - 5_000)
    }

    @Test("a session that was not refreshed is billed to the refresh before", arguments: [true, false])
    func session(isToLastProof: Bool) throws {
        let scenario = Scenario(parameters: isToLastProof ? Self.lastProof : [:])
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: 90;refresher=uac"])
        scenario.pass()
        try scenario.callAtVendor().answer()
        scenario.pass(.seconds(40))
        let refresh = caller.request(
            .update, fields: ["Contact: <sip:a@192.0.2.10:5060>", "Supported: timer", "Session-Expires: 90;refresher=uac"])
        scenario.pass(.seconds(200))
        #expect(refresh.finals == [200])
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .sessionExpired)
        #expect((99_000...102_000).contains(record.durationMilliseconds))
        let expected: ClosedRange<Int64> = isToLastProof ? 39_800...40_200 : record.durationMilliseconds...record.durationMilliseconds
        #expect(expected.contains(record.billedMilliseconds))
    }

    @Test("the decision waits for the store, and a process that finds it bills the same")
    func storedDecision() throws {
        let scenario = Scenario(parameters: Self.lastProof, probeInterval: 20)
        let (caller, _) = try scenario.answeredCall()
        scenario.pass(.seconds(60))
        caller.answers[.options] = 481
        scenario.world.store.commitDelay = .milliseconds(300)
        for _ in 0..<20_000 where scenario.world.store.endDecidedAt.isEmpty { scenario.pass(.milliseconds(5)) }
        scenario.world.kill(isCommitted: true)
        scenario.world.configure(SwitchConfiguration(revision: 9))
        scenario.pass(.seconds(30))
        scenario.world.start()
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .dialogLost)
        #expect(record.billedMilliseconds > 30_000)
        #expect(record.billedMilliseconds < record.durationMilliseconds - 10_000)
    }

    @Test("calls that end otherwise bill their duration, whatever the policy: hung up, at a limit, or lost by the other side's request")
    func others() throws {
        let scenario = Scenario(parameters: Self.lastProof.merging(["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(60)]) { $1 })
        let (first, _) = try scenario.answeredCall(1)
        _ = try scenario.answeredCall(2)
        let (third, callee) = try scenario.answeredCall(3)
        scenario.pass(.seconds(20))
        first.hangUp()
        callee.answers[.info] = 481
        third.request(.info)
        scenario.pass(.seconds(100))
        scenario.finish()
        let records = scenario.world.store.records
        #expect(Set(records.map(\.endReason)) == [.normalClearing, .noTimerLimit, .dialogLost])
        for record in records { #expect(record.billedMilliseconds == record.durationMilliseconds && record.durationMilliseconds > 15_000) }
    }

    @Test("a call without answer bills nothing")
    func unanswered() throws {
        let scenario = Scenario(parameters: Self.lastProof)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        caller.cancel()
        scenario.finish()
        #expect(try scenario.record().billedMilliseconds == 0)
    }

    @Test("a change touches calls that begin afterwards only")
    func effect() throws {
        let scenario = Scenario(probeInterval: 20)
        let (caller, _) = try scenario.answeredCall()
        scenario.pass(.seconds(60))
        scenario.configure(Self.lastProof)
        caller.answers[.options] = 481
        scenario.pass(.seconds(60))
        scenario.finish()
        let record = try scenario.record()
        #expect(record.billedMilliseconds == record.durationMilliseconds)
    }
}
