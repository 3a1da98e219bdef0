import ManagementAPI
import Routing
import SIPTransactions
import Vocabulary

extension ParameterCatalogue {
    /// Every parameter of the program: each list stands beside the code that it steers.
    static let tandem = ParameterCatalogue(ParameterDefinition.callParameters + ParameterDefinition.transactionParameters)
}
