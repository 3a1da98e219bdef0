import Routing
import Testing
import Vocabulary

/// Calls to and from phones of the platform.
@Suite("Phones in decisions")
struct PhoneCandidateTests {
    static func phone(_ name: String, _ change: (inout Phone) -> Void = { _ in }) -> Phone {
        var phone = Phone(name: name, password: "secret")
        change(&phone)
        return phone
    }

    static func decide(
        _ phones: [Phone], callee: String = "100", origin: CallOrigin = .mappingGateway(0), registered: [Int] = [0], lists: [NumberGroup] = [],
        mapping: MappingGateway = Decide.mapping(), before: (SwitchConfiguration) -> [SeatBox] = { _ in [] }
    ) -> [String] {
        let configuration = SwitchConfiguration(
            mappingGateways: [mapping], routingGateways: [Decide.gateway("any")], phones: phones, numberGroups: lists)
        for index in registered {
            configuration.phoneLive[index].location.update { $0 = [Decide.binding(from: Decide.address("192.0.2.77:5060"), until: 2_000)] }
        }
        let kept = before(configuration)
        defer { withExtendedLifetime(kept) {} }
        return Decide.lines(Decide.decision(configuration, callee: callee, caller: "200", origin: origin), configuration)
    }

    @Test("a number of the platform goes to its phone and nowhere else")
    func phoneFirst() {
        #expect(Self.decide([Self.phone("100")]) == ["100/3 waiting"])
        #expect(Self.decide([Self.phone("100")], callee: "1000") == ["any/0 waiting"])
        #expect(Self.decide([Self.phone("100")], registered: []) == ["100/3 notRegistered"])
        #expect(Self.decide([Self.phone("100") { $0.address = Decide.address("192.0.2.60:5060") }], registered: []) == ["100/3 waiting"])
    }

    @Test("a phone whose incoming calls are barred", arguments: Phone.Lock.allCases)
    func lockedCallee(lock: Phone.Lock) {
        let expected = lock == .incoming || lock == .both ? "100/3 locked" : "100/3 waiting"
        #expect(Self.decide([Self.phone("100") { $0.lock = lock }]) == [expected])
    }

    @Test("a phone whose outgoing calls are barred", arguments: Phone.Lock.allCases)
    func lockedCaller(lock: Phone.Lock) {
        let phones = [Self.phone("100"), Self.phone("200") { $0.lock = lock }]
        let expected = lock == .outgoing || lock == .both ? "refused: locked" : "100/3 waiting"
        #expect(Self.decide(phones, origin: .phone(1)) == [expected])
    }

    @Test("lines: received, and both together; calls made do not fill the received ones")
    func lines() {
        func decide(_ received: Int, _ made: Int, _ change: @escaping (inout Phone) -> Void) -> [String] {
            Self.decide([Self.phone("100", change)]) { $0.phoneLive[0].occupy(received, .received) + $0.phoneLive[0].occupy(made, .made) }
        }
        #expect(decide(1, 0) { $0.incomingLines = 1 } == ["100/3 full 1"])
        #expect(decide(0, 1) { $0.incomingLines = 1 } == ["100/3 waiting"])
        #expect(decide(1, 1) { $0.lines = 2 } == ["100/3 full 2"])
        #expect(decide(1, 0) { $0.lines = 2 } == ["100/3 waiting"])
        #expect(decide(1, 0) { $0.outgoingLines = 1 } == ["100/3 waiting"])
    }

    @Test("a calling phone has its own lines")
    func callingLines() {
        func decide(_ made: Int, _ received: Int, _ change: @escaping (inout Phone) -> Void) -> [String] {
            Self.decide([Self.phone("100"), Self.phone("200", change)], origin: .phone(1)) {
                $0.phoneLive[1].occupy(made, .made) + $0.phoneLive[1].occupy(received, .received)
            }
        }
        #expect(decide(2, 0) { $0.outgoingLines = 2 } == ["refused: full 2"])
        #expect(decide(0, 2) { $0.outgoingLines = 2 } == ["100/3 waiting"])
        #expect(decide(1, 1) { $0.lines = 2 } == ["refused: full 2"])
    }

    @Test("lists: who may call it, whom it may call, and which gateways its calls may use")
    func lists() {
        let lists = [NumberGroup(name: "bad", numbers: ["200", "100", "4420"])]
        #expect(
            Self.decide([Self.phone("100") { $0.callerNumberGroups = NameFilter(.deny, ["bad"]) }], lists: lists) == ["100/3 callerGroup"])
        let caller = Self.phone("200") { $0.calleeNumberGroups = NameFilter(.deny, ["bad"]) }
        #expect(Self.decide([Self.phone("100"), caller], origin: .phone(1), lists: lists) == ["refused: calleeGroup"])
        let confined = Self.phone("200") { $0.routingGroups = NameFilter(.allow, ["premium"]) }
        #expect(Self.decide([Self.phone("100"), confined], callee: "4420", origin: .phone(1)) == ["any/0 groupNotAllowed"])
    }

    @Test("a phone does not call itself")
    func itself() { #expect(Self.decide([Self.phone("100")], origin: .phone(0)) == ["100/3 sameAsSource"]) }

    @Test("the dial plan of a calling phone")
    func dialPlan() {
        let caller = Self.phone("200") { $0.outgoingCalleeRewrite = RewriteRules([.init("0", ["44"])]) }
        #expect(Self.decide([Self.phone("4420"), caller], callee: "020", origin: .phone(1)) == ["4420/4 waiting"])
    }

    @Test(
        "whom a customer may call",
        arguments: [
            (CalleeKind.any, "100", "100/3 waiting"), (.any, "4420", "any/0 waiting"), (.phonesOnly, "100", "100/3 waiting"),
            (.phonesOnly, "4420", "refused: calleeKind"), (.noPhones, "100", "refused: calleeKind"), (.noPhones, "4420", "any/0 waiting"),
        ])
    func calleeKind(kind: CalleeKind, callee: String, expected: String) {
        #expect(Self.decide([Self.phone("100")], callee: callee, mapping: Decide.mapping { $0.calleeKind = kind }) == [expected])
    }
}
