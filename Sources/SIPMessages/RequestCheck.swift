import Vocabulary

extension Message {
    /// Checks the header fields of a request that a user agent must understand before it acts, beyond
    /// the essentials: Request-URI, From and To URIs, Max-Forwards, Contact, Route, Expires, Require (RFC 3261, section 8.2).
    public func checkRequest() throws(MessageDefect) {
        guard let uri = URI(requestURI) else { throw .uriMalformed }
        if uri.scheme == .other { throw .uriSchemeUnsupported }
        // Header fields have no place in a Request-URI (section 19.1.1, table 1).
        if !uri.headers.isEmpty { throw .uriMalformed }
        var maxForwards = 0
        var failure: MessageDefect? = nil
        for i in 0..<fieldCount {
            let field = self[i]
            switch field.name {
            case .maxForwards:
                maxForwards += 1
                guard let value = field.value.decimal, value <= 255 else { throw .maxForwardsMalformed }
                if maxForwards > 1 { throw .headerRepeated }
            case .from:
                if !NameAddress.isSound(field.value) { failure = failure ?? .fromMalformed }
            case .to:
                if !NameAddress.isSound(field.value) { failure = failure ?? .toMalformed }
            case .contact:
                if field.value.equals("*") { break }
                if !elements(field.value, NameAddress.isSound) {
                    failure = failure ?? .contactMalformed
                }
            case .route, .recordRoute:
                if !elements(field.value, NameAddress.isSound) {
                    failure = failure ?? .routeMalformed
                }
            case .expires:
                if DeltaSeconds(field.value) == nil { failure = failure ?? .expiresMalformed }
            case .require, .proxyRequire, .supported:
                if !elements(field.value, { $0.isToken }) { failure = failure ?? .requireMalformed }
            default: break
            }
        }
        if let failure { throw failure }
    }

    private func elements(_ value: Bytes, _ isSound: (Bytes) -> Bool) -> Bool {
        var list = CommaList(value)
        while let element = list.next() {
            if !isSound(element) { return false }
        }
        return true
    }
}

extension NameAddress {
    /// Whether the element, its URI and its parameters keep to the grammar.
    fileprivate static func isSound(_ text: Bytes) -> Bool {
        guard let address = NameAddress(text), URI(address.uri) != nil else { return false }
        var list = ParameterList(address.parameters)
        while list.next() != nil {}
        return !list.isMalformed
    }
}
