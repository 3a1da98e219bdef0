import Routing
import Testing
import Vocabulary

/// What a call takes and gives back: at its caller's side, at a candidate, and after a restart.
@Suite("Seats of calls")
struct SeizureTests {
    static let groups = [Decide.group("g", capacity: 2, callsPerSecond: 3)]

    static func configuration(
        _ mapping: (inout MappingGateway) -> Void = { _ in }, _ routing: (inout RoutingGateway) -> Void = { _ in }, phones: [Phone] = [],
        parameters: [String: ParameterValue] = [:]
    ) -> SwitchConfiguration {
        SwitchConfiguration(
            mappingGateways: [Decide.mapping("customer-a", mapping)], routingGateways: [Decide.gateway("x", [""], routing)], phones: phones,
            groups: groups, parameters: ParameterValues(parameters))
    }

    /// What became of an admission, and its seats as long as the box is.
    static func admit(_ configuration: SwitchConfiguration, _ second: Int64 = 0, _ origin: CallOrigin = .mappingGateway(0)) -> (String, Held?) {
        switch configuration.admit(origin, now: Decide.moment(second)) {
        case .admitted(let seats): return ("admitted", Held(seats))
        case .refused(let refusal, let detail): return ("\(refusal) \(detail)", nil)
        }
    }

    static func seize(_ configuration: SwitchConfiguration, _ second: Int64 = 0, _ change: (inout Candidate) -> Void = { _ in }) -> (String, Held?) {
        var candidate = Candidate(.routingGateway(0), prefixLength: 0)
        change(&candidate)
        switch configuration.seize(candidate, began: .zero, now: Decide.moment(second)) {
        case .seized(let seats): return ("seized", Held(seats))
        case .refused(let verdict, let detail): return ("\(verdict.name) \(detail)", nil)
        }
    }

    final class Held: Sendable {
        let seats: Seats
        init(_ seats: consuming Seats) { self.seats = seats }
    }

    @Test("the caller's gateway and its groups are taken together, and given back together")
    func origin() {
        let configuration = Self.configuration({
            $0.capacity = 5
            $0.groups = ["g"]
        })
        var held = [Self.admit(configuration), Self.admit(configuration)]
        #expect(held.map(\.0) == ["admitted", "admitted"])
        #expect(configuration.mappingLive[0].callsMade == 2 && configuration.groupLive[0].calls == 2)
        #expect(Self.admit(configuration).0 == "groupFull 0")
        #expect(configuration.mappingLive[0].calls == 2)
        held.removeAll()
        #expect(configuration.mappingLive[0].calls == 0 && configuration.groupLive[0].calls == 0)
    }

    @Test("a limit that is reached is named with its number")
    func refusals() {
        let full = Self.configuration({ $0.capacity = 1 })
        var one: Held?
        let first: String
        (first, one) = Self.admit(full)
        #expect(first == "admitted" && one != nil && Self.admit(full).0 == "full 1")
        one = nil
        #expect(Self.admit(full).0 == "admitted")

        let quick = Self.configuration({ $0.callsPerSecond = 2 })
        #expect(["a", "b", "c"].map { _ in Self.admit(quick).0 } == ["admitted", "admitted", "rateExceeded 2"])
        #expect(quick.mappingLive[0].calls == 0)
        #expect(Self.admit(quick, 1).0 == "admitted")

        let grouped = Self.configuration({ $0.groups = ["g"] })
        #expect((0..<4).map { _ in Self.admit(grouped).0 }.last == "groupRateExceeded 0")
    }

    @Test("a phone's lines: calls made, and both together")
    func phone() {
        var phone = Phone(name: "100")
        phone.outgoingLines = 1
        let configuration = Self.configuration(phones: [phone])
        let held = Self.admit(configuration, 0, .phone(0))
        #expect(held.0 == "admitted" && Self.admit(configuration, 0, .phone(0)).0 == "full 1")
        #expect(configuration.phoneLive[0].callsMade == 1)
        withExtendedLifetime(held) {}
    }

    @Test("a candidate is looked at again when its turn comes")
    func again() {
        let configuration = Self.configuration({ _ in }) {
            $0.capacity = 2
            $0.callsPerSecond = 3
            $0.optionsCheck = true
            $0.allowsPublish = true
        }
        let live = configuration.routingLive[0]
        let one = Self.seize(configuration)
        #expect(one.0 == "seized" && live.callsReceived == 1)
        var two: Held?
        let second: String
        (second, two) = Self.seize(configuration)
        #expect(second == "seized" && two != nil && Self.seize(configuration).0 == "full 2")
        live.publish(capacity: 1, until: .zero + .seconds(100))
        two = nil
        #expect(Self.seize(configuration).0 == "publishedFull 1")
        live.withdrawPublication()
        #expect(Self.seize(configuration).0 == "seized")
        #expect(Self.seize(configuration).0 == "rateExceeded 3")
        #expect(Self.seize(configuration, 1).0 == "seized")
        live.unavailable(until: .zero + .seconds(5))
        #expect(Self.seize(configuration, 2).0 == "retryAfter 3")
        #expect(Self.seize(configuration, 5).0 == "seized")
        live.set(.dead, of: Decide.address("192.0.2.99:5060"))
        #expect(Self.seize(configuration, 7).0 == "noAddressAlive 0")
        #expect(configuration.address(of: .routingGateway(0)) == nil)
        live.set(.alive, of: Decide.address("192.0.2.99:5060"))
        #expect(Self.seize(configuration, 7).0 == "seized")
        #expect(configuration.address(of: .routingGateway(0)) == Decide.address("192.0.2.99:5060"))
        withExtendedLifetime(one) {}
    }

    @Test("reserved lines of a group are kept free for others")
    func reserved() {
        let configuration = Self.configuration({ _ in }) {
            $0.groups = ["g"]
            $0.reservedLines = 2
        }
        var one: Held?
        let first: String
        (first, one) = Self.seize(configuration)
        #expect(first == "seized" && one != nil && Self.seize(configuration).0 == "linesReserved 0")
        #expect(configuration.routingLive[0].calls == 1 && configuration.groupLive[0].calls == 1)
        one = nil
        #expect(configuration.groupLive[0].calls == 0)
    }

    @Test(
        "a protect route within its delay",
        arguments: [
            (ParameterValue.integer(30), 30, "seized"), (.integer(30), 31, "protectDelayOver 0"), (.none, 1_000, "seized"),
            (.integer(0), 0, "seized"),
        ]
            as [(ParameterValue, Int64, String)])
    func protectRoute(delay: ParameterValue, second: Int64, expected: String) {
        let configuration = Self.configuration(parameters: ["SS_TRY_PROTECT_ROUTE_DELAY": delay])
        #expect(Self.seize(configuration, second) { $0.isProtectRoute = true }.0 == expected)
        #expect(Self.seize(configuration, second).0 == "seized")
    }

    @Test("a phone that is called")
    func calledPhone() {
        var phone = Phone(name: "100")
        phone.incomingLines = 1
        let configuration = Self.configuration(phones: [phone])
        #expect(Self.seize(configuration) { $0.destination = .phone(0) }.0 == "notRegistered 0")
        configuration.phoneLive[0].location.update { $0 = [Decide.binding(from: Decide.customer, until: 10)] }
        let one = Self.seize(configuration) { $0.destination = .phone(0) }
        #expect(one.0 == "seized" && configuration.phoneLive[0].callsReceived == 1)
        #expect(Self.seize(configuration) { $0.destination = .phone(0) }.0 == "full 1")
        withExtendedLifetime(one) {}
        #expect(Self.seize(configuration, 10) { $0.destination = .phone(0) }.0 == "notRegistered 0")
    }

    @Test("a call restored after a restart has its places whatever the limits say, and gives them back")
    func resumed() {
        let configuration = Self.configuration({
            $0.capacity = 0
            $0.groups = ["g"]
        })
        var held: [Held] = [Held(configuration.resume(.mappingGateway(0))), Held(configuration.resume(.routingGateway(0)))]
        #expect(configuration.mappingLive[0].callsMade == 1 && configuration.groupLive[0].calls == 1)
        #expect(configuration.routingLive[0].callsReceived == 1)
        held.removeAll()
        #expect(configuration.mappingLive[0].calls == 0 && configuration.groupLive[0].calls == 0 && configuration.routingLive[0].calls == 0)
    }

    @Test("the first address that is alive, in the configured order; host names add to it")
    func addresses() {
        let (first, second) = (Decide.address("192.0.2.99:5060"), Decide.address("192.0.2.98:5060"))
        let configuration = Self.configuration({ _ in }) {
            $0.optionsCheck = true
            $0.addresses.append(second)
        }
        let live = configuration.routingLive[0]
        #expect(configuration.address(of: .routingGateway(0)) == first)
        live.set(.dead, of: first)
        #expect(configuration.address(of: .routingGateway(0)) == second)
        live.setResolvedAddresses([first, Decide.address("192.0.2.97:5060"), second])
        #expect(configuration.address(of: .routingGateway(0)) == Decide.address("192.0.2.97:5060"))
        live.setResolvedAddresses(nil)
        live.keepAddresses([second])
        #expect(live.addressState(first) == .unknown)
        #expect(configuration.address(of: .routingGateway(0)) == first)
    }
}
