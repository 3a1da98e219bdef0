import CallRecords
import Routing
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

/// PUBLISH (RFC 3903) of routing gateways: who may, what is answered, and what it does to calls.
@Suite struct PublishTests {
    private static let presence = "application/pidf+xml"
    private static let capacity = "application/x-tandem-capacity"

    private static func document(_ basic: String, prefix: String = "") -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- <basic>open</basic> -->
        <\(prefix)presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:carrier-0@example.net">
        <\(prefix)tuple id="a"><\(prefix)status><\(prefix)basic>\(basic)</\(prefix)basic></\(prefix)status></\(prefix)tuple>
        </\(prefix)presence>
        """
    }

    /// Two vendors; the first may publish.
    private static func scenario(_ parameters: [String: ParameterValue] = [:]) -> Scenario {
        let scenario = Scenario(parameters: parameters)
        let before = scenario.world.setup.configuration
        var gateways = before.routingGateways
        gateways[0].allowsPublish = true
        let next = SwitchConfiguration(
            revision: before.revision + 1, mappingGateways: before.mappingGateways, routingGateways: gateways, parameters: before.parameters,
            live: before.live)
        scenario.world.setup.configuration = next
        scenario.world.command(.configure(next))
        return scenario
    }

    /// Sends a PUBLISH and returns its answer. `type` nil: without Content-Type.
    @discardableResult
    private static func publish(
        _ peer: Peer, _ world: VirtualWorld, _ number: Int, event: String? = "presence", expires: Int? = nil, match: [String] = [],
        type: String? = capacity, lines: [String] = [], body: String = ""
    ) throws -> SeenMessage {
        var text = "PUBLISH sip:capacity@203.0.113.10:5060 SIP/2.0\r\nVia: SIP/2.0/UDP \(peer.address);branch=z9hG4bKp\(number);rport\r\n"
        text += "Max-Forwards: 70\r\nFrom: <sip:carrier@example.net>;tag=p\(number)\r\nTo: <sip:carrier@example.net>\r\n"
        text += "Call-ID: publish-\(number)\r\nCSeq: 1 PUBLISH\r\n"
        if let event { text += "Event: \(event)\r\n" }
        if let expires { text += "Expires: \(expires)\r\n" }
        for tag in match { text += "SIP-If-Match: \(tag)\r\n" }
        for line in lines { text += "\(line)\r\n" }
        if let type, !body.isEmpty { text += "Content-Type: \(type)\r\n" }
        peer.send(raw: text + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        world.run(for: .milliseconds(100))
        return try #require(peer.seen.last { !$0.isRequest && $0.callID == "publish-\(number)" }, "no answer")
    }

    @Test("begun, refreshed, modified, removed: each 200 with a lifetime and another entity-tag")
    func life() throws {
        let scenario = Self.scenario()
        let (vendor, world) = (scenario.vendors[0], scenario.world)
        let live = world.setup.configuration.routingLive[0]
        let begun = try Self.publish(vendor, world, 1, body: "capacity=7\r\n")
        #expect(begun.status == 200 && begun.header("Expires") == "300")
        let first = try #require(begun.header("SIP-ETag"))
        #expect(live.publishedCapacity(world.moment.instant) == 7)
        let refreshed = try Self.publish(vendor, world, 2, expires: 120, match: [first])
        #expect(refreshed.status == 200 && refreshed.header("Expires") == "120")
        let second = try #require(refreshed.header("SIP-ETag"))
        #expect(second != first && live.publishedCapacity(world.moment.instant) == 7)
        let modified = try Self.publish(vendor, world, 3, match: [second], type: "text/plain;charset=utf-8", body: "capacity=3")
        let third = try #require(modified.header("SIP-ETag"))
        #expect(modified.status == 200 && third != second && live.publishedCapacity(world.moment.instant) == 3)
        let removed = try Self.publish(vendor, world, 4, expires: 0, match: [third])
        #expect(removed.status == 200 && removed.header("Expires") == "0" && live.publishedCapacity(world.moment.instant) == nil)
        scenario.finish()
    }

    @Test("412: an entity-tag that is not the last one, is none of ours, or whose publication is over")
    func conditionFailed() throws {
        let scenario = Self.scenario()
        let (vendor, world) = (scenario.vendors[0], scenario.world)
        #expect(try Self.publish(vendor, world, 1, match: ["dx200xyz"], body: "capacity=7").status == 412)
        let first = try #require(try Self.publish(vendor, world, 2, expires: 60, body: "capacity=7").header("SIP-ETag"))
        let second = try #require(try Self.publish(vendor, world, 3, expires: 60, match: [first]).header("SIP-ETag"))
        #expect(try Self.publish(vendor, world, 4, match: [first], body: "capacity=1").status == 412)
        #expect(world.setup.configuration.routingLive[0].publishedCapacity(world.moment.instant) == 7)
        scenario.pass(.seconds(61))
        #expect(try Self.publish(vendor, world, 5, match: [second]).status == 412)
        scenario.finish()
    }

    @Test("423 with Min-Expires below 30 s; what is longer than SS_SIP_PUBLISH_EXPIRE is shortened to it")
    func lifetime() throws {
        let scenario = Self.scenario(["SS_SIP_PUBLISH_EXPIRE": .integer(60)])
        let (vendor, world) = (scenario.vendors[0], scenario.world)
        let brief = try Self.publish(vendor, world, 1, expires: 29, body: "capacity=7")
        #expect(brief.status == 423 && brief.header("Min-Expires") == "30")
        #expect(world.setup.configuration.routingLive[0].publishedCapacity(world.moment.instant) == nil)
        #expect(try Self.publish(vendor, world, 2, expires: 30, body: "capacity=7").header("Expires") == "30")
        #expect(try Self.publish(vendor, world, 3, expires: 7_200, body: "capacity=7").header("Expires") == "60")
        #expect(try Self.publish(vendor, world, 4, body: "capacity=7").header("Expires") == "60")
        scenario.finish()
    }

    @Test("489 with Allow-Events, 415 with Accept, 400: what is not understood changes nothing")
    func refused() throws {
        let scenario = Self.scenario()
        let (vendor, world) = (scenario.vendors[0], scenario.world)
        for (number, event) in ["dialog", "presence.winfo", nil].enumerated() {
            let answer = try Self.publish(vendor, world, number, event: event, body: "capacity=7")
            #expect(answer.status == 489 && answer.header("Allow-Events") == "presence")
        }
        let type = try Self.publish(vendor, world, 10, type: "application/sdp", body: "v=0\r\n")
        #expect(type.status == 415 && type.elements("Accept").contains("application/pidf+xml"))
        #expect(try Self.publish(vendor, world, 11, type: nil, body: "capacity=7").status == 415)
        let encoded = try Self.publish(vendor, world, 12, lines: ["Content-Encoding: gzip"], body: "capacity=7")
        #expect(encoded.status == 415 && encoded.header("Accept-Encoding") == "identity")
        for (number, body) in ["capacity=", "capacity=-1", "capacity=1000001", "capacity=7 calls", "7"].enumerated() {
            #expect(try Self.publish(vendor, world, 20 + number, body: body).status == 400)
        }
        for (number, basic) in ["", "perhaps"].enumerated() {
            #expect(try Self.publish(vendor, world, 30 + number, type: Self.presence, body: Self.document(basic)).status == 400)
        }
        #expect(try Self.publish(vendor, world, 40).status == 400)
        #expect(try Self.publish(vendor, world, 41, match: ["a", "b"], body: "capacity=7").status == 400)
        let required = try Self.publish(vendor, world, 42, lines: ["Require: eventlist"], body: "capacity=7")
        #expect(required.status == 420 && required.header("Unsupported") == "eventlist")
        #expect(world.setup.configuration.routingLive[0].publishedCapacity(world.moment.instant) == nil)
        scenario.finish()
    }

    @Test("405 for a gateway that may not publish and for a customer, from any port of theirs")
    func notAllowed() throws {
        let scenario = Self.scenario()
        #expect(try Self.publish(scenario.vendors[1], scenario.world, 1, body: "capacity=7").status == 405)
        let answer = try Self.publish(scenario.customer, scenario.world, 2, body: "capacity=7")
        #expect(answer.status == 405 && answer.elements("Allow").contains("INVITE"))
        scenario.finish()
    }

    @Test("a gateway that publishes from another port of its host is known all the same")
    func otherPort() throws {
        let scenario = Self.scenario()
        let address = NetworkAddress(ipv4: 0xC633_6401, port: 40_000)
        let publisher = Peer("publisher", at: address, marker: "~C", in: scenario.world, towards: Scenario.switchAddress)
        #expect(try Self.publish(publisher, scenario.world, 1, body: "capacity=7").status == 200)
        scenario.finish()
    }

    @Test("a gateway that published 2 gets no third call until the publication is over")
    func limitsCalls() throws {
        let scenario = Self.scenario()
        let (vendor, world) = (scenario.vendors[0], scenario.world)
        #expect(try Self.publish(vendor, world, 1, expires: 60, body: "capacity=2").status == 200)
        var calls: [PeerCall] = []
        func call() {
            let call = scenario.makeCall(calls.count + 1)
            call.invite()
            scenario.pass()
            scenario.vendors.forEach { $0.callList.last?.answer() }
            scenario.pass()
            calls.append(call)
        }
        for _ in 0..<3 { call() }
        #expect(scenario.vendors.map(\.callList.count) == [2, 1])
        scenario.pass(.seconds(60))
        call()
        #expect(scenario.vendors.map(\.callList.count) == [3, 1])
        calls.forEach { $0.hangUp() }
        scenario.finish()
        let third = try #require(world.store.records.first { $0.decision.contains("publishedFull") })
        #expect(third.decision.contains("carrier-0"))
    }

    @Test("presence: closed takes no calls, open any number", arguments: ["", "p:"])
    func presence(prefix: String) throws {
        let scenario = Self.scenario()
        let (vendor, world) = (scenario.vendors[0], scenario.world)
        let closed = try Self.publish(vendor, world, 1, type: Self.presence, body: Self.document("closed", prefix: prefix))
        #expect(closed.status == 200)
        let first = scenario.makeCall(1)
        first.invite()
        scenario.pass()
        #expect(scenario.vendors.map(\.callList.count) == [0, 1])
        first.cancel()
        let tag = try #require(closed.header("SIP-ETag"))
        #expect(
            try Self.publish(vendor, world, 2, match: [tag], type: Self.presence, body: Self.document(" open ", prefix: prefix)).status == 200)
        let second = scenario.makeCall(2)
        second.invite()
        scenario.pass()
        #expect(scenario.vendors.map(\.callList.count) == [1, 1])
        second.cancel()
        scenario.pass()
        scenario.finish()
    }

    @Test("any shard takes the next PUBLISH, of a gateway with an address and of one that registered here", arguments: [true, false])
    func shards(registersHere: Bool) throws {
        let address = InboundScenario.address(9)
        var gateway = RoutingGateway(name: "carrier-9", addresses: registersHere ? [] : [address])
        gateway.registersHere = registersHere
        gateway.password = "secret"
        gateway.allowsPublish = true
        let scenario = InboundScenario(routingGateways: [gateway], shards: 4)
        if registersHere {
            let phone = scenario.phone("carrier-9", at: address)
            phone.register()
            scenario.pass()
            #expect(phone.answers.last?.status == 200)
        }
        let publisher = Peer("carrier9", at: address, marker: "~C", in: scenario.world, towards: InboundScenario.switchAddress)
        var tag: String?
        for number in 0..<12 {
            let answer = try Self.publish(
                publisher, scenario.world, number, match: tag.map { [$0] } ?? [], body: number % 2 == 0 ? "capacity=\(number)" : "")
            #expect(answer.status == 200)
            tag = answer.header("SIP-ETag")
        }
        let live = scenario.world.setup.configuration.routingLive[0]
        #expect(live.publishedCapacity(scenario.world.moment.instant) == 10)
    }
}
