import Foundation
import ManagementAPI
import SwitchCore
import Testing
import Vocabulary

@testable import tandem

@Suite struct BootFileTests {
    private func read(_ text: String, environment: [String: String] = [:]) throws -> BootFile {
        try BootFile.read(text, path: "t.yaml", folder: "/srv/tandem", environment: environment)
    }

    private func lines(_ text: String, environment: [String: String] = [:]) -> [String] {
        do {
            _ = try read(text, environment: environment)
            return []
        } catch {
            return (error as? BootFileFailure)?.lines ?? ["\(error)"]
        }
    }

    @Test("every key is read, relative paths start at the file")
    func everyKey() throws {
        let file = try read(
            """
            node: sw1
            data: ./data
            durability: power
            sip:
              listen:
                - "udp://0.0.0.0:5060"
                - "tcp://[::1]?advertise=203.0.113.1:5070"
                - {address: "udp://192.0.2.1:5062", advertise: "203.0.113.1"}
              shards: 4
            management:
              listen: "127.0.0.1:9090"
            logging:
              level: debug
            """)
        #expect(file.node == "sw1")
        #expect(file.dataFolder == "/srv/tandem/data")
        #expect(file.tokenFile == "/srv/tandem/data/management.token")
        #expect(file.durability == .power)
        #expect(file.shards == 4)
        #expect(file.managementURL == "http://127.0.0.1:9090")
        #expect(file.loggingLevel == .debug)
        let v6 = try #require(NetworkAddress("[::1]:5060"))
        let outside = try #require(NetworkAddress("203.0.113.1:5070"))
        #expect(
            file.listeners == [
                ListenerDescription(transport: .udp, local: NetworkAddress(ipv4: 0, port: 5060)),
                ListenerDescription(transport: .tcp, local: v6, advertised: outside),
                ListenerDescription(
                    transport: .udp, local: NetworkAddress(ipv4: 0xC000_0201, port: 5062), advertised: NetworkAddress(ipv4: 0xCB00_7101, port: 5062)),
            ])
    }

    @Test("transport, names, trace and the stop have their keys")
    func registrationKeys() throws {
        let file = try read(
            """
            sip: {listen: ["tls://127.0.0.1"]}
            shutdown: {unregisterTimeout: 30}
            tls:
              certificate: ./tls/cert.pem
              privateKey: /etc/tandem/key.pem
              trustRoots: roots
              verifyPeers: no
              requireClientCertificates: true
              acceptWildcards: yes
              minimumVersion: 1.3
            dns: {servers: ["192.0.2.53", "[2001:db8::53]:5353"]}
            trace: {enabled: false, maximumSize: 512MiB, maximumAge: 12h}
            """)
        #expect(file.listeners.map(\.transport) == [.tls])
        #expect(file.listeners.map(\.local.port) == [5061])
        #expect(file.unregisterTimeout == .seconds(30))
        #expect(file.tls.certificate == "/srv/tandem/tls/cert.pem")
        #expect(file.tls.privateKey == "/etc/tandem/key.pem")
        #expect(file.tls.trustRoots == "/srv/tandem/roots")
        #expect(!file.tls.verifyPeers && file.tls.requireClientCertificates && file.tls.acceptWildcards)
        #expect(file.tls.minimumVersion == .tls13)
        #expect(file.transportSettings.tls == file.tls)
        #expect(file.transportSettings.nameServers == ["192.0.2.53:53", "[2001:db8::53]:5353"].compactMap { NetworkAddress($0) })
        #expect(!file.trace.isEnabled)
        #expect(file.trace.maximumBytes == 512 << 20)
        #expect(file.trace.maximumAge == .seconds(43_200))
    }

    @Test(
        "quantities are read with their units",
        arguments: [
            ("0", 0), ("10", 10), ("10s", 10), ("5m", 300), ("2 h", 7_200), ("7d", 604_800), ("", nil), ("-1", nil), ("5w", nil), ("1.5h", nil),
            ("99999999999d", nil),
        ]
            as [(String, Int64?)])
    func times(text: String, seconds: Int64?) {
        #expect(QuantityText.interval(text) == seconds.map { .seconds($0) })
    }

    @Test(
        "sizes are read with their units",
        arguments: [("1024", 1024), ("512MiB", 512 << 20), ("1 GB", 1_000_000_000), ("2g", 2 << 30), ("9223372036854775807k", nil), ("x", nil)]
            as [(String, Int?)])
    func sizes(text: String, bytes: Int?) {
        #expect(QuantityText.bytes(text) == bytes)
    }

    @Test("an empty file has defaults that are open to nobody but SIP")
    func defaults() throws {
        let file = try read("")
        #expect(file == BootFile(dataFolder: "/srv/tandem/data"))
        #expect(file.managementListen.isLoopback)
        #expect(file.shards == nil)
        #expect(file.durability == .process)
        #expect(file.listeners.map(\.transport) == [.udp, .tcp])
        #expect(file.unregisterTimeout == .seconds(10))
        #expect(file.tls.verifyPeers && file.tls.certificate == nil)
        #expect(file.trace.isEnabled)
    }

    @Test("a management interface that listens everywhere is asked at loopback")
    func wildcard() throws {
        #expect(try read("management: {listen: \"0.0.0.0:8080\"}").managementURL == "http://127.0.0.1:8080")
        #expect(try read("management: {listen: \"[::]:8080\"}").managementURL == "http://[::1]:8080")
    }

    @Test(
        "what is wrong is named with line, key and remedy",
        arguments: [
            ("nodes: x", #"t.yaml:1:1: nodes: there is no key "nodes" here; did you mean "node"?"#),
            ("sip:\n  lissen: []", #"t.yaml:2:3: sip.lissen: there is no key "lissen" here; did you mean "listen"?"#),
            ("sip: 5", "t.yaml:1:6: sip: \"5\" is not a mapping; write its keys below it, one per line"),
            ("node: a b", #"t.yaml:1:7: node: "a b" is no name; a name is 1 to 64 letters, digits, ".", "_" and "-""#),
            ("data:", "t.yaml:1:6: data: nothing is no folder; write a path, such as ./data"),
            ("sip: {shards: 33}", #"t.yaml:1:15: sip.shards: "33" is no number of shards; write auto, or a whole number from 1 to 32"#),
            ("sip: {listen: []}", #"t.yaml:1:15: sip.listen: there must be 1 to 64 listeners; write a list such as ["udp://0.0.0.0:5060"]"#),
            (
                "sip: {listen: [\"sctp://0.0.0.0\"]}",
                #"t.yaml:1:16: sip.listen[0]: "sctp" is no transport to listen on; use udp://, tcp:// or tls://"#
            ),
            (
                "sip: {listen: [\"udp://0.0.0.0\", \"udp://0.0.0.0:5060\"]}",
                "t.yaml:1:33: sip.listen[1]: the same address is listened on twice; remove one of them"
            ),
            (
                "sip: {listen: [{adress: \"udp://0.0.0.0\"}]}",
                #"t.yaml:1:17: sip.listen[0]: a listener has no key "adress"; did you mean "address"?"#
            ),
            (
                "sip: {listen: [\"udp://0.0.0.0?advertise=0.0.0.0\"]}",
                #"t.yaml:1:16: sip.listen[0]: "0.0.0.0" cannot be advertised to other hosts; "#
                    + "write the IP address under which others reach the switch, such as 203.0.113.1:5060"
            ),
            (
                "management: {listen: \"localhost:8080\"}",
                #"t.yaml:1:22: management.listen: "localhost:8080" is not an IP address with a port; "#
                    + #"write the address to listen on, such as "127.0.0.1:8080""#
            ),
            ("logging: {level: debg}", #"t.yaml:1:18: logging.level: "debg" is not possible here; did you mean "debug"?"#),
            ("durability: disk", #"t.yaml:1:13: durability: "disk" is not possible here; use one of: process, power"#),
            (
                "shutdown: {unregisterTimout: 1}",
                #"t.yaml:1:12: shutdown.unregisterTimout: there is no key "unregisterTimout" here; did you mean "unregisterTimeout"?"#
            ),
            (
                "shutdown: {unregisterTimeout: 301}",
                #"t.yaml:1:31: shutdown.unregisterTimeout: "301" is no time from 0 to 300 s; write the seconds, such as 10"#
            ),
            ("tls: {certificate: a}", "t.yaml:1:20: tls.certificate: there is no tls.privateKey beside it; name the file with the certificate's key"),
            ("tls: {privateKey: a}", "t.yaml:1:19: tls.privateKey: there is no tls.certificate beside it; name the file with the key's certificate"),
            ("tls: {minimumVersion: 1.1}", #"t.yaml:1:23: tls.minimumVersion: "1.1" is not possible here; did you mean "1.2"?"#),
            ("tls: {verifyPeers: maybe}", #"t.yaml:1:20: tls.verifyPeers: "maybe" is not possible here; use one of: true, on, yes, false, off, no"#),
            (
                "sip: {listen: [\"tls://0.0.0.0\"]}",
                "t.yaml:1:15: sip.listen: a TLS listener needs a certificate; set tls.certificate and tls.privateKey"
            ),
            (
                "dns: {servers: [\"ns.example.net\"]}",
                #"t.yaml:1:17: dns.servers[0]: "ns.example.net" is not an IP address with an optional port; "#
                    + #"write a list of at most 3 addresses, such as ["192.0.2.53"]"#
            ),
            (
                "dns: {servers: []}",
                #"t.yaml:1:16: dns.servers: a list is no list of 1 to 3 name servers; write a list of at most 3 addresses, such as ["192.0.2.53"]"#
            ),
            ("trace: {maximumSize: 1KiB}", #"t.yaml:1:22: trace.maximumSize: "1KiB" is no size from 1 MiB to 1 TiB; write a size such as 512MiB"#),
            ("trace: {maximumAge: 10}", #"t.yaml:1:21: trace.maximumAge: "10" is no time from 1 minute to 366 days; write a time such as 7d or 12h"#),
            ("node: a\nnode: b", "t.yaml:1:1: the key \"node\" stands twice; correct the syntax of the document"),
        ])
    func wrong(text: String, expected: String) {
        #expect(lines(text) == [expected])
    }

    @Test("all problems are told at once")
    func collects() {
        #expect(lines("nodes: x\nsip: {shards: 0}\nlogging: {level: loud}").count == 3)
    }

    @Test("the environment goes before the file")
    func environment() throws {
        let file = try read(
            "node: a\nsip: {shards: 2}",
            environment: [
                "TANDEM_NODE": "b", "TANDEM_SIP_LISTEN": "udp://127.0.0.1:5070, tcp://127.0.0.1:5070", "TANDEM_DATA": "/var/lib/tandem",
                "TANDEM_MANAGEMENT_LISTEN": "127.0.0.1:9999", "TANDEM_LOGGING_LEVEL": "trace", "TANDEM_DURABILITY": "power", "TANDEM_NODE_ID": "x",
            ])
        #expect(file.node == "b")
        #expect(file.shards == 2)
        #expect(file.listeners.map(\.local.port) == [5070, 5070])
        #expect(file.dataFolder == "/var/lib/tandem")
        #expect(file.managementListen.port == 9999)
        #expect(file.durability == .power)
        let other = try read(
            "dns: {servers: [\"192.0.2.1\"]}",
            environment: [
                "TANDEM_SHUTDOWN_UNREGISTER_TIMEOUT": "0", "TANDEM_DNS_SERVERS": "192.0.2.53,192.0.2.54:54", "TANDEM_TLS_CERTIFICATE": "/c",
                "TANDEM_TLS_PRIVATE_KEY": "/k", "TANDEM_TLS_TRUST_ROOTS": "/r", "TANDEM_TLS_VERIFY_PEERS": "false",
                "TANDEM_TLS_REQUIRE_CLIENT_CERTIFICATES": "true", "TANDEM_TLS_ACCEPT_WILDCARDS": "on", "TANDEM_TLS_MINIMUM_VERSION": "1.3",
                "TANDEM_TRACE_ENABLED": "off", "TANDEM_TRACE_MAXIMUM_SIZE": "2GiB", "TANDEM_TRACE_MAXIMUM_AGE": "1d",
            ])
        #expect(other.unregisterTimeout == .zero)
        #expect(other.nameServers.map(\.port) == [53, 54])
        #expect(other.tls.certificate == "/c" && other.tls.privateKey == "/k" && other.tls.trustRoots == "/r")
        #expect(!other.tls.verifyPeers && other.tls.requireClientCertificates && other.tls.acceptWildcards)
        #expect(other.tls.minimumVersion == .tls13)
        #expect(!other.trace.isEnabled && other.trace.maximumBytes == 2 << 30 && other.trace.maximumAge == .seconds(86_400))
    }

    @Test("a wrong value of the environment names its variable, a misspelt variable is told")
    func wrongEnvironment() {
        #expect(
            lines("", environment: ["TANDEM_SIP_SHARDS": "many"]) == [
                "t.yaml: sip.shards: \"many\" is no number of shards (from TANDEM_SIP_SHARDS); write auto, or a whole number from 1 to 32"
            ])
        #expect(
            lines("", environment: ["TANDEM_LOGING_LEVEL": "info"]) == [
                "environment: TANDEM_LOGING_LEVEL: there is no such environment variable; did you mean \"TANDEM_LOGGING_LEVEL\"?"
            ])
        #expect(lines("", environment: ["TANDEM_SERVICE_HOST": "x", "TANDEM_PORT": "tcp://192.0.2.1"]).isEmpty)
    }
}

@Suite struct YAMLDocumentsTests {
    @Test("several documents are read with the place of every value")
    func documents() throws {
        let documents = try YAMLDocuments.read("kind: A\nlist:\n  - \"x\"\n  - 0086\n---\nb: ~\n")
        #expect(documents.count == 2)
        let list = try #require(documents[0]["list"]?.elements)
        #expect(list.map(\.position) == [SourcePosition(line: 3, column: 5), SourcePosition(line: 4, column: 5)])
        #expect(list.compactMap(\.text) == ["x", "0086"])
        #expect(documents[0].entries?[1].keyPosition == SourcePosition(line: 2, column: 1))
        #expect(documents[1]["b"]?.isNull == true)
    }

    @Test(
        "what is no YAML is refused with its place",
        arguments: [
            ("a: [1\nb: 2", 2), ("a: 1\na: 2", 1), ("? [x]\n: 1", 1), ("a: *nothing", 1), ("a: \"x", 1), ("\ta: 1", 1),
        ])
    func wrong(text: String, line: Int) {
        let error = #expect(throws: DocumentSyntaxError.self) { try YAMLDocuments.read(text) }
        #expect((error?.position.line ?? 0) >= line)
    }

    @Test("aliases that unfold without end are refused")
    func aliasBomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
        }
        #expect(throws: DocumentSyntaxError.self) { try YAMLDocuments.read(text) }
    }

    @Test("nesting is bounded")
    func depth() {
        #expect(throws: DocumentSyntaxError.self) {
            try YAMLDocuments.read(String(repeating: "[", count: 500) + String(repeating: "]", count: 500))
        }
    }

    @Test("JSON is YAML")
    func json() throws {
        let documents = try YAMLDocuments.read(#"{"kind": "Parameter", "value": true, "list": ["", "+44"]}"#)
        #expect(documents[0]["value"]?.text == "true")
        #expect(documents[0]["list"]?.elements?.compactMap(\.text) == ["", "+44"])
    }
}
