import Vocabulary

/// The parameters of the order of gateways as typed values, taken once per snapshot.
public struct RoutingSettings: Sendable, Hashable {
    /// `SS_TRY_PROTECT_ROUTE_DELAY`: how long after a call came in its protect routes may be tried; nil: always.
    public var protectRouteDelay: Interval?
    /// `SS_GATEWAY_ASR_CALCULATE`
    public var calculatesAnswerRatio: Bool
    /// `SS_GATEWAY_ASR_RESERVE_TIME`, `SS_GATEWAY_ASR_RESERVE_SEPARATE`
    public var answerRatio: AnswerRatioSettings
    /// `SS_GATEWAY_ASR_ROUTE_SORT_CONFIG`, 1 to 4; nil: only for callers whose policy says so.
    public var answerRatioPosition: Int?

    public init(_ values: ParameterValues = ParameterValues()) {
        protectRouteDelay = values.integer(.tryProtectRouteDelay).map { .seconds(Int64($0)) }
        calculatesAnswerRatio = values.flag(.gatewayASRCalculate)
        answerRatio = AnswerRatioSettings(
            window: .seconds(Int64(values.integer(.gatewayASRReserveTime) ?? 3600)), slices: values.integer(.gatewayASRReserveSeparate) ?? 12)
        answerRatioPosition = values.integer(.gatewayASRRouteSort)
    }
}
