import CallRecords
import Vocabulary

extension RegistrationStatus {
    /// The registration's state as the REST interface and `tandem registrations -o json` show it.
    public var document: DocumentNode {
        [
            "name": .text(name),
            "state": .text(state.rawValue),
            "since": since.document,
            "boundUntil": boundUntil.document,
            "nextTryAt": nextTryAt.document,
            "reason": .text(reason),
            "lastStatus": lastStatus == 0 ? .null : .number(lastStatus),
            "roundTripMilliseconds": roundTripMicroseconds == 0
                ? .null : .plain(Interval.microseconds(roundTripMicroseconds * 1000).secondsText),
            "upstream": .optional(upstream),
            "addressOfRecord": .optional(addressOfRecord),
            "contact": .optional(contact),
            "callID": .optional(callID),
            "cseq": .number(cseq),
            "grantedSeconds": .number(grantedSeconds),
            "failures": .number(failures),
            "foreignContacts": .list(foreignContacts.map { .text($0) }),
            "mayBeStale": .flag(mayBeStale),
            "warnings": .list(warnings.map { .text($0) }),
        ]
    }

    /// What an operator should look into, in sentences.
    public var warnings: [String] {
        var warnings: [String] = []
        if !foreignContacts.isEmpty {
            warnings.append("registered under this account by somebody else too: " + foreignContacts.joined(separator: ", "))
        }
        if mayBeStale {
            let until = boundUntil.isSet ? " until \(boundUntil.rfc3339)" : ""
            warnings.append("the last process left a binding that may be stale\(until)")
        }
        switch state {
        case .credentialsRefused: warnings.append("the upstream does not accept user or password")
        case .withdrawalFailed:
            let until = boundUntil.isSet ? " until \(boundUntil.rfc3339)" : ""
            warnings.append("the withdrawal failed: a stale binding may stand\(until)")
        case .disabled, .waitingToStart, .resolving, .registering, .registered, .refreshing, .waitingToRetry, .withdrawing, .withdrawn: break
        }
        return warnings
    }
}

extension RegistrationEvent {
    /// Whether it is only a renewal's begin or good end, of which there are very many.
    public var isRoutine: Bool {
        (from == .registered && status.state == .refreshing) || (from == .refreshing && status.state == .registered)
    }

    /// Whether somebody should look into it.
    public var isAlarming: Bool {
        switch status.state {
        case .credentialsRefused, .withdrawalFailed, .waitingToRetry: true
        case .disabled, .waitingToStart, .resolving, .registering, .registered, .refreshing, .withdrawing, .withdrawn: false
        }
    }
}

/// A registration's change of state with its number, as it is kept for a while.
public struct NumberedRegistrationEvent: Hashable, Sendable {
    /// Rises with every event since the process started.
    public var id: Int64
    public var event: RegistrationEvent

    public init(id: Int64, event: RegistrationEvent) {
        self.id = id
        self.event = event
    }

    public var document: DocumentNode {
        let status = event.status
        return [
            "id": .number(id), "at": event.at.document, "name": .text(status.name), "from": .text(event.from.rawValue),
            "state": .text(status.state.rawValue), "reason": .text(status.reason),
            "lastStatus": status.lastStatus == 0 ? .null : .number(status.lastStatus),
            "upstream": .optional(status.upstream), "boundUntil": status.boundUntil.document, "nextTryAt": status.nextTryAt.document,
            "isAlarming": .flag(event.isAlarming),
        ]
    }
}
