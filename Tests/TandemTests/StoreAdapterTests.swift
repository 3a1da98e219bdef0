import Foundation
import ManagementAPI
import ManagementServer
import Storage
import Testing
import Vocabulary

@testable import tandem

/// The real configuration store behind the management interface's protocol.
@Suite struct StoreAdapterTests {
    @Test("objects survive in config.db, with revisions, conflicts and audit")
    func configuration() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-store-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try StoredConfiguration.open(folder: folder)
        let objects = StoredConfiguration(store: store)
        let control = FakeSwitch()
        let configurator = Configurator(store: objects, control: control, catalogue: .tandem, now: { WallTime(microseconds: 1_000_000) })
        let documents = try YAMLDocuments.read(
            "{kind: RoutingGateway, name: x, addresses: [192.0.2.1]}\n---\n{kind: Parameter, name: SS_SIP_TIMEOUT_INVITE, value: 12}")
        let outcome = try await configurator.apply(documents, author: "somebody")
        #expect(outcome.revision == 1)
        #expect(control.revisions == [1])

        let loaded = try await Configurator.load(from: objects, catalogue: .tandem)
        #expect(loaded.problems.isEmpty)
        #expect(loaded.configuration().routingGateways.map(\.name) == ["x"])
        #expect(loaded.objectRevisions[ObjectKey(.routingGateway, "x")] == 1)
        await #expect(throws: RevisionConflict(current: 1)) {
            try await objects.apply([.delete(ObjectKey(.routingGateway, "x"))], expecting: 0, author: "late", at: .unset)
        }
        #expect(try await configurator.delete(ObjectKey(.routingGateway, "x"), author: "somebody").revision == 2)
        let audit = try await objects.audit(of: .everything, limit: 10, before: nil)
        #expect(audit.map(\.revision) == [2, 1, 1])
        #expect(audit.first?.after == nil)
        #expect(audit.first?.author == "somebody")
        try store.close()
    }

    @Test("records come out of ledger.db by filter and page")
    func records() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-store-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let ledger = try LedgerStore(folder: folder)
        let records = StoredRecords(reader: ledger.reader)
        #expect(try await records.callRecords(matching: CallRecordFilter(caller: "+1"), before: nil, limit: 10).isEmpty)
        #expect(try await records.callRecord(CallIdentifier(rawValue: 1)) == nil)
        let period = ReportPeriod(from: .unset)
        #expect(try await records.limitEnds(in: period, limit: 10).isEmpty)
        #expect(try await records.callsNearLimit(in: period, within: 5, before: nil, limit: 10).isEmpty)
        #expect(try await records.timerSupport(in: period, limit: 10).isEmpty)
        try ledger.close()
    }
}
