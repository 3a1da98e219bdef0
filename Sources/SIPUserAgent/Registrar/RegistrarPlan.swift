import SIPMessages
import Vocabulary

/// A binding that stands, as far as the rules look at it.
public protocol RegisteredContact {
    var contact: [UInt8] { get }
    var callID: [UInt8] { get }
    var cseq: UInt32 { get }
    var instance: [UInt8] { get }
    var flowNumber: UInt32 { get }
    /// Where it registered from.
    var source: NetworkAddress { get }
}

/// What a REGISTER does to the bindings of its account: all of it or, when it is refused, nothing (RFC 3261, section 10.3).
public struct RegistrarPlan: Hashable, Sendable {
    /// Standing bindings that go, by index.
    public private(set) var removals: [Int] = []
    /// For each contact of the request the standing binding that it renews; nil: a new one, or none at all
    /// when the contact is to go.
    public private(set) var renewals: [Int?] = []
    /// Whether the device that was registered gave way to another one.
    public private(set) var isReplacement = false

    /// Decides. `standing` are the bindings whose time is not over.
    public init(
        _ request: RegisterRequest, standing: [some RegisteredContact], source: NetworkAddress, rules: RegistrarRules
    ) throws(RegisterRefusal) {
        if request.removesAll {
            for binding in standing { try RegistrarPlan.checkOrder(request, binding) }
            removals = Array(standing.indices)
            return
        }
        renewals = Array(repeating: nil, count: request.contacts.count)
        guard !request.contacts.isEmpty else { return }
        if standing.count == 1, request.contacts.count == 1, request.contacts[0].lifetime > 0,
            standing[0].callID.withBytes({ $0.equals(request.callID) }), standing[0].isNamed(request.contacts[0])
        {
            // Nearly every REGISTER: the same device renews its only binding.
            try RegistrarPlan.checkOrder(request, standing[0])
            renewals[0] = 0
            return
        }
        try match(request, standing, source)
        try makeRoom(request, standing, source, rules)
        removals.sort()
    }

    private mutating func match(
        _ request: RegisterRequest, _ standing: [some RegisteredContact], _ source: NetworkAddress
    ) throws(RegisterRefusal) {
        var taken = Set<Int>()
        for (place, wanted) in request.contacts.enumerated() {
            let found = standing.indices.first { index in
                !taken.contains(index) && standing[index].isContact(wanted)
                    // The same private address behind two translators is two devices; a contact that is to go is named by its URI alone.
                    && (wanted.lifetime == 0 || standing[index].isOf(request, source: source))
            }
            let match = found ?? standing.indices.first { !taken.contains($0) && standing[$0].isFlow(wanted) }
            guard let match else { continue }
            taken.insert(match)
            try RegistrarPlan.checkOrder(request, standing[match])
            if wanted.lifetime == 0 { removals.append(match) } else { renewals[place] = match }
        }
    }

    /// Another device goes, or the request is refused; and the oldest contacts of this device go when there are too many.
    private mutating func makeRoom(
        _ request: RegisterRequest, _ standing: [some RegisteredContact], _ source: NetworkAddress, _ rules: RegistrarRules
    ) throws(RegisterRefusal) {
        guard request.contacts.contains(where: { $0.lifetime > 0 }) else { return }
        let others = standing.indices.filter { index in
            !removals.contains(index) && !renewals.contains(index) && !standing[index].isOf(request, source: source)
        }
        if !others.isEmpty {
            guard rules.replaces else { throw .registeredElsewhere }
            removals += others
            isReplacement = true
        }
        var left = standing.indices.filter { !removals.contains($0) && !renewals.contains($0) }
        let wanted = request.contacts.count { $0.lifetime > 0 }
        while left.count + wanted > RegistrarRules.maximumContacts, let oldest = left.first {
            removals.append(oldest)
            left.removeFirst()
        }
    }

    private static func checkOrder(_ request: RegisterRequest, _ binding: some RegisteredContact) throws(RegisterRefusal) {
        guard binding.callID.withBytes({ $0.equals(request.callID) }) else { return }
        if request.cseq <= binding.cseq { throw .outOfOrder }
    }
}

extension RegisteredContact {
    /// Whether its URI is written just so.
    fileprivate func isNamed(_ wanted: RegisterRequest.Wanted) -> Bool { contact.withBytes { $0.equals(wanted.uri.text) } }

    /// Whether it is the binding of this URI (RFC 3261, section 19.1.4).
    fileprivate func isContact(_ wanted: RegisterRequest.Wanted) -> Bool {
        contact.withBytes { known in
            if known.equals(wanted.uri.text) { return true }
            return URI(known).map { $0.isEquivalent(to: wanted.uri) } ?? false
        }
    }

    /// Whether it is another address of the same flow of the same instance (RFC 5626, section 6).
    fileprivate func isFlow(_ wanted: RegisterRequest.Wanted) -> Bool {
        !wanted.instance.isEmpty && flowNumber == wanted.flowNumber && instance.withBytes { $0.equals(wanted.instance) }
    }

    /// Whether the device that made it sent this request: the same Call-ID or instance, or from the same host the same Contact.
    fileprivate func isOf(_ request: RegisterRequest, source: NetworkAddress) -> Bool {
        if callID.withBytes({ $0.equals(request.callID) }) { return true }
        return request.contacts.contains { wanted in
            if !instance.isEmpty, instance.withBytes({ $0.equals(wanted.instance) }) { return true }
            return self.source.hasSameHost(as: source) && isContact(wanted)
        }
    }
}
