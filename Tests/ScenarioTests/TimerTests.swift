import CallRecords
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// The staged timers of an attempt: each replaces the one before it when its signal arrives; on expiry
/// the attempt is cancelled and the next gateway tried.
@Suite struct TimerTests {
    private let parameters: [String: ParameterValue] = [
        "SS_SIP_TIMEOUT_INVITE": .integer(3), "SS_SIP_TIMEOUT_TRYING": .integer(5), "SS_SIP_TIMEOUT_SESSION_PROGRESS": .integer(7),
        "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP": .integer(9), "SS_SIP_TIMEOUT_RINGING": .integer(11),
    ]

    /// Lets the first gateway say `signals`, 100 ms apart, and expects the next to be tried `seconds`
    /// after the last one.
    private func expectNextGateway(after seconds: Int64, _ outcome: AttemptOutcome, signals: (PeerCall) -> [() -> Void]) throws {
        // So that a timer alone decides, and not a stop rule.
        let switching: [String: ParameterValue] = ["SS_GATEWAY_SWITCH_UNTIL_CONNECT": .flag(true), "SS_SIP_STOP_SWITCH_AFTER_SDP": .flag(false)]
        let scenario = Scenario(parameters: parameters.merging(switching) { a, _ in a })
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass(.milliseconds(25))
        let first = try scenario.callAtVendor()
        for signal in signals(first) {
            scenario.pass(.milliseconds(100))
            signal()
        }
        scenario.pass(.seconds(seconds) + .milliseconds(-50))
        #expect(scenario.vendors[1].callList.isEmpty)
        scenario.pass(.milliseconds(200))
        let second = try scenario.callAtVendor(1)
        if outcome != .inviteTimeout { #expect(first.requests(.cancel).count == 1) }
        second.answer()
        scenario.pass()
        scenario.finish(caller)
        #expect(try scenario.record().attempts.map(\.outcome) == [outcome, .answered])
    }

    @Test("nothing at all: SS_SIP_TIMEOUT_INVITE")
    func invite() throws { try expectNextGateway(after: 3, .inviteTimeout) { _ in [] } }

    @Test("100 and no more: SS_SIP_TIMEOUT_TRYING")
    func trying() throws { try expectNextGateway(after: 5, .tryingTimeout) { call in [{ call.respond(100) }] } }

    @Test("183 without SDP: SS_SIP_TIMEOUT_SESSION_PROGRESS")
    func progress() throws { try expectNextGateway(after: 7, .progressTimeout) { call in [{ call.respond(100) }, { call.respond(183) }] } }

    @Test("183 with SDP: SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP")
    func progressWithMedia() throws {
        try expectNextGateway(after: 9, .progressWithMediaTimeout) { call in [{ call.respond(183) }, { call.respond(183, hasMedia: true) }] }
    }

    @Test("180: SS_SIP_TIMEOUT_RINGING")
    func ringing() throws { try expectNextGateway(after: 11, .ringingTimeout) { call in [{ call.respond(183) }, { call.respond(180) }] } }

    @Test("ringing that is announced again does not ring longer")
    func repeatedRinging() throws {
        let scenario = Scenario(vendors: 1, parameters: parameters)
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass()
        let callee = try scenario.callAtVendor()
        for _ in 0..<10 {
            callee.respond(180)
            scenario.pass(.seconds(1))
        }
        callee.respond(183, hasMedia: true)
        scenario.pass(.milliseconds(900))
        #expect(caller.statuses(.invite) == [100, 180, 183])
        scenario.pass(.milliseconds(300))
        #expect(caller.statuses(.invite) == [100, 180, 183, 480])
        scenario.finish()
        #expect(try scenario.record().endReason == .noAnswer)
    }

    @Test("all gateways silent: 408 and the reason")
    func allSilent() throws {
        let scenario = Scenario(parameters: parameters)
        for vendor in scenario.vendors { vendor.isDead = true }
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass(.milliseconds(6_200))
        #expect(caller.statuses(.invite) == [100, 408])
        scenario.finish()
        #expect(try scenario.record().endReason == .gatewayTimeout)
    }

    @Test("messages are repeated by SS_SIP_RESEND_INTERVAL, and the request fails when the list is used up")
    func resendList() throws {
        let scenario = Scenario(parameters: ["SS_SIP_RESEND_INTERVAL": .intervals([.milliseconds(200), .milliseconds(300)])])
        scenario.vendors[0].isDead = true
        let caller = scenario.makeCall()
        caller.invite()
        scenario.pass(.milliseconds(800))
        #expect(scenario.sent("INVITE", from: Scenario.switchAddress, to: Scenario.vendorAddress(1)) == 3)
        try scenario.callAtVendor(1).answer()
        scenario.pass()
        scenario.finish(caller)
    }
}
