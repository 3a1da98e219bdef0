import Logging
import Routing
import SwitchCore
import Vocabulary

@testable import SIPTransport

/// A running switch of echo shards, stopped after `body`.
func withSwitch(
    _ listeners: [ListenerDescription], shards: Int = 1, settings: TransportSettings = TransportSettings(), trace: (any TraceSink)? = nil,
    _ body: (SwitchRuntime, Probe) async throws -> Void
) async throws {
    let probe = Probe()
    let configuration = ShardConfiguration(
        count: shards, seed: probe.seed, listeners: listeners, switchConfiguration: SwitchConfiguration())
    let runtime = try await SwitchRuntime.start(
        EchoShard.self, configuration: configuration, settings: settings, sink: probe, trace: trace,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    do {
        try await body(runtime, probe)
    } catch {
        await runtime.stop()
        throw error
    }
    await runtime.stop()
}
