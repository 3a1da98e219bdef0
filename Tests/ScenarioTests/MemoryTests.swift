import CallRecords
import SIPMessages
import SwitchTesting
import Testing
import Vocabulary

#if canImport(Glibc)
import Glibc
#endif

/// What a held call costs. The figure depends on allocator and machine, so it is printed, and only a
/// generous bound is checked; the bench measures it in the whole program.
@Suite(.serialized) struct MemoryTests {
    @Test("memory per held call")
    func memoryPerHeldCall() throws {
        let scenario = Scenario(maximumCalls: 20_000)
        scenario.world.trace = nil
        scenario.world.tap = nil
        for peer in [scenario.customer] + scenario.vendors { peer.keepsMessages = false }
        var answering = CalleeScript()
        answering.finals = [ScriptedFinal(after: .milliseconds(200), status: 200)]
        scenario.vendors[0].callArrived = { call in call.behave(answering) }
        let (few, many) = (1_000, 5_000)
        var before = 0
        for index in 0..<many {
            if index == few {
                scenario.pass(.seconds(40))
                scenario.world.forgetPeers()
                before = residentBytes()
            }
            scenario.makeCall(index).begin(CallerScript())
            scenario.pass(.milliseconds(1))
            if index % 500 == 499 {
                scenario.pass(.seconds(40))
                scenario.world.forgetPeers()
            }
        }
        scenario.pass(.seconds(40))
        #expect(scenario.world.softswitch.statistics.answeredCalls == many)
        #expect(scenario.world.softswitch.statistics.transactions == 0)
        let each = (residentBytes() - before) / (many - few)
        print("memory per held call, open state in the virtual store included: \(each) bytes")
        #expect(each < 32 * 1_024)
    }

    /// Resident memory of this process, in bytes; 0 where the system does not say.
    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = fread(&buffer, 1, buffer.count, file)
        let fields = String(decoding: buffer[..<length], as: UTF8.self).split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4_096
    }
}
