import ManagementAPI
import Synchronization
import Testing
import Vocabulary

@testable import tandem

/// `tandem drain` against a management server on loopback, and the gate that refuses new calls.
@Suite struct DrainTests {
    private static let goesOn = "the switch goes on draining; tandem drain --cancel takes new calls again\n"

    @Test("without calls a drain is done at once, and cancelling it takes new calls again")
    func empty() async throws {
        try await CommandHarness.run { harness async throws in
            let outcome = await harness.tandem("drain")
            #expect(outcome.status == .done, "\(outcome.errors)")
            #expect(outcome.output == "no calls are left\n" + DrainTests.goesOn)
            #expect(harness.control.drainingSince.isSet)
            #expect(await harness.tandem("drain", "--cancel").output == "new calls are taken\n")
            #expect(!harness.control.drainingSince.isSet)
        }
    }

    @Test("a drain waits until the last call has ended")
    func waits() async throws {
        try await CommandHarness.run(calls: 2) { harness async throws in
            async let outcome = harness.tandem("drain")
            while harness.control.drainReads < 2 { await Task.yield() }
            for id in [1, 2] { #expect(await harness.control.hangUp(CallIdentifier(rawValue: Int64(id)))) }
            let done = await outcome
            #expect(done.status == .done, "\(done.errors)")
            #expect(done.output == "draining: 2 calls are left\nno calls are left\n" + DrainTests.goesOn)
        }
    }

    @Test("the timeout ends the wait and not the draining")
    func timeout() async throws {
        try await CommandHarness.run(calls: 1) { harness async throws in
            let outcome = await harness.tandem("drain", "--timeout", "0")
            #expect(outcome.status == .partlyDone)
            #expect(outcome.errors == "1 call is left; " + DrainTests.goesOn)
            #expect(harness.control.drainingSince.isSet)
            #expect(harness.control.stopRequests == 0)
        }
    }

    @Test("Ctrl-C ends the wait and not the draining, and stops nothing")
    func interrupted() async throws {
        try await CommandHarness.run(calls: 2) { harness async throws in
            let (interrupts, press) = AsyncStream.makeStream(of: Int32.self)
            async let outcome = Drain.$interrupts.withValue({ interrupts }) { await harness.tandem("drain", "--stop") }
            while harness.control.drainReads < 2 { await Task.yield() }
            press.yield(2)
            let ended = await outcome
            #expect(ended.status == .partlyDone)
            #expect(ended.errors == "2 calls are left; " + DrainTests.goesOn)
            #expect(harness.control.drainingSince.isSet)
            #expect(harness.control.stopRequests == 0)
        }
    }

    @Test("a drain that somebody else ends is a failure")
    func endedElsewhere() async throws {
        try await CommandHarness.run(calls: 1) { harness async throws in
            async let outcome = harness.tandem("drain")
            while harness.control.drainReads < 2 { await Task.yield() }
            try await harness.control.cancelDrain()
            let ended = await outcome
            #expect(ended.status == .failed)
            #expect(ended.errors.contains("new calls are taken"))
        }
    }

    @Test("--stop stops the switch when it is empty, and when the timeout has passed", arguments: [0, 1])
    func stops(calls: Int64) async throws {
        try await CommandHarness.run(calls: calls) { harness async throws in
            async let outcome = harness.tandem("drain", "--timeout", "0", "--stop")
            while harness.control.stopRequests == 0 { await Task.yield() }
            harness.control.setStopProgress(StopProgress(.ending))
            while !harness.control.isEndingSeen { await Task.yield() }
            harness.control.endServing()
            let ended = await outcome
            #expect(ended.output.hasSuffix("stopping\nstopped\n"), "\(ended.output)")
            #expect(ended.status == (calls == 0 ? .done : .partlyDone), "\(ended.errors)")
            #expect(calls == 0 || ended.errors == "1 call is left at the stop; the next start goes on with those that were answered\n")
        }
    }

    @Test("wrong usage exits with 2", arguments: [["--timeout", "-1"], ["--cancel", "--stop"], ["--cancel", "--timeout", "5"]])
    func usage(arguments: [String]) async {
        #expect(await CommandHarness.tandem(["drain"] + arguments).status == .wrongUsage)
    }

    // MARK: - The gate

    /// Shards that note what they are told, or are too busy for it.
    private final class Shards: Sendable {
        struct Busy: Error {}
        let orders = Mutex<[Bool]>([])
        let isBusy = Mutex(false)
        func refuse(_ refuses: Bool) throws {
            if isBusy.withLock({ $0 }) { throw Busy() }
            orders.withLock { $0.append(refuses) }
        }
    }

    @Test("a drain begins once, and cancelling it takes new calls until the stop")
    func gate() throws {
        let shards = Shards()
        let gate = NewCallGate { try shards.refuse($0) }
        try gate.drain(at: WallTime(microseconds: 1))
        try gate.drain(at: WallTime(microseconds: 2))
        #expect(gate.drainingSince == WallTime(microseconds: 1))
        try gate.cancelDrain()
        #expect(!gate.drainingSince.isSet)
        gate.closeForStop()
        #expect(gate.isStopping)
        #expect(throws: Problem(.notReady, "the switch is stopping and takes no new calls")) { try gate.cancelDrain() }
        #expect(shards.orders.withLock { $0 } == [true, true, false, true])
    }

    @Test("when a shard cannot be told the switch counts as draining, and the problem asks for another try")
    func busyShard() throws {
        let shards = Shards()
        let gate = NewCallGate { try shards.refuse($0) }
        shards.isBusy.withLock { $0 = true }
        #expect(throws: Problem.self) { try gate.drain(at: WallTime(microseconds: 1)) }
        #expect(gate.drainingSince.isSet)
        #expect(throws: Problem.self) { try gate.cancelDrain() }
        #expect(gate.drainingSince.isSet)
        shards.isBusy.withLock { $0 = false }
        try gate.cancelDrain()
        #expect(!gate.drainingSince.isSet)
    }
}
