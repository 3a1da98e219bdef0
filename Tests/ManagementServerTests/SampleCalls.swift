import ManagementAPI
import Vocabulary

@testable import CallRecords

/// Calls and records for tests, numbered from 1.
enum Sample {
    static func liveCall(_ number: Int64) -> LiveCall {
        LiveCall(
            id: CallIdentifier(rawValue: number), state: .answered, receivedAt: WallTime(microseconds: 1_767_225_600_000_000 + number),
            answeredAt: WallTime(microseconds: 1_767_225_602_000_000), durationMilliseconds: 1500, caller: "+14155550100",
            callee: "+1415555010\(number % 10)", mappingGateway: "customer-a", routingGateway: "carrier-x",
            callerAddress: "192.0.2.1:5060", calleeAddress: "192.0.2.9:5060", callerCallID: "a\(number)@example.net",
            calleeCallID: "b\(number)@example.net")
    }

    /// Odd numbers were answered for seven seconds, even ones were busy; one a second. Of the answered ones the first
    /// and every second after it had a session timer, the others a limit of seven seconds.
    static func record(_ number: Int64) -> CallRecord {
        let isAnswered = number % 2 == 1
        let received = WallTime(microseconds: 1_767_225_600_000_000) + .seconds(number)
        return CallRecord(
            id: CallIdentifier(rawValue: number), receivedAt: received, firstProvisionalAt: received, ringingAt: .unset,
            answeredAt: isAnswered ? received + .seconds(2) : .unset, endedAt: received + .seconds(9),
            durationMilliseconds: isAnswered ? 7000 : 0, setupMilliseconds: 2000, postDialDelayMilliseconds: -1,
            caller: NumberHistory(received: "+14155550100", routed: "14155550100", sent: "14155550100"),
            callee: NumberHistory(received: "+1415555010\(number % 10)", routed: "", sent: ""), mappingGateway: "customer-a",
            routingGateway: "carrier-x", callerAddress: "192.0.2.1:5060", calleeAddress: "192.0.2.9:5060", callerCallID: "a",
            calleeCallID: "b", callerStatus: isAnswered ? 200 : 486, calleeStatus: isAnswered ? 200 : 486,
            endReason: isAnswered ? .normalClearing : .calleeBusy, endedBy: isAnswered ? .caller : .callee, q850Cause: isAnswered ? 16 : 17,
            decision: decision(number), attempts: [])
    }

    private static func decision(_ number: Int64) -> String {
        switch number % 4 {
        case 1: #"{"rule":{"name":"sessionTimer","why":"because"}}"#
        case 3: #"{"rule":{"name":"noTimerLimit","why":"because","limitSeconds":7,"limitOf":"SS_SIP_NO_TIMER_REINVITE_INTERVAL"}}"#
        case 2:
            #"""
            {"origin":{"kind":"mappingGateway","name":"customer-a","rule":"address","source":"192.0.2.1:5060"},"configurationRevision":4,
             "numbers":{"caller":"+14155550100","callee":"0044","callerRouted":"14155550100","callerRule":"+=","calleeRouted":"0044"},
             "candidates":[{"kind":"routingGateway","name":"carrier-x","prefix":"00","priority":10,"calls":3,"verdict":"tried",
               "caller":"14155550100","callee":"44"},
              {"kind":"routingGateway","name":"carrier-y","prefix":"00","priority":20,"calls":0,"verdict":"locked"}],"stop":"busy"}
            """#
        default: "{}"
        }
    }

    /// A registration that stands; `change` makes it another.
    static func registration(_ name: String, _ change: (inout RegistrationStatus) -> Void = { _ in }) -> RegistrationStatus {
        var status = RegistrationStatus(
            name: name, state: .registered, since: WallTime(microseconds: 1_767_225_600_000_000),
            boundUntil: WallTime(microseconds: 1_767_229_200_000_000), lastStatus: 200, roundTripMicroseconds: 12_345,
            upstream: "192.0.2.10:5060 udp", addressOfRecord: "sip:acme@sw.example.net", contact: "sip:k3@192.0.2.1:5060",
            callID: "c@example.net", cseq: 7, grantedSeconds: 3600)
        change(&status)
        return status
    }

    static func event(_ id: Int64, _ name: String, from: RegistrationStatus.State, to state: RegistrationStatus.State) -> NumberedRegistrationEvent {
        let status = registration(name) { $0.state = state }
        return NumberedRegistrationEvent(id: id, event: RegistrationEvent(at: status.since + .seconds(id), from: from, status: status))
    }
}
