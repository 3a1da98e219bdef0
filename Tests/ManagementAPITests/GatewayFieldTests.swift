import ManagementAPI
import Routing
import Testing
import Vocabulary

/// The fields of gateways: read into what the switch works with, written so that they are read the same again, refused
/// with field, rule and remedy.
@Suite struct GatewayFieldTests {
    private struct Missing: Error {}

    private static let groups =
        #"{"kind": "GatewayGroup", "name": "g1"}, {"kind": "GatewayGroup", "name": "g2"}, {"kind": "NumberGroup", "name": "n1"}"#

    private func mapping(_ fields: String) throws -> MappingGateway {
        let json = #"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"], \#(fields)}, \#(Self.groups)]"#
        guard case .mappingGateway(let gateway)? = try plan(json).get().result[ObjectKey(.mappingGateway, "a")] else { throw Missing() }
        return gateway.value
    }

    private func routing(_ fields: String) throws -> RoutingGateway {
        let json = #"[{"kind": "RoutingGateway", "name": "a", "addresses": ["192.0.2.1"], \#(fields)}, \#(Self.groups)]"#
        guard case .routingGateway(let gateway)? = try plan(json).get().result[ObjectKey(.routingGateway, "a")] else { throw Missing() }
        return gateway.value
    }

    /// Every field of a mapping gateway with a value that is not the usual one.
    private static let everyMappingField = #"""
        "authentication": "password", "password": "secret", "registersHere": true, "locked": true, "capacity": 20, "callsPerSecond": 0,
        "gatewayGroups": ["g1"], "routingGatewayGroups": {"deny": ["g2"]},
        "periods": [{"days": ["mon-wed", "sun"], "from": "08:00", "until": "18:00:30", "barred": true, "capacity": 5, "callsPerSecond": 2,
          "callerPrefixes": {"allow": ["44"]}, "calleePrefixes": {"deny": ["1"]}, "callerRewrite": ["0=1"], "calleeRewrite": []}],
        "callerPrefixes": ["44", "+1415"], "calleePrefixes": {"deny": ["900"]}, "callerLengths": [10, 11], "calleeLengths": ["7-9", 12],
        "callerNumberGroups": {"deny": ["n1"]}, "calleeNumberGroups": ["n1"], "calleeKind": "noPhones",
        "callerRewrite": ["0044=44"], "calleeRewrite": ["*=12345|67890", "13/L9=1"], "calleeSource": "diversion",
        "callerSource": "pAssertedIdentity", "trusted": true, "maximumSetupTime": 60, "ringback": "ringing", "recognisesForwarding": false,
        "failureCodes": ["503:486", "0:480"], "failureCodesDecideSwitching": true, "replyAddress": "viaPort", "requestAddress": "source",
        "routePolicies": ["asr"], "followRedirects": true, "sessionTimer": false, "maximumDuration": 600, "probeInterval": 60
        """#

    @Test("a mapping gateway's fields are what the switch works with")
    func mappingFields() throws {
        let gateway = try mapping(Self.everyMappingField)
        #expect(gateway.authentication == .password && gateway.registersHere && gateway.locked && gateway.isTrusted)
        #expect((gateway.capacity, gateway.callsPerSecond) == (20, 0))
        #expect(gateway.groups == ["g1"])
        #expect(gateway.routingGroups == NameFilter(.deny, ["g2"]))
        #expect(gateway.callerPrefixes == PrefixFilter(.allow, ["44", "+1415"]))
        #expect(gateway.calleePrefixes == PrefixFilter(.deny, ["900"]))
        #expect(gateway.callerLengths == LengthFilter(mask: 1 << 10 | 1 << 11))
        #expect(gateway.calleeLengths == LengthFilter(mask: 1 << 7 | 1 << 8 | 1 << 9 | 1 << 12))
        #expect(gateway.callerNumberGroups == NameFilter(.deny, ["n1"]))
        #expect(gateway.calleeNumberGroups == NameFilter(.allow, ["n1"]))
        #expect(gateway.calleeKind == .noPhones && gateway.calleeSource == .diversion && gateway.callerSource == .pAssertedIdentity)
        #expect(gateway.callerRewrite.rules == [.init("0044", ["44"])])
        #expect(gateway.calleeRewrite.rules == [.init("*", ["12345", "67890"]), .init("13/L9", ["1"])])
        #expect((gateway.maximumSetupTime, gateway.ringback, gateway.recognisesForwarding) == (60, .ringing, false))
        #expect(gateway.failureCodes.replacements == [503: 486, 0: 480] && gateway.failureCodes.decidesSwitching)
        #expect((gateway.replyAddress, gateway.requestAddress, gateway.routePolicies) == (.viaPort, .source, [.asr]))
    }

    @Test("a period has its weekdays, its hours and what it replaces; what it does not say stays as the gateway has it")
    func period() throws {
        let period = try #require(try mapping(Self.everyMappingField).periods.first)
        #expect(period.weekdays == 0b100_0111)
        #expect((period.begin, period.end) == (28_800, 64_830))
        #expect(period.isBarred && period.capacity == 5 && period.callsPerSecond == 2 && period.priority == nil)
        #expect(period.callerPrefixes == PrefixFilter(.allow, ["44"]) && period.calleePrefixes == PrefixFilter(.deny, ["1"]))
        #expect(period.callerRewrite?.rules == [.init("0", ["1"])] && period.calleeRewrite?.rules == [])
        let rest = try #require(try mapping(#""periods": [{"until": "24:00", "capacity": 0}]"#).periods.first)
        #expect((rest.weekdays, rest.begin, rest.end, rest.capacity) == (0x7F, 0, 86_400, 0))
        #expect(rest.callsPerSecond == nil && rest.callerPrefixes == nil && rest.callerRewrite == nil)
    }

    private static let everyRoutingField = #"""
        "prefixes": ["44"], "prefixStyle": "terminate", "priority": 3, "locked": true, "protectRoute": true, "returnsCalls": true,
        "calculatesASR": false, "capacity": 0, "callsPerSecond": 7, "gatewayGroups": ["g1", "g2"], "reservedLines": 4, "allowPublish": true,
        "periods": [{"days": ["sat"], "priority": 1}], "callerPool": {"group": "n1", "order": "random", "reuse": 2},
        "callerRewrite": ["415=1415"], "calleeRewrite": ["025="], "sipDisplay": false, "sipRemotePartyId": true, "sipPrivacy": "off",
        "sipPAssertedIdentity": "caller", "sipPPreferredIdentity": "passThrough", "passDiversion": false, "passHistoryInfo": false,
        "timeoutInvite": 5, "timeoutTrying": 0, "timeoutSessionProgress": 30, "timeoutSessionProgressSdp": 60, "timeoutRinging": 40,
        "switchAfterRinging": true, "switchAfterSdp": false, "switchAfterRtp": true, "switchAfterBusy": true,
        "switchStopCodes": [404, 484], "switchContinueCodes": [603], "optionsCheck": true, "requestAddress": "contactPort",
        "streamForLargeRequests": true
        """#

    @Test("a routing gateway's fields are what the switch works with")
    func routingFields() throws {
        let gateway = try routing(Self.everyRoutingField)
        #expect(gateway.prefixStyle == .terminate && gateway.isProtectRoute && gateway.returnsCalls && gateway.calculatesASR == false)
        #expect((gateway.capacity, gateway.callsPerSecond, gateway.reservedLines) == (0, 7, 4))
        #expect(gateway.groups == ["g1", "g2"] && gateway.allowsPublish && gateway.optionsCheck)
        #expect(gateway.periods.map(\.priority) == [1])
        var pool = CallerPool(group: "n1")
        pool.order = .random
        pool.reuse = 2
        #expect(gateway.callerPool == pool)
        #expect(gateway.calleeRewrite.rules == [.init("025", [""])])
        var identity = IdentitySettings()
        identity.sendsDisplay = false
        identity.sendsRemotePartyID = true
        identity.privacy = .none
        identity.pAssertedIdentity = .caller
        identity.pPreferredIdentity = .passThrough
        identity.passesDiversion = false
        identity.passesHistoryInfo = false
        #expect(gateway.identity == identity)
        #expect(gateway.timeouts.invite == 5 && gateway.timeouts.trying == 0 && gateway.timeouts.sessionProgressWithMedia == 60)
        #expect(gateway.switching.afterRinging == true && gateway.switching.afterMedia == false && gateway.switching.afterRTP == true)
        #expect(gateway.switching.stopCodes == [404, 484] && gateway.switching.continueCodes == [603])
        #expect(gateway.requestAddress == .contactPort)
    }

    @Test(
        "what is written is read as the same object",
        arguments: [("MappingGateway", everyMappingField), ("RoutingGateway", everyRoutingField), ("RoutingGateway", #""locked": false"#)])
    func roundTrip(kind: String, fields: String) throws {
        let json = #"[{"kind": "\#(kind)", "name": "a", "addresses": ["192.0.2.1"], \#(fields)}, \#(Self.groups)]"#
        let set = try plan(json).get().result
        let shown = set.sorted.map(\.document)
        let again = try planner.plan(shown, current: set).get()
        #expect(again.changes.allSatisfy { $0.action == .unchanged }, "\(again.changes.filter { $0.action != .unchanged })")
        let key = try #require(set.sorted.first).key
        let stored = set.sorted.map { StoredObject(kind: $0.key.kind.rawValue, name: $0.key.name, revision: 1, body: $0.body.json()) }
        let (loaded, found) = planner.objects(stored: stored)
        #expect(found.isEmpty && loaded[key] == set[key])
    }

    @Test("a host name among a routing gateway's addresses is looked up; with a port or transport it keeps them")
    func hosts() throws {
        let json = #"[{"kind": "RoutingGateway", "name": "a", "addresses": ["Carrier.example.net", "192.0.2.1", "b.example.net:5070"]}]"#
        guard case .routingGateway(let gateway)? = try plan(json).get().result.sorted.first else { throw Missing() }
        #expect(gateway.value.hosts == [NextHop(host: "carrier.example.net"), NextHop(host: "b.example.net", port: 5070)])
        #expect(gateway.value.addresses.map(\.description) == ["192.0.2.1:5060"])
        #expect(gateway.body["addresses"]?.elements?.map(\.text) == ["192.0.2.1:5060", "carrier.example.net", "b.example.net:5070"])
    }

    private static let refusals: [(kind: String, fields: String, expected: String)] = [
        ("MappingGateway", #""capacity": -1"#, #"capacity: "-1" is not a whole number from 0 to 1000000"#),
        ("MappingGateway", #""callerLengths": [10, 32]"#, #"callerLengths[1]: "32" is neither a length from 1 to 31 nor a range of them"#),
        ("MappingGateway", #""callerLengths": ["9-7"]"#, #"callerLengths[0]: "9-7" is neither a length from 1 to 31 nor a range of them"#),
        ("MappingGateway", #""callerPrefixes": {"alow": ["1"]}"#, #"callerPrefixes: a filter has no "alow""#),
        ("MappingGateway", #""callerPrefixes": {"allow": ["1"], "deny": ["2"]}"#, "callerPrefixes: a filter either allows or denies"),
        ("MappingGateway", #""calleePrefixes": {"deny": ["44x"]}"#, #"calleePrefixes.deny[0]: "44x" is no prefix"#),
        ("MappingGateway", #""calleePrefixes": [""]"#, "calleePrefixes[0]: the prefix is empty, so it stands for every number"),
        ("MappingGateway", #""calleeKind": "phones""#, #"calleeKind: "phones" is not possible here"#),
        ("MappingGateway", #""calleeRewrite": ["0044"]"#, "calleeRewrite[0]: original is not told from its targets"),
        ("MappingGateway", #""calleeRewrite": ["0=1", "0=2"]"#, "calleeRewrite[1]: original 0 stands already in rule 1"),
        ("MappingGateway", #""calleeRewrite": ["12a=1"]"#, "calleeRewrite[0]: original"),
        ("MappingGateway", #""failureCodes": ["200:486"]"#, #"failureCodes[0]: "200:486" is no replacement"#),
        ("MappingGateway", #""failureCodes": ["503:486", "503:480"]"#, "failureCodes[1]: 503 is replaced twice"),
        ("MappingGateway", #""routePolicies": ["asr", "asr"]"#, #"routePolicies[1]: "asr" stands twice in the list"#),
        ("MappingGateway", #""maximumSetupTime": 0"#, #"maximumSetupTime: "0" is not a whole number from 1 to 3600"#),
        ("MappingGateway", #""gatewayGroups": ["nobody"]"#, #"gatewayGroups: there is no GatewayGroup "nobody""#),
        ("MappingGateway", #""routingGatewayGroups": {"deny": ["g3"]}"#, #"routingGatewayGroups: there is no GatewayGroup "g3"; did you mean "g1"?"#),
        ("MappingGateway", #""calleeNumberGroups": ["n2"]"#, #"calleeNumberGroups: there is no NumberGroup "n2"; did you mean "n1"?"#),
        ("MappingGateway", #""authentication": "password""#, "password: the gateway authenticates by password, and none is stored yet"),
        ("MappingGateway", #""registersHere": true"#, "password: the gateway registers here, and no password of it is stored yet"),
        ("RoutingGateway", #""timeoutInvite": 3601"#, #"timeoutInvite: "3601" is not a whole number from 0 to 3600"#),
        ("RoutingGateway", #""switchStopCodes": [180]"#, #"switchStopCodes[0]: "180" is no final status from 300 to 699"#),
        ("RoutingGateway", #""switchStopCodes": [503], "switchContinueCodes": [503]"#, "switchContinueCodes: 503 stands in switchStopCodes too"),
        ("RoutingGateway", #""reservedLines": 2"#, "reservedLines: lines are reserved in gateway groups, and the gateway belongs to none"),
        ("RoutingGateway", #""callerPool": {"order": "random"}"#, "callerPool.group: the field is missing"),
        ("RoutingGateway", #""callerPool": {"group": "n9"}"#, #"callerPool: there is no NumberGroup "n9"; did you mean "n1"?"#),
        ("RoutingGateway", #""callerPool": {"group": "n1", "size": 3}"#, #"callerPool.size: a caller pool has no field "size""#),
        ("RoutingGateway", #""addresses": ["no_where"]"#, #"addresses[0]: "no_where" has characters that no host name has; write an IP address"#),
        ("RoutingGateway", #""addresses": ["192.0.2.300"]"#, #"addresses[0]: "192.0.2.300" is not an IP address with an optional port"#),
        ("RoutingGateway", #""switchAfterBusy": "maybe""#, #"switchAfterBusy: "maybe" is neither true nor false"#),
        ("RoutingGateway", #""periods": [{"capacity": "many"}]"#, #"periods[0].capacity: "many" is not a whole number from 0 to 1000000"#),
    ]

    @Test("a value that cannot be is refused with its field", arguments: refusals)
    func refusal(kind: String, fields: String, expected: String) throws {
        let addresses = fields.contains("addresses") ? "" : #""addresses": ["192.0.2.1"], "#
        let found = try problems(#"[{"kind": "\#(kind)", "name": "a", \#(addresses)\#(fields)}, \#(Self.groups)]"#)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains("\(kind)/a: \(expected)") == true, "\(found)")
    }

    private static let periodRefusals: [(periods: String, expected: String)] = [
        (
            #"[{"days": ["mon-fri"], "from": "08:00", "until": "12:00"}, {"days": ["fri", "sat"], "from": "11:30"}]"#,
            "periods[1]: it overlaps with periods[0]: both hold on Friday from 11:30 to 12:00; "
                + "let one end where the other begins, or take that day out of one"
        ),
        (
            #"[{"from": "22:00", "until": "06:00"}]"#,
            "periods[0].until: the period ends at 06:00, not after it begins at 22:00; "
                + #"write two periods where it lasts over midnight: one until "24:00", one from "00:00""#
        ),
        (#"[{"from": "8"}]"#, #"periods[0].from: "8" is no time of the day; write HH:MM or HH:MM:SS, such as "08:00""#),
        (#"[{"until": "24:01"}]"#, #"periods[0].until: "24:01" is no time of the day; write HH:MM or HH:MM:SS, such as "08:00""#),
        (#"[{"days": ["mond"]}]"#, #"periods[0].days[0]: "mond" is no weekday; did you mean "mon"?"#),
        (#"[{"priority": 1}]"#, #"periods[0].priority: a period has no field "priority"; "#),
    ]

    @Test("periods that overlap, end before they begin or name no day are refused", arguments: periodRefusals)
    func periodRefusal(periods: String, expected: String) throws {
        let found = try problems(#"[{"kind": "MappingGateway", "name": "a", "addresses": ["192.0.2.1"], "periods": \#(periods)}]"#)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test("periods that touch, or hold on other days, do not overlap")
    func touchingPeriods() throws {
        let periods = #"[{"days": ["mon"], "until": "12:00"}, {"days": ["mon"], "from": "12:00"}, {"days": ["tue"], "from": "11:00"}]"#
        #expect(try mapping(#""periods": \#(periods)"#).periods.count == 3)
    }

    @Test("a routing gateway that registers here has no address and no account elsewhere")
    func dynamicRoutingGateway() throws {
        let dynamic = #"{"kind": "RoutingGateway", "name": "a", "registersHere": true, "password": "secret"}"#
        #expect(try problems("[\(dynamic)]").isEmpty)
        let found = try problems(
            #"[{"kind": "RoutingGateway", "name": "a", "registersHere": true, "password": "secret", "addresses": ["192.0.2.1"]}]"#)
        #expect(found.count == 1 && found[0].contains("addresses: the gateway registers here, and calls go to where it registered"))
    }
}
