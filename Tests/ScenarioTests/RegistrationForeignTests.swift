import CallRecords
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// Two instances with one account: the other's Contact is seen and named, and never touched.
@Suite struct RegistrationForeignTests {
    private static let other = "sip:other@192.0.2.50:5060"

    @Test("another Contact under our address-of-record is named in a warning; the registration holds")
    func warned() throws {
        let scenario = RegistrationScenario { $0[0].bind(Self.other, to: RegistrationScenario.addressOfRecord) }
        scenario.pass(.seconds(1))
        let status = try scenario.status()
        #expect(status.state == .registered)
        #expect(status.foreignContacts == [Self.other])
        #expect(status.reason.contains(Self.other))
        scenario.checkRules()
    }

    @Test("the stop withdraws ours and never the other's")
    func otherStays() throws {
        let scenario = RegistrationScenario { $0[0].bind(Self.other, to: RegistrationScenario.addressOfRecord) }
        scenario.pass(.seconds(1))
        #expect(scenario.world.stop().map(\.state) == [.withdrawn])
        #expect(scenario.bindings.map(\.contact) == [Self.other])
        scenario.checkRules()
    }

    @Test("the warning goes when the other is gone")
    func warningGoes() throws {
        let scenario = RegistrationScenario([RegistrationScenario.account(period: 300)]) {
            $0[0].bind(Self.other, to: RegistrationScenario.addressOfRecord, for: .seconds(60))
        }
        scenario.pass(.seconds(1))
        #expect(try scenario.status().foreignContacts.count == 1)
        scenario.pass(.seconds(300))
        #expect(try scenario.status().foreignContacts.isEmpty)
        #expect(try scenario.status().reason.isEmpty)
    }

    @Test("each installation has a Contact and an instance of its own, the same after every restart")
    func instances() throws {
        let one = RegistrationScenario().registered()
        let instance = try #require(one.bindings.first?.instance)
        #expect(instance.hasPrefix("<urn:uuid:"))
        one.world.restart()
        one.registered()
        #expect(one.bindings.first?.instance == instance)

        let secondSetup = RegistrationScenario()
        secondSetup.world.kill()
        secondSetup.world.setInstallationSecret(Array("another installation's secret".utf8))
        secondSetup.world.start()
        secondSetup.pass(.seconds(1))
        #expect(secondSetup.bindings.last?.instance != instance)
        #expect(secondSetup.bindings.last?.contact != one.bindings.first?.contact)
    }

    @Test("reg-id stands on streams where the registrar supports outbound (RFC 5626), and nowhere else")
    func flows() {
        for (transport, supports) in [(TransportKind.tcp, true), (.tcp, false), (.udp, true)] {
            let scenario = RegistrationScenario([RegistrationScenario.account(period: 120, transport: transport)], transport: transport) {
                $0[0].rules.fields = supports ? ["Supported: outbound"] : []
            }
            scenario.registered()
            scenario.pass(.seconds(120))
            let hasFlow = scenario.requests.last?.header("Contact")?.contains(";reg-id=1") == true
            #expect(hasFlow == (supports && transport.isReliable))
            scenario.checkRules()
        }
    }
}
