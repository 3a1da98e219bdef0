import SIPMessages
import Testing
import Vocabulary

/// The small grammars: names, lists, parameters, numbers, each as a table.
@Suite("Grammar")
struct GrammarTests {
    @Test("every method is known by its exact name, and by no other case", arguments: Method.allCases)
    func methods(method: SIPMessages.Method) {
        guard method != .other else { return }
        let name = Bytes(method.name)
        #expect(SIPMessages.Method(name) == method)
        name.string.lowercased().withBytes { #expect(SIPMessages.Method($0) == .other) }
        (name.string + "X").withBytes { #expect(SIPMessages.Method($0) == .other) }
    }

    @Test("every header field name is known in any case", arguments: HeaderName.allCases)
    func headerNames(header: HeaderName) {
        guard header != .other else { return }
        let name = Bytes(header.name).string
        for spelling in [name, name.lowercased(), name.uppercased()] {
            spelling.withBytes { #expect(HeaderName($0) == header) }
        }
        (name + "x").withBytes { #expect(HeaderName($0) == .other) }
        String(name.dropLast()).withBytes { #expect($0.count == 1 || HeaderName($0) == .other) }
    }

    @Test(
        "compact names",
        arguments: [
            ("a", .acceptContact), ("b", .referredBy), ("c", .contentType), ("d", .requestDisposition), ("e", .contentEncoding), ("f", .from),
            ("i", .callID), ("j", .rejectContact), ("k", .supported), ("l", .contentLength), ("m", .contact), ("o", .event), ("r", .referTo),
            ("s", .subject), ("t", .to), ("u", .allowEvents), ("v", .via), ("x", .sessionExpires), ("y", .identity), ("z", .other), ("(", .other),
        ] as [(String, HeaderName)])
    func compactNames(text: String, name: HeaderName) {
        text.withBytes { #expect(HeaderName($0) == name) }
        text.uppercased().withBytes { #expect(HeaderName($0) == name) }
    }

    @Test("a name whose length wraps a byte is not mistaken for a short one")
    func longNames() {
        for length in [256 + 2, 256 + 3, 256 + 4, 65_536 + 2] {
            ("To" + String(repeating: "o", count: length - 2)).withBytes { #expect(HeaderName($0) == .other) }
        }
    }

    @Test("token bytes are exactly the RFC's")
    func tokens() {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~".utf8)
        for byte in UInt8.min...UInt8.max { #expect(byte.isTokenByte == allowed.contains(byte), "\(byte)") }
        "".withBytes { #expect(!$0.isToken) }
    }

    @Test(
        "comma lists split outside quotes and angle brackets",
        arguments: [
            ("a", ["a"]),
            ("a,b", ["a", "b"]),
            (" a ,\r\n b\t,c", ["a", "b", "c"]),
            (",,a,,", ["a"]),
            ("", []),
            (" , ,", []),
            (#""x,y" <sip:a@b>, <sip:c,d@e>;p="1,2""#, [#""x,y" <sip:a@b>"#, #"<sip:c,d@e>;p="1,2""#]),
            (#""a\",b", c"#, [#""a\",b""#, "c"]),
            // A quote or bracket that never closes takes the rest.
            (#"a, "b, c"#, ["a", #""b, c"#]),
            ("a, <b, c", ["a", "<b, c"]),
            (#"a, "b\"#, ["a", #""b\"#]),
        ])
    func commaLists(text: String, elements: [String]) {
        text.withBytes { view in
            var list = CommaList(view)
            var found: [String] = []
            while let element = list.next() { found.append(element.string) }
            #expect(found == elements)
        }
    }

    @Test(
        "parameters with and without value, quoted, spaced and folded",
        arguments: [
            ("", [], false),
            (";a", ["a"], false),
            (";a=1;b=2", ["a=1", "b=2"], false),
            (" ; a = 1 ;\r\n b ", ["a=1", "b"], false),
            (#";a="x;y=\"z";b"#, [#"a="x;y=\"z""#, "b"], false),
            (";a=", ["a="], false),
            (";received=[2001:db8::1];x", ["received=[2001:db8::1]", "x"], false),
            (";a=1;", ["a=1"], false),
            (";a;;b", ["a"], true),
            ("a=1", [], true),
            (";=1", [], true),
            (";a b", [], true),
            (";a=1 2", [], true),
            (#";a="x"#, [], true),
            (#";a="x\""#, [], true),
            (#";a=""#, [], true),
            (#";a="x"y"#, [], true),
            (";a,b", [], true),
        ] as [(String, [String], Bool)])
    func parameters(text: String, expected: [String], malformed: Bool) {
        text.withBytes { view in
            var list = ParameterList(view)
            var found: [String] = []
            while let parameter = list.next() { found.append(parameter.name.string + (parameter.value.map { "=\($0.string)" } ?? "")) }
            #expect(found == expected)
            #expect(list.isMalformed == malformed)
        }
    }

    @Test("a parameter is found by name in any case, the first one counts")
    func parameterByName() {
        ";Tag=one;tag=two".withBytes { #expect(ParameterList.value("tag", in: $0)?.value?.equals("one") == true) }
        ";tagg=one".withBytes { #expect(ParameterList.value("tag", in: $0) == nil) }
        #";text="tag=no";tag=yes"#.withBytes { #expect(ParameterList.value("tag", in: $0)?.value?.equals("yes") == true) }
    }

    @Test("quotes come off, escapes stay")
    func unquoting() {
        #""a\"b""#.withBytes { #expect($0.unquoted.equals(#"a\"b"#)) }
        for text in ["", "\"", "a", "\"a"] { text.withBytes { #expect($0.unquoted.equals($0)) } }
    }
}
