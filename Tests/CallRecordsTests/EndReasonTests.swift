import CallRecords
import Testing

/// The catalogue of end reasons. Raw values stand in ledgers for ever, names in filters and metrics.
@Suite("End reasons")
struct EndReasonTests {
    /// Raw value, name and Q.850 cause of every reason. A new reason is added at the end of its group; nothing
    /// here is ever changed.
    static let catalogue: [(raw: Int16, name: String, cause: Int)] = [
        (1, "normalClearing", 16), (2, "callerCancelled", 31), (3, "calleeBusy", 17), (4, "calleeDeclined", 21), (5, "noAnswer", 19),
        (6, "numberNotFound", 1), (7, "calleeUnavailable", 20), (8, "calleeIncompatible", 88), (9, "redirected", 23), (10, "otherFailure", 127),
        (20, "callerNotRecognised", 21), (21, "noRoute", 3), (22, "malformedRequest", 111), (23, "extensionUnsupported", 111),
        (24, "tooManyHops", 25), (25, "loopDetected", 25), (26, "overload", 42), (27, "stopping", 41), (28, "recordStoreFailing", 41),
        (29, "setupExpired", 102),
        (40, "gatewayTimeout", 102), (41, "gatewayUnreachable", 38), (42, "gatewayFailure", 41), (43, "acknowledgementMissing", 102),
        (44, "dialogLost", 41), (45, "reliableProvisionalUnacknowledged", 102), (46, "hungUpByOperator", 31), (47, "noTimerLimit", 102),
        (48, "maximumDuration", 102), (49, "sessionExpired", 102), (50, "processEnded", 41), (51, "internalFault", 41),
        (52, "peerSilent", 102), (60, "callerBarred", 21), (61, "capacityReached", 42), (62, "rateExceeded", 42), (63, "numberRefused", 21),
        (64, "numberBlacklisted", 21), (65, "noGatewayAvailable", 34), (66, "setupTimeExceeded", 102),
    ]

    @Test("raw values, names and causes are the ones that ledgers hold")
    func pinned() {
        for row in Self.catalogue {
            let reason = EndReason(rawValue: row.raw)
            #expect(reason?.name == row.name)
            #expect(reason?.q850Cause == row.cause, "of \(row.name)")
        }
        #expect(EndReason.allCases.map(\.rawValue) == Self.catalogue.map(\.raw), "a reason is missing from this table")
    }

    @Test("each says what happened and what to do, in a sentence of its own", arguments: EndReason.allCases)
    func words(reason: EndReason) {
        #expect(reason.meaning.hasSuffix("."))
        #expect(reason.nextStep.hasSuffix("."))
        #expect(reason.meaning != reason.nextStep)
        #expect((1...127).contains(reason.q850Cause))
    }

    @Test("no two reasons have the same meaning")
    func distinct() { #expect(Set(EndReason.allCases.map(\.meaning)).count == EndReason.allCases.count) }

    @Test(
        "the reason of a vendor's final status",
        arguments: [
            (300, EndReason.redirected), (302, .redirected), (380, .redirected),
            (400, .otherFailure), (401, .otherFailure), (402, .otherFailure), (403, .otherFailure), (404, .numberNotFound), (405, .otherFailure),
            (407, .otherFailure), (408, .gatewayTimeout), (410, .numberNotFound), (415, .calleeIncompatible), (420, .calleeIncompatible),
            (421, .calleeIncompatible), (480, .calleeUnavailable), (481, .otherFailure), (484, .numberNotFound), (485, .numberNotFound),
            (486, .calleeBusy), (488, .calleeIncompatible), (491, .otherFailure), (500, .gatewayFailure), (503, .gatewayFailure),
            (504, .gatewayFailure), (580, .gatewayFailure), (600, .calleeBusy), (603, .calleeDeclined), (604, .numberNotFound),
            (606, .calleeIncompatible), (607, .calleeDeclined), (699, .otherFailure),
        ])
    func finalStatus(status: Int, reason: EndReason) { #expect(EndReason.ofFinalStatus(status) == reason) }

    @Test("a 487 that nobody asked for is not blamed on the caller")
    func unasked487() { #expect(EndReason.ofFinalStatus(487) == .otherFailure) }

    @Test("every final status has a reason")
    func allStatuses() { for status in 300...699 { #expect(EndReason.allCases.contains(EndReason.ofFinalStatus(status))) } }

    @Test("outcomes of attempts are stored by these values")
    func outcomes() {
        let pinned: [(Int16, String)] = [
            (1, "answered"), (2, "refused"), (3, "inviteTimeout"), (4, "unreachable"), (5, "cancelledByCaller"), (6, "tryingTimeout"),
            (7, "progressTimeout"), (8, "progressWithMediaTimeout"), (9, "ringingTimeout"), (10, "abandoned"),
        ]
        #expect(AttemptOutcome.allCases.map(\.rawValue) == pinned.map(\.0))
        #expect(AttemptOutcome.allCases.map(\.name) == pinned.map(\.1))
    }

    @Test("parties are stored by these values")
    func parties() {
        #expect(CallParty.allCases.map(\.rawValue) == [0, 1, 2])
        #expect(CallParty.allCases.map(\.name) == ["caller", "callee", "server"])
    }
}
