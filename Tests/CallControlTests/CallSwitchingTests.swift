import CallControl
import CallRecords
import Routing
import Testing
import Vocabulary

/// When the next gateway may be tried, and what the caller gets when none may.
struct CallSwitchingTests {
    private static let unlimited: [String: ParameterValue] = ["SS_GATEWAY_SWITCH_UNTIL_CONNECT": .flag(true)]

    private func values(_ values: [String: ParameterValue]) -> ParameterValues { ParameterValues(values) }

    // MARK: - What a gateway showed before it failed

    @Test(
        "after ringing no other gateway is tried, unless until-connect is On or the gateway says otherwise",
        arguments: [
            (false, nil, SwitchStop.ringing), (true, nil, nil), (false, true, nil), (true, false, .ringing),
        ] as [(Bool, Bool?, SwitchStop?)])
    func ringing(untilConnect: Bool, own: Bool?, stop: SwitchStop?) {
        let bench = CallBench(
            parameters: values(["SS_GATEWAY_SWITCH_UNTIL_CONNECT": .flag(untilConnect)]), gateway: { $1.switching.afterRinging = own })
        _ = bench.begin()
        _ = bench.provisional(180, on: leg(0))
        let actions = bench.refusal(480, on: leg(0))
        #expect(bench.stop == stop)
        #expect(actions == (stop == nil ? [.startAttempt(candidate: 1)] : [.passRefusal, .close]))
    }

    @Test("no answer after ringing stops too, and the caller gets 480")
    func ringingTimeout() {
        let bench = CallBench()
        _ = bench.begin()
        _ = bench.provisional(180, on: leg(0))
        #expect(bench.timeout() == [.abandonAttempt(leg: leg(0), reason: .noAnswer), .refuseCaller(status: 480), .close])
        #expect(bench.stop == .ringing)
        #expect(bench.verdicts == [.tried, .notNeeded])
    }

    @Test(
        "after SDP no other gateway is tried, unless SS_SIP_STOP_SWITCH_AFTER_SDP is Off or the gateway says otherwise",
        arguments: [(true, nil, SwitchStop.media), (false, nil, nil), (true, true, nil), (false, false, .media)]
            as [(Bool, Bool?, SwitchStop?)])
    func media(stopsAfterMedia: Bool, own: Bool?, stop: SwitchStop?) {
        let bench = CallBench(
            parameters: values(["SS_SIP_STOP_SWITCH_AFTER_SDP": .flag(stopsAfterMedia)]), gateway: { $1.switching.afterMedia = own })
        _ = bench.begin()
        _ = bench.provisional(183, media: true, on: leg(0))
        _ = bench.refusal(503, on: leg(0))
        #expect(bench.stop == stop)
    }

    @Test("183 without SDP stops nothing")
    func progress() {
        let bench = CallBench()
        _ = bench.begin()
        _ = bench.provisional(183, on: leg(0))
        #expect(bench.refusal(503, on: leg(0)) == [.startAttempt(candidate: 1)])
    }

    // MARK: - With what it failed

    @Test(
        "busy stops, also until connect, unless its parameter is Off or the gateway says otherwise",
        arguments: [
            (486, true, nil, SwitchStop.busy), (600, true, nil, .busy), (486, false, nil, nil), (486, true, true, nil), (486, false, false, .busy),
        ] as [(Int, Bool, Bool?, SwitchStop?)])
    func busy(status: Int, stopsAfterBusy: Bool, own: Bool?, stop: SwitchStop?) {
        let bench = CallBench(
            parameters: values(["SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY": .flag(stopsAfterBusy)].merging(Self.unlimited) { a, _ in a }),
            gateway: { $1.switching.afterBusy = own })
        _ = bench.begin()
        _ = bench.refusal(status, on: leg(0))
        #expect(bench.stop == stop)
    }

    @Test(
        "6xx speaks for every destination; listed codes go before every rule",
        arguments: [
            (603, [], [], SwitchStop.globalFailure), (604, [], [604], nil), (404, [404], [], .listedCode), (503, [404], [], nil),
            (486, [], [486], nil),
        ] as [(Int, [Int], [Int], SwitchStop?)])
    func codes(status: Int, stops: [Int], continues: [Int], stop: SwitchStop?) {
        let bench = CallBench(gateway: {
            $1.switching.stopCodes = stops
            $1.switching.continueCodes = continues
        })
        _ = bench.begin()
        _ = bench.refusal(status, on: leg(0))
        #expect(bench.stop == stop)
    }

    // MARK: - How often

    @Test("SS_GATEWAY_SWITCH_LIMIT bounds the switches, 0 tries the first gateway only", arguments: [(0, 1), (1, 2), (2, 3), (9, 4)])
    func limit(limit: Int, attempts: Int) {
        let bench = CallBench(gateways: 4, parameters: values(["SS_GATEWAY_SWITCH_LIMIT": .integer(limit)]))
        _ = bench.begin()
        for index in 0..<attempts { _ = bench.refusal(503, on: leg(index)) }
        #expect(bench.outcomes.count == attempts)
        #expect(bench.phase == .over)
        #expect(bench.stop == (limit < 3 ? .switchLimit : .listAtEnd))
    }

    // MARK: - What the caller gets

    @Test(
        "failure codes are replaced for the caller; 0 stands for all others, and as a target for the code itself",
        arguments: [(503, 486), (404, 404), (500, 480)])
    func replacement(status: Int, shown: Int) {
        let bench = CallBench(gateways: 1, customer: { $0.failureCodes.replacements = [503: 486, 404: 0, 0: 480] })
        _ = bench.begin()
        let actions = bench.refusal(status, on: leg(0))
        #expect(actions == [shown == status ? .passRefusal : .refuseCaller(status: shown), .close])
        #expect(bench.end.status == shown)
    }

    @Test("the replaced code decides the switching only where the customer's gateway says so", arguments: [true, false])
    func replacementDecides(decides: Bool) {
        let bench = CallBench(customer: {
            $0.failureCodes.replacements = [503: 486]
            $0.failureCodes.decidesSwitching = decides
        })
        _ = bench.begin()
        _ = bench.refusal(503, on: leg(0))
        #expect(bench.stop == (decides ? .busy : nil))
    }

    @Test(
        "a call that is refused before any gateway is tried gets its code and reason",
        arguments: [
            (CallRefusal.locked, 403, EndReason.callerBarred), (.full, 503, .capacityReached), (.calleeLength, 484, .numberRefused),
            (.callerGroup, 403, .numberRefused), (.calleeBlacklisted, 403, .numberBlacklisted), (.calleeKind, 404, .numberRefused),
        ])
    func refused(refusal: CallRefusal, status: Int, reason: EndReason) {
        let bench = CallBench(refusal: refusal)
        #expect(bench.begin() == [.refuseCaller(status: status), .close])
        #expect(bench.end == (reason, .server, status))
        #expect(bench.outcomes.isEmpty)
        #expect(bench.verdicts.allSatisfy { $0 == .notNeeded })
    }

    // MARK: - Timers of gateways and callers

    @Test("a gateway's own staged timers go before the system's, 0 leaves the system's")
    func ownTimers() {
        let bench = CallBench(gateway: { index, gateway in
            gateway.timeouts.invite = index == 0 ? 3 : 0
            gateway.timeouts.trying = 7
        })
        _ = bench.begin()
        #expect(bench.deadline == 3_000)
        _ = bench.provisional(100, on: leg(0))
        #expect(bench.deadline == 7_000)
        _ = bench.timeout()
        #expect(bench.outcomes == [.tryingTimeout, nil])
        #expect(bench.deadline == 17_000)
    }

    @Test("the longest set-up time of the caller's gateway runs until a gateway rings", arguments: [true, false])
    func setupTime(rings: Bool) {
        let bench = CallBench(customer: { $0.maximumSetupTime = 5 })
        _ = bench.begin()
        #expect(bench.deadline == 5_000)
        if rings {
            _ = bench.provisional(180, on: leg(0))
            #expect(bench.deadline == 120_000)
        } else {
            #expect(bench.timeout() == [.abandonAttempt(leg: leg(0), reason: .setupTimeExceeded), .refuseCaller(status: 480), .close])
            #expect(bench.end == (.setupTimeExceeded, .server, 480))
        }
    }

    // MARK: - Forwarding

    @Test("a call that a vendor forwards is routed anew, and the gateways left are not tried")
    func forwarded() {
        let bench = CallBench(gateways: 3)
        _ = bench.begin()
        var decision = CallDecision()
        decision.caller = Array("+14155550101".utf8)
        decision.callee = Array("+14155550177".utf8)
        decision.candidates = [Candidate(.routingGateway(2), prefixLength: 5)]
        #expect(
            bench.run(bench.event { $0.forwarded(status: 302, by: decision, on: leg(0), &$1, now: $2) }) == [.startAttempt(candidate: 3)])
        #expect(bench.verdicts == [.redirected, .notNeeded, .notNeeded, .tried])
        let isForwarded = bench.call.isForwarded
        #expect(isForwarded)
        let callee = bench.call.texts[bench.call.calleeRouted].string
        #expect(callee == "+14155550177")
    }

    @Test("181 marks the call as forwarded where that is recognised", arguments: [true, false])
    func beingForwarded(isRecognised: Bool) {
        let bench = CallBench(parameters: values(["SS_RECOGNIZE_CALL_FORWARD_SIGNAL": .flag(isRecognised)]))
        _ = bench.begin()
        #expect(bench.provisional(181, on: leg(0)) == [.passProvisional])
        let isForwarded = bench.call.isForwarded
        #expect(isForwarded == isRecognised)
    }

    @Test("a gateway that cannot be used when its turn comes does not hide what the one before it said")
    func unusableAfterFailure() {
        let bench = CallBench()
        _ = bench.begin()
        #expect(bench.refusal(404, on: leg(0)) == [.startAttempt(candidate: 1)])
        // The attempt that `run` began is taken back: the gateway turned out to be full.
        let other = CallBench()
        _ = other.begin()
        let actions = other.event { $0.refusalReceived(status: 404, on: leg(0), &$1, now: $2) }
        #expect(actions == [.startAttempt(candidate: 1)])
        #expect(other.event { $0.gatewayUnusable(1, .full, detail: 3, &$1, now: $2) } == [.refuseCaller(status: 404), .close])
        #expect(other.end == (.numberNotFound, .callee, 404))
        #expect(other.verdicts == [.tried, .full])
    }
}
