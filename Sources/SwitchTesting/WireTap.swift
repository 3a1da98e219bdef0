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
        /// When something came or went that ends the call: a BYE of one of its dialogs, or a peer's 481.
        public internal(set) var ends: [End] = []
        /// When the caller's INVITE first reached the switch.
        public internal(set) var firstInviteAt: Instant?
        /// What the last 2xx of each leg said of the session timer, by Call-ID.
        public internal(set) var sessions: [String: Session] = [:]
        /// Whether a 200 to a BYE of this call left.
        public internal(set) var byeWasAnswered = false
        /// Whether the 2xx to the caller's INVITE had Session-Expires.
        public internal(set) var callerHasTimer = false
        /// Whether the switch hung an answered call up that no party had hung up.
        public var wasEndedBySwitch: Bool {
            guard let sent = answerSentAt else { return false }
            let later = ends.filter { $0.at >= sent }
            return later.contains { $0.kind == .switchHungUp } && !later.contains { $0.kind == .partyHungUp }
        }
        /// When each leg's party was heard, by Call-ID. 408 and 481 are no word of a party that is there, and BYE none of one
        /// that stays.
        public internal(set) var heardAt: [String: [Instant]] = [:]
        /// When it accepted a session or a refresh of one: that shows beyond doubt that it was there.
        public internal(set) var provedAt: [String: [Instant]] = [:]
        /// Branches of the requests that left inside its dialogs, with the process that sent them.
        var requests: [String: Int] = [:]
        /// Tags that the parties gave themselves.
        var partyTags: Set<String> = []
        /// 2xx counted already, by direction, Call-ID and CSeq number.
        var counted: Set<String> = []
    }

    /// Something that ends a call, on one of its legs.
    public struct End: Sendable, Equatable {
        public enum Kind: Sendable, Equatable {
            /// A party's BYE entered.
            case partyHungUp
            /// A BYE left the switch.
            case switchHungUp
            /// A party answered 481.
            case dialogUnknown
        }

        public var at: Instant
        public var callID: String
        public var kind: Kind

        public init(at: Instant, callID: String, kind: Kind) {
            self.at = at
            self.callID = callID
            self.kind = kind
        }
    }

    /// A session as the wire has it.
    public struct Session: Sendable, Equatable {
        /// When it was last renewed.
        public var renewedAt: Instant
        /// Its interval; nil: it does not expire.
        public var seconds: Int64?
    }

    /// Counts the processes of the switch: an answer to a request of another process says nothing to this one.
    var process = 0

    /// Called when an INVITE that may begin a call enters.
    public var openingEntered: ((Int) -> Void)?

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

    /// A process died that had ended the call and not recorded it: what it saw of the end counts no more.
    func forgetEnds(_ call: Int) { facts[call]?.ends.removeAll() }

    func messageEntered(_ bytes: [UInt8], now: Instant) {
        partyHeard(bytes, now)
        if bytes.starts(with: "SIP/2.0 2".utf8) {
            if let message = read(bytes, now) { sessionSeen(message, isEntering: true, now) }
            return
        }
        if bytes.starts(with: "SIP/2.0 481".utf8) {
            if let message = read(bytes, now) { unknownDialogSeen(message, now) }
            return
        }
        guard bytes.starts(with: "INVITE ".utf8) || bytes.starts(with: "BYE ".utf8), let message = read(bytes, now) else { return }
        if message.method == .bye {
            byeEntered(message, now)
        } else if message.toTag.isEmpty, let call = number(of: message) {
            callOf[message.callID] = call
            facts[call, default: Facts()].invitesEntered += 1
            facts[call]?.callerCallID = message.callID
            if facts[call]?.firstInviteAt == nil { facts[call]?.firstInviteAt = now }
            facts[call]?.partyTags.insert(message.fromTag)
            openingEntered?(call)
        }
    }

    func messageLeft(_ bytes: [UInt8], now: Instant) {
        if bytes.starts(with: "SIP/2.0 2".utf8) {
            guard let message = read(bytes, now) else { return }
            sessionSeen(message, isEntering: false, now)
            if message.method == .bye, let call = callOf[message.callID], facts[call]?.answerSentAt != nil { facts[call]?.byeWasAnswered = true }
            guard message.method == .invite, let call = callOf[message.callID] else { return }
            guard facts[call]?.callerCallID == message.callID else { return }
            facts[call]?.callerLegTags.insert(message.toTag)
            guard facts[call]?.answerSentAt == nil else { return }
            facts[call]?.answerSentAt = now
            facts[call]?.callerHasTimer = message.header("Session-Expires") != nil
            return
        }
        guard !bytes.starts(with: "SIP/2.0 ".utf8), !bytes.starts(with: "ACK ".utf8), let message = read(bytes, now) else { return }
        if !message.toTag.isEmpty, let call = callOf[message.callID] { facts[call]?.requests[message.branch] = process }
        if message.method == .bye {
            if let call = callOf[message.callID] { facts[call]?.ends.append(End(at: now, callID: message.callID, kind: .switchHungUp)) }
        } else if message.method == .invite, message.toTag.isEmpty, let call = number(of: message), callOf[message.callID] == nil {
            callOf[message.callID] = call
            facts[call, default: Facts()].attemptCallIDs.append(message.callID)
            facts[call]?.calleeLegTags.insert(message.fromTag)
        }
    }

    private func partyHeard(_ bytes: [UInt8], _ now: Instant) {
        guard !bytes.starts(with: "SIP/2.0 481".utf8), !bytes.starts(with: "SIP/2.0 408".utf8), !bytes.starts(with: "BYE ".utf8),
            let message = read(bytes, now),
            let call = callOf[message.callID]
        else { return }
        facts[call]?.heardAt[message.callID, default: []].append(now)
    }

    /// A BYE counts only with the tags of a dialog that there is.
    private func byeEntered(_ message: SeenMessage, _ now: Instant) {
        guard let call = callOf[message.callID], let seen = facts[call] else { return }
        guard seen.partyTags.contains(message.fromTag) else { return }
        guard seen.callerLegTags.contains(message.toTag) || seen.calleeLegTags.contains(message.toTag) else { return }
        facts[call]?.ends.append(End(at: now, callID: message.callID, kind: .partyHungUp))
    }

    /// 481 to a request in the dialog ends it (RFC 5057); after BYE and CANCEL it says nothing new.
    private func unknownDialogSeen(_ message: SeenMessage, _ now: Instant) {
        guard message.method != .bye, message.method != .cancel, let call = callOf[message.callID] else { return }
        guard facts[call]?.answerSentAt != nil, facts[call]?.requests[message.branch] == process else { return }
        facts[call]?.ends.append(End(at: now, callID: message.callID, kind: .dialogUnknown))
    }

    private func sessionSeen(_ message: SeenMessage, isEntering: Bool, _ now: Instant) {
        guard message.method == .invite || message.method == .update, let call = callOf[message.callID] else { return }
        if isEntering, message.method == .invite { facts[call]?.partyTags.insert(message.toTag) }
        guard facts[call]?.counted.insert("\(isEntering)\(message.callID)\(message.cseq)").inserted == true else { return }
        let seconds = message.header("Session-Expires").flatMap { Int64($0.prefix { $0 != ";" }) }
        if isEntering { facts[call]?.provedAt[message.callID, default: []].append(now) }
        facts[call]?.sessions[message.callID] = Session(renewedAt: now, seconds: seconds)
    }

    private func read(_ bytes: [UInt8], _ now: Instant) -> SeenMessage? {
        SeenMessage(bytes, from: NetworkAddress(ipv4: 0, port: 0), at: now, parser: &parser)
    }

    private func number(of message: SeenMessage) -> Int? {
        message.requestURI.withBytes { URI($0)?.user.string }.flatMap { SimulatedNumber.call(of: $0) }
    }
}
