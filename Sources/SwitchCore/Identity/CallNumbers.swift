import Routing
import SIPMessages
import Vocabulary

/// Who calls whom, as an INVITE says it in the place where the caller's gateway is set to write it.
struct CallNumbers {
    /// The number of the caller, without the URI's user parameters.
    let caller: Bytes
    let callee: Bytes

    /// Nil when a URI that must be there cannot be read. `isAtContact`: the INVITE came to the Contact of a
    /// registration of ours, whose user part is no number: the callee stands in To.
    init?(_ message: Message, _ essentials: Essentials, from: URI, origin: CallOrigin, in configuration: SwitchConfiguration, isAtContact: Bool) {
        var calleeSource = CalleeSource.requestLine
        var callerSource = CallerSource.from
        if case .mappingGateway(let index) = origin {
            calleeSource = configuration.mappingGateways[index].calleeSource
            callerSource = configuration.mappingGateways[index].callerSource
        }
        if isAtContact, calleeSource == .requestLine { calleeSource = .to }
        guard let requested = URI(isAtContact ? essentials.to.uri : message.requestURI) else { return nil }
        var callee = requested.number
        switch calleeSource {
        case .requestLine: break
        case .to: if let uri = URI(essentials.to.uri), !uri.number.isEmpty { callee = uri.number }
        case .diversion: if let number = CallNumbers.number(in: .diversion, of: message) { callee = number }
        }
        var caller = from.number
        switch callerSource {
        case .from: break
        case .remotePartyID: caller = CallNumbers.number(in: .remotePartyID, of: message) ?? caller
        case .pAssertedIdentity: caller = CallNumbers.number(in: .pAssertedIdentity, of: message) ?? caller
        case .pPreferredIdentity: caller = CallNumbers.number(in: .pPreferredIdentity, of: message) ?? caller
        case .display: if essentials.from.display.isNumber { caller = essentials.from.display }
        }
        self.caller = caller
        self.callee = callee
    }

    /// The first number that a header field of identities names.
    private static func number(in name: HeaderName, of message: Message) -> Bytes? {
        var found: Bytes?
        message.forEachElement(of: name) { element in
            guard found == nil, let address = NameAddress(element), let uri = URI(address.uri), !uri.number.isEmpty else { return }
            found = uri.number
        }
        return found
    }
}

extension Bytes {
    /// Digits, before them perhaps `+`.
    fileprivate var isNumber: Bool {
        let digits = count > 0 && self[0] == UInt8(ascii: "+") ? from(1) : self
        for i in 0..<digits.count where !digits[i].isDigit { return false }
        return !digits.isEmpty
    }
}
