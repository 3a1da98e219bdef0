import Routing
import Testing
import Vocabulary

/// The numbers that a candidate is sent: its dial plan, its period's, its caller pool.
@Suite("Numbers sent")
struct NumbersSentTests {
    static func sent(
        _ configuration: SwitchConfiguration, _ destination: CallDestination = .routingGateway(0), random: UInt64 = 1,
        wall: Int64 = 1_782_907_200, pool: PoolUse = .preview
    ) -> (String, NumbersSent) {
        var numbers = NumbersSent()
        "14155550100".withBytes { caller in
            "4420".withBytes { callee in
                _ = configuration.numbersSent(
                    to: destination, caller: caller, callee: callee, random: random, now: Decide.moment(wall: wall), pool: pool, into: &numbers)
            }
        }
        return ("\(String(decoding: numbers.caller, as: UTF8.self)) \(String(decoding: numbers.callee, as: UTF8.self))", numbers)
    }

    @Test("the gateway's dial plan, and its period's instead")
    func dialPlan() {
        let configuration = SwitchConfiguration(routingGateways: [
            Decide.gateway("x") {
                $0.callerRewrite = RewriteRules([.init("1", ["001"])])
                $0.calleeRewrite = RewriteRules([.init("49", ["0"]), .init("44", ["9944"])])
                $0.periods = [Period(weekdays: 1)]
                $0.periods[0].callerRewrite = RewriteRules([.init("*", ["14155550199"])])
            },
            Decide.gateway("plain"),
        ])
        let (text, numbers) = Self.sent(configuration)
        #expect(text == "0014155550100 994420" && numbers.callerRule == 0 && numbers.calleeRule == 1)
        // Monday.
        #expect(Self.sent(configuration, wall: 1_782_734_400).0 == "14155550199 994420")
        let (plain, untouched) = Self.sent(configuration, .routingGateway(1))
        #expect(plain == "14155550100 4420" && untouched.callerRule == nil && untouched.calleeRule == nil)
    }

    @Test("a phone's dial plans for calls that it receives")
    func phone() {
        var phone = Phone(name: "100")
        phone.incomingCallerRewrite = RewriteRules([.init("1", ["+1"])])
        phone.incomingCalleeRewrite = RewriteRules([.init("44", [""])])
        #expect(Self.sent(SwitchConfiguration(phones: [phone]), .phone(0)).0 == "+14155550100 20")
    }

    @Test("chance repeats from the inquiry's number, and differs from gateway to gateway")
    func chance() {
        let configuration = SwitchConfiguration(
            routingGateways: (0..<20).map { index in
                Decide.gateway("g\(index)") { $0.callerRewrite = RewriteRules([.init("*", ["????????????"])]) }
            })
        for index in 0..<20 {
            #expect(Self.sent(configuration, .routingGateway(index)).0 == Self.sent(configuration, .routingGateway(index)).0)
        }
        #expect(Set((0..<20).map { Self.sent(configuration, .routingGateway($0)).0 }).count == 20)
        #expect(Self.sent(configuration, random: 1).0 != Self.sent(configuration, random: 2).0)
    }

    @Test("a number of the pool stands in for the caller, as long as the call keeps it")
    func pool() {
        let configuration = SwitchConfiguration(
            routingGateways: [
                Decide.gateway("x") {
                    $0.callerRewrite = RewriteRules([.init("1", ["001"])])
                    $0.callerPool = CallerPool(group: "pool")
                    $0.callerPool?.reuse = 1
                }
            ],
            numberGroups: [NumberGroup(name: "pool", numbers: ["14155550111", "14155550112"])])
        var numbers = NumbersSent()
        func take() -> CallerPoolSeat? {
            var seat: CallerPoolSeat?
            "1".withBytes { number in
                seat = configuration.numbersSent(
                    to: .routingGateway(0), caller: number, callee: number, random: 1, now: Decide.moment(), pool: .take, into: &numbers)
            }
            return seat
        }
        #expect(Self.sent(configuration).0 == "14155550111 4420")
        #expect(Self.sent(configuration).0 == "14155550111 4420")
        let first = take()
        #expect(numbers.poolNumber == 0 && String(decoding: numbers.caller, as: UTF8.self) == "14155550111")
        #expect(Self.sent(configuration).0 == "14155550112 4420")
        let second = take()
        #expect(numbers.poolNumber == 1)
        let (text, none) = Self.sent(configuration)
        #expect(none.poolNumber == nil && text == "0014155550100 4420")
        _ = consume first
        #expect(Self.sent(configuration).0 == "14155550111 4420")
        _ = consume second
    }
}
