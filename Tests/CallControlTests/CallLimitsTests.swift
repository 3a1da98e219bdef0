import CallControl
import CallRecords
import Routing
import SIPUserAgent
import Testing
import Vocabulary

/// Which rule and which limit an answered call is under: the guide's flow chart, its table of durations and its
/// matrix, in virtual time. That the call then ends with both BYEs and its record is a scenario's business.
@Suite("Call limits")
struct CallLimitsTests {
    static let timer = SessionAgreement(interval: 600, refresher: .us)

    static func evidence(
        inInvite: Bool = false, caller: Bool = false, callee: Bool = false, isAllowed: Bool = true
    ) -> CallRuleDecision.Evidence {
        CallRuleDecision.Evidence(
            isTimerAllowed: isAllowed, inInvite: inInvite, callerAgreement: caller ? timer : nil, calleeAgreement: callee ? timer : nil)
    }

    static let withoutTimer = evidence()
    static let withTimer = evidence(inInvite: true, caller: true)

    // MARK: - The rule

    @Test(
        "the guide's choice of mechanism, with its reason in the record",
        arguments: [
            (evidence(inInvite: true, caller: true), true, .sessionTimer, .sessionExpiresInInvite),
            (evidence(inInvite: false, caller: true), true, .sessionTimer, .sessionExpiresInAnswer),
            (evidence(inInvite: true, caller: true), false, .sessionTimer, .sessionExpiresInInvite),
            (evidence(), true, .noTimerLimit, .sessionExpiresNotSeen),
            (evidence(), false, .none, .sessionExpiresNotSeen),
            (evidence(callee: true), true, .noTimerLimit, .sessionExpiresOnlyOnOtherLeg),
            (evidence(inInvite: true, isAllowed: false), true, .noTimerLimit, .timerSwitchedOffForGateway),
            (evidence(inInvite: true, callee: true, isAllowed: false), false, .none, .timerSwitchedOffForGateway),
        ] as [(CallRuleDecision.Evidence, Bool, CallRule, CallRuleReason)])
    func rule(evidence: CallRuleDecision.Evidence, limitIsSet: Bool, rule: CallRule, reason: CallRuleReason) {
        #expect(CallRuleDecision(evidence, noTimerLimitIsSet: limitIsSet) == CallRuleDecision(rule, reason))
    }

    @Test("every reason is a sentence of its own for the operator")
    func reasons() {
        #expect(Set(CallRuleReason.allCases.map(\.text)).count == CallRuleReason.allCases.count)
        for reason in CallRuleReason.allCases { #expect(reason.text.contains("timer")) }
    }

    @Test("stored numbers of rules, reasons and kinds never change")
    func raw() {
        #expect(CallRule.allCases.map { "\($0.rawValue) \($0.name)" } == ["1 sessionTimer", "2 noTimerLimit", "3 none"])
        #expect(CallRuleReason.allCases.map(\.rawValue) == [1, 2, 3, 4, 5, 6])
        #expect(
            CallLimitKind.allCases.map { "\($0.rawValue) \($0.name)" } == [
                "1 noTimerLimit", "2 mappingGateway", "3 routingGateway", "4 account", "5 systemMaximum",
            ])
    }

    // MARK: - The flow chart

    @Test(
        "the guide's flow chart: system maximum set or not, caller with timer or not, and the smaller limit",
        arguments: [
            // timer, system maximum, limit, its kind
            (false, nil, 7200, .noTimerLimit), (false, 3600, 3600, .systemMaximum), (false, 10_000, 7200, .noTimerLimit),
            (false, 7200, 7200, .noTimerLimit),
            // The session time of 600 s is renewed by every refresh and is no cap.
            (true, nil, nil, nil), (true, 3600, 3600, .systemMaximum), (true, 10_000, 10_000, .systemMaximum),
        ] as [(Bool, Int?, Int64?, CallLimitKind?)])
    func flowChart(hasTimer: Bool, maximum: Int?, seconds: Int64?, kind: CallLimitKind?) {
        var settings = SessionSettings()
        settings.maximumDuration = maximum
        let answered = moment(1_000).instant
        let limits = CallLimits(hasTimer ? Self.withTimer : Self.withoutTimer, bounds: CallBounds(settings), answeredAt: answered)
        #expect(limits.limit?.seconds == seconds)
        #expect(limits.limit?.kind == kind)
        guard let seconds else {
            #expect(limits.nextDeadline == .never)
            #expect(limits.handleTimeout(now: moment(1_000_000_000).instant) == nil)
            return
        }
        #expect(limits.nextDeadline == answered + .seconds(seconds))
        #expect(limits.handleTimeout(now: answered + .seconds(seconds)) == (kind == .noTimerLimit ? .noTimerLimit : .maximumDuration))
    }

    @Test(
        "the guide's durations: the call ends at the second, counted from the answer, and not a millisecond before",
        arguments: [
            (900, 15, 25), (1800, 30, 50), (3600, 60, 100), (5400, 90, 150), (7200, 120, 200), (10_800, 180, 300), (14_400, 240, 400),
        ])
    func durations(seconds: Int, minutes: Int64, hundredthsOfAnHour: Int64) {
        var settings = SessionSettings()
        settings.noTimerLimit = seconds
        let answered = moment(12_345)
        let limits = CallLimits(Self.withoutTimer, bounds: CallBounds(settings), answeredAt: answered.instant)
        #expect(limits.limit?.seconds == minutes * 60)
        #expect(limits.limit?.seconds == hundredthsOfAnHour * 36)
        let end = answered.instant + .seconds(minutes * 60)
        #expect(limits.handleTimeout(now: Instant(nanoseconds: end.nanoseconds - 1_000_000)) == nil)
        #expect(limits.handleTimeout(now: end) == .noTimerLimit)
        #expect(limits.limit?.timeLeft(now: answered.instant) == .seconds(minutes * 60))
        #expect(limits.limit?.timeLeft(now: end + .seconds(5)) == .zero)
    }

    @Test(
        "the guide's decision matrix: a dead caller is billed up to the limit, and no further",
        arguments: [
            (900, "very low", "excellent"), (1800, "low", "very good"), (3600, "medium to low", "good"), (5400, "medium", "acceptable"),
            (7200, "medium", "acceptable"),
        ])
    func matrix(seconds: Int, risk: String, accuracy: String) {
        var settings = SessionSettings()
        settings.noTimerLimit = seconds
        let limits = CallLimits(Self.withoutTimer, bounds: CallBounds(settings), answeredAt: moment(0).instant)
        // The caller dies in the first second: what is billed too much is the limit itself.
        #expect((limits.nextDeadline - moment(0).instant).inSeconds == Int64(seconds))
        #expect(NoTimerLimitRisk(limitSeconds: seconds).billingRisk == risk)
        #expect(NoTimerLimitRisk(limitSeconds: seconds).recordAccuracy == accuracy)
    }

    @Test(
        "the guide's cost of a dead call is what a limit saves: duration times rate, in millionths",
        arguments: [(1, 20_000, 1_200_000), (12, 20_000, 14_400_000), (24, 50_000, 72_000_000), (48, 100_000, 288_000_000)])
    func cost(hours: Int64, ratePerMinute: Int64, cost: Int64) {
        let limits = CallLimits(Self.withoutTimer, bounds: CallBounds(noTimerLimit: Int(hours * 3600)), answeredAt: moment(0).instant)
        #expect((limits.limit?.seconds ?? 0) * ratePerMinute / 60 == cost)
    }

    // MARK: - Bounds

    @Test("the shortest bound holds, whoever set it, and names itself")
    func shortest() {
        let bounds = CallBounds(noTimerLimit: 500, mappingGateway: 400, routingGateway: 300, account: 200, systemMaximum: 100)
        var expected: [CallLimitKind] = [.systemMaximum, .account, .routingGateway, .mappingGateway, .noTimerLimit]
        var left = bounds
        while let kind = expected.first {
            let limit = CallLimits(Self.withoutTimer, bounds: left, answeredAt: .zero).limit
            #expect(limit?.kind == kind)
            #expect(limit?.seconds == bounds[kind])
            expected.removeFirst()
            switch kind {
            case .systemMaximum: left.systemMaximum = nil
            case .account: left.account = nil
            case .routingGateway: left.routingGateway = nil
            case .mappingGateway: left.mappingGateway = nil
            case .noTimerLimit: left.noTimerLimit = nil
            }
        }
        #expect(CallLimits(Self.withoutTimer, bounds: left, answeredAt: .zero).limit == nil)
    }

    @Test("of equal bounds the one that is nearest to the call names the end")
    func equal() {
        let bounds = CallBounds(noTimerLimit: 100, mappingGateway: 100, systemMaximum: 100)
        #expect(CallLimits(Self.withoutTimer, bounds: bounds, answeredAt: .zero).limit?.kind == .noTimerLimit)
        #expect(CallLimits(Self.withTimer, bounds: bounds, answeredAt: .zero).limit?.kind == .mappingGateway)
    }

    @Test("0, a negative number and nothing are no bound")
    func none() {
        let bounds = CallBounds(noTimerLimit: 0, mappingGateway: -5, systemMaximum: nil)
        let limits = CallLimits(Self.withoutTimer, bounds: bounds, answeredAt: .zero)
        #expect(limits.limit == nil)
        #expect(limits.decision.rule == .none)
    }

    @Test("a bound too large for the clock ends nothing")
    func huge() {
        let limits = CallLimits(Self.withoutTimer, bounds: CallBounds(systemMaximum: .max), answeredAt: moment(1).instant)
        #expect(limits.handleTimeout(now: moment(1_000_000_000_000).instant) == nil)
    }

    @Test("only the no-timer limit ends with that reason; every other bound with the maximum duration")
    func endReasons() {
        for kind in CallLimitKind.allCases { #expect(kind.endReason == (kind == .noTimerLimit ? .noTimerLimit : .maximumDuration)) }
        #expect(CallLimitKind.noTimerLimit.sourceName == "SS_SIP_NO_TIMER_REINVITE_INTERVAL")
        #expect(CallLimitKind.systemMaximum.sourceName == "SS_MAX_CALL_DURATION")
    }

    // MARK: - A timer that goes away

    @Test("a caller that switches its timer off falls under the no-timer limit, counted from then")
    func switchedOff() {
        var limits = CallLimits(Self.withTimer, bounds: CallBounds(noTimerLimit: 7200, systemMaximum: 20_000), answeredAt: .zero)
        #expect(limits.limit?.kind == .systemMaximum)
        limits.timerSwitchedOff(now: .zero + .seconds(10_000))
        #expect(limits.decision == CallRuleDecision(.noTimerLimit, .timerSwitchedOffByCaller))
        #expect(limits.nextDeadline == .zero + .seconds(17_200))
        // After a restart it is counted from there too.
        let restored = CallLimits(
            limits.decision, bounds: CallBounds(noTimerLimit: 7200, systemMaximum: 20_000), answeredAt: .zero, noTimerFrom: limits.noTimerFrom)
        #expect(restored.limit == limits.limit)
        // Near the system maximum that one stays the shorter.
        var late = CallLimits(Self.withTimer, bounds: CallBounds(noTimerLimit: 7200, systemMaximum: 20_000), answeredAt: .zero)
        late.timerSwitchedOff(now: .zero + .seconds(15_000))
        #expect(late.nextDeadline == .zero + .seconds(20_000))
    }

    @Test("without a no-timer limit such a call has no rule, and a call that had none is left alone")
    func switchedOffWithoutLimit() {
        var limits = CallLimits(Self.withTimer, bounds: CallBounds(), answeredAt: .zero)
        limits.timerSwitchedOff(now: .zero + .seconds(1))
        #expect(limits.decision == CallRuleDecision(.none, .timerSwitchedOffByCaller))
        var other = CallLimits(Self.withoutTimer, bounds: CallBounds(noTimerLimit: 900), answeredAt: .zero)
        let before = other
        other.timerSwitchedOff(now: .zero + .seconds(1))
        #expect(other == before)
    }
}

/// The session timer's policy and ends, as the call sees them.
@Suite("Session timers of a call")
struct SessionTimerOfCallTests {
    @Test("the policy of a leg is what the parameters say, unless its gateway switches timers off")
    func policy() {
        var settings = SessionSettings()
        settings.ttl = 900
        settings.updateSegment = 3
        settings.earlyHangup = 20
        #expect(SessionTimerPolicy(settings) == SessionTimerPolicy(interval: 900, segment: 3, earlyHangup: 20))
        #expect(!SessionTimerPolicy(settings, isAllowed: false).isEnabled)
    }

    @Test("a session that was not refreshed expired; one that the peer does not know is a lost dialog")
    func reasons() {
        #expect(SessionEnd.notRefreshed.endReason == .sessionExpired)
        #expect(SessionEnd.refreshUnanswered.endReason == .sessionExpired)
        #expect(SessionEnd.refreshRefused(status: 500).endReason == .sessionExpired)
        #expect(SessionEnd.dialogUnknown(status: 481).endReason == .dialogLost)
        #expect(SessionEnd.refreshRefused(status: 488).text.contains("488"))
        #expect(SessionEnd.dialogUnknown(status: 408).text.contains("408"))
    }
}
