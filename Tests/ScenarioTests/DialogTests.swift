import CallRecords
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// What happens inside an answered or early dialog: new offers, requests that pass, forks, reliable
/// provisional responses.
@Suite struct DialogTests {
    @Test("re-INVITE from the caller and hold: offer and answer cross, ACK is passed")
    func reinviteByCaller() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        let hold = caller.reinvite(holds: true)
        scenario.pass()
        #expect(hold.finals == [200])
        let passed = try #require(callee.requests(.invite).last)
        #expect(passed.body.contains("a=sendonly"))
        #expect(passed.cseq == 2)
        #expect(callee.requests(.ack).count == 2)
        #expect(caller.responses(.invite).last?.body.contains("m=audio") == true)
        scenario.finish(caller)
        #expect(try scenario.record().attempts.count == 1)
    }

    @Test("re-INVITE from the callee is passed to the caller")
    func reinviteByCallee() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        let hold = callee.reinvite(holds: true)
        scenario.pass()
        #expect(hold.finals == [200])
        #expect(caller.requests(.invite).last?.body.contains("a=sendonly") == true)
        #expect(caller.requests(.ack).count == 1)
        scenario.finish(caller)
    }

    @Test("a re-INVITE that the other side refuses leaves the call up")
    func reinviteRefused() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        callee.answers[.invite] = 488
        let hold = caller.reinvite(holds: true)
        scenario.pass()
        #expect(hold.finals == [488])
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("re-INVITEs of both sides at once: both get 491 and the call goes on")
    func glare() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        let one = caller.reinvite(holds: true)
        let other = callee.reinvite(holds: false)
        scenario.pass(.seconds(1))
        #expect(one.finals == [491])
        #expect(other.finals == [491])
        let retry = caller.reinvite(holds: true)
        scenario.pass()
        #expect(retry.finals == [200])
        scenario.finish(caller)
    }

    @Test("a second re-INVITE while the first is open: 500 with Retry-After")
    func overlappingReinvite() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        callee.answers[.invite] = 0
        let first = caller.reinvite()
        scenario.pass()
        let second = caller.reinvite()
        scenario.pass()
        #expect(second.finals == [500])
        #expect(caller.responses(.invite).last?.header("Retry-After") != nil)
        let open = try #require(callee.servers.last { $0.request.method == .invite && $0.final == nil })
        callee.respond(open, 488)
        scenario.pass()
        #expect(first.finals == [488])
        scenario.finish(caller)
    }

    @Test("CANCEL of a re-INVITE is passed, its 487 comes back, the call stays up")
    func cancelReinvite() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        callee.answers[.invite] = 0
        let reinvite = caller.reinvite()
        scenario.pass()
        callee.respond(try #require(callee.servers.last { $0.request.method == .invite && $0.final == nil }), 100)
        scenario.pass()
        caller.cancel()
        scenario.pass()
        #expect(callee.requests(.cancel).count == 1)
        #expect(reinvite.finals == [487])
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.finish(caller)
    }

    @Test("late offer: the callee's offer goes out in the 200, the caller's answer in the ACK")
    func lateOffer() throws {
        let scenario = Scenario()
        var script = CallerScript()
        script.isLateOffer = true
        let (caller, callee) = try scenario.answeredCall(1, script)
        #expect(callee.requests(.invite).first?.hasBody == false)
        #expect(caller.responses(.invite).last?.hasBody == true)
        #expect(callee.requests(.ack).first?.body.contains("m=audio") == true)
        scenario.finish(caller)
    }

    @Test(
        "INFO, MESSAGE, OPTIONS and UPDATE inside the dialog are passed both ways, bodies included",
        arguments: [
            Method.info, .message, .options, .update,
        ])
    func passedRequests(_ method: Method) throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        let there = method == .update ? caller.update() : caller.request(method, fields: ["X-Kept: yes"], body: "v=0\r\n")
        scenario.pass()
        let back = method == .update ? callee.update() : callee.request(method)
        scenario.pass()
        #expect(there.finals == [200])
        #expect(back.finals == [200])
        #expect(callee.requests(method).count == 1)
        #expect(caller.requests(method).count == 1)
        if method != .update {
            #expect(callee.requests(method).first?.header("X-Kept") == "yes")
            #expect(callee.requests(method).first?.body == "v=0\r\n")
        }
        scenario.finish(caller)
    }

    @Test("UPDATEs with offers that meet: 491 to one at least, none is left open")
    func updateGlare() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        let one = caller.update()
        let other = callee.update()
        scenario.pass(.seconds(1))
        #expect(one.finals == [491])
        #expect(other.finals == [491])
        scenario.finish(caller)
    }

    @Test("REFER is refused with 405 and Allow, in the dialog; nothing of it reaches the other side")
    func referRefused() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        let refer = caller.request(.refer, fields: ["Refer-To: <sip:+14155550188@example.net>"])
        scenario.pass()
        #expect(refer.finals == [405])
        #expect(caller.responses(.refer).last?.elements("Allow").contains("INVITE") == true)
        #expect(callee.requests(.refer).isEmpty)
        scenario.finish(caller)
    }

    @Test("a CSeq number that was used before: 500")
    func staleCSeq() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        caller.request(.info)
        scenario.pass()
        let stale = caller.request(.info, cseq: 1)
        scenario.pass()
        #expect(stale.finals == [500])
        #expect(callee.requests(.info).count == 1)
        scenario.finish(caller)
    }

    @Test("481 inside the dialog ends the call: the other side gets BYE, the reason is recorded")
    func dialogLost() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        callee.answers[.info] = 481
        let info = caller.request(.info)
        scenario.pass()
        #expect(info.finals == [481])
        #expect(caller.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .dialogLost)
        #expect(try scenario.record().endedBy == .callee)
    }

    @Test("a lost dialog leaves no request of its peer without an answer")
    func dialogLostWithOpenReinvite() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        caller.answers[.invite] = 0
        callee.answers[.info] = 481
        let reinvite = callee.reinvite()
        scenario.pass()
        caller.respond(try #require(caller.servers.last { $0.request.method == .invite }), 100)
        caller.request(.info)
        scenario.pass()
        #expect(reinvite.finals == [487])
        scenario.finish()
        #expect(try scenario.record().endReason == .dialogLost)
    }

    @Test("a party that falls silent with a re-INVITE open: it is asked whether it is there, then the call ends and nothing is left over")
    func silenceWithOpenReinvite() throws {
        // A short list of our own, so that the switch gives up before the caller does.
        let scenario = Scenario(parameters: ["SS_SIP_RESEND_INTERVAL": .intervals([.milliseconds(500), .seconds(1), .seconds(2)])])
        let (caller, callee) = try scenario.answeredCall()
        (callee.answers[.invite], callee.answers[.info], callee.answers[.options]) = (0, 0, 0)
        caller.forgivesSilence = true
        let reinvite = caller.reinvite()
        scenario.pass()
        callee.respond(try #require(callee.servers.last { $0.request.method == .invite }), 100)
        let info = caller.request(.info)
        scenario.pass(.seconds(5))
        #expect(info.finals == [408])
        scenario.pass(.seconds(50))
        #expect(reinvite.finals == [487])
        scenario.finish()
        #expect(try scenario.record().endReason == .peerSilent)
    }

    @Test("a re-INVITE does not offer reliable provisional responses, which are not carried across for it")
    func reinviteCapabilities() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        caller.reinvite()
        scenario.pass()
        let passed = try #require(callee.requests(.invite).last)
        #expect(passed.cseq == 2)
        #expect(passed.elements("Supported") == ["timer"])
        #expect(passed.elements("Allow").contains("UPDATE"))
        scenario.finish(caller)
    }

    // MARK: - Reliable provisional responses

    @Test("PRACK: a reliable 183 is numbered anew, its PRACK crosses with the vendor's numbers, 200 comes back")
    func prack() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(reliability: .supported)
        scenario.pass()
        let callee = try scenario.callAtVendor()
        #expect(callee.requests(.invite).first?.elements("Supported").contains("100rel") == true)
        callee.initialServer.map { _ in callee.respondReliably(183) }
        scenario.pass()
        let progress = try #require(caller.responses(.invite).last)
        #expect(progress.elements("Require") == ["100rel"])
        #expect(progress.header("RSeq") == "1")
        #expect(callee.requests(.prack).count == 1)
        #expect(callee.requests(.prack).first?.header("RAck") == "1 1 INVITE")
        #expect(caller.statuses(.prack) == [200])
        callee.answer()
        scenario.pass()
        #expect(caller.wasAnswered)
        scenario.finish(caller)
    }

    @Test("Require: 100rel of the caller is passed on")
    func requiredReliability() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(reliability: .required)
        scenario.pass()
        let callee = try scenario.callAtVendor()
        #expect(callee.requests(.invite).first?.elements("Require") == ["100rel"])
        callee.respondReliably(180, hasMedia: false)
        scenario.pass()
        callee.answer()
        scenario.pass()
        scenario.finish(caller)
    }

    @Test("without PRACK the reliable response is repeated, then the call is refused with 504")
    func missingPrack() throws {
        let scenario = Scenario()
        var script = CallerScript()
        script.reliability = .supported
        script.sendsPrack = false
        let caller = scenario.makeCall()
        caller.begin(script)
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respondReliably(183)
        scenario.pass(.seconds(20))
        #expect(caller.responses(.invite).filter { $0.status == 183 }.count > 4)
        scenario.finish()
        #expect(caller.statuses(.invite).last == 504)
        #expect(scenario.world.store.records.map(\.endReason).contains(.reliableProvisionalUnacknowledged))
    }

    @Test("a second fork's reliable response waits for the PRACK of the first")
    func reliableForks() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(reliability: .supported)
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respondReliably(183, fork: 0)
        callee.respondReliably(183, fork: 1)
        scenario.pass(.milliseconds(25))
        #expect(caller.responses(.invite).compactMap { $0.header("RSeq") } == ["1"])
        scenario.pass()
        #expect(caller.responses(.invite).compactMap { $0.header("RSeq") } == ["1", "2"])
        #expect(callee.requests(.prack).map { $0.header("RAck") } == ["1 1 INVITE", "2 1 INVITE"])
        #expect(callee.requests(.prack).map(\.toTag) == callee.forks.map(\.tag))
        // Nothing is left to repeat: the call rings on beyond 64*T1.
        scenario.pass(.seconds(40))
        callee.answer(fork: 1)
        scenario.pass()
        #expect(caller.wasAnswered)
        scenario.finish(caller)
    }

    @Test("a PRACK that comes when its attempt is over gets 200, and the next gateway's reliable response follows")
    func prackAfterAttempt() throws {
        let scenario = Scenario(parameters: ["SS_SIP_STOP_SWITCH_AFTER_SDP": .flag(false)])
        var script = CallerScript()
        script.reliability = .supported
        script.sendsPrack = false
        let caller = scenario.makeCall()
        caller.begin(script)
        scenario.pass()
        let first = try scenario.callAtVendor(0)
        first.respondReliably(183)
        scenario.pass()
        first.respond(503)
        scenario.pass()
        try scenario.callAtVendor(1).respondReliably(183)
        scenario.pass(.milliseconds(50))
        let prack = caller.request(.prack, fields: ["RAck: 1 1 INVITE"])
        scenario.pass(.milliseconds(50))
        #expect(prack.finals == [200])
        let again = caller.request(.prack, fields: ["RAck: 1 1 INVITE"])
        scenario.pass(.milliseconds(50))
        #expect(again.finals == [481])
        #expect(caller.responses(.invite).last?.header("RSeq") == "2")
        caller.request(.prack, fields: ["RAck: 2 1 INVITE"])
        scenario.pass()
        try scenario.callAtVendor(1).answer()
        scenario.pass()
        #expect(caller.wasAnswered)
        scenario.finish(caller)
    }

    @Test("a PRACK that comes before the next gateway has said anything gets 200 as well")
    func prackBetweenAttempts() throws {
        let scenario = Scenario(parameters: ["SS_SIP_STOP_SWITCH_AFTER_SDP": .flag(false)])
        var script = CallerScript()
        script.reliability = .supported
        script.sendsPrack = false
        let caller = scenario.makeCall()
        caller.begin(script)
        scenario.pass()
        try scenario.callAtVendor(0).respondReliably(183)
        scenario.pass()
        try scenario.callAtVendor(0).respond(503)
        scenario.pass()
        let prack = caller.request(.prack, fields: ["RAck: 1 1 INVITE"])
        scenario.pass()
        #expect(prack.finals == [200])
        try scenario.callAtVendor(1).answer()
        scenario.pass()
        #expect(caller.wasAnswered)
        scenario.finish(caller)
    }

    // MARK: - Forks

    @Test("forked provisionals: the caller sees one dialog of ours, the fork that answers is acknowledged")
    func forkedProvisionals() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(180, fork: 0)
        scenario.pass()
        callee.respond(183, hasMedia: true, fork: 1)
        scenario.pass()
        callee.answer(fork: 0)
        scenario.pass()
        #expect(Set(caller.responses(.invite).map(\.toTag).filter { !$0.isEmpty }).count == 1)
        #expect(callee.forks[0].isAcknowledged)
        scenario.finish(caller)
        #expect(callee.forks[0].isEnded)
    }

    @Test("two forks answer: the second is acknowledged and hung up at once, the call stays with the first")
    func forkedAnswers() throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(180, fork: 0)
        callee.respond(180, fork: 1)
        scenario.pass()
        callee.answer(fork: 0)
        callee.answer(fork: 1)
        scenario.pass()
        #expect(caller.wasAnswered)
        #expect(callee.forks[1].isAcknowledged)
        #expect(callee.forks[1].isEnded)
        #expect(!callee.forks[0].isEnded)
        let info = caller.request(.info)
        scenario.pass()
        #expect(info.finals == [200])
        scenario.finish(caller)
        #expect(callee.forks[0].isEnded)
        #expect(scenario.world.store.records.count == 1)
    }
}
