import ArgumentParser
import ManagementAPI

/// `tandem explain`: what would become of a call.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what would become of a call, without calling.",
        discussion: "For whom the call would be taken, every rewrite with its rule, and every gateway with its verdict. "
            + "What was decided about a call that was made shows tandem cdrs ID --explain.")

    @Option(name: .long, help: "The mapping gateway or phone that calls; whoever --source belongs to unless given.")
    var from: String?
    @Option(name: .long, help: "The caller as received; a phone's own number unless given.")
    var caller: String?
    @Option(name: .long, help: "The callee as received.")
    var callee: String
    @Option(name: .long, help: "As if it came at this time, such as 2026-01-31T12:00:00Z; now unless given.")
    var at: String?
    @Option(name: .long, help: "Address that the call comes from, as IP or IP:port.")
    var source: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard from != nil || source != nil else { throw ValidationError("say from whom the call comes: --from, or --source") }
    }

    func run() async throws {
        let values = [("from", from), ("caller", caller), ("callee", callee), ("at", at), ("source", source)]
        let query = values.compactMap { name, value in value.map { (name, $0) } }
        let answer = try await connection.client().ask(.explain, query: query).document
        guard let decision = DecisionDocument(answer) else { throw CommandFailure(.failed, "the switch answered with no decision") }
        Console.current.print(decision, output)
    }
}
