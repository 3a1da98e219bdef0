"""The process ends in the middle of calls, by kill -9 or by SIGTERM, and comes back."""
import datetime
import re
import time

from harness.checks import expect, expect_between, expect_equal, wait_until
from harness.scenario import (
    RECEIVE_ANSWER_STEPS, Scenario, answer, answer_each, call_begun, call_taken, callee, callee_is_hung_up, caller, caller_is_hung_up, linger,
    pause, receive, sdp)
from harness.test import CARRIER, CUSTOMER, case

HELD = 200
HOLD_SECONDS = 8
MANY = 1000
MANY_SECONDS = 15
# The half of many calls that has session timers: called with this prefix, from and to sipps of its own.
TIMED_NUMBER = "+14155550198"
TIMED_CALLER, TIMED_CALLEE = ("127.0.0.2", 5063), ("127.0.0.4", 5070)
TIMED_CARRIER = f'kind: RoutingGateway\nname: carrier-y\naddresses: ["127.0.0.4:5070"]\nprefixes: ["{TIMED_NUMBER}"]\npriority: 10\n'
EXPIRES = "Session-Expires: 90;refresher=uac"


def held_calls(test, count, ending):
    """Brings `count` calls up, which sipp ends after HOLD_SECONDS from the given side."""
    if ending == "caller":
        b = test.callee(callee_is_hung_up(), calls=count)
        scenario = Scenario("caller holds", *call_begun(), pause(HOLD_SECONDS), caller.bye(), receive(200), linger())
    else:
        b = test.callee(
            Scenario("callee holds", *call_taken(), pause(HOLD_SECONDS), callee.bye(1), receive(200), linger()), calls=count)
        scenario = caller_is_hung_up()
    a = test.caller(scenario, calls=count, rate=100)
    test.switch.wait_for_calls(count, 15, f"{count} calls are up")
    # The ACKs of the last ones.
    time.sleep(0.3)
    return a, b


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def expect_records_after_restart(test, before, party, hold=HOLD_SECONDS, carriers=("carrier-x",)):
    """One record for each call that was up, ended by its party after the right time."""
    records = test.records(len(before), seconds=10)
    answered = {call["id"]: call["answerTime"] for call in before}
    expect_equal({record["id"] for record in records}, set(answered), "calls with a record")
    for record in records:
        expect_equal((record["endReason"], record["endedBy"]), ("normalClearing", party), f"end of call {record['id']}")
        # What was stored is the instant before the commit that the answer waited for.
        moved = instant(answered[record["id"]]) - instant(record["answerTime"])
        expect_between(moved, 0, 0.2, f"seconds by which answerTime of call {record['id']} is earlier than before the restart")
        expect_between(
            record["durationMilliseconds"], hold * 1000 - 300, hold * 1000 + 1500, f"durationMilliseconds of call {record['id']}")
        expect_equal(
            (record["mappingGateway"], record["routingGateway"] in carriers, record["callerStatus"], len(record["attempts"])),
            ("customer-a", True, 200, 1), f"gateways, status and attempts of call {record['id']}")
    return records


def survive(test, end, count, ending):
    """Calls are up, `end` ends the switch, and the next start goes on with them."""
    test.start_switch()
    a, b = held_calls(test, count, ending)
    before = test.switch.calls()
    expect_equal(len(before), count, "calls up before the end")
    end()
    test.switch.start()
    after = test.switch.calls()
    expect_equal({call["id"] for call in after}, {call["id"] for call in before}, "calls listed after the restart")
    expect(all(call["state"] == after[0]["state"] for call in after), "restored calls differ in their state")
    expect_equal(after[0]["state"], before[0]["state"], "state of a restored call")
    test.finish(a, b, seconds=HOLD_SECONDS + 20)
    expect_records_after_restart(test, before, ending)


@case(f"kill -9 with {HELD} calls up: they go on, and the caller's BYE ends each with its record")
def kill_and_caller_ends(test):
    survive(test, lambda: test.switch.kill(), HELD, "caller")


@case("kill -9 with 50 calls up: the callee's BYE ends each with its record")
def kill_and_callee_ends(test):
    survive(test, lambda: test.switch.kill(), 50, "callee")


def timed_callee():
    """It has a session timer, and answers every refresh until it is hung up."""
    return Scenario(
        "callee with timer", callee.receive_invite(), callee.ringing(), callee.answered("Require: timer", EXPIRES), receive("ACK"),
        *answer_each("UPDATE", callee.ok(None, "Require: timer", EXPIRES)), callee.ok(), linger())


def timed_caller(hold):
    """It has a session timer and refreshes it once, after two thirds of its call."""
    return Scenario(
        "caller with timer", caller.invite(EXPIRES, supported="timer"), *RECEIVE_ANSWER_STEPS, caller.receive_answer([EXPIRES]), caller.ack(),
        pause(hold * 2 / 3), caller.request("UPDATE", 2, "Supported: timer", EXPIRES), receive(200, holds=[EXPIRES], route=True),
        pause(hold / 3), caller.bye(3), receive(200), linger())


@case(f"kill -9 with {MANY} calls up, half of them with session timers: all are ended by their parties, with exact records")
def kill_many(test):
    test.start_switch(CUSTOMER, CARRIER, TIMED_CARRIER)
    half = MANY // 2
    plain = Scenario("caller holds", *call_begun(), pause(MANY_SECONDS), caller.bye(), receive(200), linger())
    peers = [
        test.callee(callee_is_hung_up(), calls=half, trace=False),
        test.callee(timed_callee(), address=TIMED_CALLEE, calls=half, trace=False),
        test.caller(plain, calls=half, rate=half // 4, trace=False),
        test.caller(timed_caller(MANY_SECONDS), address=TIMED_CALLER, number=TIMED_NUMBER, calls=half, rate=half // 4, trace=False)]
    test.switch.wait_for_calls(MANY, 12, f"{MANY} calls are up")
    # The ACKs of the last ones.
    time.sleep(0.3)
    before = test.switch.calls()
    expect_equal(len(before), MANY, "calls up before the end")
    test.switch.kill()
    began = time.monotonic()
    test.switch.start()
    took = time.monotonic() - began
    expect_equal({call["id"] for call in test.switch.calls()}, {call["id"] for call in before}, "calls listed after the restart")
    test.finish(*peers, seconds=MANY_SECONDS + 20)
    records = expect_records_after_restart(test, before, "caller", MANY_SECONDS, ("carrier-x", "carrier-y"))
    rules = [record["decision"]["rule"]["name"] for record in records]
    expect_equal((rules.count("sessionTimer"), rules.count("noTimerLimit")), (half, half), "calls under each rule")
    expect(took < 2, f"the switch was ready {took:.2f} s after its start")
    test.note(f"ready {took:.2f} s after its start")


@case("SIGTERM with 100 calls up: the next start goes on with them")
def stop_and_go_on(test):
    survive(test, lambda: test.switch.stop(), 100, "caller")


@case("two shards, kill -9 with 100 calls up: both shards go on with theirs")
def kill_two_shards(test):
    test.start_switch(shards=2)
    a, b = held_calls(test, 100, "caller")
    before = test.switch.calls()
    test.switch.kill()
    test.switch.start()
    expect_equal({call["id"] for call in test.switch.calls()}, {call["id"] for call in before}, "calls listed after the restart")
    test.finish(a, b, seconds=HOLD_SECONDS + 20)
    expect_records_after_restart(test, before, "caller")


@case("after kill -9 a re-INVITE passes either way, and an operator can hang up")
def restored_call_lives(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee in a restored call", *call_taken(), receive("INVITE", holds=["a=sendonly"], seconds=15),
        callee.ok_until_acknowledged(sdp("recvonly", 2)), receive("ACK"), callee.reinvite(1, sdp("sendrecv", 3)), receive(100, optional=True),
        receive(200, holds=["a=sendrecv"]), callee.ack(1), receive("BYE", seconds=15), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller in a restored call", *call_begun(), pause(3), caller.reinvite(2, sdp("sendonly", 2)), receive(100, optional=True),
        receive(200, holds=["a=recvonly"], route=True), caller.ack(2), receive("INVITE", holds=["a=sendrecv"]),
        caller.ok_until_acknowledged(sdp("sendrecv", 3)), receive("ACK"), receive("BYE", seconds=15), caller.ok(), linger()))
    test.switch.wait_for_calls(1, 10, "the call is up")
    time.sleep(0.3)
    # Twice: what was restored must be restored again.
    for _ in range(2):
        test.switch.kill()
        test.switch.start()
    call = test.switch.calls()[0]
    wait_until(lambda: a.messages().count("a=sendrecv") >= 4, 15, "both re-INVITEs have passed")
    time.sleep(0.3)
    test.switch.succeed("hangup", call["id"])
    test.finish(a, b)
    test.record(duration=(3, 8), endReason="hungUpByOperator", endedBy="server", id=call["id"])


@case("SIGTERM while it rings: the caller is refused, the callee cancelled, and there is a record")
def stop_while_ringing(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee rings when the switch stops", callee.receive_invite(), callee.ringing(), receive("CANCEL", seconds=10), answer(200, "OK"),
        pause(0.2)))
    a = test.caller(Scenario(
        "caller waits when the switch stops", caller.invite(), *RECEIVE_ANSWER_STEPS, receive(503, seconds=10), caller.ack_refusal(), pause(0.2)))
    wait_until(lambda: [call for call in test.switch.calls() if call["state"] == "ringing"], 5, "a call rings")
    test.switch.stop()
    test.finish(a, b, seconds=5)
    test.switch.start()
    test.record(endReason="stopping", endedBy="server", callerStatus=503, attempts=("abandoned",))


@case("kill -9 at 200 calls a second: every call that was answered has its record or is still up")
def kill_under_load(test):
    test.start_switch()
    calls, rate = 1200, 200
    b = test.callee(Scenario("callee", *call_taken(), receive("BYE"), callee.ok(), linger(1)), calls=None, trace=False)
    # Each caller notes when it saw the answer.
    answered = receive(200, route=True)
    answered.actions = '<action><log message="answered [call_id]"/></action>'
    a = test.caller(
        Scenario("caller notes answers", caller.invite(), *RECEIVE_ANSWER_STEPS, answered, caller.ack(), pause(1), caller.bye(),
                 receive(200), linger(0.2)),
        calls=calls, rate=rate, trace=False, options=["-trace_logs", "-log_file", test.folder + "/answers.log", "-recv_timeout", "8000"])
    wait_until(lambda: test.switch.statistics()["callsAnswered"] > rate * 2, 15, "the load is running")
    test.switch.kill()
    test.switch.start()
    # Calls that were being set up when it died may fail; what was answered may not be lost.
    try:
        a.process.wait(60)
    finally:
        a.discard()
    b.discard()
    with open(test.folder + "/answers.log", encoding="latin-1") as log:
        seen = set(re.findall(r"answered (\S+)", log.read()))
    expect(len(seen) > calls * 0.8, f"only {len(seen)} of {calls} calls were answered at all")
    test.switch.settle()
    still_up = test.switch.calls()
    records = test.switch.records(limit=calls * 2)
    recorded = {record["callerCallID"] for record in records if record["answerTime"]}
    lost = seen - recorded - {call["callerCallID"] for call in still_up}
    expect(not lost, f"{len(lost)} answered calls have no record and are not up, such as {sorted(lost)[:3]}")
    expect_equal(len({record["id"] for record in records}), len(records), "different records")
    legs = [record["calleeCallID"] for record in records if record["answerTime"]]
    expect_equal(len(set(legs)), len(legs), "different answered legs in the records")
    expect(not {record["id"] for record in records} & {call["id"] for call in still_up}, "a call is up and has a record")
    # Only what died between the callee's 200 and the caller's ACK may be left over.
    expect(len(still_up) <= 20, f"{len(still_up)} calls are left up")
    test.expect_clean_log()
