"""Session timers (RFC 4028) with real peers: who refreshes, by what, and what becomes of a call that nobody refreshes.

Real seconds are few: a caller's session is 90 s at least, but a vendor that breaks that rule is obeyed down to 10 s,
and with SS_SIP_SESSION_UPDATE_SEGMENT 10 a refresh comes after a tenth of the session.
"""
from harness.checks import expect, expect_between, expect_equal
from harness.pairs import Pair, Pairs
from harness.scenario import (
    RECEIVE_ANSWER_STEPS, SIPP_ALLOW, Scenario, answer, answer_each, call_begun, call_taken, callee, callee_is_hung_up, caller,
    caller_is_hung_up, linger, pause, receive, sdp)
from harness.test import case

WITHOUT_UPDATE = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS"
TIMER = "Supported: timer"
REQUIRED = "Require: timer"
EXPIRED = {"endReason": "sessionExpired", "endedBy": "server", "callerStatus": 200, "calleeStatus": 200, "q850Cause": 102}
BY_CALLER = {"endReason": "normalClearing", "endedBy": "caller"}
BY_CALLEE = {"endReason": "normalClearing", "endedBy": "callee"}
REASON = r"Q\.850;cause=102;text=\"Session expired\""


def expires(seconds, refresher=None):
    return f"Session-Expires: {seconds}" + (f";refresher={refresher}" if refresher else "")


def begun(*fields, supported="timer", holds=(), allow=SIPP_ALLOW):
    """INVITE with these fields of a caller, and what must stand in its 200; ACK."""
    return (caller.invite(*fields, supported=supported, allow=allow), *RECEIVE_ANSWER_STEPS, caller.receive_answer(holds), caller.ack())


def hangs_up(cseq=2, after=0.5):
    return (pause(after), caller.bye(cseq), receive(200), linger())


def answers_update(side, seconds):
    """The switch refreshes by UPDATE without a body; the session goes on for as long again."""
    return (receive("UPDATE", holds=["Session-Expires: [0-9]+;refresher=uac", "Supported: .*timer", "Content-Length: +0"], seconds=15),
            side.ok(None, REQUIRED, expires(seconds, "uac")))


def answers_reinvite(side, seconds):
    """The switch refreshes by re-INVITE; the session description stays as it is."""
    return (receive("INVITE", holds=["Session-Expires: [0-9]+;refresher=uac", "m=audio"], seconds=15),
            side.ok_until_acknowledged(sdp(), REQUIRED, expires(seconds, "uac")), receive("ACK"))


def waits_for_bye(side, seconds):
    return (receive("BYE", seconds=seconds), side.ok(), linger())


def taken(*fields, allow=SIPP_ALLOW):
    """A vendor that answers with these fields."""
    return (callee.receive_invite(["Session-Expires: 90", "Supported: .*timer"]), callee.answered(*fields, allow=allow), receive("ACK"))


def expect_refreshes(peer, method, count, seconds):
    """So many came, this far apart."""
    instants = [at for at, message in peer.received(method) if message["Session-Expires"]]
    expect_equal(len(instants), count, f"refreshes by {method} that '{peer.scenario.name}' got")
    for before, after in zip(instants, instants[1:]):
        expect_between(after - before, seconds - 0.3, seconds + 0.7, f"seconds between refreshes of '{peer.scenario.name}'")


def expect_same_description(peer):
    """The re-INVITEs repeat the session description that the peer was told first, to the letter."""
    told = [message.body for _, came, message in peer.traced() if came and message.body.strip()]
    expect(len(told) >= 3 and len(set(told)) == 1, f"'{peer.scenario.name}' was told different session descriptions: {set(told)}")


def expect_rule(pair, name, words):
    expect_equal(pair.rule["name"], name, f"rule of '{pair.caller_scenario.name}'")
    expect(words in pair.rule["why"], f"'{pair.caller_scenario.name}' is under its rule because {pair.rule['why']!r}")


@case("callers with session timers: refresher uac and uas, by UPDATE and by re-INVITE, silent, 481, 422")
def callers(test):
    refreshes = Pair(
        Scenario(
            "caller refreshes twice and is silent then", *begun(expires(90, "uac"), holds=[expires(90, "uac"), "Require: .*timer"]), pause(2),
            caller.request("UPDATE", 2, TIMER, expires(90, "uac")), receive(200, holds=[expires(90, "uac")], route=True), pause(1),
            caller.request("INVITE", 3, SIPP_ALLOW, TIMER, expires(90, "uac"), body=sdp()), receive(100, optional=True),
            receive(200, holds=[expires(90, "uac")], route=True), caller.ack(3), *waits_for_bye(caller, 75)),
        Scenario(
            # An UPDATE without a body is the caller's leg's alone.
            "callee without timer sees the re-INVITE", *call_taken(), receive("INVITE"),
            callee.ok_until_acknowledged(sdp()), receive("ACK"), *waits_for_bye(callee, 75)),
        # The second refresh began the session of 90 s anew; it is hung up a third of it early.
        duration=(62.9, 65.5), **EXPIRED)
    by_update = Pair(
        Scenario(
            "caller is refreshed by UPDATE", *begun(expires(90, "uas"), holds=[expires(90, "uas")]), *answers_update(caller, 90) * 3,
            *hangs_up()), callee_is_hung_up(), duration=(27.3, 29.5), **BY_CALLER)
    by_invite = Pair(
        Scenario(
            "caller is refreshed by re-INVITE", *begun(expires(90, "uas"), holds=[expires(90, "uas")], allow=WITHOUT_UPDATE),
            *answers_reinvite(caller, 90) * 2, *hangs_up()), callee_is_hung_up(), duration=(18.3, 20.5), **BY_CALLER)
    silent = Pair(
        Scenario("caller ignores refreshes", *begun(expires(90, "uas")), receive("UPDATE"), *waits_for_bye(caller, 50)), callee_is_hung_up(),
        # The UPDATE after 9 s is given up after 32 s.
        duration=(40.8, 42.5), **EXPIRED)
    lost = Pair(
        Scenario(
            "caller has lost the call", *begun(expires(90, "uas")), receive("UPDATE"), answer(481, "Call/Transaction Does Not Exist"),
            receive("BYE"), caller.ok(), linger()), callee_is_hung_up(), duration=(8.8, 10), endReason="dialogLost", endedBy="caller")
    on_hold = Pair(
        Scenario(
            "caller on hold is refreshed by re-INVITE", *begun(expires(90, "uas"), allow=WITHOUT_UPDATE),
            caller.request("INVITE", 2, WITHOUT_UPDATE, TIMER, expires(90, "uas"), body=sdp("sendonly", 2)), receive(100, optional=True),
            receive(200, holds=["a=recvonly", expires(90, "uas")], route=True), caller.ack(2),
            # What the caller was told last, to the letter.
            receive("INVITE", holds=["o=- 3907680000 3907680002 IN IP4 127.0.0.3", "a=recvonly"], seconds=15),
            caller.ok_until_acknowledged(sdp("sendonly", 2), REQUIRED, expires(90, "uac")), receive("ACK"), *hangs_up(3)),
        Scenario(
            "callee on hold", *call_taken(), receive("INVITE", holds=["a=sendonly"]), callee.ok_until_acknowledged(sdp("recvonly", 2)),
            receive("ACK"), receive("BYE"), callee.ok(), linger()), duration=(9.3, 11), **BY_CALLER)
    switches_off = Pair(
        Scenario(
            "caller switches its timer off", *begun(expires(90, "uac")), caller.reinvite(2, sdp(version=2)), receive(100, optional=True),
            receive(200, route=True), caller.ack(2), *hangs_up(3)),
        Scenario(
            "callee of a caller that switches its timer off", *call_taken(), receive("INVITE"), callee.ok_until_acknowledged(sdp(version=2)),
            receive("ACK"), receive("BYE"), callee.ok(), linger()), **BY_CALLER)
    leaves_choice = Pair(
        Scenario("caller leaves the choice", *begun(expires(1800), holds=[expires(90, "uas"), "Require: .*timer"]), *hangs_up()),
        callee_is_hung_up(), **BY_CALLER)
    only_supports = Pair(
        Scenario("caller only supports timers", *begun(holds=[expires(90, "uas")]), *hangs_up()), callee_is_hung_up(), **BY_CALLER)
    without = Pair(Scenario("caller without timer", *begun(supported=""), *hangs_up()), callee_is_hung_up(), **BY_CALLER)
    too_small = Pair(
        Scenario(
            "caller asks for too little", caller.invite(expires(60), supported="timer"), receive(100, optional=True),
            receive(422, holds=["Min-SE: 90"]), caller.ack_refusal(),
            caller.invite(expires(90), "Min-SE: 90", supported="timer", cseq=2, name="again"), *RECEIVE_ANSWER_STEPS,
            caller.receive_answer([expires(90, "uas")]), caller.ack(2), *hangs_up(3)), callee_is_hung_up(), **BY_CALLER)
    pairs = Pairs(
        test, refreshes, by_update, by_invite, silent, lost, on_hold, switches_off, leaves_choice, only_supports, without, too_small,
        SS_SIP_SESSION_TTL=90, SS_SIP_SESSION_UPDATE_SEGMENT=10)
    pairs.run(80)
    expect_refreshes(by_update.caller, "UPDATE", 3, 9)
    expect_refreshes(by_invite.caller, "INVITE", 2, 9)
    expect_same_description(by_invite.caller)
    refreshes.expect_hung_up(REASON)
    silent.expect_hung_up(REASON)
    expect(lost.caller.received("BYE"), "a caller that answered its refresh with 481 got no BYE (RFC 4028, section 10)")
    expect("Session-Expires" not in without.caller.messages(), "a caller without timer was told of one")
    expect_rule(refreshes, "sessionTimer", "the caller's INVITE had Session-Expires")
    expect_rule(only_supports, "sessionTimer", "the 200 OK to it had Session-Expires")
    expect_rule(switches_off, "noTimerLimit", "later switched it off")
    expect_rule(without, "noTimerLimit", "no Session-Expires was seen")


@case("vendors with session timers: 422, refreshed by UPDATE and by re-INVITE, silent, 481, 491, refresher uas, switched off, probed")
def vendors(test):
    too_small = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor wants 120 s", callee.receive_invite([expires(90)]), callee.refused(422, "Session Interval Too Small", "Min-SE: 120"),
            receive("ACK"), callee.receive_invite([expires(120), "Min-SE: 120", "CSeq: 2 INVITE"]), callee.ringing(),
            callee.answered(REQUIRED, expires(120, "uac")), receive("ACK"), pause(0.5), callee.bye(1), receive(200), linger()), **BY_CALLEE)
    by_update = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor is refreshed by UPDATE", *taken(REQUIRED, expires(10, "uac")), *answers_update(callee, 10) * 12, callee.bye(1), receive(200),
            linger()),
        # Longer than the session: it lives by its refreshes.
        duration=(11.8, 13.5), **BY_CALLEE)
    by_invite = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor is refreshed by re-INVITE", *taken(REQUIRED, expires(10, "uac"), allow=WITHOUT_UPDATE), *answers_reinvite(callee, 10) * 3,
            callee.bye(1), receive(200), linger()), duration=(2.8, 4.5), **BY_CALLEE)
    silent = Pair(
        caller_is_hung_up(),
        Scenario("vendor ignores refreshes", *taken(REQUIRED, expires(10, "uac")), receive("UPDATE"), *waits_for_bye(callee, 15)),
        duration=(9.9, 10.8), **EXPIRED)
    refuses = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor refuses every refresh", *taken(REQUIRED, expires(10, "uac")),
            *answer_each("UPDATE", answer(500, "Server Internal Error")), callee.ok(), linger()), duration=(9.9, 10.8), **EXPIRED)
    lost = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor has lost the call", *taken(REQUIRED, expires(10, "uac")), receive("UPDATE"), answer(481, "Call/Transaction Does Not Exist"),
            receive("BYE"), callee.ok(), linger()), duration=(0.8, 1.8), endReason="dialogLost", endedBy="callee")
    glare = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor says that requests crossed", *taken(REQUIRED, expires(10, "uac")), receive("UPDATE"), answer(491, "Request Pending"),
            *answers_update(callee, 10), callee.bye(1), receive(200), linger()), duration=(3, 6), **BY_CALLEE)
    does_not_refresh = Pair(
        caller_is_hung_up(),
        Scenario("vendor was to refresh and does not", *taken(REQUIRED, expires(10, "uas")), *waits_for_bye(callee, 15)),
        # A third of the session before it expires.
        duration=(6.6, 7.5), **EXPIRED)
    refreshes = Pair(
        Scenario("caller sees nothing of the vendor's refresh", *call_begun(), *waits_for_bye(caller, 15)),
        Scenario(
            "vendor refreshes", *taken(REQUIRED, expires(10, "uas")), pause(4), callee.request("UPDATE", 1, TIMER, expires(90, "uac")),
            receive(200, holds=[expires(90, "uac")]), pause(5), callee.bye(2), receive(200), linger()), duration=(8.9, 10.5), **BY_CALLEE)
    switched_off = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor gets no timer", callee.receive_invite(), callee.answered(), receive("ACK"), pause(0.5), callee.bye(1), receive(200),
            linger()),
        gateway="sessionTimer: false\n", **BY_CALLEE)
    probed = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor without timer has lost the call", callee.receive_invite(), callee.answered(), receive("ACK"),
            receive("OPTIONS", seconds=15), answer(481, "Call/Transaction Does Not Exist"), linger()),
        gateway="probeInterval: 10\n", duration=(8.9, 12), endReason="dialogLost", endedBy="callee")
    all_pairs = (too_small, by_update, by_invite, silent, refuses, lost, glare, does_not_refresh, refreshes, switched_off, probed)
    Pairs(test, *all_pairs, SS_SIP_SESSION_TTL=90, SS_SIP_SESSION_UPDATE_SEGMENT=10).run(25)
    calls = {message["Call-ID"] for _, message in too_small.callee.received("INVITE")}
    expect_equal(len(calls), 1, "Call-IDs of the INVITE and the one after its 422")
    expect_refreshes(by_update.callee, "UPDATE", 12, 1)
    expect_same_description(by_invite.callee)
    expect_between(len(refuses.callee.received("UPDATE")), 3, 10, "refreshes that a vendor got which refuses them all")
    for pair in (silent, refuses, does_not_refresh):
        pair.expect_hung_up(REASON)
    expect(lost.callee.received("BYE"), "a vendor that answered its refresh with 481 got no BYE (RFC 4028, section 10)")
    expect("Other side lost the call" in lost.caller.messages(), "the caller is not told that the other side lost the call")
    invite = switched_off.callee.received("INVITE")[0][1]
    expect(not invite["Session-Expires"] and "timer" not in invite["Supported"], "a timer was offered to a gateway where it is switched off")
    for pair in all_pairs:
        expect_equal(pair.rule["name"], "noTimerLimit", f"rule of a call whose caller has no timer ('{pair.callee_scenario.name}')")


@case("after a late offer a refresh by re-INVITE repeats the answer that the ACK carried")
def late_offer(test):
    pair = Pair(
        Scenario(
            "caller makes a late offer", caller.invite(body=None), *RECEIVE_ANSWER_STEPS, caller.receive_answer(["m=audio"]),
            caller.ack(body=sdp("recvonly")), receive("BYE", seconds=15), caller.ok(), linger()),
        Scenario(
            "vendor makes the offer", callee.receive_invite(),
            callee.answered(REQUIRED, expires(10, "uac"), body=sdp(version=4), allow=WITHOUT_UPDATE),
            receive("ACK", holds=["a=recvonly"]), receive("INVITE", holds=["a=recvonly"], seconds=5),
            callee.ok_until_acknowledged(sdp("sendonly", 4), REQUIRED, expires(10, "uac")), receive("ACK"), callee.bye(1), receive(200),
            linger()),
        duration=(0.8, 2), **BY_CALLEE)
    Pairs(test, pair, SS_SIP_SESSION_TTL=90, SS_SIP_SESSION_UPDATE_SEGMENT=10).run(10)


@case("a vendor that lists UPDATE and then refuses it with 405 is refreshed by re-INVITE")
def vendor_refuses_update(test):
    pair = Pair(
        caller_is_hung_up(),
        Scenario(
            "vendor refuses UPDATE", *taken(REQUIRED, expires(10, "uac")), receive("UPDATE"), answer(405, "Method Not Allowed", WITHOUT_UPDATE),
            *answers_reinvite(callee, 10) * 2, callee.bye(1), receive(200), linger()), duration=(1.8, 3.5), **BY_CALLEE)
    Pairs(test, pair, SS_SIP_SESSION_TTL=90, SS_SIP_SESSION_UPDATE_SEGMENT=10).run(15)
    expect_equal(len(pair.callee.received("UPDATE")), 1, "UPDATEs that the vendor got")
    expect_same_description(pair.callee)
