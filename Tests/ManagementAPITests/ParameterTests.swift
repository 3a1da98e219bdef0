import ManagementAPI
import Routing
import SIPTransactions
import Testing
import Vocabulary

@Suite struct ParameterTests {
    @Test(
        "a parameter is found by name or alias, in any case, without underscores",
        arguments: [
            "SS_TEST_OPTION", "ss_test_option", "SSTestOption", "SS_TEST_CHOICE", "sstestchoice",
        ])
    func lookup(name: String) {
        #expect(catalogue[name]?.name == "SS_TEST_OPTION")
    }

    @Test("an unknown parameter is not found, and a near one is suggested")
    func unknown() {
        #expect(catalogue["SS_SIP_TIMEOUT_INVITES"] == nil)
        #expect(catalogue.remedy(forUnknown: "SS_SIP_TIMEOUT_INVITES") == "did you mean \"SS_SIP_TIMEOUT_INVITE\"?")
        #expect(catalogue.remedy(forUnknown: "X") == "\"tandem param list\" shows every parameter")
    }

    @Test(
        "values are read by the form of their parameter",
        arguments: [
            ("SS_REPLY_UNAUTHORIZED", "On", .flag(true)), ("SS_REPLY_UNAUTHORIZED", "true", .flag(true)),
            ("SS_REPLY_UNAUTHORIZED", "1", .flag(true)), ("SS_REPLY_UNAUTHORIZED", "OFF", .flag(false)),
            ("SS_REPLY_UNAUTHORIZED", "false", .flag(false)), ("SS_REPLY_UNAUTHORIZED", "0", .flag(false)),
            ("SS_SIP_TIMEOUT_INVITE", "1", .integer(1)), ("SS_SIP_TIMEOUT_INVITE", " 3600 ", .integer(3600)),
            ("SS_TEST_LIMIT", "none", ParameterValue.none), ("SS_TEST_LIMIT", "0", .integer(0)),
            ("SS_TEST_OPTION", "id", .option("Id")), ("SS_TEST_OPTION", "NONE", .option("None")),
            ("SS_SIP_USER_AGENT_EXPIRE", "auto", .option("Auto")), ("SS_SIP_USER_AGENT_EXPIRE", "20", .integer(20)),
            ("SS_TEST_TEXT", "abcde", .text("abcde")), ("SS_TEST_TEXT", "", .text("")),
            ("SS_SIP_RESEND_INTERVAL", "0.5, 1,1", .intervals([.milliseconds(500), .seconds(1), .seconds(1)])),
        ] as [(String, String, ParameterValue)])
    func values(name: String, text: String, expected: ParameterValue) throws {
        let definition = try #require(catalogue[name])
        #expect(try definition.value(from: text).get() == expected)
        #expect(try definition.value(from: expected.text).get() == expected, "what is printed is read again")
    }

    @Test(
        "values outside the form are refused",
        arguments: [
            ("SS_REPLY_UNAUTHORIZED", "maybe"), ("SS_SIP_TIMEOUT_INVITE", "0"), ("SS_SIP_TIMEOUT_INVITE", "3601"),
            ("SS_SIP_TIMEOUT_INVITE", "10s"), ("SS_SIP_TIMEOUT_INVITE", "None"), ("SS_SIP_TIMEOUT_INVITE", ""), ("SS_TEST_LIMIT", "10"),
            ("SS_SIP_USER_AGENT_EXPIRE", "19"), ("SS_SIP_USER_AGENT_EXPIRE", "7201"), ("SS_SIP_USER_AGENT_EXPIRE", "Automatic"),
            ("SS_TEST_OPTION", "Both"), ("SS_TEST_TEXT", "abcdef"), ("SS_SIP_RESEND_INTERVAL", ""), ("SS_SIP_RESEND_INTERVAL", "1,0.5"),
            ("SS_SIP_RESEND_INTERVAL", "0.05"), ("SS_SIP_RESEND_INTERVAL", "61"), ("SS_SIP_RESEND_INTERVAL", "1,,2"),
            ("SS_SIP_RESEND_INTERVAL", "nan"), ("SS_SIP_RESEND_INTERVAL", Array(repeating: "1", count: 21).joined(separator: ",")),
        ])
    func refusals(name: String, text: String) throws {
        let definition = try #require(catalogue[name])
        #expect(throws: ParameterRefusal.self) { try definition.value(from: text).get() }
    }

    @Test("a refusal names the parameter, its range and the default")
    func refusalText() {
        let refusal = #expect(throws: ParameterRefusal.self) { try ParameterDefinition.resendInterval.value(from: "2,1").get() }
        #expect(
            refusal?.rule == "SS_SIP_RESEND_INTERVAL must be 1 to 20 waiting times with commas between them, each 0.1 to 60 s, "
                + "none shorter than the one before, not \"2,1\"")
        #expect(refusal?.remedy == "set such a value; the default is 0.5,1,2,4,4,4,4,4,4,4")
    }

    @Test("waiting times may be a list of a document")
    func intervalsAsList() throws {
        let list = try DocumentNode(json: "[0.5, 1, \"2\"]")
        #expect(try ParameterDefinition.resendInterval.value(from: list).get() == .intervals([.milliseconds(500), .seconds(1), .seconds(2)]))
        #expect(throws: ParameterRefusal.self) { try ParameterDefinition.resendInterval.value(from: DocumentNode(json: "[[1]]")).get() }
    }

    @Test("every default fits its own parameter, and every related name exists")
    func defaultsFit() throws {
        for definition in catalogue.definitions {
            #expect(try definition.value(from: definition.defaultValue.text).get() == definition.defaultValue, "\(definition.name)")
            for related in definition.related { #expect(catalogue[related] != nil, "\(definition.name): \(related)") }
        }
    }

    @Test("a parameter shows its value and where it comes from")
    func resource() {
        let byDefault = ParameterResource(.inviteTimeout, in: ObjectSet(), catalogue: catalogue).document
        #expect(byDefault["value"] == 10)
        #expect(byDefault["source"]?.text == "default")
        let objects = ObjectSet([.parameter(ParameterObject(name: "SS_SIP_TIMEOUT_INVITE", value: .integer(15)))])
        let configured = ParameterResource(.inviteTimeout, in: objects, catalogue: catalogue).document
        #expect(configured["value"] == 15)
        #expect(configured["default"] == 10)
        #expect(configured["source"]?.text == "set")
        #expect(configured["allowed"]?.text == "a whole number from 1 to 3600 (s)")
    }
}
