"""What the parties say to each other through the switch: offers, hold, PRACK, UPDATE, INFO, and what is refused."""
from harness.checks import expect
from harness.scenario import (
    RECEIVE_ANSWER_STEPS, Scenario, answer, call_begun, call_taken, callee, caller, caller_hangs_up, linger, pause, receive, sdp)
from harness.test import CARRIER, CUSTOMER, case

NORMAL = {"endReason": "normalClearing", "endedBy": "caller", "callerStatus": 200, "calleeStatus": 200}
DTMF = "Signal=5\nDuration=160"
DTMF_KIND = "application/dtmf-relay"


def run(test, caller_steps, callee_steps, name):
    """A usual call with these steps in its middle, ended by the caller; one record must be left."""
    cseqs = [int(step.text.split("CSeq: ")[1].split()[0]) for step in caller_steps if step.text and "[next_url] SIP/2.0" in step.text]
    b = test.callee(Scenario(f"callee {name}", *call_taken(), *callee_steps, receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        f"caller {name}", *call_begun(), *caller_steps, pause(0.2), caller.bye(max(cseqs, default=1) + 1), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.15, 3), **NORMAL)
    return a, b


@case("the caller puts the call on hold and takes it back by re-INVITE")
def caller_holds(test):
    test.start_switch()
    run(test,
        [pause(0.1), caller.reinvite(2, sdp("sendonly", 2)), receive(100, optional=True), receive(200, holds=["a=recvonly"], route=True),
         caller.ack(2), pause(0.1),
         caller.reinvite(3, sdp("sendrecv", 3)), receive(100, optional=True), receive(200, holds=["a=sendrecv"], route=True), caller.ack(3)],
        [receive("INVITE", holds=["a=sendonly"]), callee.ok_until_acknowledged(sdp("recvonly", 2)), receive("ACK"),
         receive("INVITE", holds=["a=sendrecv"]), callee.ok_until_acknowledged(sdp("sendrecv", 3)), receive("ACK")],
        "sees the caller hold")


@case("the callee puts the call on hold and takes it back by re-INVITE")
def callee_holds(test):
    test.start_switch()
    run(test,
        [receive("INVITE", holds=["a=sendonly"]), caller.ok_until_acknowledged(sdp("recvonly", 2)), receive("ACK"),
         receive("INVITE", holds=["a=sendrecv"]), caller.ok_until_acknowledged(sdp("sendrecv", 3)), receive("ACK")],
        [pause(0.1), callee.reinvite(1, sdp("sendonly", 2)), receive(100, optional=True), receive(200, holds=["a=recvonly"]), callee.ack(1),
         pause(0.1), callee.reinvite(2, sdp("sendrecv", 3)), receive(100, optional=True), receive(200, holds=["a=sendrecv"]), callee.ack(2)],
        "sees the callee hold")


@case("a re-INVITE with c=0.0.0.0 (the old hold) passes unchanged")
def old_hold(test):
    test.start_switch()
    run(test,
        [caller.reinvite(2, sdp("sendonly", 2, "IN IP4 0.0.0.0")), receive(100, optional=True), receive(200, holds=["a=recvonly"], route=True),
         caller.ack(2)],
        [receive("INVITE", holds=["c=IN IP4 0.0.0.0"]), callee.ok_until_acknowledged(sdp("recvonly", 2)), receive("ACK")],
        "sees the old hold")


@case("a re-INVITE that the other side refuses leaves the call up")
def reinvite_refused(test):
    test.start_switch()
    offer = caller.reinvite(2, sdp("sendrecv", 2, codec="18 G729/8000"))
    offer.name = "offer"
    run(test,
        [offer, receive(100, optional=True), receive(488),
         caller.request("ACK", 2, branch_of="offer")],
        [receive("INVITE"), callee.reinvite_refused(488, "Not Acceptable Here"), receive("ACK")],
        "sees a refused offer")


@case("an offer that comes only in the 200 is answered in the ACK")
def late_offer(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee makes the offer", callee.receive_invite(["Content-Length: 0"]), callee.trying(), callee.ringing(), pause(0.1),
        callee.answered(body=sdp(version=4)), receive("ACK", holds=["m=audio", "a=recvonly"]), receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller makes a late offer", caller.invite(body=None), *RECEIVE_ANSWER_STEPS, caller.receive_answer(["m=audio"]),
        caller.ack(body=sdp("recvonly")), pause(0.2), caller.bye(), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.15, 2), **NORMAL)


@case("a reliable 183 is acknowledged by PRACK end to end")
def prack(test):
    test.start_switch()
    prack_steps = [receive("PRACK", holds=["RAck: 7 [0-9]+ INVITE"], seconds=5), callee.ok()]
    b = test.callee(Scenario(
        "callee sends a reliable 183", callee.receive_invite(["Supported:.*100rel"]),
        callee.provisional(183, "Session Progress", "Require: 100rel", "RSeq: 7", body=sdp()), *prack_steps, pause(0.1),
        callee.answered(body=None), receive("ACK"), receive("BYE"), callee.ok(), linger()))
    reliable = receive(183, holds=["Require:.*100rel", "m=audio"], route=True, extra=(RSEQ,))
    acknowledge = caller.request("PRACK", 2, "RAck:[$rseq] 1 INVITE")
    a = test.caller(Scenario(
        "caller sends PRACK", caller.invite(), receive(100, optional=True), reliable, acknowledge, receive(200), caller.receive_answer(),
        caller.ack(), pause(0.2), caller.bye(3), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.15, 2), **NORMAL)


RSEQ = '<ereg regexp=".*" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>'


@case("the switch acknowledges a reliable 183 itself when the caller does not know 100rel")
def prack_by_switch(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee sends an unasked reliable 183", callee.receive_invite(),
        callee.provisional(183, "Session Progress", "Require: 100rel", "RSeq: 7", body=sdp()), receive("PRACK", holds=["RAck: 7 1 INVITE"], seconds=5),
        callee.ok(), callee.answered(), receive("ACK"), receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller without 100rel", caller.invite(supported=""), receive(100, optional=True), receive(183), caller.receive_answer(),
        caller.ack(), pause(0.2), caller.bye(), receive(200), linger()))
    test.finish(a, b)
    expect("Require" not in a.messages(), "the caller was asked for an extension that it does not know")
    test.record(duration=(0.15, 2), **NORMAL)


@case("UPDATE is passed from either side")
def update(test):
    test.start_switch()
    run(test,
        [caller.request("UPDATE", 2, body=sdp("sendonly", 2)), receive(200, holds=["a=recvonly"]),
         receive("UPDATE", holds=["a=inactive"]), caller.ok(sdp("inactive", 3))],
        [receive("UPDATE", holds=["a=sendonly"]), callee.ok(sdp("recvonly", 2)), pause(0.1),
         callee.request("UPDATE", 1, body=sdp("inactive", 3)), receive(200, holds=["a=inactive"])],
        "sees UPDATE")


@case("INFO with DTMF is passed from either side")
def info(test):
    test.start_switch()
    run(test,
        [caller.request("INFO", 2, body=DTMF, kind=DTMF_KIND), receive(200),
         receive("INFO", holds=["Signal=5", "Content-Type: application/dtmf-relay"]), caller.ok()],
        [receive("INFO", holds=["Signal=5", "Content-Type: application/dtmf-relay"]), callee.ok(), pause(0.1),
         callee.request("INFO", 1, body=DTMF, kind=DTMF_KIND), receive(200)],
        "sees INFO")


@case("OPTIONS and MESSAGE inside a call are passed on, and their answers back")
def options_and_message(test):
    test.start_switch()
    run(test,
        [caller.request("OPTIONS", 2), receive(200), caller.request("MESSAGE", 3, body="hello", kind="text/plain"), receive(415)],
        [receive("OPTIONS"), callee.ok(), receive("MESSAGE", holds=["hello"]), answer(415, "Unsupported Media Type", "Accept: application/sdp")],
        "sees OPTIONS and MESSAGE")


@case("REFER is refused with 405, and the call goes on")
def refer(test):
    test.start_switch()
    run(test, [caller.request("REFER", 2, "Refer-To: <sip:+14155550111@example.net>"), receive(405, holds=["Allow: .*INVITE"])], [], "sees no REFER")


@case("BYEs that cross are both answered")
def crossing_byes(test):
    test.start_switch()
    # The callee sends its own BYE before it answers the one that came.
    b = test.callee(Scenario(
        "callee hangs up too", *call_taken(), receive("BYE", keep=True), callee.bye(1), receive(200), callee.ok_to_kept(), linger()))
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), **NORMAL)


@case("INVITEs that cross are answered with 491, and the call goes on")
def glare(test):
    test.start_switch()
    offer_a, offer_b = caller.reinvite(2, sdp("sendonly", 2)), callee.reinvite(1, sdp("sendonly", 2))
    offer_a.name = offer_b.name = "offer"
    # The callee holds its answer back until its own offer has been refused.
    b = test.callee(Scenario(
        "callee offers at the same time", *call_taken(), receive("INVITE", keep=True), offer_b, receive(100, optional=True), receive(491),
        callee.request("ACK", 1, branch_of="offer"), pause(0.1), callee.reinvite_answered(sdp("recvonly", 2)), receive("ACK"), receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller offers", *call_begun(), pause(0.1), offer_a, receive(100, optional=True), receive(200, route=True), caller.ack(2), pause(0.2),
        caller.bye(3), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.2, 2), **NORMAL)


@case("an INVITE that requires an unknown extension is refused with 420")
def unknown_extension(test):
    test.start_switch()
    scenario = Scenario(
        "caller requires the unknown", caller.invite("Require: unheard-of"), receive(100, optional=True), receive(420, holds=["Unsupported: unheard-of"]),
        caller.ack_refusal(), linger())
    test.finish(test.caller(scenario))
    test.records(0)


@case("header fields of the caller pass, unknown ones included; private ones do not")
def headers_pass(test):
    # What a customer asserts passes where he is believed and the vendor is to see it.
    test.start_switch(CUSTOMER + "trusted: true\n", CARRIER + "sipPAssertedIdentity: passThrough\n")
    b = test.callee(Scenario(
        "callee reads header fields", callee.receive_invite(
            ["X-Customer: 42", "P-Asserted-Identity: <sip:[+]14155550100@example.net>", "Max-Forwards: 69"]),
        callee.ringing(), callee.answered(), receive("ACK"), receive("BYE", holds=["Reason: Q.850;cause=16"]), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller sends header fields",
        *call_begun("X-Customer: 42", "P-Asserted-Identity: <sip:+14155550100@example.net>", 'Proxy-Authorization: Digest username="a"'),
        pause(0.2), caller.bye(2, 'Reason: Q.850;cause=16;text="Normal call clearing"'), receive(200), linger()))
    test.finish(a, b)
    expect("Proxy-Authorization" not in b.messages(), "the caller's credentials reached the callee")
    test.record(duration=(0.15, 2), **NORMAL)


@case("a callee that has lost the call (481) ends it for the caller")
def dialog_lost(test):
    test.start_switch()
    b = test.callee(Scenario("callee has lost the call", *call_taken(), receive("INFO"), answer(481, "Call/Transaction Does Not Exist"), linger()))
    a = test.caller(Scenario(
        "caller is told", *call_begun(), caller.request("INFO", 2, body=DTMF, kind=DTMF_KIND), receive(481), receive("BYE"), caller.ok(), linger()))
    test.finish(a, b)
    test.record(duration=(0, 2), endReason="dialogLost", endedBy="callee")
