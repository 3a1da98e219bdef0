"""Calls that go well, calls that nobody takes, and calls that the caller gives up."""
from harness.checks import expect, expect_equal
from harness.scenario import (
    CALLEE_NUMBER, CALLER_NUMBER, RECEIVE_ANSWER_STEPS, Scenario, answer, callee, callee_hangs_up, callee_is_hung_up, caller,
    caller_hangs_up, caller_is_hung_up, linger, pause, receive, refused_with, refusing_with, sdp)
from harness.sipp import CALLEE, CALLER, SECOND_CALLEE, STRANGER, written
from harness.test import CARRIER, CUSTOMER, SECOND_CARRIER, case


@case("a call is answered and the caller hangs up")
def caller_ends(test):
    test.start_switch()
    b = test.callee(callee_is_hung_up())
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    record = test.record(
        duration=(0.25, 1.5), endReason="normalClearing", endedBy="caller", callerStatus=200, calleeStatus=200, q850Cause=16,
        caller=CALLER_NUMBER, callee=CALLEE_NUMBER, mappingGateway="customer-a", routingGateway="carrier-x",
        callerAddress=written(CALLER), calleeAddress=written(CALLEE))
    attempt = record["attempts"][0]
    expect_equal((attempt["gateway"], attempt["status"]), ("carrier-x", 200), "gateway and status of the attempt")
    expect(record["startTime"] <= record["ringingTime"] <= record["answerTime"], "ringingTime is out of order")
    expect(record["callerCallID"] != record["calleeCallID"], "both legs have the same Call-ID")


@case("a call is answered and the callee hangs up")
def callee_ends(test):
    test.start_switch()
    b = test.callee(callee_hangs_up())
    a = test.caller(caller_is_hung_up())
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), endReason="normalClearing", endedBy="callee", callerStatus=200, calleeStatus=200)


@case("neither side sees the other's address, Call-ID or tags")
def topology_is_hidden(test):
    test.start_switch()
    b = test.callee(callee_is_hung_up())
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    record = test.record(duration=(0.25, 1.5))
    for peer, hidden in ((a, (CALLEE[0], record["calleeCallID"])), (b, (record["callerCallID"],))):
        headers = [line for line in peer.messages().splitlines() if not line.startswith(("o=", "c=", "-----"))]
        for text in hidden:
            found = [line for line in headers if text in line]
            expect(not found, f"{peer.scenario.name} sees {text}: {found[:2]}")
    # Towards the callee, the caller's address stands in its session description only.
    headers = [line for line in b.messages().splitlines() if CALLER[0] in line and not line.startswith(("o=", "c="))]
    expect(not headers, f"the callee sees the caller's address: {headers[:2]}")


@case("the caller cancels while it rings")
def caller_cancels(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee is cancelled", callee.receive_invite(), callee.ringing(), receive("CANCEL"), answer(200, "OK"),
        callee.refused(487, "Request Terminated"), receive("ACK"), linger()))
    a = test.caller(Scenario(
        "caller cancels", caller.invite(), receive(100, optional=True), receive(180), pause(0.2), caller.cancel(), receive(200), receive(487),
        caller.ack_refusal(), linger()))
    test.finish(a, b)
    test.record(endReason="callerCancelled", endedBy="caller", callerStatus=487, attempts=("cancelledByCaller",))


@case("a callee that answers after it got CANCEL is acknowledged and hung up")
def answer_after_cancel(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee answers too late", callee.receive_invite(), callee.ringing(), receive("CANCEL"), answer(200, "OK"), pause(0.1),
        callee.answered(),
        receive("ACK"), receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller cancels", caller.invite(), receive(100, optional=True), receive(180), pause(0.2), caller.cancel(), receive(200), receive(487),
        caller.ack_refusal(), linger()))
    test.finish(a, b)
    test.record(endReason="callerCancelled", endedBy="caller", callerStatus=487, attempts=("cancelledByCaller",))


@case("a busy callee's 486 reaches the caller")
def busy(test):
    test.start_switch()
    b = test.callee(refusing_with(486, "Busy Here"))
    a = test.caller(refused_with(486, ["SIP/2.0 486 Busy Here"]))
    test.finish(a, b)
    test.record(endReason="calleeBusy", endedBy="callee", callerStatus=486, calleeStatus=486, q850Cause=17, attempts=("refused",))


@case("after a gateway's 503 the next gateway takes the call")
def next_gateway_after_refusal(test):
    test.start_switch(CUSTOMER, CARRIER, SECOND_CARRIER)
    first = test.callee(refusing_with(503, "Service Unavailable"))
    second = test.callee(callee_is_hung_up(), address=SECOND_CALLEE)
    a = test.caller(caller_hangs_up())
    test.finish(a, first, second)
    record = test.record(
        duration=(0.25, 1.5), endReason="normalClearing", endedBy="caller", routingGateway="carrier-y", callerStatus=200,
        attempts=("refused", "answered"))
    expect_equal([attempt["status"] for attempt in record["attempts"]], [503, 200], "statuses of the attempts")


@case("after a gateway's silence the next gateway takes the call")
def next_gateway_after_silence(test):
    test.start_switch(CUSTOMER, CARRIER, SECOND_CARRIER, SS_SIP_TIMEOUT_INVITE=1)
    # An INVITE that nobody answered is not cancelled (RFC 3261, section 9.1): the first one only hears INVITEs.
    first = test.callee(Scenario("callee is silent", receive("INVITE"), pause(20)))
    second = test.callee(callee_is_hung_up(), address=SECOND_CALLEE)
    a = test.caller(caller_hangs_up())
    test.finish(a, second)
    record = test.record(
        duration=(0.25, 1.5), endReason="normalClearing", endedBy="caller", routingGateway="carrier-y", attempts=("inviteTimeout", "answered"))
    expect(record["setupMilliseconds"] >= 1000, f"the first gateway was given only {record['setupMilliseconds']} ms")
    expect("CANCEL sip:" not in first.messages(), "a CANCEL was sent to a gateway that had not answered")


@case("when every gateway refuses, the caller gets the last refusal")
def all_gateways_refuse(test):
    test.start_switch(CUSTOMER, CARRIER, SECOND_CARRIER)
    first = test.callee(refusing_with(503, "Service Unavailable"))
    second = test.callee(refusing_with(486, "Busy Here"), address=SECOND_CALLEE)
    a = test.caller(refused_with(486))
    test.finish(a, first, second)
    test.record(endReason="calleeBusy", endedBy="callee", callerStatus=486, attempts=("refused", "refused"))


@case("early media of a 183 with SDP reaches the caller")
def early_media(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee plays early media", callee.receive_invite(), callee.trying(),
        callee.provisional(183, "Session Progress", body=sdp(version=5)), pause(0.2), callee.answered(body=sdp(version=5)),
        receive("ACK"), receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller hears early media", caller.invite(), receive(100, optional=True), receive(183, holds=["m=audio", "RTP/AVP 8 101"]),
        caller.receive_answer(["m=audio"]), caller.ack(), pause(0.2), caller.bye(), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.15, 1.5), endReason="normalClearing", endedBy="caller")


@case("every provisional response reaches the caller, in order")
def provisionals(test):
    test.start_switch()
    steps = [(183, "Session Progress"), (180, "Ringing"), (181, "Call Is Being Forwarded"), (182, "Queued"), (180, "Ringing")]
    b = test.callee(Scenario(
        "callee says much", callee.receive_invite(), callee.trying(),
        *(step for status, reason in steps for step in (callee.provisional(status, reason), pause(0.1))),
        callee.answered(), receive("ACK"), receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller hears all of it", caller.invite(), receive(100, optional=True), *(receive(status, holds=[reason]) for status, reason in steps),
        caller.receive_answer(), caller.ack(), pause(0.2), caller.bye(), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.15, 1.5), endReason="normalClearing")


@case("a CANCEL that comes after the answer changes nothing")
def late_cancel(test):
    test.start_switch()
    b = test.callee(callee_is_hung_up())
    a = test.caller(Scenario(
        "caller cancels too late", caller.invite(), *RECEIVE_ANSWER_STEPS, caller.receive_answer(), caller.cancel(),
        receive(200, holds=["CSeq: 1 CANCEL"]), caller.ack(), pause(0.3), caller.bye(), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), endReason="normalClearing", endedBy="caller")


@case("ringing that lasts too long ends with CANCEL and 480")
def ringing_timeout(test):
    test.start_switch(SS_SIP_TIMEOUT_RINGING=1)
    b = test.callee(Scenario(
        "callee rings for ever", callee.receive_invite(), callee.ringing(), receive("CANCEL", seconds=5), answer(200, "OK"),
        callee.refused(487, "Request Terminated"), receive("ACK"), linger()))
    a = test.caller(refused_with(480))
    test.finish(a, b)
    test.record(endReason="noAnswer", callerStatus=480, attempts=("ringingTimeout",))


@case("a call without a route is refused with 404")
def no_route(test):
    test.start_switch(CUSTOMER, CARRIER.replace('prefixes: [""]', 'prefixes: ["+49"]'))
    a = test.caller(refused_with(404))
    test.finish(a)
    test.record(endReason="noRoute", endedBy="server", callerStatus=404, attempts=())


@case("a caller from an unknown source gets 403 and no record")
def unknown_source(test):
    test.start_switch()
    a = test.caller(refused_with(403), address=STRANGER)
    test.finish(a)
    test.records(0)
    expect_equal(test.switch.statistics()["callsReceived"], 0, "callsReceived")


@case("with SS_REPLY_UNAUTHORIZED off an unknown source hears nothing")
def silence_for_unknown_source(test):
    test.start_switch(SS_REPLY_UNAUTHORIZED="Off")
    a = test.caller(Scenario("caller hears nothing", caller.invite(), pause(1.5)), address=STRANGER)
    test.finish(a)
    expect("message received" not in a.messages(), f"the stranger was answered ({a.messages_path})")
    expect(test.switch.statistics()["unrecognisedSources"] >= 1, "unrecognisedSources was not counted")
    test.records(0)


@case("a second call at the same time is a call of its own")
def two_calls(test):
    test.start_switch()
    b = test.callee(callee_is_hung_up(), calls=2)
    a = test.caller(caller_hangs_up(hold=0.5), calls=2, rate=20)
    test.finish(a, b)
    records = test.records(2)
    expect_equal(len({record["calleeCallID"] for record in records}), 2, "Call-IDs towards the callee")
