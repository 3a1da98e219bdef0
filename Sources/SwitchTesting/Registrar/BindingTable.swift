import SIPMessages
import Vocabulary

/// The location service of a virtual registrar: bindings by address-of-record, with the rules of RFC 3261, section 10.3.
struct BindingTable {
    private var bindings: [String: [VirtualRegistrar.Binding]] = [:]

    /// What a REGISTER asks for one Contact.
    struct Wish {
        var contact: String
        var expires: Int?
        var instance: String?
    }

    enum Change {
        case done
        /// The request came out of order: nothing was changed (item 7).
        case outOfOrder
    }

    func all(_ addressOfRecord: String, _ now: Instant) -> [VirtualRegistrar.Binding] {
        (bindings[addressOfRecord] ?? []).filter { $0.until > now }
    }

    var addressesOfRecord: [String] { bindings.keys.sorted() }

    mutating func add(_ binding: VirtualRegistrar.Binding, to addressOfRecord: String) { bindings[addressOfRecord, default: []].append(binding) }

    mutating func removeAll() { bindings.removeAll() }

    /// Changes all Contacts of one request or none (item 7: "either all or none").
    mutating func apply(
        _ wishes: [Wish], to addressOfRecord: String, callID: String, cseq: Int, grant: (Int?) -> Int, now: Instant
    ) -> Change {
        var next = all(addressOfRecord, now)
        for wish in wishes {
            let known = next.firstIndex { $0.contact == wish.contact }
            if let known, next[known].callID == callID, next[known].cseq >= cseq { return .outOfOrder }
            if let known { next.remove(at: known) }
            let seconds = grant(wish.expires)
            guard seconds > 0 else { continue }
            next.append(
                VirtualRegistrar.Binding(
                    contact: wish.contact, callID: callID, cseq: cseq, instance: wish.instance, until: now + .seconds(Int64(seconds))))
        }
        bindings[addressOfRecord] = next
        return .done
    }
}
