import Logging
import SIPTransport
import Storage
import SwitchCore
import Vocabulary

/// What the process must know before it can read anything else: `tandem.yaml`.
struct BootFile: Sendable, Equatable {
    /// When a commit counts as done.
    enum Durability: String, Sendable, CaseIterable {
        /// It survives the end of the process.
        case process
        /// It survives the loss of power.
        case power
    }

    /// The node's name, as status and metrics show it.
    var node = "tandem"
    /// Folder of the stores and the token file.
    var dataFolder: String
    var listeners = BootFile.usualListeners
    /// How many shards; nil is one for every two cores.
    var shards: Int?
    /// Loopback unless told otherwise.
    var managementListen = NetworkAddress(ipv4: 0x7F00_0001, port: 8080)
    var loggingLevel = Logger.Level.info
    var durability = Durability.process
    /// How long a stop waits for upstreams to confirm withdrawals; 0 to 300 s, 10 s unless set.
    var unregisterTimeout = Interval.seconds(10)
    var tls = TLSSettings()
    /// Whom to ask for names; empty is whom the system asks.
    var nameServers: [NetworkAddress] = []
    var trace = TraceSettings()

    init(dataFolder: String) { self.dataFolder = dataFolder }

    var tokenFile: String { dataFolder + "/management.token" }

    var transportSettings: TransportSettings {
        var settings = TransportSettings()
        settings.tls = tls
        settings.nameServers = nameServers
        return settings
    }

    /// Where clients on this machine reach the management interface.
    var managementURL: String {
        var address = managementListen
        if address.isUnspecified {
            address =
                address.family == .ipv4
                ? NetworkAddress(ipv4: 0x7F00_0001, port: address.port) : NetworkAddress(ipv6High: 0, low: 1, port: address.port)
        }
        return "http://\(address)"
    }

    private static let usualListeners = [TransportKind.udp, .tcp].map {
        ListenerDescription(transport: $0, local: NetworkAddress(ipv4: 0, port: 5060))
    }
}
