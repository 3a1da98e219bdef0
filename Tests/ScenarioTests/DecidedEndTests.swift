import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Ends that the switch decides itself, over deaths of the process and of the store: what is decided is stored before
/// anybody hears of it, so that the next process carries it out.
@Suite struct DecidedEndTests {
    /// What ends a call without a word of its parties.
    enum Cause: String, CaseIterable, CustomTestStringConvertible {
        case hungUpByOperator, noTimerLimit, sessionExpired, peerSilent, acknowledgementMissing, dialogLost
        var testDescription: String { rawValue }
        var reason: EndReason {
            switch self {
            case .hungUpByOperator: .hungUpByOperator
            case .noTimerLimit: .noTimerLimit
            case .sessionExpired: .sessionExpired
            case .peerSilent: .peerSilent
            case .acknowledgementMissing: .acknowledgementMissing
            case .dialogLost: .dialogLost
            }
        }
    }

    /// A call that is ended by this cause, up to the instant of the decision: its mark waits for the store.
    private func decided(_ cause: Cause, commitDelay: Interval = .milliseconds(200)) throws -> (Scenario, PeerCall, PeerCall) {
        var parameters: [String: ParameterValue] = ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": cause == .noTimerLimit ? .integer(60) : .none]
        if cause == .acknowledgementMissing {
            // Shorter than the callee's, which otherwise hangs up first.
            parameters["SS_SIP_RESEND_INTERVAL"] = .intervals([.milliseconds(500), .seconds(1), .seconds(2)])
        }
        let scenario = Scenario(parameters: parameters, probeInterval: cause == .peerSilent || cause == .dialogLost ? 20 : nil)
        let caller = scenario.makeCall()
        if cause == .acknowledgementMissing {
            var script = CallerScript()
            script.acknowledges = .never
            caller.begin(script)
        } else {
            caller.invite(fields: cause == .sessionExpired ? ["Supported: timer", "Session-Expires: 90;refresher=uac"] : [])
        }
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.answer()
        scenario.pass()
        try #require(caller.wasAnswered)
        if cause == .peerSilent { caller.answers[.options] = 0 }
        if cause == .dialogLost { caller.answers[.options] = 481 }
        let before = scenario.world.store.endDecidedAt.count
        scenario.world.store.commitDelay = commitDelay
        if cause == .hungUpByOperator { _ = scenario.world.hangUp(try #require(scenario.world.liveCalls.first).id) }
        for _ in 0..<100_000 where scenario.world.store.endDecidedAt.count == before { scenario.pass(.milliseconds(5)) }
        try #require(scenario.world.store.endDecidedAt.count == before + 1)
        return (scenario, caller, callee)
    }

    @Test("nobody hears of an end before the store has it", arguments: Cause.allCases)
    func waitsForCommit(cause: Cause) throws {
        let (scenario, caller, callee) = try decided(cause)
        let decision = try #require(scenario.world.store.endDecidedAt.values.first)
        scenario.pass(.milliseconds(150))
        #expect(caller.requests(.bye).isEmpty && callee.requests(.bye).isEmpty)
        #expect(scenario.world.liveCalls.map(\.state) == [.ending])
        scenario.pass(.milliseconds(100))
        // A side that answered 481 does not know the call.
        #expect(caller.requests(.bye).count == (cause == .dialogLost ? 0 : 1))
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == cause.reason)
        let answered = try #require(scenario.world.tap?[1].answerSentAt)
        #expect(abs((decision - answered).inMilliseconds - record.durationMilliseconds) <= 5)
    }

    @Test("the process dies after the mark and before the BYEs: the next one hangs up and records", arguments: Cause.allCases, [0, 7])
    func deathAfterMark(cause: Cause, downSeconds: Int64) throws {
        let (scenario, caller, callee) = try decided(cause)
        let decision = try #require(scenario.world.store.endDecidedAt.values.first)
        let answered = try #require(scenario.world.tap?[1].answerSentAt)
        scenario.world.store.commitDelay = .milliseconds(2)
        scenario.world.kill(isCommitted: true)
        try #require(scenario.world.store.committedEnds.count == 1)
        #expect(caller.requests(.bye).isEmpty && callee.requests(.bye).isEmpty)
        scenario.pass(.seconds(downSeconds))
        scenario.world.start()
        scenario.pass(.milliseconds(50))
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == cause.reason)
        #expect(record.endedBy == (cause == .dialogLost ? .caller : .server))
        #expect(abs((decision - answered).inMilliseconds - record.durationMilliseconds) <= 5)
    }

    @Test("the process dies after the BYEs and before the record: the next one writes it, with the end as decided")
    func deathBeforeRecord() throws {
        let (scenario, caller, callee) = try decided(.hungUpByOperator)
        let decision = try #require(scenario.world.store.endDecidedAt.values.first)
        let answered = try #require(scenario.world.tap?[1].answerSentAt)
        scenario.pass(.milliseconds(250))
        #expect(caller.requests(.bye).count == 1 && callee.requests(.bye).count == 1)
        #expect(scenario.world.store.records.isEmpty)
        scenario.world.kill()
        scenario.pass(.seconds(40))
        scenario.world.start()
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .hungUpByOperator)
        #expect(abs((decision - answered).inMilliseconds - record.durationMilliseconds) <= 5)
        #expect(caller.requests(.bye).count == 2, "whether the first was heard nobody can know")
    }

    @Test("the process dies before the mark: the call goes on, and nobody was told that it does not")
    func deathBeforeMark() throws {
        let (scenario, caller, callee) = try decided(.hungUpByOperator)
        scenario.world.kill()
        scenario.world.start()
        scenario.pass(.seconds(60))
        #expect(caller.requests(.bye).isEmpty && callee.requests(.bye).isEmpty)
        let info = caller.request(.info)
        scenario.pass()
        #expect(info.finals == [200])
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("a store that hangs without a word is waited for half a second, one that reports its failure not at all")
    func storeFails() throws {
        let (scenario, caller, callee) = try decided(.noTimerLimit, commitDelay: .seconds(60))
        scenario.pass(.milliseconds(450))
        #expect(caller.requests(.bye).isEmpty)
        scenario.pass(.milliseconds(100))
        #expect(caller.requests(.bye).count == 1 && callee.requests(.bye).count == 1)
        scenario.finish()
        #expect((60_000...60_010).contains(try scenario.record().durationMilliseconds))
    }

    @Test("while the store fails an end waits for nothing, and its record follows")
    func storeIsFailing() throws {
        let scenario = Scenario()
        let (first, _) = try scenario.answeredCall(1)
        let (second, _) = try scenario.answeredCall(2)
        scenario.world.setStoreFailing(true)
        _ = scenario.world.hangUp(try #require(scenario.world.liveCalls.first).id)
        scenario.pass(.milliseconds(30))
        #expect(first.requests(.bye).count + second.requests(.bye).count == 1, "the store's report ends the wait")
        _ = scenario.world.hangUp(try #require(scenario.world.liveCalls.first { $0.state == .answered }).id)
        scenario.pass(.milliseconds(12))
        #expect(first.requests(.bye).count + second.requests(.bye).count == 2)
        scenario.pass(.seconds(5))
        scenario.world.setStoreFailing(false)
        scenario.finish()
        #expect(scenario.world.store.records.map(\.endReason) == [.hungUpByOperator, .hungUpByOperator])
    }

    @Test("a BYE that comes meanwhile is answered when the mark is committed, and the switch's reason stands", arguments: [true, false])
    func byeMeanwhile(isCaller: Bool) throws {
        let (scenario, caller, callee) = try decided(.hungUpByOperator)
        let (leaving, other) = isCaller ? (caller, callee) : (callee, caller)
        leaving.hangUp()
        scenario.pass(.milliseconds(150))
        #expect(leaving.statuses(.bye) == [])
        scenario.pass(.milliseconds(100))
        #expect(leaving.statuses(.bye) == [200])
        #expect(leaving.requests(.bye).isEmpty)
        #expect(other.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .hungUpByOperator)
        #expect(record.endedBy == .server)
        #expect(record.decision.contains("callerLastSeen") && record.decision.contains("calleeLastSeen"))
    }

    @Test("a process that dies with such a BYE unanswered is asked again, and no orphan stays")
    func byeMeanwhileAndDeath() throws {
        let (scenario, caller, callee) = try decided(.hungUpByOperator)
        caller.hangUp()
        scenario.pass(.milliseconds(100))
        scenario.world.kill()
        scenario.world.start()
        scenario.pass(.seconds(2))
        #expect(caller.statuses(.bye) == [200])
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("all calls ended at once share their commits")
    func endAll() throws {
        let scenario = Scenario()
        for index in 1...5 { _ = try scenario.answeredCall(index) }
        scenario.world.command(.endAllCalls(.stopping))
        scenario.finish()
        #expect(scenario.world.store.records.map(\.endReason) == Array(repeating: .stopping, count: 5))
    }
}
