import Vocabulary

extension SessionDescription {
    /// Whether both describe the same session in the same words: every line equal and in the same order,
    /// except the version in `o=` and the kind of line end. A session refresh whose description is the
    /// same needs no new negotiation (RFC 3264, section 8; RFC 4028, section 7.4).
    public func describesSameSession(as other: SessionDescription) -> Bool {
        var own = lines
        var others = other.lines
        while true {
            let a = own.next()
            let b = others.next()
            guard let a, let b else { return a == nil && b == nil }
            guard a.type == b.type else { return false }
            if a.type == UInt8(ascii: "o") {
                guard origin.isSameSession(as: other.origin) else { return false }
            } else if !a.value.equals(b.value) {
                return false
            }
        }
    }
}
