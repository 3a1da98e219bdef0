import ManagementAPI
import Routing
import SIPTransactions
import Vocabulary

/// A catalogue of the real call parameters, and one parameter of each remaining form.
let catalogue = ParameterCatalogue(
    ParameterDefinition.callParameters + ParameterDefinition.registrationParameters + ParameterDefinition.transactionParameters + [
        ParameterDefinition(
            "SS_TEST_OPTION", aliases: ["SS_TEST_CHOICE"], form: .option(["Ignore", "Id", "None"]), default: .option("Ignore"),
            meaning: "A choice.", effect: .nextMessage),
        ParameterDefinition(
            "SS_TEST_LIMIT", form: .integer(0...9, noneAllowed: true), default: .none, meaning: "A limit.", effect: .newCalls),
        ParameterDefinition("SS_TEST_TEXT", form: .text(maximumLength: 5), default: .text("HELLO"), meaning: "A text.", effect: .newCalls),
    ])

let planner = ChangePlanner(catalogue: catalogue)

/// Plans JSON documents, one per element.
func plan(_ json: String, current: ObjectSet = ObjectSet()) throws -> Result<ChangePlan, RefusedChange> {
    planner.plan(try DocumentNode(json: json).elements ?? [], current: current)
}

/// The problems of JSON documents, as the command line prints them.
func problems(_ json: String, current: ObjectSet = ObjectSet()) throws -> [String] {
    switch try plan(json, current: current) {
    case .success: []
    case .failure(let refused): refused.problems.map { $0.line(file: "f") }
    }
}

func mappingGateway(_ name: String, _ addresses: [String], priority: Int = 10) -> ConfiguredObject {
    .mappingGateway(Secured(MappingGateway(name: name, addresses: addresses.compactMap { NetworkAddress($0) }, priority: priority)))
}
