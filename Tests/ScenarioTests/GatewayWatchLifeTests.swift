import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// What is known of a gateway's addresses while its configuration changes.
@Suite struct GatewayWatchLifeTests {
    private static let parameters: [String: ParameterValue] = [
        "SS_SIP_OPTIONS_CHECK_PERIOD": .integer(10), "SS_SIP_RESEND_INTERVAL": .intervals([.milliseconds(500), .seconds(1)]),
    ]
    private static let host = NextHop(host: "sip.carrier.example.net")

    private static func checks(_ scenario: Scenario) -> Int {
        scenario.sent("OPTIONS", from: Scenario.switchAddress, to: Scenario.vendorAddress(1))
    }

    /// Lets time pass until the switch has sent one more OPTIONS.
    private static func passToCheck(_ scenario: Scenario) throws {
        let before = checks(scenario)
        for _ in 0..<300 where checks(scenario) == before { scenario.pass() }
        try #require(checks(scenario) > before, "no OPTIONS within 30 s")
    }

    /// How a call ends that this vendor answers, if it gets it.
    private static func tryCall(_ scenario: Scenario, _ index: Int, vendor: Int = 0) -> Int? {
        let call = scenario.makeCall(index)
        let before = scenario.vendors[vendor].callList.count
        call.invite()
        scenario.pass()
        if scenario.vendors[vendor].callList.count > before { scenario.vendors[vendor].callList.last?.answer() }
        scenario.pass()
        call.hangUp()
        scenario.pass()
        return call.statuses(.invite).last
    }

    @Test("a change while an OPTIONS is unanswered does not end the check", arguments: [false, true])
    func changeWhileUnanswered(movesInList: Bool) throws {
        let scenario = Scenario(vendors: 1, parameters: Self.parameters, vendor: { $1.optionsCheck = true })
        scenario.vendors[0].isDead = true
        scenario.pass(.seconds(30))
        #expect(Self.tryCall(scenario, 1) == 503)
        try Self.passToCheck(scenario)
        scenario.configure { _, vendors in
            // Another address in front moves the one that is being asked.
            if movesInList { vendors[0].addresses.insert(Scenario.vendorAddress(77), at: 0) } else { vendors[0].capacity = 5 }
        }
        scenario.pass(.seconds(5))
        #expect(Self.tryCall(scenario, 2) == 503)
        scenario.vendors[0].isDead = false
        scenario.pass(.seconds(15))
        #expect(Self.tryCall(scenario, 3) == 200)
        // And it goes on after that.
        let asked = Self.checks(scenario)
        scenario.pass(.seconds(60))
        #expect((4...9).contains(Self.checks(scenario) - asked))
        #expect(scenario.world.violations == [])
    }

    @Test("an address's silence does not count for the one that took its place in the list")
    func silenceOfRemovedAddress() {
        let scenario = Scenario(
            vendors: 1, parameters: Self.parameters,
            vendor: { index, gateway in
                gateway.optionsCheck = true
                gateway.addresses.insert(Scenario.vendorAddress(77), at: 0)
            })
        scenario.vendors[0].isDead = true
        // Both were asked as the process began. The one in front goes before its check fails; the other answers a copy
        // of its OPTIONS.
        scenario.configure { _, vendors in vendors[0].addresses.removeFirst() }
        scenario.pass(.milliseconds(400))
        scenario.vendors[0].isDead = false
        scenario.pass(.seconds(5))
        #expect(Self.checks(scenario) == 1)
        #expect(Self.tryCall(scenario, 1) == 200)
        #expect(scenario.world.violations == [])
    }

    @Test("a gateway whose host name was replaced by an address is called at that address", arguments: [false, true])
    func hostReplaced(isChecked: Bool) throws {
        let scenario = Scenario(
            vendors: 2, parameters: Self.parameters,
            vendor: { index, gateway in
                guard index == 0 else { return gateway.locked = true }
                gateway.optionsCheck = isChecked
                (gateway.addresses, gateway.hosts) = ([], [Self.host])
            })
        scenario.world.names.set(Self.host.host, [Target(address: Scenario.vendorAddress(1), transport: .udp)])
        scenario.configure { _, _ in }
        scenario.pass(.seconds(1))
        #expect(Self.tryCall(scenario, 1) == 200)
        scenario.configure { _, vendors in
            (vendors[0].addresses, vendors[0].hosts, vendors[0].optionsCheck) = ([Scenario.vendorAddress(2)], [], false)
        }
        scenario.pass(.seconds(1))
        #expect(Self.tryCall(scenario, 2, vendor: 1) == 200)
        #expect(scenario.vendors.map(\.callList.count) == [1, 1])
        #expect(scenario.records().map(\.calleeAddress) == [1, 2].map { Scenario.vendorAddress($0).description })
    }

    @Test("a change while a host name is being looked up does not lose the answer")
    func changeWhileLookedUp() throws {
        let scenario = Scenario(vendors: 1)
        scenario.world.names.delay = .seconds(2)
        scenario.world.names.set(Self.host.host, [Target(address: Scenario.vendorAddress(1), transport: .udp)])
        scenario.configure { _, vendors in (vendors[0].addresses, vendors[0].hosts) = ([], [Self.host]) }
        scenario.pass(.seconds(1))
        scenario.configure { _, vendors in vendors[0].capacity = 5 }
        scenario.pass(.seconds(2))
        #expect(Self.tryCall(scenario, 1) == 200)
        #expect(scenario.world.names.asked == [Self.host])
    }
}
