import CallControl
import CallRecords
import Containers
import Testing
import Vocabulary

@testable import SwitchCore

/// What the store keeps of an answered call, and that another process goes on with it.
@Suite("Open call state")
struct OpenCallStateTests {
    /// A call of a shard that then dies: its messages and what the store has of it.
    func dying(index: Int = 0, count: Int = 1) throws -> (call: ShardBench.Established, id: CallIdentifier, state: [UInt8]) {
        let bench = ShardBench(index: index, count: count, seed: 100)
        bench.time = 1_000
        let call = try #require(bench.establish())
        guard case .opened(let id, let state) = try #require(bench.commands().first) else { throw NotOpened() }
        return (call, id, state)
    }

    struct NotOpened: Error {}

    @Test("the record of the answer is given to the store before the answer is passed")
    func order() throws {
        let bench = ShardBench()
        bench.receive(ShardBench.invite(), from: ShardBench.caller)
        let invite = try #require(bench.sent().first { $0.flow == ShardBench.carrier }).message
        bench.receive(ShardBench.reply(to: invite, 200), from: ShardBench.carrier)
        #expect(bench.sent().isEmpty)
        let commands = bench.commands()
        #expect(commands.count == 1)
        guard case .opened = try #require(commands.first) else { throw NotOpened() }
        bench.commit()
        #expect(bench.sent().map { $0.message.lines[0] } == ["SIP/2.0 200 Whatever"])
    }

    @Test("a restored call is hung up by the caller: answered, passed on with a CSeq ahead, recorded once")
    func callerHangsUp() throws {
        let (call, id, state) = try dying()
        let bench = ShardBench(seed: 200)
        bench.time = 61_000
        #expect(bench.restore(id, state))
        #expect(bench.callCount == 1)
        #expect(bench.legCount == 2)
        bench.time = 71_000
        bench.receive(ShardBench.callerBye(call), from: ShardBench.caller)
        // The BYE goes on at once; its 200 waits until the record is committed.
        var sent = bench.sent()
        #expect(sent.map { $0.message.prefix(3) } == ["BYE"])
        bench.commit()
        sent += bench.sent()
        #expect(sent.count == 2)
        #expect(sent.contains { $0.message.hasPrefix("SIP/2.0 200 ") && $0.flow == ShardBench.caller })
        let bye = try #require(sent.first { $0.message.hasPrefix("BYE") })
        #expect(bye.flow == udp("192.0.2.50:5070"))
        #expect(bye.message.lines[0] == "BYE sip:gw@192.0.2.50:5070 SIP/2.0")
        #expect(bye.message.value("From") == call.invite.value("From"))
        #expect(bye.message.value("To") == call.invite.value("To") + ";tag=carriertag1")
        #expect(bye.message.value("Call-ID") == call.invite.value("Call-ID"))
        // A call sends less than a hundred requests a second; the sixty seconds since the answer are covered.
        #expect(try #require(Self.sequence(bye.message)) > 6_000)
        bench.receive(ShardBench.reply(to: bye.message, 200), from: ShardBench.carrier)
        let commands = bench.commands()
        #expect(commands.count == 1)
        guard case .closed(let record) = try #require(commands.first) else { throw NotOpened() }
        #expect(record.id == id)
        #expect(record.endReason == .normalClearing)
        #expect(record.endedBy == .caller)
        // Answered at one second, ended at seventy-one: the time of the restart counts.
        #expect(record.durationMilliseconds == 70_000)
        #expect(record.answeredAt == WallTime(microseconds: bench.startOfDay + 1_000_000))
        #expect(record.mappingGateway == "customer")
        #expect(record.routingGateway == "carrier")
        #expect(record.caller.received == "+14155550101")
        #expect(record.callee == NumberHistory(received: "+14155550100", routed: "+14155550100", sent: "+14155550100"))
        #expect(record.callerAddress == "192.0.2.2:5060")
        #expect(record.calleeAddress == "192.0.2.50:5060")
        #expect(record.callerCallID == "caller-call-1@192.0.2.2")
        #expect(record.calleeCallID == call.invite.value("Call-ID"))
        #expect(record.decision.contains(#""origin":{"kind":"mappingGateway","name":"customer""#))
        #expect(record.attempts.count == 1)
        #expect(record.attempts.first?.outcome == .answered)
        bench.pass(until: 200_000)
        #expect(bench.callCount == 0 && bench.legCount == 0 && bench.transactionCount == 0)
    }

    @Test("a restored call is hung up by the callee")
    func calleeHangsUp() throws {
        let (call, id, state) = try dying()
        let bench = ShardBench(seed: 200)
        #expect(bench.restore(id, state))
        bench.receive(ShardBench.carrierBye(call), from: ShardBench.carrier)
        let bye = try #require(bench.sent().first { $0.message.hasPrefix("BYE") })
        #expect(bye.flow == udp("192.0.2.2:5066"))
        #expect(bye.message.lines[0] == "BYE sip:desk@192.0.2.2:5066 SIP/2.0")
        #expect(bye.message.value("From") == call.answer.value("To"))
        #expect(bye.message.value("To") == call.answer.value("From"))
        #expect(try #require(Self.sequence(bye.message)) > 1_000)
        guard case .closed(let record) = try #require(bench.commands().first) else { throw NotOpened() }
        #expect(record.endedBy == .callee)
    }

    static func sequence(_ message: String) -> Int? { message.value("CSeq").split(separator: " ").first.flatMap { Int($0) } }

    @Test("a second restart is ahead of what was sent after the first, and stays below 2^31 however old the call is")
    func restartedTwice() throws {
        let (_, id, state) = try dying()
        var last = 0
        for seconds in [10, 11, 70, 3_600, 86_400 * 400, 86_400 * 4_000] as [Int64] {
            let bench = ShardBench(seed: 200)
            bench.time = seconds * 1_000
            #expect(bench.restore(id, state))
            bench.shard.commandReceived(.hangUp(id) { _ in }, at: bench.now)
            bench.commit()
            let numbers = bench.sent().compactMap { Self.sequence($0.message) }
            #expect(numbers.count == 2)
            for number in numbers { #expect(number > last && number < 1 << 31) }
            // Ten years are taken as the oldest; within them each restart is further ahead.
            last = seconds < 86_400 ? numbers.max() ?? 0 : last
        }
    }

    @Test("a repeated or older request of a restored dialog is refused, as before the restart")
    func sequence() throws {
        let (call, id, state) = try dying()
        let bench = ShardBench(seed: 200)
        #expect(bench.restore(id, state))
        bench.receive(ShardBench.callerBye(call, cseq: 4711), from: ShardBench.caller)
        #expect(bench.sent().map { $0.message.lines[0] } == ["SIP/2.0 500 CSeq Out Of Order"])
        #expect(bench.callCount == 1)
    }

    @Test("an operator ends a restored call on both sides, and the list shows it")
    func operatorEnds() throws {
        let (_, id, state) = try dying()
        let bench = ShardBench(seed: 200)
        bench.time = 31_000
        #expect(bench.restore(id, state))
        let list = Box<[LiveCall]>([])
        bench.shard.commandReceived(.liveCalls { list.value = $0 }, at: bench.now)
        #expect(list.value.map(\.id) == [id])
        #expect(list.value.first?.durationMilliseconds == 30_000)
        #expect(list.value.first?.mappingGateway == "customer")
        bench.shard.commandReceived(.hangUp(id) { _ in }, at: bench.now)
        #expect(bench.sent().isEmpty)
        bench.commit()
        #expect(bench.sent().map { $0.message.prefix(4) } == ["BYE ", "BYE "])
    }

    // MARK: - Ends that the switch decided

    /// What a state of version 3 has after one of version 2, when no end was decided: its form, and the routed caller,
    /// the sent caller and the routed callee.
    private static let bytesOfNoEnding = 7 * 8 + 4 + 3 * (4 + "+14155550101".utf8.count)

    @Test("a state of the version before, which knows no decided ends, is taken")
    func versionBefore() throws {
        let (call, id, state) = try dying()
        var older = Array(state.dropLast(Self.bytesOfNoEnding))
        older[0] = 2
        let bench = ShardBench(seed: 200)
        #expect(bench.restore(id, older))
        bench.receive(ShardBench.callerBye(call), from: ShardBench.caller)
        guard case .closed(let record) = try #require(bench.commands().first) else { throw NotOpened() }
        #expect(record.endReason == .normalClearing)
        // Each version has its own length.
        #expect(!bench.restore(id, Array(state.dropLast(Self.bytesOfNoEnding))))
        older = state
        older[0] = 2
        #expect(!bench.restore(id, older))
    }

    @Test("a party's hang-up costs one command for the store, one of the switch's a single command more")
    func commandsOfAnEnd() throws {
        let bench = ShardBench()
        let call = try #require(bench.establish())
        _ = bench.commands()
        bench.receive(ShardBench.callerBye(call), from: ShardBench.caller)
        #expect(bench.commands().count == 1)

        let other = ShardBench(seed: 7)
        _ = try #require(other.establish())
        guard case .opened(let id, _) = try #require(other.commands().first) else { throw NotOpened() }
        other.shard.commandReceived(.hangUp(id) { _ in }, at: other.now)
        other.commit()
        let commands = other.commands()
        #expect(commands.count == 2)
        guard case .ending(id, _) = try #require(commands.first), case .closed = try #require(commands.last) else { throw NotOpened() }
    }

    @Test("the process that finds a decided end hangs up both sides at once and records reason, party and instant of the decision")
    func decidedEnd() throws {
        let first = ShardBench(seed: 100)
        first.time = 1_000
        _ = try #require(first.establish())
        guard case .opened(let id, _) = try #require(first.commands().first) else { throw NotOpened() }
        first.time = 21_000
        first.shard.commandReceived(.hangUp(id) { _ in }, at: first.now)
        guard case .ending(id, let state) = try #require(first.commands().first) else { throw NotOpened() }

        let bench = ShardBench(seed: 200)
        bench.time = 90_000
        #expect(bench.restore(id, state))
        #expect(bench.shard.nextDeadline <= bench.now.instant)
        bench.pass(until: 90_010)
        #expect(bench.sent().map { $0.message.prefix(4) } == ["BYE ", "BYE "])
        guard case .closed(let record) = try #require(bench.commands().first) else { throw NotOpened() }
        #expect(record.endReason == .hungUpByOperator)
        #expect(record.endedBy == .server)
        #expect(record.durationMilliseconds == 20_000)
        #expect(record.endedAt == WallTime(microseconds: bench.startOfDay + 21_000_000))
        #expect(bench.callCount == 0)
    }

    @Test("each shard takes its own calls; those of a shard that is no more go to the first")
    func sharing() throws {
        let (_, id, state) = try dying(index: 2, count: 4)
        for index in 0..<4 {
            let taken = ShardBench(index: index, count: 4, seed: 200).restore(id, state)
            #expect(taken == (index == 2))
        }
        for index in 0..<2 {
            let taken = ShardBench(index: index, count: 2, seed: 200).restore(id, state)
            #expect(taken == (index == 0))
        }
    }

    @Test("a state that is cut short, longer, of another version or damaged is not taken, and harms nothing")
    func damaged() throws {
        let (_, id, state) = try dying()
        let bench = ShardBench(seed: 200)
        for length in 0..<state.count { #expect(!bench.restore(id, Array(state[..<length]))) }
        #expect(!bench.restore(id, state + [0]))
        var other = state
        other[0] = 1
        #expect(!bench.restore(id, other))
        // Every byte in turn: where it is a length, the state does not fit any more; elsewhere it is read as it stands.
        for position in state.indices {
            var changed = state
            changed[position] ^= 0xFF
            _ = ShardBench(seed: 200).restore(id, changed)
        }
        #expect(bench.callCount == 0 && bench.legCount == 0)
        #expect(bench.restore(id, state))
    }

    @Test("a call that cannot be read is closed with a record, by the first shard only; one that can goes on")
    func unreadableIsClosed() throws {
        let (_, id, state) = try dying()
        let lost = CallIdentifier(rawValue: id.rawValue + 1)
        for (index, expected) in [(0, 1), (1, 0)] {
            let bench = ShardBench(index: index, count: 2, seed: 200)
            bench.shard.restoreCalls([OpenCall(id: lost, state: Array(state.dropLast())), OpenCall(id: id, state: state)], at: bench.now)
            let records = bench.commands().compactMap { command -> CallRecord? in if case .closed(let record) = command { record } else { nil } }
            #expect(records.count == expected)
            for record in records {
                #expect(record.id == lost && record.endReason == .processEnded && record.durationMilliseconds == 0)
                #expect(record.receivedAt == lost.mintedAt && record.decision.contains("cannot be read"))
            }
            #expect(bench.callCount == 1 - index)
        }
    }

    @Test("a call whose listener is gone goes on by another one of the same transport")
    func listenerGone() throws {
        let (_, id, state) = try dying()
        let bench = ShardBench(seed: 200)
        var moved = state
        // The listener of the callee's dialog stands before its address, whose port is the last 5070 of the state.
        let port: [UInt8] = [0xCE, 0x13, 0, 0, 0, 0, 0, 0]
        let last = try #require(state.indices.last { state[$0...].starts(with: port) })
        moved[last - 32] = 9
        #expect(bench.restore(id, moved))
        bench.shard.commandReceived(.hangUp(id) { _ in }, at: bench.now)
        bench.commit()
        let flows = Set(bench.sent().filter { $0.message.hasPrefix("BYE") }.map(\.flow))
        #expect(flows.count == 2 && flows.contains(udp("192.0.2.50:5070")))
    }

    final class Box<Value>: @unchecked Sendable {
        // Used on the test's own thread only.
        var value: Value
        init(_ value: Value) { self.value = value }
    }
}
