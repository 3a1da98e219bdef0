import Routing

/// The periods of a gateway as an operator writes them: `[{days: [mon-fri], from: "08:00", until: "18:00", capacity: 20}]`.
enum PeriodText {
    static let most = 64

    static func read(
        _ node: DocumentNode, field: String, by fields: [ObjectField<Period>], _ reading: inout ObjectReading
    ) -> [Period] {
        let remedy = "write a list such as [{days: [mon, tue], from: \"08:00\", until: \"18:00\", capacity: 20}]"
        guard let elements = reading.optionalElements(of: node, field: field, atMost: most, remedy: remedy) else { return [] }
        var periods: [(index: Int, period: Period)] = []
        for (index, element) in elements.enumerated() {
            let place = "\(field)[\(index)]"
            guard element.entries != nil else {
                reading.refuse(place, at: element.position, "\(element.printableShape) is no period", remedy: remedy)
                continue
            }
            var period = Period()
            reading.within(place) { reading in
                reading.read(element, by: fields, into: &period, what: "a period")
                checkEnds(of: period, element, &reading)
            }
            for earlier in periods {
                guard let overlap = overlap(earlier.period, period) else { continue }
                reading.refuse(
                    place, at: element.position, "it overlaps with \(field)[\(earlier.index)]: both hold \(overlap)",
                    remedy: "let one end where the other begins, or take that day out of one")
            }
            periods.append((index, period))
        }
        return periods.map(\.period)
    }

    private static func checkEnds(of period: Period, _ node: DocumentNode, _ reading: inout ObjectReading) {
        guard period.begin >= period.end else { return }
        reading.refuse(
            "until", at: node["until"]?.position ?? node.position,
            "the period ends at \(TimeOfDayText.text(period.end)), not after it begins at \(TimeOfDayText.text(period.begin))",
            remedy: "write two periods where it lasts over midnight: one until \"24:00\", one from \"00:00\"")
    }

    /// When both hold: "on Monday from 08:00 to 10:00"; nil when they never do.
    private static func overlap(_ a: Period, _ b: Period) -> String? {
        let begin = max(a.begin, b.begin)
        let end = min(a.end, b.end)
        guard begin < end, let day = (0..<7).first(where: { (a.weekdays & b.weekdays) >> UInt8($0) & 1 == 1 }) else { return nil }
        return "on \(TimeOfDayText.weekdayNames[day]) from \(TimeOfDayText.text(begin)) to \(TimeOfDayText.text(end))"
    }

    // MARK: - The table of a period's fields

    /// Those of a mapping gateway's periods.
    static let mappingFields: [ObjectField<Period>] = hours + limits + replacements
    /// Those of a routing gateway's, which has a priority besides.
    static let routingFields: [ObjectField<Period>] =
        hours + limits + [.optionalInteger("priority", \.priority, range: 0...65_535, meaning: "priority in this time; the gateway's own unless set")]
        + replacements

    private static let hours: [ObjectField<Period>] = [
        ObjectField(
            "days", meaning: "weekdays: mon to sun, or ranges such as mon-fri; every day unless set",
            schema: ["type": ["array", "null"], "minItems": 1, "maxItems": 7, "items": ["type": "string"]],
            read: { node, period, reading in
                guard !node.isNull else { return }
                let remedy = "write a list such as [mon, tue] or [mon-fri]"
                guard let elements = reading.elements(of: node, field: "days", atMost: 7, remedy: remedy) else { return }
                period.weekdays = 0
                for (index, element) in elements.enumerated() {
                    guard let bits = TimeOfDayText.weekdayBits(element.text ?? "") else {
                        reading.refuse(
                            "days[\(index)]", at: element.position, "\(element.printableShape) is no weekday",
                            remedy: Suggestion.remedy(for: element.text ?? "", among: TimeOfDayText.weekdays))
                        continue
                    }
                    period.weekdays |= bits
                }
            },
            write: { period in
                .list(TimeOfDayText.weekdays.enumerated().filter { period.weekdays >> UInt8($0.offset) & 1 == 1 }.map { .text($0.element) })
            }),
        time("from", \.begin, meaning: "local time at which it begins, HH:MM or HH:MM:SS; 00:00 unless set"),
        time("until", \.end, meaning: "local time at which it has ended, at most 24:00; 24:00 unless set"),
    ]

    private static let limits: [ObjectField<Period>] = [
        .flag("barred", \.isBarred, meaning: "true takes no calls in this time; false unless set"),
        .optionalInteger(
            "capacity", \.capacity, range: Capacity.calls, meaning: "most calls at once in this time; 0 takes none; the gateway's own unless set"),
        .optionalInteger(
            "callsPerSecond", \.callsPerSecond, range: Capacity.callsPerSecond,
            meaning: "most new calls within any second in this time; 0 takes none; the gateway's own unless set"),
    ]

    private static let replacements: [ObjectField<Period>] = [
        .optionalPrefixFilter("callerPrefixes", \.callerPrefixes, meaning: "takes the place of the gateway's own in this time"),
        .optionalPrefixFilter("calleePrefixes", \.calleePrefixes, meaning: "takes the place of the gateway's own in this time"),
        .optionalDialPlan("callerRewrite", \.callerRewrite, meaning: "takes the place of the gateway's own in this time"),
        .optionalDialPlan("calleeRewrite", \.calleeRewrite, meaning: "takes the place of the gateway's own in this time"),
    ]

    private static func time(_ name: String, _ path: WritableKeyPath<Period, Int> & Sendable, meaning: String) -> ObjectField<Period> {
        ObjectField(
            name, meaning: meaning, schema: ["type": ["string", "null"], "pattern": "^[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?$"],
            read: { node, period, reading in
                guard !node.isNull else { return }
                guard let seconds = TimeOfDayText.seconds(node.text ?? "") else {
                    return reading.refuse(
                        name, at: node.position, "\(node.printableShape) is no time of the day", remedy: "write HH:MM or HH:MM:SS, such as \"08:00\"")
                }
                period[keyPath: path] = seconds
            },
            write: { .text(TimeOfDayText.text($0[keyPath: path])) })
    }
}

/// Ranges of what counts calls, the same wherever it is written.
enum Capacity {
    static let calls = 0...1_000_000
    static let callsPerSecond = 0...100_000
}

extension ObjectField {
    static func periods(
        _ path: WritableKeyPath<Object, [Period]> & Sendable, by fields: [ObjectField<Period>], meaning: String
    ) -> ObjectField {
        let properties = fields.map { field in
            DocumentNode.Entry(
                field.name, DocumentNode(.mapping((field.schema.entries ?? []) + [.init("description", .text(field.meaning))])))
        }
        return ObjectField(
            "periods", meaning: meaning,
            schema: [
                "type": ["array", "null"], "maxItems": .number(PeriodText.most),
                "items": ["type": "object", "additionalProperties": false, "properties": DocumentNode(.mapping(properties))],
            ],
            read: { node, object, reading in
                guard !node.isNull else { return }
                object[keyPath: path] = PeriodText.read(node, field: "periods", by: fields, &reading)
            },
            write: { object in
                .list(
                    object[keyPath: path].map { period in
                        // What stays as the gateway has it is not said.
                        let entries = fields.map { DocumentNode.Entry($0.name, $0.write(period)) }.filter { !$0.value.isNull }
                        return DocumentNode(.mapping(entries))
                    })
            })
    }
}
