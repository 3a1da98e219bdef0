import ManagementAPI
import Vocabulary

/// What the management server is made from.
public struct RESTServerSettings: Sendable {
    /// Where it listens; port 0 takes a free one.
    public var listen: NetworkAddress
    /// The program's version, for the OpenAPI document.
    public var version: String
    /// Longest request body, in bytes; a longer one is answered with 413. A number group of a million numbers fits.
    public var longestBody = 32 << 20
    /// Most connections at once; further ones wait in the kernel's queue.
    public var mostConnections = 256
    /// A connection that is silent for so long is closed.
    public var idleTimeout = Interval.seconds(60)

    public init(listen: NetworkAddress, version: String) {
        self.listen = listen
        self.version = version
    }
}

/// What the management server works with.
public struct ManagementServices: Sendable {
    public var configurator: Configurator
    public var store: any ObjectStore
    public var records: any RecordQueries
    public var control: any SwitchControl
    public var trace: any TraceQueries
    public var token: ManagementToken
    /// Reads YAML or JSON text into documents with positions.
    public var readDocuments: @Sendable (String) throws(DocumentSyntaxError) -> [DocumentNode]

    public init(
        configurator: Configurator, store: any ObjectStore, records: any RecordQueries, control: any SwitchControl,
        trace: any TraceQueries = NoTrace(), token: ManagementToken,
        readDocuments: @escaping @Sendable (String) throws(DocumentSyntaxError) -> [DocumentNode]
    ) {
        self.configurator = configurator
        self.store = store
        self.records = records
        self.control = control
        self.trace = trace
        self.token = token
        self.readDocuments = readDocuments
    }
}
