import CallRecords
import ManagementAPI
import Routing
import Testing
import Vocabulary

/// What would become of a call, and what is shown of gateways, phones and barred numbers.
@Suite struct ExplanationTests {
    private let now = Moment(instant: Instant(nanoseconds: 10_000_000_000_000), wall: WallTime(microseconds: 1_767_225_600_000_000))

    private func view(_ json: String, registrations: [RegistrationStatus] = []) throws -> LiveView {
        LiveView(configuration: try plan(json).get().result.configuration(revision: 7), now: now, registrations: registrations)
    }

    private static let network = #"""
        [{"kind": "MappingGateway", "name": "customer-a", "addresses": ["192.0.2.1:5060"], "calleeRewrite": ["00=+"],
          "routingGatewayGroups": {"deny": ["one"]}, "calleePrefixes": {"deny": ["0049"]}},
         {"kind": "MappingGateway", "name": "customer-b", "addresses": ["192.0.2.2"], "locked": true},
         {"kind": "RoutingGateway", "name": "carrier-x", "addresses": ["192.0.2.10"], "prefixes": ["+44"], "calleeRewrite": ["+44=44"]},
         {"kind": "RoutingGateway", "name": "carrier-y", "addresses": ["192.0.2.11"], "prefixes": ["+4"], "gatewayGroups": ["one"]},
         {"kind": "RoutingGateway", "name": "carrier-z", "registration": "up", "prefixes": ["+4"]},
         {"kind": "Registration", "name": "up", "proxy": "192.0.2.20", "host": "sw.example.net", "username": "u", "password": "p"},
         {"kind": "GatewayGroup", "name": "one", "capacity": 2},
         {"kind": "Phone", "name": "1001", "password": "p", "outgoingCalleeRewrite": ["9="]}]
        """#

    @Test("a call's rewrites, candidates and verdicts are told")
    func explains() throws {
        let decision = try Explanation(from: "customer-a", caller: "14155550100", callee: "00442071838750").answer(view(Self.network))
        #expect(
            (decision.originKind, decision.origin, decision.sourceRule, decision.source) == (
                "mappingGateway", "customer-a", "addressAndPort", "192.0.2.1:5060"
            ))
        #expect(decision.configurationRevision == 7 && decision.refusal.isEmpty)
        #expect((decision.callee.received, decision.callee.routed, decision.callee.rule) == ("00442071838750", "+442071838750", "00=+"))
        #expect((decision.caller.routed, decision.caller.rule) == ("14155550100", ""))
        #expect(decision.candidates.map(\.name) == ["carrier-x", "carrier-y", "carrier-z"])
        #expect(decision.candidates.map(\.verdict) == ["waiting", "groupNotAllowed", "registrationDown"])
        #expect(decision.candidates.map(\.callee) == ["442071838750", "", ""])
        #expect(decision.candidates[1].why == "the caller may not use its gateway groups")
        #expect(decision.candidates[2].why == "the registration up has not begun")
    }

    @Test("a gateway whose registration stands is a candidate")
    func registered() throws {
        let status = RegistrationStatus(name: "up", state: .registered, since: .unset)
        let decision = try Explanation(from: "customer-a", caller: "1", callee: "00442071838750").answer(view(Self.network, registrations: [status]))
        #expect(decision.candidates.last?.verdict == "waiting")
    }

    @Test("a refusal is told with its meaning")
    func refusal() throws {
        let barred = try Explanation(from: "customer-a", caller: "1", callee: "004930").answer(view(Self.network))
        #expect((barred.refusal, barred.refusalMeaning) == ("calleePrefix", "the beginning of the callee is not allowed"))
        #expect(barred.candidates.isEmpty)
        #expect(try Explanation(from: "customer-b", caller: "1", callee: "2").answer(view(Self.network)).refusal == "locked")
    }

    @Test("refusals and verdicts name the group, the list or the limit behind them")
    func behind() throws {
        let view = try view(
            #"""
            [{"kind": "NumberGroup", "name": "barred", "numbers": ["2000"]}, {"kind": "NumberGroup", "name": "bad", "numbers": ["2001"]},
             {"kind": "NumberGroup", "name": "good", "numbers": ["1"]},
             {"kind": "GatewayGroup", "name": "small", "capacity": 1}, {"kind": "GatewayGroup", "name": "slow", "callsPerSecond": 1},
             {"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"], "calleeNumberGroups": {"deny": ["barred", "bad"]}},
             {"kind": "MappingGateway", "name": "b", "addresses": ["192.0.2.2"], "gatewayGroups": ["small"]},
             {"kind": "MappingGateway", "name": "c", "addresses": ["192.0.2.3"], "capacity": 1},
             {"kind": "RoutingGateway", "name": "w", "addresses": ["192.0.2.11"], "callerNumberGroups": ["good"]},
             {"kind": "RoutingGateway", "name": "x", "addresses": ["192.0.2.12"], "callerNumberGroups": {"deny": ["good", "bad"]}},
             {"kind": "RoutingGateway", "name": "y", "addresses": ["192.0.2.13"], "gatewayGroups": ["small"]},
             {"kind": "RoutingGateway", "name": "z", "addresses": ["192.0.2.14"], "gatewayGroups": ["slow"]}]
            """#)
        let full = view.configuration.live(CallOrigin.mappingGateway(2)).takeSeat(.made)
        let group = view.configuration.resume(CallDestination.routingGateway(2))
        _ = view.configuration.admit(.mappingGateway(0), now: now)
        guard case .seized(let slow) = view.configuration.seize(Candidate(.routingGateway(3), prefixLength: 0), began: now.instant, now: now)
        else {
            Issue.record("the slow gateway takes no call")
            return
        }
        func answer(_ from: String, _ caller: String, _ callee: String) throws -> DecisionDocument {
            try Explanation(from: from, caller: caller, callee: callee).answer(view)
        }
        #expect(try answer("a", "1", "2001").refusalMeaning == "the callee is on the black list bad")
        #expect(try answer("b", "1", "3").refusalMeaning == "all lines of the caller's gateway group small are taken")
        #expect(try answer("c", "1", "3").refusalMeaning == "as many calls as the caller may have are up, 1")
        let reasons = Dictionary(uniqueKeysWithValues: try answer("a", "2001", "3").candidates.map { ($0.name, $0.why) })
        #expect(
            reasons == [
                "w": "the caller is on no white list of it", "x": "the caller is on its black list bad",
                "y": "all lines of its gateway group small are taken",
                "z": "its gateway group slow was given as many calls within a second as it may",
            ])
        _ = try view.bar(BlacklistOrder(["number": "1", "seconds": 60]))
        #expect(try answer("a", "1", "3").refusalMeaning == "the caller is on the dynamic blacklist, as callerByHand")
        keep(full)
        withExtendedLifetime(group) {}
        withExtendedLifetime(slow) {}
    }

    @Test("a number on the dynamic blacklist refuses the call")
    func blacklisted() throws {
        let view = try view(Self.network)
        let order = try BlacklistOrder(["number": "14155550100", "seconds": 60])
        let entry = try view.bar(order)
        #expect(entry.document["until"]?.text == "2026-01-01T00:01:00.000Z" || entry.document["until"]?.text == "2026-01-01T00:01:00Z")
        #expect(view.blacklisted.map(\.entry.kind) == [.callerByHand])
        let question = Explanation(from: "customer-a", caller: "14155550100", callee: "00442071838750")
        #expect(try question.answer(view).refusal == "callerBlacklisted")
        #expect(view.unbar("14155550100", .caller) && !view.unbar("14155550100", .caller))
        #expect(try question.answer(view).refusal.isEmpty)
    }

    @Test("the source says who calls; a source of somebody else, an unknown name and nobody's source are refused")
    func source() throws {
        let view = try view(Self.network)
        let source = try #require(NetworkAddress("192.0.2.2:5099"))
        #expect(try Explanation(from: nil, caller: "1", callee: "2", source: source).answer(view).origin == "customer-b")
        func detail(_ question: Explanation) -> String? {
            do throws(Problem) {
                _ = try question.answer(view)
                return nil
            } catch { return error.detail }
        }
        #expect(
            detail(Explanation(from: "customer-a", caller: "1", callee: "2", source: source))
                == #"a call from 192.0.2.2:5099 is taken for "customer-b", not for "customer-a""#)
        #expect(
            detail(Explanation(from: "customer-x", caller: "1", callee: "2"))
                == #"there is no mapping gateway or phone "customer-x"; did you mean "customer-a"?"#)
        #expect(
            detail(Explanation(from: nil, caller: "1", callee: "2", source: NetworkAddress("192.0.2.200:5060")))
                == "a call from 192.0.2.200:5060 is taken for nobody: no object has that address")
    }

    @Test("a phone's call is explained by its number")
    func phone() throws {
        let decision = try Explanation(from: "1001", caller: "1001", callee: "9+442071838750").answer(view(Self.network))
        #expect((decision.originKind, decision.origin, decision.sourceRule) == ("phone", "1001", "credentials"))
        #expect((decision.callee.routed, decision.callee.rule) == ("+442071838750", "9="))
    }

    @Test("the time of the question decides about periods")
    func time() throws {
        let view = try view(
            #"""
            [{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"],
              "periods": [{"days": ["sat", "sun"], "barred": true}]}]
            """#)
        let saturday = try #require(WallTime(rfc3339: "2026-01-03T12:00:00Z"))
        #expect(try Explanation(from: "a", caller: "1", callee: "2").answer(view).refusal.isEmpty)
        #expect(try Explanation(from: "a", caller: "1", callee: "2", time: saturday).answer(view).refusal == "periodBarred")
    }

    @Test("a stored decision is read as what it says, and other texts are none")
    func stored() throws {
        let decision = try #require(
            DecisionDocument(
                json: #"""
                    {"origin":{"kind":"phone","name":"1001","rule":"binding","source":"192.0.2.7:5060"},"configurationRevision":3,
                     "numbers":{"caller":"1001","callee":"1002","callerRouted":"1001","calleeRouted":"1002"},
                     "candidates":[{"kind":"routingGateway","name":"x","prefix":"1","priority":5,"calls":2,"answerRatio":40,"protectRoute":true,
                       "verdict":"retryAfter","detail":30}],"stop":"busy","forwarded":true,"rule":{"name":"noTimer"}}
                    """#))
        #expect(decision.origin == "1001" && decision.stop == "busy" && decision.isForwarded)
        let candidate = try #require(decision.candidates.first)
        #expect((candidate.priority, candidate.calls, candidate.answerRatio, candidate.isProtectRoute) == (5, 2, 40, true))
        #expect(candidate.why == "it asked to be left alone for 30 s more")
        #expect(DecisionDocument(json: "{}") == nil && DecisionDocument(json: "no JSON") == nil)
    }

    // MARK: - Live views

    @Test("gateways show calls, limits, what keeps them out of use, and their groups")
    func gateways() throws {
        let view = try view(Self.network)
        let carrier = view.configuration.live(CallDestination.routingGateway(0))
        let seat = carrier.takeSeat(.received)
        carrier.unavailable(until: now.instant + .seconds(30))
        carrier.publish(capacity: 12, until: now.instant + .seconds(60))
        let all = view.gateways
        #expect(all.map(\.name) == ["customer-a", "customer-b", "carrier-x", "carrier-y", "carrier-z", "one"])
        #expect(all.map(\.isUsable) == [true, false, false, true, false, true])
        let x = all[2]
        #expect((x.calls, x.callsGiven, x.outOfUseSeconds, x.publishedCapacity) == (1, 1, 30, 12))
        #expect(x.addresses == [.init(address: "192.0.2.10:5060", state: "unknown")])
        // No rate of it is limited, so none is counted.
        #expect(x.recentCalls == nil)
        #expect(all[4].isRegistered == false && all[5].capacity == 2)
        let metrics = LiveMetrics.text(view, phones: [PhoneStatus(kind: .phone, name: "1001")])
        #expect(metrics.contains("tandem_gateway_calls{kind=\"routingGateway\",name=\"carrier-x\"} 1\n"))
        #expect(metrics.contains("tandem_gateway_out_of_use_seconds{kind=\"routingGateway\",name=\"carrier-x\"} 30\n"))
        #expect(metrics.contains("tandem_gateway_capacity{kind=\"gatewayGroup\",name=\"one\"} 2\n"))
        #expect(metrics.contains("tandem_phones{state=\"offline\"} 1\n"))
        #expect(metrics.contains("tandem_blacklist_refused_entries_total 0\n"))
        keep(seat)
    }

    private func keep(_ seat: consuming Seat?) {}

    @Test("a phone shows where it is and for how long")
    func phoneDocument() throws {
        let place = PhoneStatus.Place(
            contact: "sip:1001@10.0.0.2:5060", source: "192.0.2.7:40000", transport: .udp, isBehindNAT: true, since: now.wall, updatedAt: now.wall,
            expiresInSeconds: 55, userAgent: "phone/1.0")
        let status = PhoneStatus(kind: .phone, name: "1001", places: [place], suspendedSources: [.init(host: "192.0.2.66", secondsLeft: 9)])
        let documents = try view(Self.network).documents(of: [PhoneStatus(kind: .routingGateway, name: "a"), status])
        #expect(documents.map { $0["name"]?.text } == ["1001", "a"])
        #expect(documents[0]["address"] == "192.0.2.7:40000 udp" && documents[0]["isBehindNAT"] == true && documents[0]["calls"] == 0)
        #expect(documents[0]["places"]?.elements?.first?["expiresInSeconds"] == 55)
        #expect(documents[0]["suspendedSources"]?.elements?.first?["host"] == "192.0.2.66")
        #expect(documents[1]["state"] == "offline" && documents[1]["address"]?.isNull == true)
    }

    @Test(
        "an order to bar a number is refused with its field",
        arguments: [
            (#"{"number": "abc"}"#, "number"), (#"{}"#, "number"), (#"{"number": "1", "side": "both"}"#, "side"),
            (#"{"number": "1", "seconds": 0}"#, "seconds"), (#"{"number": "1", "until": 5}"#, "until"),
        ])
    func badOrder(json: String, field: String) throws {
        let document = try DocumentNode(json: json)
        #expect { try BlacklistOrder(document) } throws: { ($0 as? Problem)?.errors.map(\.field) == [field] }
    }
}
