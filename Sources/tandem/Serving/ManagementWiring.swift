import Foundation
import Logging
import ManagementAPI
import ManagementServer
import Vocabulary

/// Puts the management interface together from the stores, the running switch and the boot file.
struct ManagementWiring: Sendable {
    let configurator: Configurator
    let store: any ObjectStore
    let records: any RecordQueries
    let control: any SwitchControl
    var trace: any TraceQueries = NoTrace()
    let bootFile: BootFile
    let logger: Logger

    /// Serves until the task is cancelled. Makes the token file at the first start.
    func run(onListening: @escaping @Sendable (NetworkAddress) async -> Void = { _ in }) async throws {
        let services = ManagementServices(
            configurator: configurator, store: store, records: records, control: control, trace: trace,
            token: try ManagementTokenFile.readOrCreate(at: bootFile.tokenFile),
            readDocuments: YAMLDocuments.read)
        if !bootFile.managementListen.isLoopback {
            logger.warning(
                "the management interface is reachable from other hosts, and its traffic is not encrypted",
                metadata: ["address": "\(bootFile.managementListen)"])
        }
        let settings = RESTServerSettings(listen: bootFile.managementListen, version: Tandem.version)
        try await RESTServer(settings: settings, services: services, logger: logger).run(onListening: onListening)
    }

    /// The wall clock, for the audit.
    static func now() -> WallTime {
        WallTime(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
    }
}
