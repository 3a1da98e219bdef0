import CallRecords
import Containers
import Routing
import SIPMessages
import SIPUserAgent
import Vocabulary

/// What the caller said about himself, kept from his INVITE for those that go out. Texts stand in the call's store.
struct CallerIdentity {
    /// Display name of From as written, quotes included.
    var display = StoredBytes.none
    /// User part of From with its parameters.
    var user = StoredBytes.none
    /// Host of From where it hides the caller (`anonymous.invalid`); empty: ours is written.
    var host = StoredBytes.none
    /// Whole lines, as many as there were.
    var privacy = StoredBytes.none
    var asserted = StoredBytes.none
    var preferred = StoredBytes.none
    var remoteParty = StoredBytes.none
    var diversion = StoredBytes.none
    var history = StoredBytes.none
    /// The number for which a vendor forwarded the call; empty: it was not.
    var forwardedFrom = StoredBytes.none

    /// Whether the caller hides his number in From (RFC 3323, section 4.1).
    var isAnonymous: Bool { !host.isEmpty }
    /// Whether he asked for privacy (RFC 3323), in whatever form but `none`, which asks that none be added.
    var asksForPrivacy = false
    /// Whether he said anything about privacy.
    var hasPrivacy: Bool { !privacy.isEmpty }
}

// Identity header fields: kept from the caller's INVITE, written as each gateway is to see them.
extension Shard {
    /// Keeps what the INVITE of a new call says of its caller.
    mutating func keepIdentity(_ message: Message, from: NameAddress, uri: URI, of key: SlabKey) {
        var identity = CallerIdentity()
        identity.display = calls[key].call.texts.store(from.displayName)
        identity.user = calls[key].call.texts.store(uri.user)
        if uri.host.equalsIgnoringCase("anonymous.invalid") { identity.host = calls[key].call.texts.store(uri.host) }
        for i in 0..<message.fieldCount {
            switch message[i].name {
            case .privacy: identity.privacy = keepLines(of: .privacy, message, identity.privacy, key)
            case .pAssertedIdentity: identity.asserted = keepLines(of: .pAssertedIdentity, message, identity.asserted, key)
            case .pPreferredIdentity: identity.preferred = keepLines(of: .pPreferredIdentity, message, identity.preferred, key)
            case .remotePartyID: identity.remoteParty = keepLines(of: .remotePartyID, message, identity.remoteParty, key)
            case .diversion: identity.diversion = keepLines(of: .diversion, message, identity.diversion, key)
            case .historyInfo: identity.history = keepLines(of: .historyInfo, message, identity.history, key)
            default: break
            }
        }
        if let wish = message.first(.privacy) { identity.asksForPrivacy = !wish.trimmed.equalsIgnoringCase("none") }
        calls[key].identity = identity
    }

    /// All lines of one name, once.
    private mutating func keepLines(of name: HeaderName, _ message: Message, _ kept: StoredBytes, _ key: SlabKey) -> StoredBytes {
        guard kept.isEmpty else { return kept }
        outbox.begin()
        var position = 0
        while let value = message.next(name, from: &position) {
            outbox.append(name.name)
            outbox.append(": ")
            outbox.append(unfolding: value)
            outbox.append("\r\n")
        }
        let lines = calls[key].call.texts.store(outbox.unfinished)
        outbox.begin()
        return lines
    }

    /// Writes the identity header fields of an INVITE to a destination. `account`: of the gateway's registration.
    mutating func appendIdentity(of key: SlabKey, caller: StoredBytes, to destination: CallDestination, flow: Flow, account: Registration?) {
        let snapshot = calls[key].call.configuration
        let identity = calls[key].identity
        let rules: IdentitySettings
        if case .routingGateway(let index) = destination { rules = snapshot.routingGateways[index].identity } else { rules = IdentitySettings() }
        switch rules.privacy {
        case .none: break
        case .passThrough:
            outbox.append(calls[key].call.texts[identity.privacy])
            if let account { appendPrivacy(of: account, in: snapshot, hasOwn: identity.hasPrivacy) }
        case .id: outbox.append("Privacy: id\r\n")
        case .noPrivacy: outbox.append("Privacy: none\r\n")
        }
        switch rules.pAssertedIdentity {
        case .none: break
        // What an untrusted side asserts is no assertion (RFC 3325, section 5).
        case .passThrough: if snapshot.isTrusted(calls[key].call.origin) { outbox.append(calls[key].call.texts[identity.asserted]) }
        case .caller: appendIdentityLine("P-Asserted-Identity: ", of: key, caller: caller, flow: flow)
        }
        switch rules.pPreferredIdentity {
        case .none: break
        case .passThrough: outbox.append(calls[key].call.texts[identity.preferred])
        case .caller: appendIdentityLine("P-Preferred-Identity: ", of: key, caller: caller, flow: flow)
        }
        if rules.sendsRemotePartyID { appendRemoteParty(of: key, caller: caller, flow: flow) }
        if rules.passesDiversion {
            if !identity.forwardedFrom.isEmpty {
                outbox.append("Diversion: <sip:")
                outbox.append(calls[key].call.texts[identity.forwardedFrom])
                outbox.append(UInt8(ascii: "@"))
                outbox.append(endpoints.advertised(flow))
                outbox.append(">;reason=unconditional\r\n")
            }
            outbox.append(calls[key].call.texts[identity.diversion])
        }
        if rules.passesHistoryInfo { outbox.append(calls[key].call.texts[identity.history]) }
    }

    private mutating func appendIdentityLine(_ name: StaticString, of key: SlabKey, caller: StoredBytes, flow: Flow) {
        let number = calls[key].call.texts[caller]
        guard !number.isEmpty else { return }
        outbox.append(name)
        outbox.append("<sip:")
        outbox.append(number)
        outbox.append(UInt8(ascii: "@"))
        outbox.append(endpoints.advertised(flow))
        outbox.append(">\r\n")
    }

    /// The caller's Remote-Party-ID where it is believed, else one of our own.
    private mutating func appendRemoteParty(of key: SlabKey, caller: StoredBytes, flow: Flow) {
        let identity = calls[key].identity
        if !identity.remoteParty.isEmpty, calls[key].call.configuration.isTrusted(calls[key].call.origin) {
            outbox.append(calls[key].call.texts[identity.remoteParty])
            return
        }
        let number = calls[key].call.texts[caller]
        guard !number.isEmpty else { return }
        outbox.append("Remote-Party-ID: <sip:")
        outbox.append(number)
        outbox.append(UInt8(ascii: "@"))
        outbox.append(endpoints.advertised(flow))
        outbox.append(">;party=calling;screen=no;privacy=")
        outbox.append(identity.isAnonymous || identity.asksForPrivacy ? "full\r\n" : "off\r\n")
    }

    /// Writes the value of From (without tag) towards a gateway or phone, from our own address.
    mutating func appendFrom(of key: SlabKey, caller: StoredBytes, to destination: CallDestination, flow: Flow) {
        let identity = calls[key].identity
        let number = calls[key].call.texts[caller]
        appendDisplay(of: key, caller: caller, to: destination)
        outbox.append("<sip:")
        let user = calls[key].call.texts[identity.user]
        // A caller who hides stays hidden; a number that no dial plan changed keeps its parameters.
        let isUnchanged =
            number.equals(calls[key].call.texts[calls[key].call.callerNumber]) && number.equals(user.upTo(min(number.count, user.count)))
        let shown = identity.isAnonymous || isUnchanged ? user : number
        if !shown.isEmpty {
            outbox.append(shown)
            outbox.append(UInt8(ascii: "@"))
        }
        let host = calls[key].call.texts[identity.host]
        if host.isEmpty { outbox.append(endpoints.advertised(flow)) } else { outbox.append(host) }
        outbox.append(UInt8(ascii: ">"))
    }

    /// The display name by the gateway's rule and `SS_SIP_E164_DISPLAY_FROM`.
    private mutating func appendDisplay(of key: SlabKey, caller: StoredBytes, to destination: CallDestination) {
        let snapshot = calls[key].call.configuration
        if case .routingGateway(let index) = destination {
            guard snapshot.routingGateways[index].identity.sendsDisplay else { return }
            switch snapshot.switchingSettings.displayFrom {
            case .none: return
            case .caller where calls[key].identity.isAnonymous: return
            case .caller:
                appendQuoted(calls[key].call.texts[caller])
                return
            case .ignore: break
            }
        }
        if case .phone(let index) = calls[key].call.origin, !calls[key].identity.isAnonymous, !snapshot.phones[index].displayName.isEmpty {
            snapshot.phones[index].displayName.withBytes { appendQuoted($0) }
            return
        }
        let display = calls[key].call.texts[calls[key].identity.display]
        guard !display.isEmpty else { return }
        outbox.append(unfolding: display)
        outbox.append(UInt8(ascii: " "))
    }

    /// A quoted string and a space; text that would have to be escaped is left out.
    private mutating func appendQuoted(_ text: Bytes) {
        guard !text.isEmpty, text.firstIndex(of: UInt8(ascii: "\""), or: UInt8(ascii: "\\")) == nil else { return }
        outbox.append(UInt8(ascii: "\""))
        outbox.append(text)
        outbox.append("\" ")
    }
}
