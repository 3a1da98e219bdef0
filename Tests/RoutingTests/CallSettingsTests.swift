import Routing
import Testing
import Vocabulary

/// `CallSettings` against the parameters that they are read from.
@Suite("Call settings")
struct CallSettingsTests {
    @Test("the defaults are the documented ones")
    func defaults() {
        let settings = CallSettings()
        #expect(settings.repliesToUnknownSources)
        #expect(settings.inviteTimeout == .seconds(10))
        #expect(settings.tryingTimeout == .seconds(20))
        #expect(settings.progressTimeout == .seconds(20))
        #expect(settings.progressWithMediaTimeout == .seconds(120))
        #expect(settings.ringingTimeout == .seconds(120))
    }

    @Test(
        "each parameter sets its own field and no other",
        arguments: [
            ("SS_SIP_TIMEOUT_INVITE", \CallSettings.inviteTimeout), ("SS_SIP_TIMEOUT_TRYING", \.tryingTimeout),
            ("SS_SIP_TIMEOUT_SESSION_PROGRESS", \.progressTimeout), ("SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP", \.progressWithMediaTimeout),
            ("SS_SIP_TIMEOUT_RINGING", \.ringingTimeout),
        ] as [(String, WritableKeyPath<CallSettings, Interval> & Sendable)])
    func each(name: String, field: WritableKeyPath<CallSettings, Interval> & Sendable) {
        var expected = CallSettings()
        expected[keyPath: field] = .seconds(77)
        #expect(CallSettings(ParameterValues([name: .integer(77)])) == expected)
    }

    @Test("the flag") func flag() {
        #expect(!CallSettings(ParameterValues(["SS_REPLY_UNAUTHORIZED": .flag(false)])).repliesToUnknownSources)
    }

    @Test("every parameter of calls is in the list, once, with words for the operator")
    func catalogue() {
        let names = ParameterDefinition.callParameters.map(\.name)
        #expect(
            names == [
                "SS_REPLY_UNAUTHORIZED", "SS_SIP_TIMEOUT_INVITE", "SS_SIP_TIMEOUT_TRYING", "SS_SIP_TIMEOUT_SESSION_PROGRESS",
                "SS_SIP_TIMEOUT_SESSION_PROGRESS_SDP", "SS_SIP_TIMEOUT_RINGING",
            ])
        for definition in ParameterDefinition.callParameters { #expect(definition.meaning.hasSuffix(".")) }
    }
}
