import Routing
import Testing
import Vocabulary

/// The parameters of answered calls: defaults, ranges, presets, warnings and what a limit means for the bill.
@Suite("Session settings")
struct SessionSettingsTests {
    static func settings(ttl: Int = 600, noTimer: ParameterValue = .integer(7200), maximum: ParameterValue = .none) -> SessionSettings {
        SessionSettings(
            ParameterValues([
                "SS_SIP_SESSION_TTL": .integer(ttl), "SS_SIP_NO_TIMER_REINVITE_INTERVAL": noTimer, "SS_MAX_CALL_DURATION": maximum,
            ]))
    }

    @Test("the defaults are the documented ones")
    func defaults() {
        let settings = SessionSettings()
        #expect(settings.ttl == 600)
        #expect(settings.updateSegment == 2)
        #expect(settings.earlyHangup == 0)
        #expect(settings.noTimerLimit == 7200)
        #expect(settings.maximumDuration == nil)
        #expect(settings.warnings == [])
    }

    /// The defaults with one field changed.
    static func changed(_ change: (inout SessionSettings) -> Void) -> SessionSettings {
        var settings = SessionSettings()
        change(&settings)
        return settings
    }

    @Test(
        "each parameter sets its own field and no other",
        arguments: [
            ("SS_SIP_SESSION_TTL", changed { $0.ttl = 97 }), ("SS_SIP_SESSION_UPDATE_SEGMENT", changed { $0.updateSegment = 97 }),
            ("SS_SIP_SESSION_TIMEOUT_EARLY_HANGUP", changed { $0.earlyHangup = 97 }),
            ("SS_SIP_NO_TIMER_REINVITE_INTERVAL", changed { $0.noTimerLimit = 97 }), ("SS_MAX_CALL_DURATION", changed { $0.maximumDuration = 97 }),
        ])
    func each(name: String, expected: SessionSettings) { #expect(SessionSettings(ParameterValues([name: .integer(97)])) == expected) }

    @Test("0 and None both mean no limit for calls without timer", arguments: [.integer(0), .none] as [ParameterValue])
    func noLimit(value: ParameterValue) {
        #expect(Self.settings(noTimer: value).noTimerLimit == nil)
        #expect(Self.settings(noTimer: value).warnings == [.noLimitWithoutTimer])
        #expect(Self.settings(noTimer: value, maximum: .integer(9000)).warnings == [.noTimerLimitUnset])
        #expect(Self.settings(noTimer: value, maximum: .integer(9000)).shortestLimitWithoutTimer == 9000)
    }

    @Test(
        "a limit below three times the session time is warned about",
        arguments: [(600, 1799, true), (600, 1800, false), (600, 7200, false), (2400, 7199, true), (2400, 7200, false), (90, 269, true)])
    func multiple(ttl: Int, limit: Int, isWarned: Bool) {
        let settings = Self.settings(ttl: ttl, noTimer: .integer(limit))
        #expect(settings.warnings == (isWarned ? [.noTimerLimitShort] : []))
    }

    @Test("a warning names the parameter to change, and the least value")
    func warningTexts() {
        let settings = Self.settings()
        for warning in SessionSettingsWarning.allCases { #expect(warning.text(settings).hasSuffix(".")) }
        #expect(SessionSettingsWarning.noTimerLimitShort.text(settings).contains("1800 s"))
        #expect(SessionSettingsWarning.noLimitWithoutTimer.text(settings).contains("SS_MAX_CALL_DURATION"))
    }

    @Test("every parameter of answered calls is in the list, once, with words for the operator, and takes effect on new calls")
    func catalogue() {
        #expect(
            ParameterDefinition.sessionParameters.map(\.name) == [
                "SS_SIP_SESSION_TTL", "SS_SIP_SESSION_UPDATE_SEGMENT", "SS_SIP_SESSION_TIMEOUT_EARLY_HANGUP",
                "SS_SIP_NO_TIMER_REINVITE_INTERVAL", "SS_MAX_CALL_DURATION", "SERVER_BILLING_SILENT_CALL",
            ])
        for definition in ParameterDefinition.sessionParameters {
            #expect(definition.meaning.hasSuffix("."))
            #expect(definition.effect == .newCalls)
        }
    }

    @Test("after the death of a peer a call is billed to its detection, unless the operator says otherwise")
    func deathBilling() {
        #expect(SessionSettings().deathBilling == .detection)
        for policy in DeathBilling.allCases {
            let values = ParameterValues(["SERVER_BILLING_SILENT_CALL": .option(policy.option)])
            #expect(SessionSettings(values).deathBilling == policy)
        }
        #expect(DeathBilling.allCases.map(\.option) == ["Detection", "Last proof of life"])
        #expect(ParameterDefinition.silentCallBilling.form == .option(["Detection", "Last proof of life"]))
        #expect(ParameterDefinition.silentCallBilling.confidence == .ours)
    }

    @Test("the maximum duration stands among the system parameters, the others among those of SIP")
    func groups() {
        #expect(ParameterDefinition.maxCallDuration.group == .system)
        #expect(ParameterDefinition.noTimerReinviteInterval.group == .sip)
    }

    @Test("ranges: a session time is at least the 90 s of RFC 4028, a segment 2 to 10")
    func ranges() {
        #expect(ParameterDefinition.sessionTTL.form == .integer(90...86_400, noneAllowed: false))
        #expect(ParameterDefinition.sessionUpdateSegment.form == .integer(2...10, noneAllowed: false))
        #expect(ParameterDefinition.noTimerReinviteInterval.form == .integer(0...86_400, noneAllowed: true))
    }

    @Test("the guide's durations are presets, each with what it is for, and the default is one of them")
    func presets() {
        let presets = ParameterDefinition.noTimerReinviteInterval.presets
        #expect(presets.map(\.value) == [900, 1800, 3600, 5400, 7200, 10_800, 14_400].map { .integer($0) })
        let purposes: [(String, String)] = [
            ("quarter", "tightest"), ("half an hour", "premium"), ("one hour", "wholesale"), ("ninety minutes", "call centres"),
            ("two hours", "enterprise"), ("three hours", "low rates"), ("four hours", "SS_MAX_CALL_DURATION"),
        ]
        for (preset, words) in zip(presets, purposes) {
            #expect(preset.purpose.contains(words.0) && preset.purpose.contains(words.1), "\(preset)")
        }
        #expect(presets.contains { $0.value == ParameterDefinition.noTimerReinviteInterval.defaultValue })
    }

    @Test(
        "the guide's billing risk by limit",
        arguments: [
            (900, "very low", "excellent"), (1800, "low", "very good"), (3600, "medium to low", "good"), (7200, "medium", "acceptable"),
            (14_400, "high", "poor"), (nil, "critical", "very poor"), (0, "critical", "very poor"), (5400, "medium", "acceptable"),
            (10_800, "high", "poor"),
        ] as [(Int?, String, String)])
    func risk(limit: Int?, risk: String, accuracy: String) {
        #expect(NoTimerLimitRisk(limitSeconds: limit).billingRisk == risk)
        #expect(NoTimerLimitRisk(limitSeconds: limit).recordAccuracy == accuracy)
    }

    @Test(
        "the guide's decision matrix: how often a real conversation is cut",
        arguments: [
            (900, "possible for long calls"), (1800, "possible for long calls"), (3600, "rare"), (7200, "very rare"), (14_400, "very rare"),
        ])
    func disruption(limit: Int, words: String) { #expect(NoTimerLimitRisk(limitSeconds: limit).disruption == words) }

    @Test("a longer limit is never a smaller risk")
    func monotonic() {
        let order = NoTimerLimitRisk.allCases
        var last = 0
        for seconds in stride(from: 1, through: 20_000, by: 50) {
            let rank = order.firstIndex(of: NoTimerLimitRisk(limitSeconds: seconds)) ?? -1
            #expect(rank >= last)
            last = rank
        }
    }

    @Test("what the values amount to is said with the related ones in mind")
    func effective() throws {
        func effective(_ definition: ParameterDefinition, _ values: [String: ParameterValue]) throws -> String {
            let value = try #require(definition.effectiveValue?(ParameterValues(values)))
            return value.text + " | " + value.reason
        }
        #expect(try effective(.sessionTTL, ["SS_SIP_SESSION_UPDATE_SEGMENT": .integer(3)]).hasPrefix("a refresh every 200 s"))
        let limit = try effective(.noTimerReinviteInterval, ["SS_MAX_CALL_DURATION": .integer(3000)])
        #expect(limit.hasPrefix("at most 3000 s; billing risk medium"))
        #expect(try effective(.noTimerReinviteInterval, ["SS_SIP_NO_TIMER_REINVITE_INTERVAL": .none]).contains("never ended"))
        #expect(try effective(.sessionTimeoutEarlyHangup, [:]).hasPrefix("32 s early where the peer refreshes, 0 s where"))
        #expect(try effective(.sessionTimeoutEarlyHangup, ["SS_SIP_SESSION_TIMEOUT_EARLY_HANGUP": .integer(500)]).hasPrefix("200 s early"))
    }
}
