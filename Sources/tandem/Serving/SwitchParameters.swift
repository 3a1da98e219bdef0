import ManagementAPI
import Routing
import SIPTransactions
import Vocabulary

extension ParameterCatalogue {
    /// Every parameter of the program: each list stands beside the code that it steers.
    static let tandem = ParameterCatalogue(
        (ParameterDefinition.callParameters + ParameterDefinition.registrationParameters + ParameterDefinition.sessionParameters
            + ParameterDefinition.endpointParameters + ParameterDefinition.protectionParameters + ParameterDefinition.blacklistParameters
            + ParameterDefinition.routingParameters + ParameterDefinition.switchingParameters + ParameterDefinition.transactionParameters).map {
                $0.name == ParameterDefinition.inviteTimeout.name ? inviteTimeout : $0
            })

    /// The one definition whose effective value needs another target's parameter.
    private static var inviteTimeout: ParameterDefinition {
        var definition = ParameterDefinition.inviteTimeout
        definition.effectiveValue = { values in
            guard let seconds = values.integer(.inviteTimeout) else { return nil }
            let giveUp = TransactionTiming(resendIntervals: values.intervals(.resendInterval)).giveUp
            guard giveUp < .seconds(Int64(seconds)) else {
                return EffectiveValue(
                    "\(seconds) s", reason: "SS_SIP_RESEND_INTERVAL would give up after \(giveUp.secondsText) s; the shorter of the two counts.")
            }
            return EffectiveValue(
                "\(giveUp.secondsText) s",
                reason: "SS_SIP_RESEND_INTERVAL is used up after \(giveUp.secondsText) s; the shorter of the two counts.")
        }
        return definition
    }
}
