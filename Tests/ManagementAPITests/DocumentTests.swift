import ManagementAPI
import Testing

/// Reading and writing document trees. YAML reading is the program's and is tested there.
@Suite struct DocumentTests {
    @Test("JSON is read with the line and column of every value")
    func positions() throws {
        let node = try DocumentNode(json: "{\n  \"a\": [1, \"zwei\"],\n  \"é\": {\"b\": null}\n}")
        #expect(node.position == SourcePosition(line: 1, column: 1))
        let list = try #require(node["a"]?.elements)
        #expect(list.map(\.position) == [SourcePosition(line: 2, column: 9), SourcePosition(line: 2, column: 12)])
        #expect(node["é"]?["b"]?.position == SourcePosition(line: 3, column: 14))
        #expect(node["é"]?["b"]?.isNull == true)
        #expect(node.entries?[1].keyPosition == SourcePosition(line: 3, column: 3))
    }

    @Test(
        "JSON written and read again is the same tree",
        arguments: [
            #"{"a":[1,-2.5e3,true,null,"x\"\\\n\u0001"],"b":{},"c":[]}"#, #""grüß 😀 \u0000""#, "0", "[[[]]]",
        ])
    func roundTrip(text: String) throws {
        let node = try DocumentNode(json: text)
        #expect(try DocumentNode(json: node.json()) == node)
        #expect(try DocumentNode(json: node.json(pretty: true)) == node)
    }

    @Test("a surrogate pair is one character, half of one is refused")
    func surrogates() throws {
        #expect(try DocumentNode(json: #""\ud83d\ude00""#).text == "😀")
        #expect(throws: DocumentSyntaxError.self) { try DocumentNode(json: #""\ud83d""#) }
        #expect(throws: DocumentSyntaxError.self) { try DocumentNode(json: #""\ude00""#) }
    }

    @Test(
        "bad JSON is refused where it is bad",
        arguments: [
            ("", 1, 1), ("{\"a\":1,\n\"a\":2}", 2, 1), ("[1,]", 1, 4), ("[01]", 1, 2), ("{\"a\" 1}", 1, 6), ("[1]\n]", 2, 1), ("\"a", 1, 3),
            ("nul", 1, 1), ("\"\u{1}\"", 1, 2), ("{a:1}", 1, 2), ("[1 2]", 1, 4), ("1.", 1, 1),
        ])
    func badJSON(text: String, line: Int, column: Int) {
        let error = #expect(throws: DocumentSyntaxError.self) { try DocumentNode(json: text) }
        #expect(error?.position == SourcePosition(line: line, column: column))
    }

    @Test("nesting is bounded at 64 levels")
    func depth() throws {
        _ = try DocumentNode(json: String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
        #expect(throws: DocumentSyntaxError.self) { try DocumentNode(json: String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) }
        #expect(throws: DocumentSyntaxError.self) { try DocumentNode(json: String(repeating: "[", count: 1_000_000)) }
    }

    @Test("YAML quotes every text that a reader could take for something else")
    func yaml() {
        let node: DocumentNode = [
            "kind": "MappingGateway", "on": "On", "address": "127.0.0.1:5060", "list": ["", "44"], "number": 10, "flag": true, "none": .null,
            "deep": ["a": [["b": "c d"], ["b": "e"]]], "empty": [], "nothing": [:],
        ]
        #expect(
            node.yaml() == """
                kind: MappingGateway
                "on": "On"
                address: "127.0.0.1:5060"
                list: ["", "44"]
                number: 10
                flag: true
                none: null
                deep:
                  a:
                    - b: "c d"
                    - b: e
                empty: []
                nothing: {}

                """)
        #expect(DocumentNode.yaml(documents: [["a": 1], ["b": 2]]) == "a: 1\n---\nb: 2\n")
    }
}

@Suite struct SuggestionTests {
    @Test(
        "the nearest word is suggested, and none when all are far",
        arguments: [
            ("adresses", "addresses"), ("Priority", "priority"), ("prefix", "prefixes"), ("lokced", "locked"), ("trunk", nil), ("", nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["addresses", "priority", "locked", "prefixes"]) == expected)
    }

    @Test("a remedy names all words when none is near")
    func remedy() {
        #expect(Suggestion.remedy(for: "x", among: ["udp", "tcp"]) == "use one of: udp, tcp")
    }
}
