import SIPMessages
import Vocabulary

/// What passed the switch's door, by simulated call: the witness for records and durations.
public final class WireTap {
    /// What was seen of one call.
    public struct Facts: Sendable, Equatable {
        /// Copies of the caller's INVITE that reached the switch.
        public internal(set) var invitesEntered = 0
        public internal(set) var callerCallID = ""
        /// Call-IDs of the INVITEs that left, in order.
        public internal(set) var attemptCallIDs: [String] = []
        /// Tags that the switch gave itself, on the caller's leg and on the others.
        public internal(set) var callerLegTags: Set<String> = []
        public internal(set) var calleeLegTags: Set<String> = []
        /// When the first 2xx to the caller's INVITE left.
        public internal(set) var answerSentAt: Instant?
        /// When BYEs came or went, copies included, by Call-ID.
        public internal(set) var byesAt: [String: [Instant]] = [:]
    }

    private var callOf: [String: Int] = [:]
    private var facts: [Int: Facts] = [:]
    private var parser = MessageParser()

    public init() {}

    public subscript(call: Int) -> Facts { facts[call] ?? Facts() }

    func forget(_ call: Int) {
        guard let facts = facts.removeValue(forKey: call) else { return }
        callOf[facts.callerCallID] = nil
        for callID in facts.attemptCallIDs { callOf[callID] = nil }
    }

    func messageEntered(_ bytes: [UInt8], now: Instant) {
        guard bytes.starts(with: "INVITE ".utf8) || bytes.starts(with: "BYE ".utf8), let message = read(bytes, now) else { return }
        if message.method == .bye {
            byeSeen(message, now)
        } else if message.toTag.isEmpty, let call = number(of: message) {
            callOf[message.callID] = call
            facts[call, default: Facts()].invitesEntered += 1
            facts[call]?.callerCallID = message.callID
        }
    }

    func messageLeft(_ bytes: [UInt8], now: Instant) {
        if bytes.starts(with: "SIP/2.0 2".utf8) {
            guard let message = read(bytes, now), message.method == .invite, let call = callOf[message.callID] else { return }
            guard facts[call]?.callerCallID == message.callID, facts[call]?.answerSentAt == nil else { return }
            facts[call]?.answerSentAt = now
            facts[call]?.callerLegTags.insert(message.toTag)
            return
        }
        guard bytes.starts(with: "INVITE ".utf8) || bytes.starts(with: "BYE ".utf8), let message = read(bytes, now) else { return }
        if message.method == .bye {
            byeSeen(message, now)
        } else if message.toTag.isEmpty, let call = number(of: message), callOf[message.callID] == nil {
            callOf[message.callID] = call
            facts[call, default: Facts()].attemptCallIDs.append(message.callID)
            facts[call]?.calleeLegTags.insert(message.fromTag)
        }
    }

    private func byeSeen(_ message: SeenMessage, _ now: Instant) {
        guard let call = callOf[message.callID] else { return }
        facts[call]?.byesAt[message.callID, default: []].append(now)
    }

    private func read(_ bytes: [UInt8], _ now: Instant) -> SeenMessage? {
        SeenMessage(bytes, from: NetworkAddress(ipv4: 0, port: 0), at: now, parser: &parser)
    }

    private func number(of message: SeenMessage) -> Int? {
        message.requestURI.withBytes { URI($0)?.user.string }.flatMap { SimulatedNumber.call(of: $0) }
    }
}
