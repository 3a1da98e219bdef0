import Routing
import Testing
import Vocabulary

/// `RoutingSettings` against the parameters that they are read from.
@Suite("Routing settings")
struct RoutingSettingsTests {
    @Test("the defaults")
    func defaults() {
        let settings = RoutingSettings()
        #expect(settings.protectRouteDelay == .seconds(30))
        #expect(!settings.calculatesAnswerRatio)
        #expect(settings.answerRatio == AnswerRatioSettings(window: .seconds(3600), slices: 12))
        #expect(settings.answerRatioPosition == nil)
    }

    @Test("each parameter sets its own field")
    func each() {
        let settings = RoutingSettings(
            ParameterValues([
                "SS_TRY_PROTECT_ROUTE_DELAY": .none, "SS_GATEWAY_ASR_CALCULATE": .flag(true), "SS_GATEWAY_ASR_RESERVE_TIME": .integer(600),
                "SS_GATEWAY_ASR_RESERVE_SEPARATE": .integer(6), "SS_GATEWAY_ASR_ROUTE_SORT_CONFIG": .integer(2),
            ]))
        #expect(settings.protectRouteDelay == nil)
        #expect(settings.calculatesAnswerRatio)
        #expect(settings.answerRatio == AnswerRatioSettings(window: .seconds(600), slices: 6))
        #expect(settings.answerRatioPosition == 2)
    }

    @Test("every parameter is in the list, once, with words for the operator")
    func catalogue() {
        #expect(
            ParameterDefinition.routingParameters.map(\.name) == [
                "SS_TRY_PROTECT_ROUTE_DELAY", "SS_GATEWAY_ASR_CALCULATE", "SS_GATEWAY_ASR_RESERVE_TIME", "SS_GATEWAY_ASR_RESERVE_SEPARATE",
                "SS_GATEWAY_ASR_ROUTE_SORT_CONFIG",
            ])
        for definition in ParameterDefinition.routingParameters { #expect(definition.meaning.hasSuffix(".")) }
        let effective = ParameterDefinition.gatewayASRReserveTime.effectiveValue?(ParameterValues())
        #expect(effective?.text == "the last 3600 s, moved on every 300 s")
    }
}
