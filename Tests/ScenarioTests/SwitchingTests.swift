import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Which gateways a call is tried at, what takes one out, and what the caller hears meanwhile.
@Suite struct SwitchingTests {
    // MARK: - Capacity

    @Test("a full gateway is passed over, and has room again when its call ends")
    func capacity() throws {
        let scenario = Scenario(vendor: { index, gateway in if index == 0 { gateway.capacity = 1 } })
        let first = try scenario.answeredCall(1)
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(scenario.vendors[0].callList.count == 1)
        #expect(scenario.vendors[1].callList.count == 1)
        second.cancel()
        try scenario.callAtVendor(1).respond(180)
        scenario.pass()
        _ = first.caller.request(.bye)
        scenario.pass()
        let third = scenario.makeCall(3)
        third.invite()
        scenario.pass()
        #expect(scenario.vendors[0].callList.count == 2)
        third.cancel()
        try scenario.callAtVendor(0).respond(180)
        scenario.finish()
        #expect(scenario.records().contains { $0.decision.contains(#""verdict":"full","detail":1"#) })
    }

    @Test("a customer at its capacity is refused with 503, recorded, and may call again after a call ends")
    func customerCapacity() throws {
        let scenario = Scenario(customer: { $0.capacity = 1 })
        let first = try scenario.answeredCall(1)
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(second.statuses(.invite).last == 503)
        #expect(second.responses(.invite).last?.header("Retry-After") == nil)
        _ = first.caller.request(.bye)
        scenario.pass()
        let third = try scenario.answeredCall(3)
        scenario.finish(third.caller)
        #expect(scenario.records().contains { $0.endReason == .capacityReached && $0.decision.contains(#""refusal":"full""#) })
    }

    @Test("calls beyond callsPerSecond are refused and counted, and leave no record")
    func callsPerSecond() throws {
        let scenario = Scenario(customer: { $0.callsPerSecond = 2 })
        let calls = (1...4).map { scenario.makeCall($0) }
        for call in calls { call.invite() }
        scenario.pass()
        #expect(calls.map { $0.statuses(.invite).last == 503 } == [false, false, true, true])
        scenario.pass(.seconds(1))
        let later = scenario.makeCall(5)
        later.invite()
        scenario.pass()
        #expect(later.statuses(.invite) == [100])
        for call in calls.prefix(2) + [later] { call.cancel() }
        for call in scenario.vendors[0].callList { call.respond(180) }
        scenario.finish()
        #expect(scenario.records().count == 3)
    }

    @Test("the line limit of a group counts the calls of all its gateways")
    func groupLines() throws {
        var group = GatewayGroup(name: "trunks")
        group.capacity = 1
        let scenario = Scenario(vendors: 2, groups: [group], vendor: { $1.groups = ["trunks"] })
        let first = try scenario.answeredCall(1)
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(second.statuses(.invite).last == 503)
        scenario.finish(first.caller)
        #expect(scenario.records().contains { $0.endReason == .noGatewayAvailable && $0.decision.contains(#""verdict":"groupFull""#) })
    }

    // MARK: - Out of use

    @Test("503 with Retry-After takes the gateway out for that time, then it is tried again")
    func retryAfter() throws {
        let scenario = Scenario()
        let first = scenario.makeCall(1)
        first.invite()
        scenario.pass()
        try scenario.callAtVendor(0).respond(503, fields: ["Retry-After: 20"])
        scenario.pass()
        try scenario.callAtVendor(1).respond(404)
        scenario.pass()
        for (index, wait, expected) in [(2, 10, 1), (3, 11, 2)] {
            scenario.pass(.seconds(Int64(wait)))
            let call = scenario.makeCall(index)
            call.invite()
            scenario.pass()
            #expect(scenario.vendors[0].callList.count == expected)
            call.cancel()
            try scenario.callAtVendor(expected == 1 ? 1 : 0).respond(180)
            scenario.pass()
        }
        scenario.finish()
        #expect(scenario.records().contains { $0.decision.contains(#""verdict":"retryAfter""#) })
    }

    @Test("protect routes are tried after all normal gateways, and not once SS_TRY_PROTECT_ROUTE_DELAY is over", arguments: [true, false])
    func protectRoute(isInTime: Bool) throws {
        let scenario = Scenario(
            vendors: 2, parameters: ["SS_TRY_PROTECT_ROUTE_DELAY": .integer(5)], vendor: { index, gateway in gateway.isProtectRoute = index == 0 })
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        #expect(scenario.vendors[0].callList.isEmpty)
        let normal = try scenario.callAtVendor(1)
        normal.respond(100)
        scenario.pass(isInTime ? .seconds(1) : .seconds(6))
        normal.respond(503)
        scenario.pass()
        #expect(scenario.vendors[0].callList.count == (isInTime ? 1 : 0))
        if isInTime { try scenario.callAtVendor(0).respond(404) }
        scenario.finish()
        #expect(try scenario.record().decision.contains(#""verdict":"protectDelayOver""#) == !isInTime)
    }

    // MARK: - Addresses

    private static let spare = NetworkAddress(ipv4: 0xC633_64C8, port: 5060)

    @Test("OPTIONS find the address that is there, take the gateway out when none is, and bring it back")
    func optionsCheck() throws {
        let scenario = Scenario(
            vendors: 1,
            parameters: ["SS_SIP_OPTIONS_CHECK_PERIOD": .integer(10), "SS_SIP_RESEND_INTERVAL": .intervals([.milliseconds(500), .seconds(1)])],
            vendor: { index, gateway in
                gateway.optionsCheck = true
                gateway.addresses = [Self.spare] + gateway.addresses
            })
        // The spare address is nobody: its check fails, the vendor's own is answered.
        scenario.pass(.seconds(40))
        let call = try scenario.answeredCall(1)
        call.caller.hangUp()
        scenario.pass()
        #expect(try scenario.record().calleeAddress == Scenario.vendorAddress(1).description)
        // Now nobody is there.
        scenario.vendors[0].isDead = true
        scenario.pass(.seconds(60))
        let refused = scenario.makeCall(2)
        refused.invite()
        scenario.pass()
        #expect(refused.statuses(.invite).last == 503)
        #expect(scenario.records().last?.decision.contains(#""verdict":"noAddressAlive""#) == true)
        scenario.vendors[0].isDead = false
        scenario.pass(.seconds(60))
        let again = try scenario.answeredCall(3)
        again.caller.hangUp()
        scenario.pass()
        #expect(scenario.records().last?.endReason == .normalClearing)
    }

    // MARK: - What the caller hears

    @Test(
        "ring-back: a provisional answer with SDP is passed as it is, as 183, or as 180",
        arguments: [(Ringback.passThrough, 183, 183), (.sessionProgress, 180, 183), (.ringing, 183, 180)])
    func ringback(mode: Ringback, sent: Int, heard: Int) throws {
        let scenario = Scenario(vendors: 1, customer: { $0.ringback = mode })
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        try scenario.callAtVendor().respond(sent, hasMedia: true)
        scenario.pass()
        #expect(call.statuses(.invite).last == heard)
        try scenario.callAtVendor().respond(486)
        scenario.finish()
    }

    @Test("the caller sees the customer's replacement of a failure code")
    func failureCodes() throws {
        let scenario = Scenario(vendors: 1, customer: { $0.failureCodes.replacements = [503: 486] })
        let call = scenario.makeCall()
        call.invite()
        scenario.pass()
        try scenario.callAtVendor().respond(503)
        scenario.pass()
        #expect(call.statuses(.invite).last == 486)
        scenario.finish()
        let record = try scenario.record()
        #expect((record.callerStatus, record.calleeStatus) == (486, 503))
    }

    @Test("a 302 that is recognised as forwarding has the call routed anew, with a Diversion")
    func forwarded() throws {
        let scenario = Scenario(
            parameters: ["SS_RECOGNIZE_CALL_FORWARD_SIGNAL": .flag(true)],
            vendor: { index, gateway in gateway.prefixes = index == 0 ? ["+1415"] : ["+1999"] })
        let call = scenario.makeCall(1)
        let dialled = SimulatedNumber.of(1)
        call.invite()
        scenario.pass()
        let first = try scenario.callAtVendor(0)
        first.respond(302, fields: ["Contact: <sip:+19995550123@elsewhere.example.net>"])
        scenario.pass()
        let seen = try #require(try scenario.callAtVendor(1).requests(.invite).first)
        #expect(seen.requestURI.hasPrefix("sip:+19995550123@"))
        #expect(seen.header("Diversion")?.hasPrefix("<sip:\(dialled)@") == true)
        try scenario.callAtVendor(1).respond(404)
        scenario.finish()
        #expect(try scenario.record().decision.contains(#""forwarded":true"#))
    }
}
