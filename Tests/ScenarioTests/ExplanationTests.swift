import CallRecords
import Foundation
import Routing
import SwitchTesting
import Testing
import Vocabulary

/// What an explanation says of a call is what the call's own record says: 10,000 random calls through random
/// configurations, each explained right before it is made.
@Suite struct ExplanationTests {
    private struct Entry: Equatable {
        var name: String
        var prefix: String
        var priority: Int
        /// Nil for one that can be tried: what becomes of it afterwards is the call's story.
        var verdict: String?
    }

    private struct Summary: Equatable {
        var callerRouted: String
        var calleeRouted: String
        var rules: [String?]
        var refusal: String?
        var candidates: [Entry]

        init(_ text: String) throws {
            let root = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
            let numbers = try #require(root["numbers"] as? [String: Any])
            callerRouted = try #require(numbers["callerRouted"] as? String)
            calleeRouted = try #require(numbers["calleeRouted"] as? String)
            rules = [numbers["callerRule"] as? String, numbers["calleeRule"] as? String]
            refusal = root["refusal"] as? String
            let untold = ["waiting", "tried", "answered", "notNeeded"]
            candidates = try #require(root["candidates"] as? [[String: Any]]).map { candidate in
                let verdict = candidate["verdict"] as? String ?? ""
                return Entry(
                    name: candidate["name"] as? String ?? "", prefix: candidate["prefix"] as? String ?? "",
                    priority: candidate["priority"] as? Int ?? -1, verdict: untold.contains(verdict) ? nil : verdict)
            }
        }
    }

    @Test("the explanation and the stored decision agree", arguments: 1...100)
    func agreement(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let prefixes = ["", "+1", "+1415", "+1415555", "+14155550", "+44"]
        var groups: [GatewayGroup] = []
        for index in 0..<2 {
            var group = GatewayGroup(name: "group-\(index)")
            if generator.chance(0.5) { group.capacity = generator.below(4) }
            groups.append(group)
        }
        let blackList = NumberGroup(name: "black", numbers: (1...20).map { SimulatedNumber.of($0 * 5) })
        let scenario = Scenario(
            vendors: 5, parameters: generator.chance(0.3) ? ["SS_GATEWAY_SWITCH_UNTIL_CONNECT": .flag(true)] : [:], maximumCalls: 1_000,
            groups: groups, numberGroups: [blackList],
            customer: { gateway in
                if generator.chance(0.3) { gateway.capacity = 3 + generator.below(5) }
                if generator.chance(0.3) { gateway.routingGroups = NameFilter(generator.chance(0.5) ? .allow : .deny, ["group-0"]) }
                if generator.chance(0.3) { gateway.calleeNumberGroups = NameFilter(.deny, ["black"]) }
                if generator.chance(0.3) { gateway.calleeRewrite = RewriteRules([.init("+1415", ["+1415"]), .init("+1", ["+44"])]) }
                if generator.chance(0.2) { gateway.calleeLengths = LengthFilter(mask: 1 << 12 | 1 << 14 | 1 << 15) }
                if generator.chance(0.2) { gateway.calleePrefixes = PrefixFilter(.deny, ["+141555500000"]) }
            },
            vendor: { _, gateway in
                gateway.prefixes = [prefixes[generator.below(prefixes.count)], prefixes[generator.below(prefixes.count)]]
                gateway.priority = generator.below(3)
                gateway.locked = generator.chance(0.1)
                gateway.prefixStyle = generator.chance(0.3) ? .terminate : .proceed
                if generator.chance(0.4) { gateway.capacity = generator.below(4) }
                if generator.chance(0.5) { gateway.groups = ["group-\(generator.below(2))"] }
                if generator.chance(0.2) { gateway.callsPerSecond = 1 + generator.below(3) }
                gateway.isProtectRoute = generator.chance(0.2)
                if generator.chance(0.2) { gateway.calleePrefixes = PrefixFilter(.allow, ["+1415555"]) }
            })
        for (index, vendor) in scenario.vendors.enumerated() {
            vendor.callArrived = { call in
                switch index % 4 {
                case 0: call.respond(503, fields: ["Retry-After: 5"])
                case 1: call.respond(404)
                default: call.answer()
                }
            }
        }
        var explained: [String: Summary] = [:]
        var calls: [PeerCall] = []
        for index in 1...100 {
            let configuration = scenario.world.setup.configuration
            let number = SimulatedNumber.of(index)
            // The INVITE takes 10 ms to the switch.
            let moment = scenario.world.moment
            var decision = CallDecision()
            var text = DecisionText()
            number.withBytes { callee in
                "+14155550100".withBytes { caller in
                    let inquiry = CallInquiry(
                        origin: .mappingGateway(0), sourceRule: .address, source: Scenario.customerAddress, caller: caller, callee: callee,
                        now: Moment(instant: moment.instant + .milliseconds(10), wall: moment.wall + .milliseconds(10)), random: 1)
                    configuration.decide(inquiry, into: &decision)
                    text.explain(inquiry, decision, in: configuration)
                }
            }
            explained[number] = try Summary(String(decoding: text.bytes, as: UTF8.self))
            let call = scenario.makeCall(index)
            call.invite()
            calls.append(call)
            // Until every gateway has said what it has to say.
            scenario.pass(.milliseconds(250))
            if generator.chance(0.3), let up = calls.first(where: { $0.wasAnswered && !$0.hasEnded }) {
                up.hangUp()
                scenario.pass()
            }
        }
        for call in calls where call.wasAnswered && !call.hasEnded { call.hangUp() }
        scenario.finish()
        for record in scenario.records() {
            let expected = try #require(explained[record.callee.received])
            #expect(try Summary(record.decision) == expected, "\(record.decision)")
        }
        #expect(scenario.records().count == 100)
    }
}
