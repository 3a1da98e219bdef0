import ManagementAPI
import SwitchCore
import Vocabulary

/// A SIP listener as the boot file writes it: `udp://192.0.2.1:5060?advertise=203.0.113.1:5060`, or a
/// mapping with `address` and `advertise`.
enum ListenerText {
    struct Refusal: Error, Equatable {
        var position: SourcePosition
        var rule: String
        var remedy: String
    }

    private static let example = "write \"udp://0.0.0.0:5060\" or \"tcp://[::]:5060\", behind a NAT with ?advertise=IP:port"

    static func read(_ node: DocumentNode) -> Result<ListenerDescription, Refusal> {
        guard let entries = node.entries else { return read(address: node, advertise: nil) }
        if let unknown = entries.first(where: { $0.key != "address" && $0.key != "advertise" }) {
            return .failure(
                Refusal(
                    position: unknown.keyPosition, rule: "a listener has no key \"\(unknown.key)\"",
                    remedy: Suggestion.remedy(for: unknown.key, among: ["address", "advertise"])))
        }
        guard let address = node["address"] else {
            return .failure(Refusal(position: node.position, rule: "the listener has no address", remedy: example))
        }
        return read(address: address, advertise: node["advertise"])
    }

    private static func read(address node: DocumentNode, advertise: DocumentNode?) -> Result<ListenerDescription, Refusal> {
        func refuse(_ rule: String, _ remedy: String = example) -> Result<ListenerDescription, Refusal> {
            .failure(Refusal(position: node.position, rule: rule, remedy: remedy))
        }
        guard let text = node.text, let colon = text.firstRange(of: "://") else { return refuse("\(node.shape) is no listener") }
        let transport: TransportKind
        switch text[..<colon.lowerBound].lowercased() {
        case "udp": transport = .udp
        case "tcp": transport = .tcp
        case "tls": transport = .tls
        case let other: return refuse("\"\(other)\" is no transport to listen on", "use udp://, tcp:// or tls://")
        }
        let parts = text[colon.upperBound...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let local = NetworkAddress(String(parts[0]), defaultPort: transport.defaultPort), local.port != 0 else {
            return refuse("\"\(parts[0])\" is not an IP address with an optional port")
        }
        var advertised = advertise
        if parts.count == 2 {
            guard advertise == nil else { return refuse("the advertised address is given twice", "keep one of them") }
            guard parts[1].hasPrefix("advertise=") else { return refuse("\"?\(parts[1])\" is not understood") }
            advertised = DocumentNode(.scalar(.init(String(parts[1].dropFirst("advertise=".count)), style: .quoted)), at: node.position)
        }
        guard let advertised else { return .success(ListenerDescription(transport: transport, local: local)) }
        guard let publicAddress = advertised.text.flatMap({ NetworkAddress($0, defaultPort: local.port) }),
            !publicAddress.isUnspecified, publicAddress.port != 0
        else {
            return .failure(
                Refusal(
                    position: advertised.position, rule: "\(advertised.shape) cannot be advertised to other hosts",
                    remedy: "write the IP address under which others reach the switch, such as 203.0.113.1:5060"))
        }
        return .success(ListenerDescription(transport: transport, local: local, advertised: publicAddress))
    }
}
