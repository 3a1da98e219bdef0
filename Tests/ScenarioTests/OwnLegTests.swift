import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// What concerns one leg stays on it: a party's refresh is not the other's, and what the other does not answer is no death.
@Suite struct OwnLegTests {
    /// A short list of our own, so that the switch gives up before a party does.
    private static let impatient: [String: ParameterValue] = [
        "SS_SIP_RESEND_INTERVAL": .intervals([.milliseconds(500), .seconds(1), .seconds(2)])
    ]

    @Test("an UPDATE without a body is answered here, whatever the vendor does with UPDATE", arguments: [200, 405, 0])
    func refreshOfCaller(vendor status: Int) throws {
        let scenario = Scenario()
        let caller = scenario.makeCall()
        caller.invite(fields: ["Supported: timer", "Session-Expires: 300;refresher=uac"])
        scenario.pass()
        let callee = try scenario.callAtVendor()
        callee.respond(200, hasMedia: true)
        scenario.pass()
        callee.answers[.update] = status
        for _ in 0..<10 {
            scenario.pass(.seconds(150))
            let refresh = caller.request(
                .update, fields: ["Contact: <sip:a@192.0.2.10:5060>", "Supported: timer", "Session-Expires: 300;refresher=uac"])
            scenario.pass()
            #expect(refresh.finals == [200])
        }
        let answer = try #require(caller.responses(.update).last)
        #expect(answer.header("Session-Expires") == "300;refresher=uac")
        #expect(answer.header("Contact") != nil && answer.elements("Allow").contains("UPDATE"))
        #expect(callee.requests(.update).isEmpty)
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("an UPDATE without a body before the answer is answered here too")
    func refreshOfEarlyDialog() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.ringingCall()
        let refresh = caller.request(.update, fields: ["Contact: <sip:a@192.0.2.10:5060>"])
        scenario.pass()
        #expect(refresh.finals == [200])
        #expect(callee.requests(.update).isEmpty)
        callee.answer()
        scenario.pass()
        scenario.finish(caller)
    }

    @Test("while an UPDATE of the same party is open another is answered 500 with Retry-After (RFC 3311, section 5.2)")
    func overlappingUpdate() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        callee.answers[.update] = 0
        let first = caller.update()
        scenario.pass()
        let second = caller.request(.update, fields: ["Contact: <sip:a@192.0.2.10:5060>"])
        scenario.pass()
        #expect(second.finals == [500])
        #expect(caller.responses(.update).last?.header("Retry-After") != nil)
        callee.respond(try #require(callee.servers.last { $0.request.method == .update }), 488)
        scenario.pass()
        #expect(first.finals == [488])
        scenario.finish(caller)
    }

    @Test(
        "a request that the other side leaves unanswered: 408, it is asked by OPTIONS whether it is there, and the call goes on",
        arguments: [
            Method.update, .info, .message,
        ])
    func unanswered(_ method: Method) throws {
        let scenario = Scenario(parameters: Self.impatient)
        let (caller, callee) = try scenario.answeredCall()
        caller.forgivesSilence = true
        callee.answers[method] = 0
        let request = method == .update ? caller.update() : caller.request(method)
        scenario.pass(.seconds(6))
        #expect(request.finals == [408])
        #expect(callee.requests(.options).count == 1)
        scenario.pass(.seconds(300))
        #expect(callee.requests(.options).count == 1)
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.finish(caller)
        #expect(try scenario.record().endReason == .normalClearing)
    }

    @Test("a 408 that the other side answers is passed and asked about as well")
    func answered408() throws {
        let scenario = Scenario()
        let (caller, callee) = try scenario.answeredCall()
        caller.forgivesSilence = true
        callee.answers[.info] = 408
        let info = caller.request(.info)
        scenario.pass()
        #expect(info.finals == [408])
        #expect(callee.requests(.options).count == 1)
        #expect(scenario.world.softswitch.statistics.answeredCalls == 1)
        scenario.finish(caller)
    }

    @Test("when it is not there, three questions without an answer end the call, with its evidence")
    func silent() throws {
        let scenario = Scenario(parameters: Self.impatient)
        let (caller, callee) = try scenario.answeredCall()
        caller.forgivesSilence = true
        (callee.answers[.info], callee.answers[.options]) = (0, 0)
        caller.request(.info)
        scenario.pass(.seconds(60))
        #expect(Set(callee.requests(.options).map(\.cseq)).count == 3)
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.requests(.bye).count == 1)
        scenario.finish()
        #expect(try scenario.record().endReason == .peerSilent)
    }

    @Test("481 to the question ends the call without a BYE to who does not know it")
    func unknown() throws {
        let scenario = Scenario(parameters: Self.impatient)
        let (caller, callee) = try scenario.answeredCall()
        caller.forgivesSilence = true
        (callee.answers[.info], callee.answers[.options]) = (0, 481)
        caller.request(.info)
        scenario.pass(.seconds(10))
        #expect(caller.requests(.bye).count == 1)
        #expect(callee.requests(.bye).isEmpty)
        scenario.finish()
        #expect(try scenario.record().endReason == .dialogLost)
    }
}
