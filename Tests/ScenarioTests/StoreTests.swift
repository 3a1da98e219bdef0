import CallRecords
import SIPMessages
import SwitchCore
import SwitchTesting
import Testing
import Vocabulary

/// The answer rule and the end rule: what the store must have before a message leaves, what happens
/// when it fails, and calls that outlive the process.
@Suite struct StoreTests {
    @Test("the answer leaves only after the commit")
    func answerWaitsForCommit() throws {
        let scenario = Scenario()
        scenario.world.store.commitDelay = .milliseconds(300)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        try scenario.callAtVendor().answer()
        scenario.pass(.milliseconds(250))
        #expect(caller.statuses(.invite) == [100])
        #expect(scenario.world.store.openCalls.isEmpty)
        scenario.pass(.milliseconds(100))
        #expect(caller.statuses(.invite) == [100, 200])
        #expect(scenario.world.store.openCalls.count == 1)
        scenario.finish(caller)
    }

    @Test("a failing store: the answer is not passed, the caller gets 503, the callee is hung up; new calls get 503")
    func failingStore() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        scenario.world.setStoreFailing(true)
        let callee = try scenario.callAtVendor()
        callee.answer()
        scenario.pass()
        #expect(caller.statuses(.invite) == [100, 503])
        #expect(callee.requests(.ack).count == 1)
        #expect(callee.requests(.bye).count == 1)
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(second.statuses(.invite) == [503])
        #expect(second.responses(.invite).last?.header("Retry-After") != nil)

        scenario.world.setStoreFailing(false)
        scenario.pass()
        #expect(try scenario.record().endReason == .recordStoreFailing)
        let third = scenario.makeCall(3)
        third.invite()
        scenario.pass()
        #expect(third.statuses(.invite) == [100])
        try scenario.callAtVendor().respond(180)
        third.cancel()
        scenario.finish()
    }

    @Test("a store that is silent: an answer waits for eight seconds, then the caller gets 503; new calls do too until it commits again")
    func silentStore() throws {
        let scenario = Scenario()
        scenario.world.store.commitDelay = .seconds(20)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.answer()
        scenario.pass(.milliseconds(7_500))
        #expect(caller.statuses(.invite) == [100])
        scenario.pass(.seconds(1))
        #expect(caller.statuses(.invite) == [100, 503])
        #expect(callee.requests(.ack).count == 1 && callee.requests(.bye).count == 1)
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(second.statuses(.invite) == [503])
        scenario.pass(.seconds(30))
        scenario.world.store.commitDelay = .milliseconds(2)
        #expect(try scenario.record().endReason == .recordStoreFailing)
        let third = scenario.makeCall(3)
        third.invite()
        scenario.pass()
        #expect(third.statuses(.invite) == [100])
        third.cancel()
        scenario.finish()
    }

    @Test("a call that ends while the store fails has its record afterwards")
    func endWhileFailing() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall()
        scenario.world.setStoreFailing(true)
        scenario.pass(.seconds(5))
        caller.hangUp()
        scenario.pass()
        #expect(caller.statuses(.bye) == [200])
        #expect(scenario.world.store.records.isEmpty)
        scenario.pass(.seconds(60))
        scenario.world.setStoreFailing(false)
        scenario.finish()
        #expect((5_000...5_200).contains(try scenario.record().durationMilliseconds))
    }

    @Test("after a restart BYE of either side ends the call with its record", arguments: [PeerCall.Role.caller, .callee])
    func restartThenBye(_ side: PeerCall.Role) throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(20))
        #expect(scenario.world.restart() == [])
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.pass(.seconds(20))
        let (ending, other) = side == .caller ? (caller, callee) : (callee, caller)
        ending.hangUp()
        scenario.pass()
        #expect(ending.statuses(.bye) == [200])
        let bye = try #require(other.requests(.bye).first)
        #expect(bye.cseq > 1_000)
        #expect((bye.callID, bye.fromTag, bye.toTag) == (other.callID, other.remoteTag, other.localTag))
        scenario.finish()
        let record = try scenario.record()
        #expect((39_900...40_300).contains(record.durationMilliseconds))
        #expect(record.endedBy == (side == .caller ? .caller : .callee))
        #expect(record.endReason == .normalClearing)
        #expect((record.mappingGateway, record.routingGateway) == ("customer-a", "carrier-0"))
        #expect((record.callerCallID, record.calleeCallID) == (caller.callID, callee.callID))
        #expect(record.attempts.map(\.outcome) == [.answered])
        #expect(record.decision.contains(#""verdict":"answered""#))
    }

    @Test("after a restart requests inside the dialog still pass both ways")
    func restartThenReinvite() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(1))
        scenario.world.restart()
        let hold = caller.reinvite(holds: true)
        scenario.pass()
        let info = callee.request(.info)
        scenario.pass()
        #expect(hold.finals == [200])
        #expect(info.finals == [200])
        scenario.finish(caller)
    }

    @Test("after a second restart our CSeq numbers are ahead of what was sent after the first")
    func restartTwice() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        var answers: [[Int]] = []
        for _ in 0..<3 {
            scenario.pass(.seconds(1))
            scenario.world.restart()
            for _ in 0..<5 {
                let (there, back) = (caller.request(.info), callee.request(.info))
                scenario.pass()
                answers += [there.finals, back.finals]
            }
        }
        #expect(answers.allSatisfy { $0 == [200] })
        scenario.finish(caller)
        _ = try scenario.record()
    }

    @Test("a call that was not answered at a restart is gone without a record, and its INVITE is taken anew")
    func restartWhileRinging() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        scenario.world.restart()
        #expect(scenario.world.softswitch.statistics.calls == 0)
        try scenario.callAtVendor().answer()
        scenario.world.runUntilQuiet()
        #expect(!caller.wasAnswered)
        #expect(scenario.world.store.records.isEmpty)
        #expect(scenario.world.softswitch.legCount == 0)
    }

    @Test("a damaged state does not keep the switch from starting")
    func damagedState() throws {
        let scenario = Scenario()
        _ = try scenario.answeredCall()
        let open = try #require(scenario.world.store.openCalls.values.first)
        for length in [0, 7, 8, 100, open.state.count - 1] {
            #expect(!scenario.world.restore(open.id, state: Array(open.state.prefix(length))))
        }
    }
}
