import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Deaths of the process around an answer or an end, and clocks that are set: what is bound to the end of a call
/// before anybody is told of it, and what the next process makes of messages that were meant for the one before.
@Suite struct CrashTests {
    // MARK: - The end

    @Test("the 200 of a BYE that ends a call waits for the record; copies of the BYE are absorbed")
    func byeWaitsForCommit() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        scenario.world.store.commitDelay = .milliseconds(1_800)
        caller.hangUp()
        scenario.pass(.milliseconds(1_700))
        #expect(caller.statuses(.bye) == [])
        // The other side does not wait.
        #expect(callee.requests(.bye).count == 1)
        scenario.pass(.milliseconds(200))
        #expect(caller.responses(.bye).map(\.status) == [200])
        #expect(scenario.world.store.records.count == 1)
        scenario.finish()
    }

    @Test("a store that hangs without a word holds a BYE's 200 for eight seconds at most")
    func byeIsHeldNotTooLong() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall()
        scenario.world.store.commitDelay = .seconds(60)
        caller.hangUp()
        scenario.pass(.milliseconds(7_900))
        #expect(caller.statuses(.bye) == [])
        scenario.pass(.milliseconds(200))
        #expect(caller.statuses(.bye) == [200])
        scenario.finish()
        _ = try scenario.record()
    }

    @Test("a store that begins to fail lets the 200 of a BYE go at once; the record follows")
    func byeWhileFailing() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall()
        scenario.world.setStoreFailing(true)
        caller.hangUp()
        scenario.pass(.milliseconds(30))
        #expect(caller.statuses(.bye) == [200])
        scenario.world.setStoreFailing(false)
        scenario.finish()
        _ = try scenario.record()
    }

    @Test("a process that dies before the record of a BYE is committed leaves no orphan: the BYE comes again", arguments: [0, 6])
    func deathBetweenByeAndCommit(downSeconds: Int64) throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        scenario.world.store.commitDelay = .milliseconds(100)
        caller.hangUp()
        scenario.pass(.milliseconds(50))
        #expect(callee.requests(.bye).count == 1)
        scenario.world.kill()
        scenario.pass(.seconds(downSeconds))
        scenario.world.start()
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.pass(.seconds(5))
        #expect(caller.statuses(.bye) == [200])
        scenario.finish()
        let record = try scenario.record()
        #expect(record.endReason == .normalClearing)
        #expect(record.endedBy == .caller)
    }

    // MARK: - The answer

    /// A call whose answer is committed and never left, or never arrived: the process died then.
    private func unheardAnswer(
        _ scenario: Scenario, rings: Bool = true
    ) throws -> (caller: PeerCall, callee: PeerCall) {
        let caller = scenario.makeCall()
        scenario.world.loses = { message, from, to in
            from == Scenario.switchAddress && to == Scenario.customerAddress && (message.hasPrefix("SIP/2.0 200") || !rings)
        }
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        if rings { callee.respond(180) }
        scenario.pass()
        callee.answer()
        scenario.pass(.milliseconds(50))
        #expect(scenario.world.store.openCalls.count == 1)
        scenario.world.restart()
        scenario.world.loses = nil
        #expect(!caller.wasAnswered)
        return (caller, callee)
    }

    @Test("an INVITE that comes again after a restart begins no second call: it gets the answer of the first")
    func repeatedInvite() throws {
        let scenario = Scenario()
        let (caller, callee) = try unheardAnswer(scenario, rings: false)
        scenario.pass(.seconds(4))
        #expect(caller.wasAnswered)
        #expect(caller.statuses(.invite) == [200])
        #expect(callee.acknowledgedAt != nil)
        #expect(scenario.vendors[0].callList.count == 1)
        #expect(scenario.world.softswitch.statistics.calls == 1)
        scenario.finish(caller)
        let record = try scenario.record()
        #expect(record.endReason == .normalClearing)
    }

    @Test("an INVITE that comes again long after its caller was heard gets 482, and the call goes on")
    func lateInvite() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall()
        scenario.world.restart()
        let info = caller.request(.info)
        scenario.pass(.seconds(1))
        #expect(info.finals == [200])
        let invite = try #require(caller.initialInvite)
        scenario.customer.send(raw: scenario.world.text(of: invite))
        scenario.pass()
        #expect(invite.finals == [200, 482])
        #expect(scenario.world.softswitch.statistics.calls == 1)
        scenario.finish(caller)
        _ = try scenario.record()
    }

    @Test("a callee that repeats its answer after a restart brings the caller his, and gets its ACK")
    func repeatedAnswer() throws {
        let scenario = Scenario()
        let (caller, callee) = try unheardAnswer(scenario)
        scenario.pass(.seconds(2))
        #expect(caller.wasAnswered)
        #expect(callee.acknowledgedAt != nil)
        scenario.pass(.seconds(60))
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.finish(caller)
        _ = try scenario.record()
    }

    @Test("the ACK of a late offer, lost with the process, is passed on with its answer")
    func lateOfferAcknowledged() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(offers: false)
        scenario.pass()
        let callee = try scenario.callAtVendor()
        scenario.world.loses = { message, _, _ in message.hasPrefix("ACK ") }
        callee.answer()
        scenario.pass(.milliseconds(100))
        #expect(caller.wasAnswered)
        scenario.world.restart()
        scenario.world.loses = nil
        scenario.pass(.seconds(2))
        let ack = try #require(callee.requests(.ack).first)
        #expect(ack.hasBody)
        scenario.finish(caller)
        _ = try scenario.record()
    }

    @Test("CANCEL of a call that a restart brought back as answered ends it on both sides")
    func cancelAfterRestart() throws {
        let scenario = Scenario()
        let (caller, callee) = try unheardAnswer(scenario)
        scenario.customer.callList.forEach { $0.answers[.bye] = 481 }
        caller.cancel()
        scenario.pass(.milliseconds(100))
        #expect(caller.statuses(.cancel) == [200])
        #expect(callee.requests(.bye).count == 1)
        scenario.world.runUntilQuiet()
        let record = try scenario.record()
        #expect(record.endedBy == .caller)
        #expect(scenario.world.softswitch.legCount == 0)
        #expect(scenario.world.softswitch.statistics.transactions == 0)
    }

    @Test("after a slow commit a restart counts from the answer that passed, not from the one that was written")
    func slowCommit() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        scenario.world.store.commitDelay = .seconds(3)
        try scenario.callAtVendor().answer()
        scenario.pass(.seconds(7))
        #expect(caller.wasAnswered)
        let answered = try #require(caller.answeredAt)
        scenario.world.store.commitDelay = .milliseconds(2)
        scenario.world.restart()
        scenario.pass(.seconds(10))
        scenario.finish(caller)
        let record = try scenario.record()
        let seen = try #require(caller.byeSentAt) - answered
        #expect(abs(record.durationMilliseconds - seen.inMilliseconds) <= 50)
    }

    @Test("a caller whose answer was stored and never sent answers our refresh with 491, and gets the answer then")
    func answerAfterRefresh() throws {
        let scenario = Scenario(parameters: ["SS_SIP_SESSION_TTL": .integer(90), "SS_SIP_SESSION_UPDATE_SEGMENT": .integer(3)])
        scenario.world.store.commitDelay = .milliseconds(300)
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: 90;refresher=uas"])
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.answer()
        scenario.pass()
        scenario.world.kill(isCommitted: true)
        // The vendor repeats nothing: only the refresh finds the caller.
        scenario.vendors[0].isDead = true
        scenario.pass(.seconds(1))
        scenario.world.store.commitDelay = .milliseconds(2)
        scenario.world.start()
        scenario.pass(.seconds(45))
        #expect(caller.statuses(.invite).contains(200))
        #expect(caller.requests(.invite).count <= 3)
        #expect(caller.wasAnswered)
        scenario.finish(caller)
        #expect(scenario.world.store.records.count == 1)
    }

    // MARK: - Clocks

    @Test("a wall clock that is set changes no length of time and no limit, in one process or over restarts", arguments: [-7_200, 7_200])
    func wallClock(_ seconds: Int64) throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(900)])
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(100))
        scenario.world.jumpWallClock(by: .seconds(seconds))
        scenario.pass(.seconds(100))
        scenario.world.restart()
        scenario.world.jumpWallClock(by: .seconds(seconds))
        scenario.pass(.seconds(100))
        scenario.world.restart()
        scenario.pass(.milliseconds(599_000))
        #expect(callee.requests(.bye).isEmpty)
        scenario.pass(.seconds(2))
        #expect(callee.requests(.bye).count == 1)
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        let record = try scenario.record()
        #expect((899_900...900_100).contains(record.durationMilliseconds))
        #expect((200...260).contains(record.setupMilliseconds))
        #expect((100...140).contains(record.postDialDelayMilliseconds))
    }

    @Test("after a boot of the machine, with another monotonic clock, the wall clock tells the age of a call")
    func boot() throws {
        let scenario = Scenario(parameters: ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .integer(900)])
        let (_, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(300))
        scenario.world.kill()
        scenario.pass(.seconds(60))
        scenario.world.start(afterBoot: true)
        scenario.pass(.milliseconds(539_000))
        #expect(callee.requests(.bye).isEmpty)
        scenario.pass(.seconds(2))
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect((899_900...900_100).contains(try scenario.record().durationMilliseconds))
    }

    @Test("a session expires when it would have, although the wall clock was set back before the restart")
    func sessionOverRestart() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: 300;refresher=uac"])
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.answer()
        scenario.pass(.seconds(100))
        scenario.world.jumpWallClock(by: .seconds(-3_600))
        scenario.world.restart()
        scenario.pass(.seconds(165))
        #expect(callee.requests(.bye).isEmpty)
        scenario.pass(.seconds(5))
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .sessionExpired)
    }

    @Test("identifiers stay unique when the wall clock is set back and the process restarts")
    func identifiers() throws {
        let scenario = Scenario()
        let (first, _) = try scenario.answeredCall(1)
        scenario.pass(.seconds(5))
        first.hangUp()
        scenario.pass(.seconds(1))
        scenario.world.jumpWallClock(by: .seconds(-3_600))
        scenario.world.restart()
        for index in 2...4 {
            let (caller, _) = try scenario.answeredCall(index)
            caller.hangUp()
            scenario.pass(.seconds(1))
        }
        scenario.finish()
        let identifiers = scenario.world.store.records.map(\.id)
        #expect(identifiers.count == 4)
        #expect(identifiers == identifiers.sorted())
        #expect(Set(identifiers).count == 4)
    }

    // MARK: - What else a restart must bring back

    @Test("probes go on after a restart: a silent peer is found")
    func probesGoOn() throws {
        let scenario = Scenario(probeInterval: 60)
        let (caller, callee) = try scenario.answeredCall()
        scenario.pass(.seconds(30))
        scenario.world.restart()
        scenario.pass(.seconds(100))
        #expect(caller.requests(.options).count == 1)
        caller.answers[.options] = 0
        scenario.pass(.seconds(400))
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .peerSilent)
    }

    @Test("the last proof of life is that of the call, not the restart")
    func lifeIsKept() throws {
        let scenario = Scenario(parameters: ["SS_MAX_CALL_DURATION": .integer(400)])
        let (_, _) = try scenario.answeredCall()
        let answered = scenario.world.moment.wall
        scenario.pass(.seconds(200))
        scenario.world.restart()
        scenario.pass(.seconds(300))
        scenario.finish()
        let decision = try scenario.record().decision
        let mark = #""callerLastSeen":{"at":"#
        let start = try #require(decision.ranges(of: mark).first).upperBound
        let stamp = try #require(Int64(decision[start...].prefix { $0.isNumber }))
        #expect(abs(stamp - answered.microseconds) < 1_000_000)
    }

    @Test("a peer may begin a session timer after a restart, as before")
    func policyIsKept() throws {
        let scenario = Scenario()
        let (caller, _) = try scenario.answeredCall()
        scenario.world.restart()
        let refresh = caller.request(
            .update, fields: ["Contact: <sip:a@192.0.2.10:5060>", "Require: timer", "Supported: timer", "Session-Expires: 300;refresher=uac"])
        scenario.pass()
        #expect(refresh.finals == [200])
        scenario.finish(caller)
    }
}
