import CallRecords
import Containers

/// What a call asks for after an event. "The message at hand" is the one whose arrival was the event.
public enum CallAction: Sendable, Equatable {
    /// Send an INVITE to the candidate with this number.
    case startAttempt(candidate: Int)
    /// Give the attempt on this leg up: CANCEL, and end a late answer properly.
    case abandonAttempt(leg: SlabKey, reason: EndReason)
    /// Pass the provisional response at hand to the caller.
    case passProvisional
    /// Keep the answer at hand and store the call as answered; `recorded` comes back.
    case recordAnswer
    /// Pass the kept answer to the caller.
    case passAnswer
    /// Answer the caller's INVITE with a failure.
    case refuseCaller(status: Int)
    /// Answer the caller's INVITE with the failure at hand.
    case passRefusal
    /// Hang up the answered caller.
    case hangUpCaller(EndReason)
    /// Hang up the callee's leg; an answer not yet acknowledged is acknowledged first.
    case hangUpCallee(leg: SlabKey, EndReason)
    /// Store that the switch ends the answered call, with reason and instant; `endRecorded` comes back.
    case recordEnd
    /// Write the record and forget the call. Only legs are dropped after it.
    case close
    /// Forget a leg whose peer hung up or lost the call.
    case dropLeg(SlabKey)
}
