import Routing
import Testing
import Vocabulary

@testable import ManagementAPI

/// `Registration` objects: which are taken, what is said about the others, and that a password is never shown.
@Suite struct RegistrationObjectTests {
    /// A document with the fields that every registration needs, and `more`.
    private func document(_ more: String = #""password": "secret""#, name: String = "upstream-1") -> String {
        #"{"kind": "Registration", "name": "\#(name)", "proxy": "127.0.0.1:5090", "host": "sw.example.net", "username": "acme"\#(more.isEmpty ? "" : ", ")\#(more)}"#
    }

    private func set(_ json: String, current: ObjectSet = ObjectSet()) throws -> ObjectSet { try plan(json, current: current).get().result }

    private func only(_ objects: ObjectSet) throws -> RegistrationObject {
        guard case .registration(let registration)? = objects.of(.registration).first else { throw Missing() }
        return registration
    }

    private struct Missing: Error {}

    @Test("a registration is read with every field")
    func everyField() throws {
        let json = #"""
            [{"kind": "Registration", "name": "upstream-1", "proxy": "Sip.Example.net:5090;transport=TLS", "host": "sw.example.net",
              "username": "acme", "authUser": "acme@example.net", "password": "s \"x\" ", "period": 600, "localPort": 5062, "privacy": "id",
              "enabled": false}]
            """#
        let expected = Registration(
            name: "upstream-1", proxy: NextHop(host: "sip.example.net", port: 5090, transport: .tls), host: "sw.example.net", username: "acme",
            authUser: "acme@example.net", password: "s \"x\" ", period: 600, localPort: 5062, privacy: .id, enabled: false)
        #expect(try set(json).configuration(revision: 1).registrations == [expected])
    }

    @Test("what is left out has its default, and the authentication user is the username")
    func defaults() throws {
        let registration = try #require(try set("[\(document())]").configuration(revision: 1).registrations.first)
        #expect(
            registration
                == Registration(
                    name: "upstream-1", proxy: NextHop(host: "127.0.0.1", port: 5090), host: "sw.example.net", username: "acme", password: "secret"))
        #expect(registration.authUser == "acme")
        #expect(registration.enabled)
    }

    @Test(
        "every form of a proxy is read and written",
        arguments: [
            ("sip.example.net", "sip.example.net"), ("192.0.2.10", "192.0.2.10"), ("192.0.2.10:5080", "192.0.2.10:5080"),
            ("[2001:db8::1]:5080;transport=tcp", "[2001:db8::1]:5080;transport=tcp"), ("2001:db8::1", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"), ("a.example.net;transport=udp", "a.example.net;transport=udp"),
        ])
    func proxies(text: String, written: String) throws {
        let hop = try ProxyText.read(text).get()
        #expect(ProxyText.write(hop) == written)
        #expect(try ProxyText.read(written).get() == hop)
    }

    @Test(
        "what cannot be an address of a SIP route is refused",
        arguments: [
            "", "sip:a.example.net", "a.example.net:0", "a.example.net:65536", "a.example.net:", "a.example.net:+5060", "a b", "a\r\nb", "a..b",
            "-a.example.net", "192.0.2.300", "0.0.0.0", "a.example.net;transport=sctp", "a.example.net;transport=udp;transport=tcp", "a;lr",
            "[2001:db8::1", "[a.example.net]x", "<a.example.net>", String(repeating: "a.", count: 130) + "net", "user@a.example.net",
        ])
    func wrongProxies(text: String) {
        #expect(throws: ProxyText.Refusal.self) { try ProxyText.read(text).get() }
    }

    private static let brokenRules: [(fields: String, expected: String)] = [
        (
            #""password": "x", "proxy": "a b", "host": "h.example.net", "username": "u""#,
            #"proxy: "a b" has characters that no host name has; write the address of the SIP route, such as "sip.example.net", "#
                + #""192.0.2.10:5060" or "sip.example.net;transport=tls""#
        ),
        (
            #""password": "x", "proxy": "a", "host": "h.example.net:5060", "username": "u""#,
            #"host: "h.example.net:5060" has characters that no host name has; write the registrar's domain alone, such as "sw.example.net""#
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": "u@h""#,
            #"username: "u@h" is no user part of a SIP URI: letters, digits and -_.!~*'()&=+$,;?/, others as %XX; "#
                + "write the username as the upstream gave it"
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": "u\r\nX: y""#,
            #"username: "u??X: y" is no user part of a SIP URI: letters, digits and -_.!~*'()&=+$,;?/, others as %XX; "#
                + "write the username as the upstream gave it"
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": """#,
            #"username: "" is no text of 1 to 128 bytes; write the username of the account"#
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": "u", "authUser": "a\"b""#,
            #"authUser: "a"b" has control characters, quotes or back-slashes; write the authUser as the upstream gave it"#
        ),
        (
            #""password": "x\n", "proxy": "a", "host": "h", "username": "u""#,
            "password: the password is no text of 1 to 256 bytes without control characters; write the account's password, or passwordFile"
        ),
        (
            #""password": "x", "passwordFile": "/p", "proxy": "a", "host": "h", "username": "u""#,
            "passwordFile: the password is given twice; keep password or passwordFile, not both"
        ),
        (
            #""passwordFile": "p", "proxy": "a", "host": "h", "username": "u""#,
            #"passwordFile: "p" is no absolute path; write a path that begins with "/""#
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": "u", "period": 19"#,
            #"period: "19" is neither auto nor a whole number from 20 to 7200 (s); write auto, or the seconds"#
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": "u", "period": 7201"#,
            #"period: "7201" is neither auto nor a whole number from 20 to 7200 (s); write auto, or the seconds"#
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": "u", "localPort": 0"#,
            #"localPort: "0" is not a port from 1 to 65535; write the port of a listener, or leave it out"#
        ),
        (
            #""password": "x", "proxy": "a", "host": "h", "username": "u", "privacy": "on""#,
            #"privacy: "on" is not possible here; use one of: default, Ignore, Id, None"#
        ),
    ]

    @Test("a broken rule is named with its field and remedy", arguments: brokenRules)
    func brokenRule(fields: String, expected: String) throws {
        let found = try problems("[{\"kind\": \"Registration\", \"name\": \"r\", \(fields)}]")
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix(": Registration/r: " + expected) == true, "\(found)")
    }

    @Test("the password is in no document, difference or audit, and in the snapshot")
    func neverShown() throws {
        let made = try plan("[\(document())]").get()
        let object = try #require(made.result.sorted.first)
        #expect(object.document["password"]?.text == Secret.mask)
        #expect(!object.document.json().contains("secret"))
        #expect(!made.changes.map { $0.document.json() }.joined().contains("secret"))
        #expect(made.changes[0].fields.contains(.init(name: "password", before: nil, after: .text(Secret.mask))))
        let stored = object.body.json()
        #expect(stored.contains("secret"), "the store keeps it")
        #expect(!Secret.conceal(json: stored, ofKind: "Registration").contains("secret"))
        #expect(Secret.conceal(json: "secret", ofKind: "Registration") == "{}")
        #expect(Secret.conceal(json: "12", ofKind: "Parameter") == "12")
    }

    @Test("another password is a change that does not say which")
    func otherPassword() throws {
        let current = try set("[\(document())]")
        let changed = try plan("[\(document(#""password": "other""#))]", current: current).get()
        #expect(changed.changes[0].fields == [.init(name: "password", before: .text(Secret.mask), after: .text(Secret.mask))])
        #expect(changed.mutations.count == 1)
        #expect(try only(changed.result).password == .stored("other"))
    }

    @Test(
        "the mask, null or nothing keeps what is stored",
        arguments: [#""password": "********""#, #""password": null"#, "", #""password": "********", "passwordFile": null"#])
    func kept(fields: String) throws {
        let current = try set("[\(document())]")
        let same = try plan("[\(document(fields))]", current: current).get()
        #expect(same.changes.map(\.action) == [.unchanged])
        #expect(try only(same.result).password == .stored("secret"))
        let fromFile = try set("[\(document(#""passwordFile": "/etc/tandem/p""#))]")
        #expect(try only(plan("[\(document(""))]", current: fromFile).get().result).password == .file("/etc/tandem/p"))
    }

    @Test("an export that is applied again changes nothing")
    func exportIsStable() throws {
        let current = try set(
            "[\(document()), \(document(#""passwordFile": "/p", "username": "b""#, name: "b"))]".replacing(
                #""username": "acme", "passwordFile": "/p", "username": "b""#, with: #""username": "b", "passwordFile": "/p""#))
        let again = try planner.plan(current.sorted.map { try DocumentNode(json: $0.document.json()) }, current: current).get()
        #expect(again.mutations.isEmpty)
        #expect(again.result == current)
    }

    @Test("without a stored password the mask is refused, and the remedy named", arguments: [#""password": "********""#, ""])
    func nothingToKeep(fields: String) throws {
        let found = try problems("[\(document(fields))]")
        #expect(found.count == 1)
        #expect(
            found.first?.hasSuffix(
                "Registration/upstream-1: password: no password of this registration is stored yet; "
                    + "add password, or passwordFile with the path of a file that holds it") == true, "\(found)")
    }

    @Test("a password out of a file reaches the snapshot; without the file the registration is not enabled")
    func passwordFile() throws {
        let objects = try set("[\(document(#""passwordFile": "/etc/tandem/p""#))]")
        #expect(objects.secretFiles.map(\.path) == ["/etc/tandem/p"])
        #expect(objects.sorted.first?.body["password"]?.isNull == true)
        let withFile = try #require(objects.configuration(revision: 1, secrets: ["/etc/tandem/p": "x"]).registrations.first)
        #expect(withFile.password == "x")
        #expect(withFile.enabled)
        let without = try #require(objects.configuration(revision: 1).registrations.first)
        #expect(without.password.isEmpty)
        #expect(!without.enabled)
    }

    @Test("stored registrations come back as they were, and one without a password is named")
    func stored() throws {
        let objects = try set("[\(document())]")
        let stored = objects.sorted.map { StoredObject(kind: $0.key.kind.rawValue, name: $0.key.name, revision: 1, body: $0.body.json()) }
        #expect(planner.objects(stored: stored).objects == objects)
        let broken = StoredObject(
            kind: "Registration", name: "r", revision: 1, body: #"{"proxy":"a","host":"h","username":"u","password":null}"#)
        let read = planner.objects(stored: [broken])
        #expect(read.objects.count == 0)
        #expect(read.problems.map(\.field) == ["password"])
    }

    @Test("registrations stand in the snapshot by name")
    func sorted() throws {
        let second = document(name: "a").replacing("acme", with: "other")
        #expect(try set("[\(document()), \(second)]").configuration(revision: 1).registrations.map(\.name) == ["a", "upstream-1"])
    }
}
