import ManagementAPI
import SIPTransport
import Storage
import Vocabulary

// The keys of shutdown, tls, dns and trace.
extension BootReading {
    /// Most name servers, as the resolver takes them.
    private static let mostNameServers = 3

    mutating func readTransport(_ file: inout BootFile) {
        if let node = value("shutdown.unregisterTimeout") {
            if let time = node.text.flatMap({ QuantityText.interval($0) }), (Interval.zero ... .seconds(300)).contains(time) {
                file.unregisterTimeout = time
            } else {
                refuse("shutdown.unregisterTimeout", node, "\(node.shape) is no time from 0 to 300 s", remedy: "write the seconds, such as 10")
            }
        }
        file.tls.certificate = filePath("tls.certificate")
        file.tls.privateKey = filePath("tls.privateKey")
        file.tls.trustRoots = filePath("tls.trustRoots")
        if let flag = flag("tls.verifyPeers") { file.tls.verifyPeers = flag }
        if let flag = flag("tls.requireClientCertificates") { file.tls.requireClientCertificates = flag }
        if let flag = flag("tls.acceptWildcards") { file.tls.acceptWildcards = flag }
        if let version = choice("tls.minimumVersion", TLSSettings.Version.allCases.map { ($0.rawValue, $0) }) { file.tls.minimumVersion = version }
        checkTLS(file)
        if let node = value("dns.servers") { file.nameServers = nameServers(node) }
    }

    mutating func readTrace(_ file: inout BootFile) {
        if let flag = flag("trace.enabled") { file.trace.isEnabled = flag }
        if let node = value("trace.maximumSize") {
            if let bytes = node.text.flatMap({ QuantityText.bytes($0) }), TraceSettings.bytesRange.contains(bytes) {
                file.trace.maximumBytes = bytes
            } else {
                refuse("trace.maximumSize", node, "\(node.shape) is no size from 1 MiB to 1 TiB", remedy: "write a size such as 512MiB")
            }
        }
        if let node = value("trace.maximumAge") {
            if let age = node.text.flatMap({ QuantityText.interval($0) }), TraceSettings.ageRange.contains(age) {
                file.trace.maximumAge = age
            } else {
                refuse("trace.maximumAge", node, "\(node.shape) is no time from 1 minute to 366 days", remedy: "write a time such as 7d or 12h")
            }
        }
    }

    /// A certificate and its key belong together, and a TLS listener needs both.
    private mutating func checkTLS(_ file: BootFile) {
        let key = value("tls.privateKey")
        if let node = value("tls.certificate"), key == nil {
            refuse("tls.certificate", node, "there is no tls.privateKey beside it", remedy: "name the file with the certificate's key")
        } else if let key, value("tls.certificate") == nil {
            refuse("tls.privateKey", key, "there is no tls.certificate beside it", remedy: "name the file with the key's certificate")
        }
        if let listen = value("sip.listen"), file.tls.certificate == nil, file.listeners.contains(where: { $0.transport == .tls }) {
            refuse("sip.listen", listen, "a TLS listener needs a certificate", remedy: "set tls.certificate and tls.privateKey")
        }
    }

    private mutating func filePath(_ field: String) -> String? {
        guard let node = value(field) else { return nil }
        guard let text = node.text, !text.isEmpty else {
            refuse(field, node, "\(node.shape) is no file", remedy: "write the path of a PEM file")
            return nil
        }
        return path(text)
    }

    private mutating func flag(_ field: String) -> Bool? {
        choice(field, [("true", true), ("on", true), ("yes", true), ("false", false), ("off", false), ("no", false)])
    }

    private mutating func nameServers(_ node: DocumentNode) -> [NetworkAddress] {
        let remedy = "write a list of at most \(BootReading.mostNameServers) addresses, such as [\"192.0.2.53\"]"
        guard let elements = node.elements, (1...BootReading.mostNameServers).contains(elements.count) else {
            refuse("dns.servers", node, "\(node.shape) is no list of 1 to \(BootReading.mostNameServers) name servers", remedy: remedy)
            return []
        }
        var servers: [NetworkAddress] = []
        for (index, element) in elements.enumerated() {
            guard let address = element.text.flatMap({ NetworkAddress($0, defaultPort: 53) }), !address.isUnspecified, address.port != 0 else {
                refuse("dns.servers[\(index)]", element, "\(element.shape) is not an IP address with an optional port", remedy: remedy)
                continue
            }
            servers.append(address)
        }
        return servers
    }
}

/// Times and sizes with their unit, as a boot file writes them.
enum QuantityText {
    private static let times: [String: Int64] = ["": 1, "s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400]
    private static let sizes: [String: Int] = [
        "": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30,
        "t": 1 << 40, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    ]

    /// `10`, `10s`, `5m`, `12h` or `7d`; a bare number is seconds. Nil for anything else.
    static func interval(_ text: String) -> Interval? {
        guard let (number, unit) = split(text), let factor = times[unit] else { return nil }
        let (seconds, overflow) = Int64(number).multipliedReportingOverflow(by: factor)
        return overflow || seconds > 1_000_000_000 ? nil : .seconds(seconds)
    }

    /// `512MiB`, `1GB` or a bare number of bytes. Nil for anything else.
    static func bytes(_ text: String) -> Int? {
        guard let (number, unit) = split(text), let factor = sizes[unit] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    private static func split(_ text: String) -> (number: Int, unit: String)? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int(digits) else { return nil }
        return (number, text.dropFirst(digits.count).filter { $0 != " " }.lowercased())
    }
}
