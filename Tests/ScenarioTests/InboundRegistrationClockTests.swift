import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// What the switch does by the clock for registered phones: the light check, and keepalives through NATs.
@Suite("Inbound registration: light check and NAT")
struct InboundRegistrationClockTests {
    // MARK: - The light check

    @Test("SS_ENDPOINT_TIME_TO_LIVE: a phone that was not heard is asked by OPTIONS, and any answer will do", arguments: [200, 404, 486])
    func alive(status: Int) throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_TIME_TO_LIVE": .integer(60)])
        let phone = try scenario.registered()
        phone.optionsStatus = status
        scenario.pass(.seconds(58))
        #expect(phone.requests.isEmpty)
        scenario.pass(.seconds(120))
        #expect((2...3).contains(phone.requests.count))
        let request = try #require(phone.requests.first)
        #expect(request.startLine == "OPTIONS sip:1001@192.0.2.7:5060 SIP/2.0")
        #expect(try scenario.status().isOnline)
    }

    @Test("a phone that answers nothing is offline when the repetitions are used up, long before its registration ends")
    func dead() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_TIME_TO_LIVE": .integer(60)])
        let phone = try scenario.registered()
        phone.optionsStatus = nil
        scenario.pass(.seconds(85))
        #expect(phone.requests.count > 5)
        #expect(try scenario.status().isOnline)
        scenario.pass(.seconds(10))
        #expect(try !scenario.status().isOnline)
        #expect(scenario.world.store.bindings.isEmpty)
        // It comes back when it registers.
        phone.register()
        scenario.pass()
        #expect(try scenario.status().isOnline)
    }

    @Test("a phone that registers often is not asked; 0 and None ask nobody", arguments: [60, 0, -1])
    func notAsked(seconds: Int) throws {
        let value: ParameterValue = seconds < 0 ? .none : .integer(seconds)
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_TIME_TO_LIVE": value])
        let phone = try scenario.registered()
        for _ in 0..<10 {
            scenario.pass(.seconds(seconds > 0 ? 50 : 100))
            if seconds > 0 { phone.register() }
        }
        #expect(phone.requests.isEmpty)
        #expect(try scenario.status().isOnline)
    }

    @Test("what the host of a phone sends back as undeliverable shows at once that it is gone")
    func unreachable() throws {
        let scenario = InboundScenario(parameters: ["SS_ENDPOINT_TIME_TO_LIVE": .integer(60)])
        let phone = try scenario.registered()
        phone.optionsStatus = nil
        scenario.pass(.seconds(60))
        #expect(phone.requests.count >= 1)
        scenario.world.failTransport(to: InboundScenario.address(7))
        scenario.pass(.milliseconds(50))
        #expect(try !scenario.status().isOnline)
    }

    @Test("after a restart the phones are asked spread out over the time, and those that are gone are found")
    func afterRestart() throws {
        let phones = (0..<30).map { Phone(name: "10\($0)", password: "secret") }
        let scenario = InboundScenario(phones: phones)
        let devices = try phones.enumerated().map { try scenario.registered($1.name, at: InboundScenario.address(20 + $0)) }
        devices[3].optionsStatus = nil
        scenario.restart()
        scenario.pass(.seconds(61))
        let asked = devices.map(\.requests.count)
        #expect(asked.allSatisfy { $0 >= 1 })
        let firsts = devices.compactMap { $0.requests.first?.at.nanoseconds }.sorted()
        #expect(firsts[29] - firsts[0] > 20_000_000_000)
        scenario.pass(.seconds(40))
        #expect(scenario.world.phones.count { $0.isOnline } == 29)
    }

    // MARK: - NAT

    /// A phone behind a translator: its messages come from `outside`.
    private func translated(_ scenario: InboundScenario, _ number: String = "1001", outside: NetworkAddress) -> RegisteringPhone {
        let phone = scenario.phone(number, at: outside)
        phone.inside = NetworkAddress("10.0.0.5:5060")!
        return phone
    }

    @Test("a phone behind a NAT is recognised, answered where it came from, and found there for calls")
    func recognised() throws {
        let scenario = InboundScenario()
        let outside = InboundScenario.address(100, port: 41_000)
        let phone = translated(scenario, outside: outside)
        phone.register()
        scenario.pass()
        #expect(phone.responses.map(\.status) == [401, 200])
        let via = try #require(phone.answers[0].header("Via"))
        #expect(via.contains("received=192.0.2.100") && via.contains("rport=41000"))
        let place = try #require(try scenario.status().places.first)
        #expect(place.isBehindNAT && place.source == "192.0.2.100:41000" && place.contact == "sip:1001@10.0.0.5:5060")
        let best = try #require(try scenario.location().best(now: scenario.world.moment.instant))
        #expect(best.flow.remote == outside)
        #expect(String(decoding: best.contact, as: UTF8.self) == "sip:1001@10.0.0.5:5060")
    }

    @Test("SS_SIP_NAT_KEEP_ALIVE_MESSAGE and _PERIOD: one bare datagram in each period, to phones behind a NAT only")
    func keepAlive() throws {
        let scenario = InboundScenario()
        let direct = try scenario.registered("1002", password: "other", at: InboundScenario.address(8))
        let phone = translated(scenario, outside: InboundScenario.address(100, port: 41_000))
        phone.register()
        scenario.pass(.seconds(29))
        #expect(phone.others.isEmpty)
        scenario.pass(.seconds(2))
        #expect(phone.others == ["HELLO"])
        scenario.pass(.seconds(270))
        #expect(phone.others.count == 10)
        #expect(direct.others.isEmpty)
        scenario.configure(parameters: ["SS_SIP_NAT_KEEP_ALIVE_MESSAGE": .text("\r\n\r\n"), "SS_SIP_NAT_KEEP_ALIVE_PERIOD": .integer(10)])
        scenario.pass(.seconds(11))
        #expect(phone.others.last == "\r\n\r\n")
        scenario.configure(parameters: ["SS_SIP_NAT_KEEP_ALIVE_MESSAGE": .text("")])
        let count = phone.others.count
        scenario.pass(.seconds(100))
        #expect(phone.others.count == count)
        phone.register(expires: 0)
        scenario.pass()
        scenario.configure(parameters: [:])
        scenario.pass(.seconds(100))
        #expect(phone.others.count == count)
    }

    @Test("changes of the configuration that are none of its business do not hold the keepalive up")
    func keepAliveThroughChanges() throws {
        let scenario = InboundScenario()
        let phone = translated(scenario, outside: InboundScenario.address(100, port: 41_000))
        phone.register()
        for number in 0..<12 {
            scenario.pass(.seconds(10))
            scenario.configure(phones: [Phone(name: "1001", password: "secret"), Phone(name: "20\(number)", password: "x")])
        }
        #expect(phone.others.count == 3)
    }

    @Test("SS_SIP_NAT_KEEP_ALIVE_SEND_ONE_TIME and _SEND_INTERVAL: batches with pauses between them", arguments: [1, 2])
    func batches(shards: Int) throws {
        let phones = (0..<20).map { Phone(name: "10\($0)", password: "secret") }
        let scenario = InboundScenario(
            phones: phones,
            parameters: ["SS_SIP_NAT_KEEP_ALIVE_SEND_ONE_TIME": .integer(4), "SS_SIP_NAT_KEEP_ALIVE_SEND_INTERVAL": .integer(1_000)], shards: shards)
        let devices = phones.enumerated().map { translated(scenario, $1.name, outside: InboundScenario.address(100 + $0, port: 41_000)) }
        for device in devices { device.register() }
        scenario.pass(.milliseconds(30_500))
        let first = devices.count { $0.others.count == 1 }
        #expect(first == 4)
        scenario.pass(.seconds(1))
        #expect(devices.count { $0.others.count == 1 } == 8)
        scenario.pass(.seconds(20))
        #expect(devices.allSatisfy { $0.others.count == 1 })
        scenario.pass(.seconds(30))
        #expect(devices.allSatisfy { $0.others.count == 2 })
    }

    @Test("keepalives of phones, CRLF or words, cost one look and are answered by nothing", arguments: ["\r\n\r\n", "\r\n", "HELLO", "\0"])
    func noise(_ text: String) throws {
        let scenario = InboundScenario(shards: 2)
        let phone = try scenario.registered()
        let before = phone.responses.count
        for _ in 0..<10 { phone.peer.send(raw: text) }
        scenario.pass()
        #expect(phone.responses.count == before && phone.others.isEmpty)
        #expect(scenario.world.softswitch.statistics.malformedMessages == 0)
        #expect(try scenario.status().isOnline)
    }
}
