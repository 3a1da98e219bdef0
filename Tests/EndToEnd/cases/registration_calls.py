"""Calls through a registration: out with the account's identity and credentials, in at the registered Contact."""
import json

from harness.checks import expect, expect_equal, wait_until
from harness.kamailio import DOMAIN, UPSTREAM, USER
from harness.messages import response
from harness.registering import (
    GATEWAY, NAME, SOON, registration, start_kamailio, start_upstream, wait_for_binding, wait_for_state)
from harness.scenario import (
    CALLEE_NUMBER, PARTIES, SIPP_ALLOW, Scenario, answer, callee, callee_is_hung_up, caller, caller_hangs_up, caller_is_hung_up, linger, pause,
    receive, refused_with, sdp)
from harness.sipp import CALLER, SECOND_CALLEE, STRANGER, SWITCH, written
from harness.test import CUSTOMER, SECOND_CARRIER, case
from harness.upstream import SCRIPTED, Account

# A customer whose calls come in at the registered Contact, and a carrier by address for them.
INBOUND = f"kind: MappingGateway\nname: upstream-in\nregistration: {NAME}\n"
LOCAL_CARRIER = 'kind: RoutingGateway\nname: carrier-z\naddresses: ["127.0.0.3:5070"]\nprefixes: [""]\npriority: 10\n'


def carrier_callee(*ending):
    """A callee behind a carrier's proxy: it gives back all Vias and the recorded route."""
    fields = ("[last_Record-Route:]", callee.CONTACT, SIPP_ALLOW)
    return Scenario(
        "callee of the carrier", receive("INVITE", route=True, extra=PARTIES), answer(100, "Trying"),
        answer(180, "Ringing", *fields, tag=callee.TAG), pause(0.1), answer(200, "OK", *fields, body=sdp(), tag=callee.TAG), receive("ACK"), *ending,
        linger())


def start_with_gateway(test, *more, proxy=UPSTREAM, transport="", state="registered", **parameters):
    """A switch whose carrier is reached through its registration."""
    switch = test.start_switch(CUSTOMER, registration(proxy, transport=transport), GATEWAY, *more, **parameters)
    wait_for_state(switch, state, seconds=15)
    return switch


def candidates(record):
    """What became of each gateway, by its name."""
    decision = record["decision"]
    decision = json.loads(decision) if isinstance(decision, str) else decision
    return {candidate["name"]: candidate for candidate in decision["candidates"]}


@case("calls go out through the registration: its identity, its proxy, 407 answered, and credentials ahead for the next call")
def outbound(test):
    kamailio = start_kamailio(test)
    start_with_gateway(test)
    b = test.callee(carrier_callee(receive("BYE"), callee.ok()), calls=2)
    a = test.caller(caller_hangs_up(), calls=2, rate=1)
    test.finish(a, b)
    for record in test.records(2):
        expect_equal((record["routingGateway"], record["endReason"], record["callerStatus"]), ("carrier-x", "normalClearing", 200), "the record")
        expect_equal(record["calleeAddress"], written(UPSTREAM), "calleeAddress")
        expect_equal([attempt["outcome"] for attempt in record["attempts"]], ["answered"], "outcomes of the attempts")
    invites = kamailio.seen("INVITE")
    expect_equal([invite.has_credentials for invite in invites], [False, True, True], "credentials of the INVITEs")
    expect_equal({(invite.aor, invite.source) for invite in invites}, {(USER, written(SWITCH))}, "identity and source of the INVITEs")
    expect(f"<sip:{USER}@{DOMAIN}>" in b.messages(), "the callee does not see the account's identity")


@case("calls over a TCP registration use its connection")
def outbound_tcp(test):
    kamailio = start_kamailio(test)
    start_with_gateway(test, transport=";transport=tcp")
    b = test.callee(carrier_callee(pause(0.3), callee.bye(1), receive(200)))
    a = test.caller(caller_is_hung_up())
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), endReason="normalClearing", endedBy="callee", routingGateway="carrier-x")
    expect_equal({(seen.transport, seen.source) for seen in kamailio.seen("INVITE") + kamailio.seen()}, {("tcp", kamailio.seen()[0].source)}, "flows")


def privacy(test, value, wanted):
    account = Account()

    def script(message, _upstream):
        if message.method == "INVITE":
            return response(message, 486, "Busy Here")
        return None if message.method == "ACK" else account(message)
    upstream = start_upstream(test, script)
    start_with_gateway(test, proxy=SCRIPTED, SS_SIP_USER_AGENT_PRIVACY=value)
    a = test.caller(refused_with(486))
    test.finish(a)
    sent = [received.message for received in upstream.requests if received.message.method in ("REGISTER", "INVITE")]
    expect("INVITE" in {message.method for message in sent}, "no INVITE came")
    for message in sent:
        expect_equal(message["Privacy"], wanted, f"Privacy of {message}")


@case("SS_SIP_USER_AGENT_PRIVACY Id goes out with registration and call")
def privacy_id(test):
    privacy(test, "Id", "id")


@case("SS_SIP_USER_AGENT_PRIVACY Ignore sends no Privacy of our own")
def privacy_ignore(test):
    privacy(test, "Ignore", "")


@case("a call that arrives at the registered Contact is taken for the upstream's, and the callee stands in To")
def inbound(test):
    kamailio = start_kamailio(test)
    test.start_switch(registration(), INBOUND, LOCAL_CARRIER)
    wait_for_state(test.switch, "registered")
    wait_for_binding(kamailio)
    b = test.callee(callee_is_hung_up())
    # Kamailio routes to the registered Contact whatever number is called.
    a = test.caller(caller_hangs_up(), address=STRANGER, to=UPSTREAM)
    test.finish(a, b)
    record = test.record(
        duration=(0.25, 1.5), endReason="normalClearing", endedBy="caller", mappingGateway="upstream-in", routingGateway="carrier-z",
        callee=CALLEE_NUMBER, callerAddress=written(UPSTREAM))
    expect("registration" in json.dumps(record["decision"]), f"the decision does not name the rule: {record['decision']}")


@case("an INVITE to a user part that is not the Contact's, or from a source without a gateway, is refused with 403")
def not_our_contact(test):
    start_kamailio(test)
    test.start_switch(registration(), INBOUND, LOCAL_CARRIER)
    status = wait_for_state(test.switch, "registered")
    expect(len(status["contact"].split("@")[0]) >= 20, f"the Contact {status['contact']} can be guessed")
    a = test.caller(refused_with(403), address=STRANGER)
    test.finish(a)
    test.records(0)


@case("while the registration is down its gateway is skipped with the reason, and the next one takes the call")
def skipped_when_down(test):
    start_upstream(test, lambda message, _: response(message, 503, "Service Unavailable"))
    start_with_gateway(test, SECOND_CARRIER, proxy=SCRIPTED, state="waitingToRetry")
    b = test.callee(callee_is_hung_up(), address=SECOND_CALLEE)
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    record = test.record(duration=(0.25, 1.5), endReason="normalClearing", routingGateway="carrier-y")
    skipped = candidates(record)["carrier-x"]
    expect_equal(skipped["verdict"], "registrationDown", "verdict on the gateway whose registration is down")
    expect("503" in json.dumps(skipped), f"the verdict does not say why: {skipped}")


@case("with no other gateway a call finds no route while the registration is down, and goes out once it stands")
def down_then_up(test):
    account, is_up = Account(), []
    start_upstream(test, lambda message, _: account(message) if is_up else response(message, 503, "Service Unavailable"))
    switch = start_with_gateway(test, proxy=SCRIPTED, state="waitingToRetry")
    a = test.caller(Scenario("caller is refused", caller.invite(), receive(100, optional=True), receive(503), caller.ack_refusal()))
    test.finish(a)
    expect_equal(candidates(test.records(1)[0])["carrier-x"]["verdict"], "registrationDown", "verdict")
    is_up.append(True)
    switch.apply(registration(SCRIPTED, period=600))
    wait_for_state(switch, "registered", seconds=SOON)


@case("an upstream that challenges every INVITE is given up after a few tries, and the next gateway takes the call")
def endless_invite_challenge(test):
    account = Account()

    def script(message, _upstream):
        if message.method == "REGISTER":
            return account(message)
        return account.challenge(message) if message.method == "INVITE" else None
    upstream = start_upstream(test, script)
    start_with_gateway(test, SECOND_CARRIER, proxy=SCRIPTED)
    b = test.callee(callee_is_hung_up(), address=SECOND_CALLEE)
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    record = test.record(duration=(0.25, 1.5), endReason="normalClearing", routingGateway="carrier-y", attempts=("refused", "answered"))
    expect_equal(record["attempts"][0]["status"], 401, "status of the first attempt")
    invites = [received for received in upstream.requests if received.message.method == "INVITE"]
    expect(len(invites) <= 6, f"{len(invites)} INVITEs")


@case("SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT On ends the call at a silent upstream, Off tries the next gateway")
def stop_switch(test):
    account = Account()
    start_upstream(test, lambda message, _: account(message) if message.method == "REGISTER" else None)
    switch = start_with_gateway(
        test, SECOND_CARRIER, proxy=SCRIPTED, SS_SIP_TIMEOUT_INVITE=1, SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT="On")
    a = test.caller(Scenario("caller is refused", caller.invite(), receive(100, optional=True), receive(408), caller.ack_refusal()))
    a.process.wait(15)
    record = test.records(1)[0]
    expect_equal([attempt["outcome"] for attempt in record["attempts"]], ["inviteTimeout"], "outcomes with the parameter On")
    switch.succeed("param", "set", "SS_SIP_USER_AGENT_STOP_SWITCH_AFTER_INVITE_TIMEOUT", "Off")
    b = test.callee(callee_is_hung_up(), address=SECOND_CALLEE)
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    newest = test.records(2)[0]
    expect_equal([attempt["outcome"] for attempt in newest["attempts"]], ["inviteTimeout", "answered"], "outcomes with the parameter Off")


@case("a call that is up survives a restart of the switch with its registration, and both go on")
def call_over_restart(test):
    kamailio = start_kamailio(test)
    switch = start_with_gateway(test)
    b = test.callee(carrier_callee(receive("BYE", seconds=15), callee.ok()))
    a = test.caller(caller_hangs_up(hold=6), address=CALLER)
    switch.wait_for_calls(1, 10, "the call is up")
    switch.stop()
    expect_equal(kamailio.bindings(), [], "bindings between stop and start")
    switch.start()
    wait_for_state(switch, "registered")
    test.finish(a, b, seconds=20)
    test.record(duration=(5, 9), endReason="normalClearing", endedBy="caller", routingGateway="carrier-x")
    wait_until(lambda: kamailio.bindings(), SOON, "the binding stands")
