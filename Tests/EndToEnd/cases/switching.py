"""Staged set-up timers and the rules after which no other gateway is tried, at vendors that misbehave in every way.

The timers are a gateway's own, a second or two, so that real time is short; all calls of one test run at the same time.
"""
import json

from harness.checks import expect, expect_between, expect_equal, wait_until
from harness.scenario import (
    Scenario, answer, callee, callee_is_hung_up, caller_hangs_up, linger, pause, receive, refusing_with, sdp)
from harness.sipp import CALLER
from harness.test import CUSTOMER, case
from harness.vendors import Scripted, Vendor, VendorCall, VendorCalls, customer, gateway, refused, tried, verdicts_of

TAKES = {"endReason": "normalClearing", "endedBy": "caller", "callerStatus": 200}
IMPATIENT = customer("customer-impatient", "127.0.0.12", maximumSetupTime=3)
TRANSLATED = customer("customer-translated", "127.0.0.13", failureCodes='["503:486", "0:480"]')
DECISIVE = customer("customer-decisive", "127.0.0.14", failureCodes='["503:486"]', failureCodesDecideSwitching="true")


def takes():
    """The vendor that carries the call in the end."""
    return Vendor(callee_is_hung_up())


def silent():
    return Scenario("vendor is silent", receive("INVITE"), pause(30))


def cancelled():
    """CANCEL is answered, and the INVITE refused for it."""
    return (receive("CANCEL", seconds=15), answer(200, "OK"), callee.refused(487, "Request Terminated"), receive("ACK"), linger(0.3))


def only_trying():
    return Scenario("vendor says 100 only", callee.receive_invite(), callee.trying(), *cancelled())


def trickles(times, every=0.7):
    """183 again and again, without SDP, then nothing."""
    return Scenario(
        f"vendor trickles {times} 183s", callee.receive_invite(),
        *(step for _ in range(times) for step in (callee.provisional(183, "Session Progress"), pause(every))), *cancelled())


def rings(again=0):
    """180, perhaps said again, and no answer."""
    return Scenario(
        "vendor rings", callee.receive_invite(), callee.ringing(),
        *(step for _ in range(again) for step in (pause(0.6), callee.ringing())), *cancelled())


def plays(*ending):
    """183 with SDP, then what is given."""
    return Scenario(
        "vendor plays early media", callee.receive_invite(), callee.trying(),
        callee.provisional(183, "Session Progress", body=sdp(version=5)), *ending)


def plays_then_fails(status=500, reason="Server Internal Error"):
    return plays(pause(0.3), callee.refused(status, reason), receive("ACK"), linger(0.3))


def answers_after_cancel():
    return Scenario(
        "vendor answers after CANCEL", callee.receive_invite(), callee.trying(), receive("CANCEL", seconds=15), answer(200, "OK"), pause(0.1),
        callee.answered(), receive("ACK"), receive("BYE"), callee.ok(), linger(0.3))


def expect_seconds(call, attempt, low, high):
    expect_between(call.seconds(attempt), low, high, f"seconds of attempt {attempt} of {call.name}")


@case("staged timers: silent, 100 only, trickled 183s, ringing, early media; the gateway's own and the system's, and which one ended it")
def staged_timers(test):
    hush = VendorCall(None, Vendor(silent(), waits=False, timeoutInvite=1), takes(), outcomes=["inviteTimeout", "answered"], **TAKES)
    system = VendorCall(None, Vendor(silent(), waits=False), takes(), outcomes=["inviteTimeout", "answered"], **TAKES)
    zero = VendorCall(None, Vendor(silent(), waits=False, timeoutInvite=0), takes(), outcomes=["inviteTimeout", "answered"], **TAKES)
    trying = VendorCall(None, Vendor(only_trying(), timeoutTrying=1), takes(), outcomes=["tryingTimeout", "answered"], **TAKES)
    trickle = VendorCall(None, Vendor(trickles(3), timeoutSessionProgress=1), takes(), outcomes=["progressTimeout", "answered"], **TAKES)
    ringing = VendorCall(
        refused(480), Vendor(rings(again=2), timeoutRinging=2), Vendor(), outcomes=["ringingTimeout"], stop="ringing", verdicts={1: "notNeeded"},
        endReason="noAnswer", callerStatus=480)
    ringing_on = VendorCall(
        None, Vendor(rings(), timeoutRinging=1, switchAfterRinging="true"), takes(), outcomes=["ringingTimeout", "answered"], **TAKES)
    media = VendorCall(
        refused(480), Vendor(plays(*cancelled()), timeoutSessionProgressSdp=1), Vendor(), outcomes=["progressWithMediaTimeout"], stop="media",
        verdicts={1: "notNeeded"}, endReason="noAnswer")
    media_on = VendorCall(
        None, Vendor(plays(*cancelled()), timeoutSessionProgressSdp=1, switchAfterSdp="true"), takes(),
        outcomes=["progressWithMediaTimeout", "answered"], **TAKES)
    all_silent = VendorCall(
        refused(408), Vendor(silent(), waits=False, timeoutInvite=1), Vendor(silent(), waits=False, timeoutInvite=1),
        outcomes=["inviteTimeout", "inviteTimeout"], endReason="gatewayTimeout", callerStatus=408)
    impatient = VendorCall(
        refused(480), Vendor(trickles(4, 0.6), timeoutSessionProgress=30), Vendor(), outcomes=["abandoned"], source="127.0.0.12",
        endReason="setupTimeExceeded", callerStatus=480)
    calls = VendorCalls(
        test, hush, system, zero, trying, trickle, ringing, ringing_on, media, media_on, all_silent, impatient, customers=(CUSTOMER, IMPATIENT),
        SS_SIP_TIMEOUT_INVITE=2)
    calls.run(25)
    expect_seconds(hush, 0, 0.9, 1.8)
    for call in (system, zero):
        expect_seconds(call, 0, 1.9, 2.8)
    expect_seconds(trying, 0, 0.9, 2)
    # Each 183 counts anew while nothing is heard; ringing that is announced again does not.
    expect_seconds(trickle, 0, 2.2, 3.4)
    expect_seconds(ringing, 0, 1.9, 2.8)
    expect_seconds(ringing_on, 0, 0.9, 1.8)
    expect_seconds(media, 0, 0.9, 1.8)
    expect_seconds(impatient, 0, 2.8, 3.8)
    for call in (hush, all_silent):
        expect("CANCEL sip:" not in call.vendors[0].peer.messages(), "a CANCEL was sent to a gateway that had not answered")
    shown = test.switch.succeed("cdrs", "show", ringing.record["id"])
    expect("ringingTimeout" in shown and "ringing" in shown, "tandem cdrs show names neither the timer nor the rule")


@case("stop rules: busy, ringing, early media, listed codes, 6xx, replaced codes, an answer after CANCEL")
def stop_rules(test):
    busy = VendorCall(
        refused(486), Vendor(refusing_with(486, "Busy Here")), Vendor(), outcomes=["refused"], stop="busy", verdicts={1: "notNeeded"},
        endReason="calleeBusy", callerStatus=486)
    busy_on = VendorCall(
        None, Vendor(refusing_with(486, "Busy Here"), switchAfterBusy="true"), takes(), outcomes=["refused", "answered"], **TAKES)
    busy_everywhere = VendorCall(
        refused(600), Vendor(refusing_with(600, "Busy Everywhere")), Vendor(), outcomes=["refused"], stop="busy", callerStatus=600)
    declined = VendorCall(
        refused(603), Vendor(refusing_with(603, "Decline")), Vendor(), outcomes=["refused"], stop="globalFailure", callerStatus=603)
    rang = VendorCall(
        refused(480),
        Vendor(Scenario(
            "vendor rings and fails", callee.receive_invite(), callee.ringing(), pause(0.2), callee.refused(480, "Temporarily Unavailable"),
            receive("ACK"), linger(0.3))),
        Vendor(), outcomes=["refused"], stop="ringing", callerStatus=480)
    media = VendorCall(refused(500), Vendor(plays_then_fails()), Vendor(), outcomes=["refused"], stop="media", callerStatus=500)
    media_on = VendorCall(
        None, Vendor(plays_then_fails(), switchAfterSdp="true"), takes(), outcomes=["refused", "answered"], **TAKES)
    listed = VendorCall(
        refused(404), Vendor(refusing_with(404, "Not Found"), switchStopCodes="[404]"), Vendor(), outcomes=["refused"], stop="listedCode",
        callerStatus=404)
    goes_on = VendorCall(
        None, Vendor(refusing_with(603, "Decline"), switchContinueCodes="[603]"), takes(), outcomes=["refused", "answered"], **TAKES)
    late = VendorCall(
        None, Vendor(answers_after_cancel(), timeoutTrying=1), takes(), outcomes=["tryingTimeout", "answered"], **TAKES)
    lost = VendorCall(
        refused(503), Vendor(refusing_with(500, "Server Internal Error")), Vendor(refusing_with(503, "Service Unavailable")),
        outcomes=["refused", "refused"], endReason="gatewayFailure", callerStatus=503, calleeStatus=503)
    translated = VendorCall(
        refused(486), Vendor(refusing_with(503, "Service Unavailable")), Vendor(refusing_with(503, "Service Unavailable")),
        outcomes=["refused", "refused"], source="127.0.0.13", callerStatus=486, calleeStatus=503)
    others = VendorCall(
        refused(480), Vendor(refusing_with(404, "Not Found")), outcomes=["refused"], source="127.0.0.13", callerStatus=480)
    decisive = VendorCall(
        refused(486), Vendor(refusing_with(503, "Service Unavailable")), Vendor(), outcomes=["refused"], stop="busy", source="127.0.0.14",
        callerStatus=486)
    VendorCalls(
        test, busy, busy_on, busy_everywhere, declined, rang, media, media_on, listed, goes_on, late, lost, translated, others, decisive,
        customers=(CUSTOMER, TRANSLATED, DECISIVE)).run(20)
    expect_equal(len(late.vendors[0].peer.received("BYE")), 1, "BYEs that a vendor got which answered after CANCEL")


@case("system rules: SS_GATEWAY_SWITCH_UNTIL_CONNECT, busy and SDP that do not stop, and SS_GATEWAY_SWITCH_LIMIT")
def system_rules(test):
    until_connect = VendorCall(None, Vendor(rings(), timeoutRinging=1), takes(), outcomes=["ringingTimeout", "answered"], **TAKES)
    busy = VendorCall(None, Vendor(refusing_with(486, "Busy Here")), takes(), outcomes=["refused", "answered"], **TAKES)
    media = VendorCall(None, Vendor(plays_then_fails()), takes(), outcomes=["refused", "answered"], **TAKES)
    own = VendorCall(
        refused(486), Vendor(refusing_with(486, "Busy Here"), switchAfterBusy="false"), Vendor(), outcomes=["refused"], stop="busy", callerStatus=486)
    limit = VendorCall(
        refused(503), *(Vendor(refusing_with(503, "Service Unavailable")) for _ in range(2)), Vendor(), outcomes=["refused", "refused"],
        stop="switchLimit", verdicts={2: "notNeeded"}, callerStatus=503)
    VendorCalls(
        test, until_connect, busy, media, own, limit, SS_GATEWAY_SWITCH_UNTIL_CONNECT="On", SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY="Off",
        SS_SIP_STOP_SWITCH_AFTER_SDP="Off", SS_GATEWAY_SWITCH_LIMIT=1).run(15)


@case("a gateway that answers 503 with Retry-After is left out for that time and taken again then")
def retry_after(test):
    first = Scripted(test, ("127.0.0.3", 5200), fields=["Retry-After: 3"])
    second = Scripted(test, ("127.0.0.3", 5201))
    test.start_switch(CUSTOMER, gateway("carrier-x", first.address, priority=10), gateway("carrier-y", second.address, priority=20))

    def call(number):
        test.finish(test.caller(refused(503), number=number))
    call("+14155550301")
    call("+14155550302")
    # The list of candidates says how long it is to be left out.
    wait_until(lambda: len(second.requests()) == 2, 5, "the second gateway gets both calls")
    pause_until_over(test)
    call("+14155550303")
    records = {record["callee"]: record for record in test.records(3)}
    expect_equal(tried(records["+14155550301"]), ["carrier-x", "carrier-y"], "gateways of the first call")
    left_out = records["+14155550302"]
    expect_equal(tried(left_out), ["carrier-y"], "gateways of the call while the first one is left out")
    found = {candidate["name"]: candidate for candidate in left_out["decision"]["candidates"]}["carrier-x"]
    expect_equal(found["verdict"], "retryAfter", "verdict on the gateway with Retry-After")
    expect_between(found["detail"], 1, 3, "seconds for which it is still left out")
    expect_equal(tried(records["+14155550303"]), ["carrier-x", "carrier-y"], "gateways of the call after that time")


def pause_until_over(test):
    """Asks with calls that are not made until the gateway may be tried again."""
    def is_back():
        shown = json.loads(test.switch.succeed(
            "explain", "--from", "customer-a", "--caller", "+14155550100", "--callee", "+14155550303", "-o", "json"))
        return verdicts_of({"decision": shown.get("decision", shown)})["carrier-x"] == "waiting"
    wait_until(is_back, 6, "explain finds the gateway usable again", every=0.3)


@case("a vendor's 181 and 302 are forwarding where that is recognised: routed anew, with Diversion")
def forwarding(test):
    target = "+14155550398"
    forwards = Scripted(test, ("127.0.0.3", 5200), 302, "Moved Temporarily", [f"Contact: <sip:{target}@127.0.0.3:5200>"])
    test.start_switch(
        customer("customer-a", CALLER[0], recognisesForwarding="true"), customer("customer-b", "127.0.0.12"),
        gateway("carrier-forwards", forwards.address, prefixes=["+14155550301"]),
        gateway("carrier-target", ("127.0.0.3", 5201), prefixes=[target]))
    b = test.callee(callee_is_hung_up(), address=("127.0.0.3", 5201))
    a = test.caller(caller_hangs_up(), number="+14155550301")
    test.finish(a, b)
    plain = test.caller(refused(480), number="+14155550301", address=("127.0.0.12", 5062))
    test.finish(plain)
    newest, oldest = test.records(2)
    expect_equal(tried(oldest), ["carrier-forwards", "carrier-target"], "gateways of the forwarded call")
    expect_equal(oldest["decision"].get("forwarded"), True, "forwarded, in the decision")
    invite = b.received("INVITE")[0][1]
    expect(f"sip:{target}@" in invite.uri, f"the target got an INVITE for {invite.uri}")
    expect("+14155550301" in invite["Diversion"], f"Diversion of the forwarded call is {invite['Diversion']!r}")
    expect_equal((tried(newest), newest["endReason"]), (["carrier-forwards"], "redirected"), "a call of a customer without forwarding")
