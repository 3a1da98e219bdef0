import Vocabulary

/// Why a call ended: one catalogue for records, console, metrics and reports.
///
/// Raw values are stored in `ledger.db`: never renumber, only append.
public enum EndReason: Int16, CaseIterable, Sendable {
    // Ended by its parties.
    case normalClearing = 1
    case callerCancelled = 2
    case calleeBusy = 3
    case calleeDeclined = 4
    case noAnswer = 5
    case numberNotFound = 6
    case calleeUnavailable = 7
    case calleeIncompatible = 8
    case redirected = 9
    case otherFailure = 10
    // Refused by the switch before a gateway was tried.
    case callerNotRecognised = 20
    case noRoute = 21
    case malformedRequest = 22
    case extensionUnsupported = 23
    case tooManyHops = 24
    case loopDetected = 25
    case overload = 26
    case stopping = 27
    case recordStoreFailing = 28
    case setupExpired = 29
    // Ended by the switch or by the network.
    case gatewayTimeout = 40
    case gatewayUnreachable = 41
    case gatewayFailure = 42
    case acknowledgementMissing = 43
    case dialogLost = 44
    case reliableProvisionalUnacknowledged = 45
    case hungUpByOperator = 46
    case noTimerLimit = 47
    case maximumDuration = 48
    case sessionExpired = 49
    case processEnded = 50
    case internalFault = 51
    case peerSilent = 52
    // Refused by the rules of the caller's gateway or phone, or for want of a usable gateway.
    case callerBarred = 60
    case capacityReached = 61
    case rateExceeded = 62
    case numberRefused = 63
    case numberBlacklisted = 64
    case noGatewayAvailable = 65
    case setupTimeExceeded = 66
}

/// Which side ended the call.
public enum CallParty: UInt8, CaseIterable, Sendable {
    case caller = 0
    case callee = 1
    case server = 2

    public var name: String {
        switch self {
        case .caller: "caller"
        case .callee: "callee"
        case .server: "server"
        }
    }
}

extension EndReason {
    private static let names = CaseNames<Self>()
    /// The name under which records, filters and metrics know the reason.
    public var name: String { Self.names[self] }

    /// What happened, in words for an operator.
    public var meaning: String { entry.meaning }
    /// What the operator can do next.
    public var nextStep: String { entry.nextStep }
    /// The Q.850 cause the reason maps to (RFC 6432, and ITU-T Q.850 for the numbers).
    public var q850Cause: Int { entry.q850 }

    private var entry: (meaning: String, nextStep: String, q850: Int) {
        switch self {
        case .normalClearing: ("One party hung up an answered call.", "Nothing to do.", 16)
        case .callerCancelled: ("The caller hung up before the answer.", "If frequent on one route, look at its post-dial delay.", 31)
        case .calleeBusy: ("The called party was busy.", "Nothing to do.", 17)
        case .calleeDeclined: ("The called party declined the call.", "Nothing to do.", 21)
        case .noAnswer: ("The called party did not answer in time.", "If frequent, compare the ringing timer with the vendor's.", 19)
        case .numberNotFound: ("The vendor knows no such number.", "Check number rewriting and the prefix's route.", 1)
        case .calleeUnavailable:
            ("The called party or its network was temporarily unavailable.", "Check the vendor's state; consider a backup gateway.", 20)
        case .calleeIncompatible:
            ("The called side accepted neither the media nor the extensions offered.", "Compare both sides' codecs in the trace.", 88)
        case .redirected: ("The vendor answered with a redirection, which is not followed.", "Ask the vendor for the final destination.", 23)
        case .otherFailure: ("The vendor refused the call with another status.", "Look at the attempts' final status.", 127)
        case .callerNotRecognised:
            ("The source address belongs to no mapping gateway.", "Add the address to the customer's mapping gateway, or ignore a scanner.", 21)
        case .noRoute: ("No routing gateway takes the called number.", "Read the decision record: each candidate says why not.", 3)
        case .malformedRequest: ("The caller's request broke the rules of SIP.", "Show the caller the reason phrase of the answer.", 111)
        case .extensionUnsupported:
            ("The caller required a SIP extension that is not supported.", "The Unsupported header of the answer names it.", 111)
        case .tooManyHops: ("Max-Forwards reached zero.", "Look for a routing loop.", 25)
        case .loopDetected: ("The call had passed through this switch before.", "Look for a vendor that routes back to us.", 25)
        case .overload: ("The switch was at its bounds and refused the call.", "Raise the bound or add capacity.", 42)
        case .stopping: ("The switch was stopping and refused the call.", "Nothing to do.", 41)
        case .recordStoreFailing:
            ("The call was not connected because its record could not be stored.", "Free disk space or repair the data folder; see the alarm.", 41)
        case .setupExpired: ("The caller's own limit for the set-up (Expires) ran out.", "Compare it with the ringing timers.", 102)
        case .gatewayTimeout: ("No gateway answered the INVITE in time.", "Check that the vendor is reachable.", 102)
        case .gatewayUnreachable: ("The transport to the gateways failed.", "Check address, port, transport and firewall.", 38)
        case .gatewayFailure: ("The vendors answered with server failures.", "Ask the vendor; look at the attempts.", 41)
        case .acknowledgementMissing:
            ("The caller never acknowledged the answer; both sides were hung up.", "Look for a firewall or a wrong Contact at the caller.", 102)
        case .dialogLost: ("One side no longer knew the call (481 or 408).", "Check whether that peer restarted.", 41)
        case .reliableProvisionalUnacknowledged:
            ("The caller never sent PRACK for a reliable provisional response.", "Look for a firewall or a broken 100rel at the caller.", 102)
        case .hungUpByOperator: ("An operator ended the call.", "The audit says who.", 31)
        case .noTimerLimit:
            (
                "The call reached the limit for callers without session timer.",
                "Raise SS_SIP_NO_TIMER_REINVITE_INTERVAL if it was a real conversation.", 102
            )
        case .maximumDuration: ("The call reached its maximum duration.", "Raise SS_MAX_CALL_DURATION if it was a real conversation.", 102)
        case .sessionExpired: ("A session refresh was not answered in time.", "Look at the peer's network.", 102)
        case .processEnded: ("The switch ended while the call was up, and the call could not be continued.", "See the log of the last stop.", 41)
        case .peerSilent:
            (
                "One side left every probe within the call unanswered; both sides were hung up.",
                "Look at that peer's network; see its last proof of life.", 102
            )
        case .callerBarred: ("The caller's gateway or phone is locked, or barred at this time.", "Unlock it, or look at its periods.", 21)
        case .capacityReached:
            ("As many calls as the caller's gateway, phone or group may have were up.", "Raise the capacity, or wait for calls to end.", 42)
        case .rateExceeded: ("The caller made more calls within a second than allowed.", "Raise callsPerSecond, or ask the caller to pace.", 42)
        case .numberRefused:
            ("A rule of the caller's gateway or phone refused one of the numbers.", "Read the decision record: it names the rule.", 21)
        case .numberBlacklisted:
            ("One of the numbers is on the dynamic black list.", "See tandem blacklist list; the system white list passes a number.", 21)
        case .noGatewayAvailable:
            (
                "Routing gateways take the number, and none of them could be used.",
                "Read the decision record: each candidate says why not.", 34
            )
        case .setupTimeExceeded:
            (
                "The longest set-up time of the caller's gateway ran out before it rang.",
                "Compare maximumSetupTime with the staged timers.", 102
            )
        case .internalFault: ("A fault of the switch ended this call.", "Report it with the call's trace.", 41)
        }
    }

    /// The reason recorded when a callee's final status ends a call.
    public static func ofFinalStatus(_ status: Int) -> EndReason {
        switch status {
        case 300..<400: .redirected
        case 404, 410, 484, 485, 604: .numberNotFound
        case 408: .gatewayTimeout
        case 480: .calleeUnavailable
        case 486, 600: .calleeBusy
        case 603, 607: .calleeDeclined
        case 415, 420, 421, 488, 606: .calleeIncompatible
        case 500...599: .gatewayFailure
        default: .otherFailure
        }
    }
}
