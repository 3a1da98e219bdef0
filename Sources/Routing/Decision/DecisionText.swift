import Vocabulary

/// A decision as JSON: what is stored with every call, and what `explain` shows of a call that was not made.
/// Written by parts into bytes that are reused.
public struct DecisionText: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var isFirst = true

    public init() {}

    /// Whom the call is taken for, and by which rule.
    public mutating func begin(
        _ origin: CallOrigin, rule: SourceTable.Rule, source: NetworkAddress, in configuration: SwitchConfiguration
    ) {
        begin(with: .empty)
        raw(#"{"origin":{"kind":""#)
        switch origin {
        case .mappingGateway: raw("mappingGateway")
        case .phone: raw("phone")
        }
        raw(#"","name":"#)
        text(configuration.name(of: origin))
        raw(#","rule":""#)
        raw(name: rule.name)
        raw(#"","source":""#)
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let length = source.write(into: buffer)
            bytes.append(contentsOf: buffer[..<length])
        }
        raw(#""},"configurationRevision":"#)
        number(configuration.revision)
    }

    /// The numbers as received, and after the caller's dial plan with the rules that matched.
    public mutating func numbers(
        caller: Bytes, callee: Bytes, callerRouted: Bytes, calleeRouted: Bytes, callerRule: String?, calleeRule: String?
    ) {
        raw(#","numbers":{"caller":"#)
        text(caller)
        raw(#","callee":"#)
        text(callee)
        raw(#","callerRouted":"#)
        text(callerRouted)
        if let callerRule {
            raw(#","callerRule":"#)
            text(callerRule)
        }
        raw(#","calleeRouted":"#)
        text(calleeRouted)
        if let calleeRule {
            raw(#","calleeRule":"#)
            text(calleeRule)
        }
        raw("}")
    }

    /// Why the call is not taken, and what stands behind it: a limit, or the name of a group or list.
    public mutating func refusal(
        _ refusal: CallRefusal, detail: Int32, of origin: CallOrigin, in configuration: SwitchConfiguration
    ) {
        raw(#","refusal":""#)
        raw(name: refusal.name)
        raw("\"")
        switch configuration.behind(refusal, detail, of: origin) {
        case .nothing: break
        case .number(let value):
            raw(#","refusalDetail":"#)
            number(value)
        case .name(let name):
            raw(#","refusalGroup":"#)
            text(name)
        }
    }

    public mutating func beginCandidates() {
        raw(#","candidates":["#)
        isFirst = true
    }

    /// One candidate. `calleeRouted` has its prefix.
    public mutating func beginCandidate(_ candidate: Candidate, calleeRouted: Bytes, why: Bytes, in configuration: SwitchConfiguration) {
        raw(isFirst ? #"{"kind":""# : #",{"kind":""#)
        isFirst = false
        switch candidate.destination {
        case .routingGateway: raw("routingGateway")
        case .phone: raw("phone")
        }
        raw(#"","name":"#)
        text(configuration.name(of: candidate.destination))
        raw(#","prefix":"#)
        text(calleeRouted.upTo(min(candidate.prefixLength, calleeRouted.count)))
        raw(#","priority":"#)
        number(Int64(candidate.priority))
        raw(#","calls":"#)
        number(Int64(candidate.calls))
        if let ratio = candidate.answerRatio {
            raw(#","answerRatio":"#)
            number(Int64(ratio))
        }
        if candidate.isProtectRoute { raw(#","protectRoute":true"#) }
        raw(#","verdict":""#)
        raw(name: candidate.verdict.name)
        raw("\"")
        switch configuration.behind(candidate.verdict, candidate.detail, of: candidate.destination) {
        case .nothing: break
        case .number(let value):
            raw(#","detail":"#)
            number(value)
        case .name(let name):
            raw(#","group":"#)
            text(name)
        }
        if !why.isEmpty {
            raw(#","why":"#)
            text(why)
        }
        if let redirection = candidate.redirection {
            raw(#","redirectedTo":"#)
            text(redirection.description)
        }
    }

    /// The numbers that the candidate was sent, or would be.
    public mutating func sent(caller: Bytes, callee: Bytes) {
        raw(#","caller":"#)
        text(caller)
        raw(#","callee":"#)
        text(callee)
    }

    public mutating func endCandidate() { raw("}") }

    public mutating func endCandidates() { raw("]") }

    /// Why no other gateway was tried after the last failure.
    public mutating func stop(_ stop: SwitchStop) {
        raw(#","stop":""#)
        raw(name: stop.name)
        raw("\"")
    }

    public mutating func forwarded() { raw(#","forwarded":true"#) }

    public mutating func end() { raw("}") }

    /// The whole decision about a call that is not made, by the same parts: with the numbers that each candidate that can
    /// be tried would be sent. `fault`: why the registration of this name cannot be used now, nil when it can.
    public mutating func explain(
        _ inquiry: CallInquiry, _ decision: CallDecision, in configuration: SwitchConfiguration, fault: (String) -> String? = { _ in nil }
    ) {
        begin(inquiry.origin, rule: inquiry.sourceRule, source: inquiry.source, in: configuration)
        decision.caller.withBytes { caller in
            decision.callee.withBytes { callee in
                numbers(
                    caller: inquiry.caller, callee: inquiry.callee, callerRouted: caller, calleeRouted: callee,
                    callerRule: configuration.callerRule(decision.callerRule, of: inquiry.origin, period: decision.period),
                    calleeRule: configuration.calleeRule(decision.calleeRule, of: inquiry.origin, period: decision.period))
                if let reason = decision.refusal {
                    refusal(reason, detail: decision.refusalDetail, of: inquiry.origin, in: configuration)
                }
                beginCandidates()
                for candidate in decision.candidates { explain(candidate, inquiry, caller, callee, in: configuration, fault: fault) }
                endCandidates()
            }
        }
        end()
    }

    private mutating func explain(
        _ candidate: Candidate, _ inquiry: CallInquiry, _ caller: Bytes, _ callee: Bytes, in configuration: SwitchConfiguration,
        fault: (String) -> String?
    ) {
        var (candidate, why) = (candidate, "")
        if candidate.verdict.isUsable, let name = configuration.registration(of: candidate.destination), let reason = fault(name) {
            candidate.verdict = .registrationDown
            why = reason
        }
        why.withBytes { beginCandidate(candidate, calleeRouted: callee, why: $0, in: configuration) }
        if candidate.verdict.isUsable {
            var numbers = NumbersSent()
            configuration.numbersSent(
                to: candidate.destination, caller: caller, callee: callee, random: inquiry.random, now: inquiry.now, pool: .preview,
                into: &numbers)
            numbers.caller.withBytes { caller in numbers.callee.withBytes { sent(caller: caller, callee: $0) } }
        }
        endCandidate()
    }

    mutating func begin(with text: Bytes) {
        bytes.removeAll(keepingCapacity: true)
        copy(text)
    }

    // MARK: - JSON

    // A decision is written twice with every answered call: literals and plain numbers are copied whole, and nothing
    // is made on the heap.

    mutating func raw(_ literal: StaticString) { copy(Bytes(literal)) }

    private mutating func raw(name: String) { name.withBytes { copy($0) } }

    private mutating func copy(_ value: Bytes) { bytes.append(contentsOf: value.buffer) }

    mutating func number(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var divisor: UInt64 = 1
        while value.magnitude / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(0x30 + value.magnitude / divisor % 10))
            divisor /= 10
        }
    }

    mutating func text(_ string: String) { string.withBytes { text($0) } }

    mutating func text(_ value: Bytes) {
        bytes.append(UInt8(ascii: "\""))
        if value.isPlain {
            copy(value)
            bytes.append(UInt8(ascii: "\""))
            return
        }
        for i in 0..<value.count {
            let byte = value[i]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x20..<0x7F: bytes.append(byte)
            default:
                // A byte that is not printable ASCII is shown as the code point of the same number.
                raw("\\u00")
                for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Bytes {
    /// Printable ASCII that stands in JSON as it is.
    fileprivate var isPlain: Bool {
        for i in 0..<count where !(0x20..<0x7F ~= self[i]) || self[i] == UInt8(ascii: "\"") || self[i] == UInt8(ascii: "\\") { return false }
        return true
    }
}
