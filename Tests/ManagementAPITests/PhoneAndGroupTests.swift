import ManagementAPI
import Routing
import Testing
import Vocabulary

/// Phones, gateway groups and number groups as objects.
@Suite struct PhoneAndGroupTests {
    private struct Missing: Error {}

    private func phone(_ fields: String, current: ObjectSet = ObjectSet()) throws -> Secured<Phone> {
        guard case .phone(let phone)? = try plan(#"[{"kind": "Phone", "name": "1001", \#(fields)}]"#, current: current).get().result.sorted.first
        else { throw Missing() }
        return phone
    }

    @Test("a phone's fields are what the switch works with, and are written as they are read")
    func phoneFields() throws {
        let json = #"""
            [{"kind": "Phone", "name": "+14155550100", "password": "secret", "displayName": "Alice", "lock": "incoming", "outgoingLines": 2,
              "incomingLines": 0, "lines": 3, "address": "192.0.2.7;transport=tcp", "routingGatewayGroups": {"deny": ["g"]},
              "callerNumberGroups": {"deny": ["n"]}, "calleeNumberGroups": ["n"], "outgoingCalleeRewrite": ["0=+44"],
              "incomingCalleeRewrite": ["+44=0"], "incomingCallerRewrite": ["+1=001"], "ringback": "sessionProgress", "maximumDuration": 60},
             {"kind": "GatewayGroup", "name": "g"}, {"kind": "NumberGroup", "name": "n"}]
            """#
        let set = try plan(json).get().result
        guard case .phone(let described)? = set[ObjectKey(.phone, "+14155550100")] else { throw Missing() }
        let phone = described.value
        #expect((phone.displayName, phone.lock) == ("Alice", .incoming))
        #expect((phone.outgoingLines, phone.incomingLines, phone.lines) == (2, 0, 3))
        #expect(phone.address == NetworkAddress("192.0.2.7:5060") && phone.transport == .tcp)
        #expect(phone.routingGroups == NameFilter(.deny, ["g"]) && phone.calleeNumberGroups == NameFilter(.allow, ["n"]))
        #expect(phone.outgoingCalleeRewrite.rules == [.init("0", ["+44"])])
        #expect(phone.ringback == .sessionProgress && phone.maximumDuration == 60)
        #expect(phone.password.isEmpty && described.resolved(secrets: [:]).password == "secret")
        #expect(try planner.plan(set.sorted.map(\.document), current: set).get().mutations.isEmpty)
    }

    @Test("a phone's name is its number", arguments: [("1001", true), ("+14155550100", true), ("alice", false), ("", false), ("10-01", false)])
    func phoneName(name: String, isGood: Bool) throws {
        let found = try problems(#"[{"kind": "Phone", "name": "\#(name)", "password": "secret"}]"#)
        #expect(found.isEmpty == isGood, "\(found)")
        if !isGood { #expect(found.first?.contains("a phone's name is its number: 1 to 30 digits") == true) }
    }

    @Test("a phone that registers needs a password; one with an address does not")
    func phonePassword() throws {
        let found = try problems(#"[{"kind": "Phone", "name": "1001"}]"#)
        #expect(
            found == [
                "f:1:2: Phone/1001: password: the phone registers, and no password of it is stored yet; "
                    + "add password, or passwordFile with the path of a file that holds it"
            ])
        #expect(try problems(#"[{"kind": "Phone", "name": "1001", "address": "192.0.2.7"}]"#).isEmpty)
    }

    @Test("a password is never shown, and stays when a document leaves it out; that of a file is in the switch only")
    func secrets() throws {
        let stored = try phone(#""password": "open-sesame""#)
        #expect(!ConfiguredObject.phone(stored).document.json().contains("sesame"))
        #expect(try phone(#""lines": 2"#, current: ObjectSet([.phone(stored)])).password == .stored("open-sesame"))
        let fromFile = try phone(#""passwordFile": "/etc/tandem/1001""#)
        #expect(ObjectSet([.phone(fromFile)]).secretFiles.map(\.path) == ["/etc/tandem/1001"])
        let configuration = ObjectSet([.phone(fromFile)]).configuration(revision: 1, secrets: ["/etc/tandem/1001": "sesame"])
        #expect(configuration.phones.map(\.password) == ["sesame"])
        #expect(ObjectSet([.phone(fromFile)]).configuration(revision: 1).phones.map(\.password) == [""])
    }

    @Test("a gateway's password reaches the switch")
    func gatewayPassword() throws {
        let json = #"[{"kind": "MappingGateway", "name": "a", "authentication": "password", "password": "secret"}]"#
        #expect(try plan(json).get().result.configuration(revision: 1).mappingGateways.map(\.password) == ["secret"])
    }

    @Test("groups are handed to the switch")
    func groups() throws {
        let json = #"""
            [{"kind": "GatewayGroup", "name": "g", "capacity": 0, "callsPerSecond": 9},
             {"kind": "NumberGroup", "name": "n", "memo": "barred", "numbers": ["14155550100", "+44", "14155550100"]}]
            """#
        let configuration = try plan(json).get().result.configuration(revision: 1)
        #expect(configuration.groups.map(\.capacity) == [0] && configuration.groups.map(\.callsPerSecond) == [9])
        #expect(configuration.numberGroups.map(\.numbers) == [["14155550100", "+44"]])
        #expect(configuration.numberGroups.map(\.memo) == ["barred"])
    }

    @Test("the numbers of a group may be one text, and a long list is written as one")
    func numbersAsText() throws {
        let text = #"[{"kind": "NumberGroup", "name": "n", "numbers": "14155550100, 14155550101\n14155550102"}]"#
        let set = try plan(text).get().result
        #expect(set.sorted[0].body["numbers"]?.elements?.compactMap(\.text) == ["14155550100", "14155550101", "14155550102"])
        let many = (0..<1001).map { "1415555\(1000 + $0)" }
        let long = ConfiguredObject.numberGroup(NumberGroup(name: "n", numbers: many))
        #expect(long.body["numbers"]?.text == many.joined(separator: " "))
        let again = try planner.plan([long.document], current: ObjectSet([long])).get()
        #expect(again.mutations.isEmpty)
    }

    @Test("a number that is none is told with its place, and not more than twenty of them")
    func badNumbers() throws {
        let found = try problems(#"[{"kind": "NumberGroup", "name": "n", "numbers": ["1", "x"]}]"#)
        #expect(
            found == [
                ##"f:1:56: NumberGroup/n: numbers[1]: "x" is no number of at most 31 characters; "##
                    + ##"write digits, "*" and "#", before them optionally "+", such as 14155550100"##
            ])
        #expect(try problems(#"[{"kind": "NumberGroup", "name": "n", "numbers": "\#(String(repeating: "x ", count: 500))"}]"#).count == 20)
    }

    @Test("a million numbers are read, written and planned again in linear time")
    func millionNumbers() throws {
        let numbers = (0..<1_000_000).map { "1\(4_155_000_000 + $0)" }
        let json = #"[{"kind": "NumberGroup", "name": "n", "numbers": "\#(numbers.joined(separator: " "))"}]"#
        // Quadratic work would take hours.
        let result = try plan(json).get().result
        guard case .numberGroup(let group)? = result.sorted.first else { throw Missing() }
        #expect(group.numbers.count == 1_000_000)
        let change = ObjectChange(key: ObjectKey(.numberGroup, "n"), before: nil, after: .numberGroup(group))
        #expect(change.document.json().utf8.count < 1000)
    }

    @Test("the audit keeps how long a long list is, and short bodies whole")
    func audited() {
        let group = NumberGroup(name: "n", numbers: (0..<10_000).map { "1\(4_155_000_000 + $0)" })
        let json = ConfiguredObject.numberGroup(group).body.json()
        #expect(Secret.audited(json: json, ofKind: "NumberGroup") == #"{"memo":null,"numbers":"a text of 119999 bytes"}"#)
        let short = #"{"memo":null,"numbers":["1"]}"#
        #expect(Secret.audited(json: short, ofKind: "NumberGroup") == short)
    }
}
