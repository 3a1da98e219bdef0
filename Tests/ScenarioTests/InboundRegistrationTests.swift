import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// Phones and gateways register with a whole switch: bindings, lifetimes, replacement, restart. Proof and suspension,
/// and what happens by the clock, have suites of their own.
@Suite("Inbound registration")
struct InboundRegistrationTests {
    @Test("a phone registers by one challenge, is online, and hears its bindings, their lifetimes and the date")
    func registers() throws {
        let scenario = InboundScenario()
        let phone = scenario.phone()
        phone.register(expires: 120)
        scenario.pass()
        #expect(phone.responses.map(\.status) == [401, 200])
        let answer = try #require(phone.answers.first)
        #expect(answer.headers("Contact") == ["<sip:1001@192.0.2.7:5060>;expires=120"])
        #expect(answer.header("Date") == "Thu, 01 Jan 2026 00:00:00 GMT")
        #expect(answer.header("Supported") == "path, outbound")
        let status = try scenario.status()
        #expect(status.places.map(\.contact) == ["sip:1001@192.0.2.7:5060"])
        #expect(status.places[0].source == "192.0.2.7:5060")
        #expect(status.places[0].userAgent == "Example Phone 1.0")
        #expect(!status.places[0].isBehindNAT)
        #expect(try !scenario.status("1002").isOnline)
        let best = try #require(try scenario.location().best(now: scenario.world.moment.instant))
        #expect(best.flow.remote == InboundScenario.address(7))
        // Nothing is kept of the challenge.
        #expect(scenario.world.softswitch.statistics.transactions == 1)
    }

    @Test("a refresh renews the lifetime and needs no further challenge; the binding goes when its time is over")
    func refreshAndExpiry() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_TIME_TO_LIVE": .none])
        let phone = scenario.phone()
        phone.register(expires: 120)
        scenario.pass(.seconds(100))
        phone.register(expires: 120)
        scenario.pass(.seconds(100))
        #expect(phone.responses.map(\.status) == [401, 200, 200])
        #expect(try scenario.status().places[0].expiresInSeconds == 20)
        scenario.pass(.seconds(19))
        #expect(try scenario.status().isOnline)
        scenario.pass(.seconds(2))
        #expect(try !scenario.status().isOnline)
        #expect(scenario.world.store.bindings.isEmpty)
        #expect(scenario.world.softswitch.statistics.transactions == 0)
    }

    @Test("when its connection ends, a phone that no other can be opened to is offline at once; another stays where its Contact or its proxy is")
    func connectionEnds() throws {
        let scenario = InboundScenario()
        let phone = scenario.phone(transport: .tcp)
        func bound(contact: String? = nil, lines: [String] = []) throws -> LiveBinding? {
            phone.register(contacts: contact.map { ["<\($0)>"] }, lines: lines)
            scenario.pass()
            #expect(phone.answers.last?.status == 200)
            #expect(try scenario.status().isOnline)
            scenario.world.endConnection(of: InboundScenario.address(7), transport: .tcp)
            return try scenario.location().best(now: scenario.world.moment.instant)
        }
        let open = try #require(try bound())
        #expect(open.flow == Flow(transport: .tcp, listener: 1, remote: InboundScenario.address(7)))
        let proxied = try #require(try bound(lines: ["Supported: path", "Path: <sip:192.0.2.7:5070;lr>"]))
        #expect(proxied.flow == Flow(transport: .tcp, listener: 1, remote: InboundScenario.address(7, port: 5070)))
        // A host that the device merely names is not where calls are sent.
        #expect(try bound(lines: ["Supported: path", "Path: <sip:192.0.2.99:5070;lr>"]) == nil)
        #expect(try bound(contact: "sip:+14155550199@192.0.2.99:5060;transport=tcp", lines: ["Via: SIP/2.0/TCP 192.0.2.98;branch=z9hG4bKx"]) == nil)
        phone.register(expires: 0)
        scenario.pass()
        #expect(try bound(contact: "sip:1001@10.0.0.7:5060;transport=tcp") == nil)
        #expect(try !scenario.status().isOnline)
        scenario.pass()
        #expect(scenario.world.store.bindings.isEmpty)
        // It registers over another connection as if nothing had been.
        #expect(try bound() != nil)
    }

    @Test("with another password an account's bindings end; with the same one they stand")
    func passwordChanges() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        scenario.configure(phones: [Phone(name: "1001", password: "secret"), Phone(name: "1002", password: "new")])
        scenario.pass()
        #expect(try scenario.status().isOnline)
        scenario.configure(phones: [Phone(name: "1001", password: "other"), Phone(name: "1002", password: "new")])
        scenario.pass()
        #expect(try !scenario.status().isOnline)
        #expect(scenario.world.store.bindings.isEmpty)
        phone.setPassword("other")
        phone.register()
        scenario.pass()
        #expect(phone.answers.last?.status == 200)
        #expect(try scenario.status().isOnline)
    }

    @Test("unregistering, by name or by star, ends it at once")
    func unregister() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        phone.register(expires: 0)
        scenario.pass()
        #expect(phone.answers.last?.status == 200)
        #expect(phone.answers.last?.headers("Contact") == [])
        #expect(try !scenario.status().isOnline)
        phone.register()
        scenario.pass()
        #expect(try scenario.status().isOnline)
        phone.register(expires: 0, contacts: ["*"])
        scenario.pass()
        #expect(try !scenario.status().isOnline)
        #expect(scenario.world.store.bindings.isEmpty)
    }

    @Test("without Contact the phone only asks what stands")
    func fetch() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        scenario.pass(.seconds(9))
        phone.register(expires: nil, contacts: [])
        scenario.pass()
        #expect(phone.answers.last?.headers("Contact") == ["<sip:1001@192.0.2.7:5060>;expires=3590"])
    }

    @Test("SS_ENDPOINT_EXPIRE is granted to who asks for nothing or more, SS_ENDPOINT_EXPIRE_MINIMUM is said to who asks for less")
    func lifetimes() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_EXPIRE": .integer(600), "SS_ENDPOINT_EXPIRE_MINIMUM": .integer(90)])
        let phone = scenario.phone()
        phone.register(expires: nil)
        scenario.pass()
        #expect(phone.answers.last?.header("Contact") == "<sip:1001@192.0.2.7:5060>;expires=600")
        phone.register(expires: 7_200)
        scenario.pass()
        #expect(phone.answers.last?.header("Contact") == "<sip:1001@192.0.2.7:5060>;expires=600")
        phone.register(expires: 30)
        scenario.pass()
        #expect(phone.answers.last?.status == 423)
        #expect(phone.answers.last?.header("Min-Expires") == "90")
        #expect(try scenario.status().places[0].expiresInSeconds >= 598)
    }

    @Test("of several contacts the preferred one is called; a request with one fault changes nothing")
    func contacts() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        phone.register(contacts: ["<sip:a@192.0.2.7>;q=0.3", "<sip:b@192.0.2.7>;q=0.8"])
        scenario.pass()
        #expect(try scenario.contacts() == ["sip:1001@192.0.2.7:5060", "sip:b@192.0.2.7", "sip:a@192.0.2.7"])
        phone.register(contacts: ["<sip:c@192.0.2.7>", "<tel:+14155550100>"])
        scenario.pass()
        #expect(phone.answers.last?.status == 400)
        #expect(phone.answers.last?.reasonPhrase == "Contact Is No SIP URI")
        #expect(try scenario.contacts().count == 3)
    }

    @Test("an older REGISTER of the same Call-ID is refused and changes nothing")
    func order() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        phone.cseq = 0
        phone.register(expires: 0)
        scenario.pass()
        #expect(phone.answers.last?.status == 400)
        #expect(try scenario.status().isOnline)
    }

    @Test("a repeated REGISTER gets the same answer again and changes nothing")
    func repetition() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        phone.repeatLast()
        scenario.pass()
        #expect(phone.responses.map(\.status) == [401, 200, 200])
        #expect(phone.responses[1].bytes == phone.responses[2].bytes)
    }

    @Test("SS_ENDPOINT_REGISTER_REPLACE On: another device takes the place of the one that is registered")
    func replaceOn() throws {
        let scenario = InboundScenario()
        _ = try scenario.registered()
        let other = scenario.phone(at: InboundScenario.address(9))
        other.register()
        scenario.pass()
        #expect(other.answers.map(\.status) == [200])
        #expect(try scenario.contacts() == ["sip:1001@192.0.2.9:5060"])
    }

    @Test("SS_ENDPOINT_REGISTER_REPLACE Off: another device is refused, the same one after a reboot is not")
    func replaceOff() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_REGISTER_REPLACE": .flag(false)])
        let phone = try scenario.registered()
        let other = scenario.phone(at: InboundScenario.address(9))
        other.register()
        scenario.pass()
        #expect(other.answers.map(\.status) == [403])
        #expect(other.answers[0].reasonPhrase == "Registered From Another Device")
        #expect(try scenario.contacts() == ["sip:1001@192.0.2.7:5060"])
        phone.reboot()
        phone.register()
        scenario.pass()
        #expect(phone.answers.last?.status == 200)
        // When the first one is gone, the other may come.
        phone.register(expires: 0)
        scenario.pass()
        other.register()
        scenario.pass()
        #expect(try scenario.contacts() == ["sip:1001@192.0.2.9:5060"])
    }

    @Test("instance, flow number and Path are kept and said back")
    func outbound() throws {
        let scenario = InboundScenario()
        let phone = scenario.phone()
        phone.register(
            contacts: ["<sip:1001@192.0.2.7;ob>;+sip.instance=\"<urn:uuid:1>\";reg-id=1"],
            lines: ["Path: <sip:edge.example.net;lr;ob>", "Path: <sip:core.example.net;lr>", "Supported: path, outbound"])
        scenario.pass()
        let answer = try #require(phone.answers.last)
        #expect(answer.status == 200)
        #expect(answer.header("Contact") == "<sip:1001@192.0.2.7;ob>;expires=3600;+sip.instance=\"<urn:uuid:1>\";reg-id=1")
        #expect(answer.header("Path") == "<sip:edge.example.net;lr;ob>, <sip:core.example.net;lr>")
        #expect(answer.header("Require") == "outbound")
        let binding = try #require(try scenario.location().best(now: scenario.world.moment.instant))
        #expect(String(decoding: binding.path, as: UTF8.self) == "<sip:edge.example.net;lr;ob>, <sip:core.example.net;lr>")
        phone.register(lines: ["Require: gruu, path"])
        scenario.pass()
        #expect(phone.answers.last?.status == 420)
        #expect(phone.answers.last?.header("Unsupported") == "gruu")
    }

    @Test("a mapping and a routing gateway of one name register together")
    func gateways() throws {
        var mapping = MappingGateway(name: "pbx", addresses: [])
        (mapping.registersHere, mapping.password) = (true, "secret")
        var routing = RoutingGateway(name: "pbx", addresses: [])
        (routing.registersHere, routing.password) = (true, "secret")
        let scenario = InboundScenario(phones: [], mappingGateways: [mapping], routingGateways: [routing])
        let phone = scenario.phone("pbx")
        phone.register()
        scenario.pass()
        #expect(phone.answers.map(\.status) == [200])
        for kind in [PhoneStatus.Kind.mappingGateway, .routingGateway] { #expect(try scenario.status("pbx", kind: kind).isOnline) }
        #expect(try scenario.location("pbx", kind: .routingGateway).isReachable(now: scenario.world.moment.instant))
        phone.register(expires: 0)
        scenario.pass()
        for kind in [PhoneStatus.Kind.mappingGateway, .routingGateway] { #expect(try !scenario.status("pbx", kind: kind).isOnline) }
    }

    // MARK: - Configuration

    @Test("a phone that is removed, or has a new password, is registered nowhere")
    func configured() throws {
        let scenario = InboundScenario()
        let phone = try scenario.registered()
        scenario.configure(phones: [Phone(name: "1001", password: "changed")])
        scenario.pass()
        #expect(try !scenario.status().isOnline)
        phone.register()
        scenario.pass()
        #expect(phone.answers.last?.status == 401)
        scenario.configure(phones: [])
        scenario.pass()
        #expect(scenario.world.phones.isEmpty)
        #expect(scenario.world.store.bindings.isEmpty)
        phone.register()
        scenario.pass()
        #expect(phone.answers.last?.status == 403)
    }

    // MARK: - Restart

    @Test("bindings outlive a crash, with the time that was left", arguments: [false, true])
    func restart(afterBoot: Bool) throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_TIME_TO_LIVE": .none])
        let phone = try scenario.registered()
        scenario.restart(afterBoot: afterBoot, away: .seconds(100))
        scenario.pass()
        let status = try scenario.status()
        #expect(status.places.map(\.contact) == ["sip:1001@192.0.2.7:5060"])
        #expect((3_497...3_498).contains(status.places[0].expiresInSeconds))
        // The order of CSeq holds over the restart.
        phone.cseq = 0
        phone.register()
        scenario.pass()
        #expect(phone.answers.last?.status == 400)
        scenario.pass(.seconds(3_600))
        #expect(try !scenario.status().isOnline)
        #expect(scenario.world.store.bindings.isEmpty)
    }

    @Test("of two clocks the better one counts: a wall clock that was set back lengthens no registration")
    func clocks() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_TIME_TO_LIVE": .none])
        _ = try scenario.registered()
        scenario.world.jumpWallClock(by: .seconds(-86_400))
        scenario.restart(away: .seconds(1_000))
        #expect((2_597...2_600).contains(try scenario.status().places[0].expiresInSeconds))
    }

    @Test("what ended while no process ran is gone")
    func endedMeanwhile() throws {
        let scenario = InboundScenario()
        _ = try scenario.registered()
        scenario.restart(away: .seconds(3_700))
        scenario.pass()
        #expect(try !scenario.status().isOnline)
        #expect(scenario.world.store.bindings.isEmpty)
    }

    @Test("a phone answers a challenge of the process before")
    func challengeOutlivesRestart() throws {
        let scenario = InboundScenario()
        let phone = scenario.phone()
        phone.register()
        scenario.pass(.milliseconds(15))
        // The challenge is on its way; the switch dies and is back before the answer arrives.
        scenario.restart()
        scenario.pass()
        #expect(phone.responses.map(\.status) == [401, 200])
    }

    // MARK: - Shards

    @Test("all REGISTERs of one account come to one shard, whatever their Call-IDs", arguments: [2, 3, 8])
    func shards(count: Int) throws {
        let phones = (0..<20).map { Phone(name: "10\($0)", password: "secret") }
        let scenario = InboundScenario(phones: phones, shards: count)
        let devices = phones.enumerated().map { scenario.phone($1.name, at: InboundScenario.address(20 + $0)) }
        for round in 0..<3 {
            for device in devices {
                device.reboot()
                device.register()
            }
            scenario.pass()
            #expect(devices.allSatisfy { $0.answers.last?.status == 200 }, "round \(round)")
        }
        #expect(scenario.world.phones.count == 20)
        #expect(scenario.world.phones.allSatisfy { $0.places.count == 1 })
        #expect(scenario.world.softswitch.statistics.unrecognisedSources == 0)
        // Every phone is found by every shard.
        for phone in phones { #expect(try scenario.location(phone.name).isReachable(now: scenario.world.moment.instant)) }
        scenario.restart()
        scenario.pass()
        #expect(scenario.world.phones.count { $0.isOnline } == 20)
    }
}
