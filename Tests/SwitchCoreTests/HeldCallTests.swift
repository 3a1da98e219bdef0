import CallControl
import Containers
import Routing
import Testing
import Vocabulary

@testable import SwitchCore

/// What a call that is only held costs: little memory, no timers, nothing left of its set-up.
@Suite("A held call")
struct HeldCallTests {
    @Test("of a thousand answered calls nothing runs but their limit, and nothing is left but the calls and their legs")
    func idle() throws {
        let bench = ShardBench()
        for number in 1...1_000 { _ = try #require(bench.establish(number)) }
        #expect(bench.callCount == 1_000)
        #expect(bench.legCount == 2_000)
        bench.pass(until: 60_000)
        #expect(bench.sent().isEmpty)
        #expect(bench.transactionCount == 0)
        // The wheel tells a far deadline early, never late.
        #expect(bench.shard.nextDeadline > bench.now.instant + .seconds(60))
        #expect(bench.shard.nextDeadline <= bench.now.instant + .seconds(7_200))
    }

    @Test("a held call takes less than 4 KiB, the texts of both dialogs included")
    func memory() throws {
        let bench = ShardBench()
        let body = "v=0\n" + String(repeating: "a=rtpmap:96 filler\n", count: 40)
        bench.receive(ShardBench.invite(body: body), from: ShardBench.caller)
        let invite = try #require(bench.sent().first { $0.flow == ShardBench.carrier }).message
        bench.receive(ShardBench.reply(to: invite, 180, extra: "Contact: <sip:gw@192.0.2.50:5070>\n"), from: ShardBench.carrier)
        bench.receive(ShardBench.reply(to: invite, 200, extra: "Contact: <sip:gw@192.0.2.50:5070>\n", body: body), from: ShardBench.carrier)
        bench.commit()
        let answer = try #require(bench.sent().first { $0.message.hasPrefix("SIP/2.0 200") }).message
        bench.receive(
            ShardBench.request(
                "ACK", from: answer.value("From"), to: answer.value("To"), callID: answer.value("Call-ID"), cseq: 4711, via: "192.0.2.2"),
            from: ShardBench.caller)
        bench.pass(until: 60_000)
        #expect(bench.transactionCount == 0)

        let key = try #require(bench.callKeys.first)
        let arrays =
            bench.shard.calls[key].call.attempts.capacity * MemoryLayout<Attempt>.stride
            + bench.shard.calls[key].call.candidates.capacity * MemoryLayout<Candidate>.stride + 2 * 32
        var size = MemoryLayout<CallEntry>.stride + bench.shard.calls[key].call.texts.size + bench.shard.calls[key].inviteTail.bytes.count + arrays
        for leg in bench.legKeys {
            size +=
                MemoryLayout<Leg>.stride + bench.shard.legs[leg].dialog.footprint + bench.shard.legs[leg].heldAnswer.bytes.count
                + bench.shard.legs[leg].description.bytes.count
        }
        #expect(size < 4_096, "\(size) bytes")
    }
}

extension ShardBench {
    var callKeys: [SlabKey] { shard.calls.keys }
    var legKeys: [SlabKey] { shard.legs.keys }
}
