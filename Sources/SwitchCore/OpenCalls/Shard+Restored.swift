import CallControl
import Containers
import SIPMessages
import SIPTransactions
import SIPUserAgent
import Vocabulary

// What was on its way when the last process died and comes to this one: repeated INVITEs, CANCELs and answers.
// That process may have died before the caller got its answer, or before the ACK was passed on. The answer is kept
// with the call, so it can be repeated; it is the caller's ACK that shows that the caller has it.
extension Shard {
    /// By what a restored call is found that an INVITE without To tag opened.
    func openingHash(callID: Bytes, callerTag: Bytes) -> UInt64 { callID.hash(seed: callerTag.hash(seed: settings.seed)) }

    /// The restored caller's leg that this INVITE, or the INVITE that this CANCEL means, had opened.
    func restoredCaller(of essentials: Essentials) -> SlabKey? {
        guard restoredCallers.count > 0, essentials.toTag.isEmpty else { return nil }
        return restoredCallers.find(openingHash(callID: essentials.callID, callerTag: essentials.fromTag)) { key in
            legs.contains(key) && legs[key].dialog.callID.equals(essentials.callID)
                && legs[key].dialog.remoteTag.equals(essentials.fromTag)
                && essentials.cseq.number <= legs[key].dialog.remoteCSeq ?? 0
        }
    }

    /// An INVITE came again whose call was answered by the process before: it begins no second call but gets that
    /// answer. 482 where the answer is not there any more (RFC 3261, section 8.2.2.2). True when it was one.
    mutating func answerRepeatedOpening(_ essentials: Essentials, server: ServerKey, now: Moment) -> Bool {
        guard let leg = restoredCaller(of: essentials) else { return false }
        guard legs[leg].phase == .established, !legs[leg].heldAnswer.isEmpty else {
            transactions.respond(server, status: 482, toTag: statelessTag(essentials), now: now.instant, outbox: &outbox)
            return true
        }
        outbox.begin()
        outbox.append(legs[leg].heldAnswer.bytes)
        transactions.finishResponse(server, status: 200, now: now.instant, outbox: &outbox)
        return true
    }

    /// CANCEL of an INVITE that the process before answered: whether the caller has the answer or not, it wants
    /// the call to end. True when it was one.
    mutating func cancelRestored(_ essentials: Essentials, server: ServerKey, now: Moment) -> Bool {
        guard let leg = restoredCaller(of: essentials), legs[leg].phase == .established, calls.contains(legs[leg].call) else { return false }
        let call = legs[leg].call
        hangUp(leg, .callerCancelled, now: now)
        calls[call].call.hungUp(by: .caller, &actions, now: now)
        perform(for: call, message: nil, now: now)
        answerEnd(server, isEnding: true, now: now)
        return true
    }

    /// A callee's 2xx came again to an INVITE of the process before: its ACK was lost, or never sent. The caller gets
    /// its answer again, and its ACK is passed on (RFC 3261, section 13.2.2.4).
    mutating func answerRepeated(_ message: Message, _ essentials: Essentials, now: Moment) -> Bool {
        guard restoredLegs.count > 0, essentials.cseq.method == .invite, (200..<300).contains(message.status) else { return false }
        let found = restoredLegs.find(essentials.fromTag.hash(seed: settings.seed)) { key in
            legs.contains(key) && legs[key].role == .callee && legs[key].dialog.localTag.equals(essentials.fromTag)
                && legs[key].dialog.callID.equals(essentials.callID) && legs[key].dialog.remoteTag.equals(essentials.toTag)
        }
        guard let leg = found, legs[leg].phase == .established, calls.contains(legs[leg].call) else { return false }
        let caller = calls[legs[leg].call].call.callerLeg
        guard legs.contains(caller), legs[caller].phase == .established else { return true }
        if legs[caller].restoration == .heard || legs[caller].heldAnswer.isEmpty {
            sendAck(on: leg, cseq: essentials.cseq.number, body: nil, client: nil)
            return true
        }
        legs[caller].restoration = .unacknowledged(cseq: essentials.cseq.number)
        outbox.begin()
        outbox.append(legs[caller].heldAnswer.bytes)
        outbox.finish(to: legs[caller].answerFlow ?? legs[caller].dialog.flow)
        return true
    }

    /// A restored caller answered our refresh with 491: his INVITE still waits for the answer that the process before
    /// stored and perhaps never sent. It is sent now, and his ACK shows that he is there. False for anybody else.
    mutating func repeatStoredAnswer(to leg: SlabKey) -> Bool {
        guard legs[leg].role == .caller, legs[leg].restoration != .heard, !legs[leg].heldAnswer.isEmpty else { return false }
        outbox.begin()
        outbox.append(legs[leg].heldAnswer.bytes)
        outbox.finish(to: legs[leg].answerFlow ?? legs[leg].dialog.flow)
        return true
    }

    /// The peer of a restored leg was heard. `ack`: the caller's ACK, which may carry the answer to a late offer.
    mutating func restoredPeerHeard(_ leg: SlabKey, ack: Message? = nil) {
        let before = legs[leg].restoration
        guard before != .heard else { return }
        legs[leg].restoration = .heard
        legs[leg].heldAnswer = OwnedBytes()
        guard case .unacknowledged(let cseq) = before, calls.contains(legs[leg].call), let callee = calls[legs[leg].call].call.calleeLeg,
            legs.contains(callee), legs[callee].phase == .established
        else { return }
        sendAck(on: callee, cseq: cseq, body: ack, client: nil)
    }
}
