"""Limits of calls with real peers: whose limit holds, what is seen before, how the call ends, and the reports afterwards."""
import datetime
import json
import time

from harness.checks import expect, expect_between, expect_equal, wait_until
from harness.pairs import Pair, Pairs
from harness.scenario import Scenario, call_begun, callee_is_hung_up, caller, caller_hangs_up, caller_is_hung_up, linger, receive
from harness.test import CUSTOMER, case

NO_TIMER, MAXIMUM, OF_ROUTING, OF_MAPPING = 6, 8, 2, 4
NO_TIMER_NAME, MAXIMUM_NAME = "SS_SIP_NO_TIMER_REINVITE_INTERVAL", "SS_MAX_CALL_DURATION"
OTHER_HOST = "127.0.0.12"
OTHER_CUSTOMER = f'kind: MappingGateway\nname: customer-b\naddresses: ["{OTHER_HOST}"]\nmaximumDuration: {OF_MAPPING}\n'
REASON = r"Q\.850;cause=102;text=\"Call duration limit\""
# A record may be late by the time that a busy machine takes, never early.
EARLY, LATE = 0, 0.5


def waits(name):
    """A caller that is hung up, with a name of its own."""
    return Scenario(name, *caller_is_hung_up().steps)


def with_timer(name):
    return Scenario(
        name, caller.invite("Session-Expires: 90;refresher=uac", supported="timer"), receive(100, optional=True), receive(180, optional=True),
        caller.receive_answer(), caller.ack(), receive("BYE"), caller.ok(), linger())


def limited(scenario, seconds, reason, **how):
    return Pair(
        scenario, callee_is_hung_up(), duration=(seconds - EARLY, seconds + LATE), endReason=reason, endedBy="server", q850Cause=102,
        callerStatus=200, calleeStatus=200, **how)


def expect_shown(test, pair, rule, seconds, source):
    """`tandem calls` shows the rule, the limit, whose it is, and what is left of it."""
    call = next(call for call in test.switch.calls() if call["callee"] == pair.number)
    name = pair.caller_scenario.name
    expect_equal((call["rule"], call["limitSeconds"], call["limitSource"]), (rule, seconds, source), f"rule and limit of '{name}' in tandem calls")
    left = seconds - call["durationMilliseconds"] / 1000
    expect_between(call["secondsLeft"], left - 1.1, left + 1.1, f"secondsLeft of '{name}' in tandem calls")
    expect(call["ruleReason"], f"tandem calls does not say why the rule of '{name}' holds")


def report(test, *words):
    return json.loads(test.switch.succeed("report", *words, "-o", "json"))


@case("limits: no-timer limit, SS_MAX_CALL_DURATION, of either gateway; shown before, BYE on both legs, one exact record; the reports")
def limits(test):
    no_timer = limited(waits("caller without timer"), NO_TIMER, "noTimerLimit")
    maximum = limited(with_timer("caller with timer"), MAXIMUM, "maximumDuration")
    of_routing = limited(waits("caller over a bounded carrier"), OF_ROUTING, "maximumDuration", gateway=f"maximumDuration: {OF_ROUTING}\n")
    of_mapping = limited(with_timer("caller of a bounded customer"), OF_MAPPING, "maximumDuration", source=OTHER_HOST)
    # It has gone without a BYE, and answers none.
    dead = limited(Scenario("caller dies without a BYE", *call_begun()), NO_TIMER, "noTimerLimit")
    near = Pair(
        Scenario("caller hangs up just before the limit", *caller_hangs_up(NO_TIMER - 0.2).steps), callee_is_hung_up(),
        duration=(NO_TIMER - 0.25, NO_TIMER - 0.01), endReason="normalClearing", endedBy="caller")
    # It calls when the parameter has been changed.
    later = limited(waits("caller that calls later"), MAXIMUM, "maximumDuration")
    pairs = Pairs(
        test, no_timer, maximum, of_routing, of_mapping, dead, near, later, customers=(CUSTOMER, OTHER_CUSTOMER),
        **{NO_TIMER_NAME: NO_TIMER, MAXIMUM_NAME: MAXIMUM})
    begun = (no_timer, maximum, of_routing, of_mapping, dead, near)
    pairs.start(*begun)
    test.switch.wait_for_calls(len(begun), 2, "all calls are up")
    expect_shown(test, no_timer, "noTimerLimit", NO_TIMER, NO_TIMER_NAME)
    expect_shown(test, maximum, "sessionTimer", MAXIMUM, MAXIMUM_NAME)
    expect_shown(test, of_routing, "noTimerLimit", OF_ROUTING, "maximum duration of the routing gateway")
    expect_shown(test, of_mapping, "sessionTimer", OF_MAPPING, "maximum duration of the mapping gateway")
    table = test.switch.succeed("calls")
    expect("RULE" in table and "LEFT" in table and "noTimerLimit" in table and "sessionTimer" in table, "tandem calls shows no rules")
    # A change is for calls that begin afterwards.
    test.switch.succeed("param", "set", NO_TIMER_NAME, "900")
    pairs.start(later)
    wait_until(lambda: any(call["callee"] == later.number and call["rule"] for call in test.switch.calls()), 2, "the later call is up")
    expect_shown(test, later, "noTimerLimit", MAXIMUM, MAXIMUM_NAME)
    longest = report(test, "longest", "--limit", "3")
    expect_equal(len(longest), 3, "rows of tandem report longest --limit 3")
    durations = [call["durationMilliseconds"] for call in longest]
    expect(durations == sorted(durations, reverse=True), f"tandem report longest is out of order: {durations}")
    expect(all(call["rule"] and call["secondsLeft"] is not None for call in longest), "tandem report longest shows no rule or no time left")
    pairs.finish(25)
    for pair in (no_timer, maximum, of_routing, of_mapping, later):
        pair.expect_hung_up(REASON)
    bounds = {no_timer: NO_TIMER, maximum: MAXIMUM, of_routing: OF_ROUTING, of_mapping: OF_MAPPING, dead: NO_TIMER, later: MAXIMUM}
    for pair, seconds in bounds.items():
        expect_equal(pair.rule["limitSeconds"], seconds, f"limitSeconds in the decision of '{pair.caller_scenario.name}'")
    late = max(pair.record["durationMilliseconds"] - seconds * 1000 for pair, seconds in bounds.items())
    test.note(f"ended at most {late} ms after their limit")
    expect_three_answers(test, dead)


@case("kill -9 and a start with limits running: each ends its call at the right second, and one that passed meanwhile at once")
def limits_after_restart(test):
    down = 2
    no_timer = limited(waits("caller without timer"), NO_TIMER, "noTimerLimit")
    maximum = limited(with_timer("caller with timer"), MAXIMUM, "maximumDuration")
    # Its limit passes while the switch is down: it ends with the next start, and its record says how long it really was.
    missed = Pair(
        waits("caller whose limit passes meanwhile"), callee_is_hung_up(), gateway=f"maximumDuration: {OF_ROUTING}\n",
        duration=(down + 0.5, down + 3), endReason="maximumDuration", endedBy="server")
    pairs = Pairs(test, no_timer, maximum, missed, **{NO_TIMER_NAME: NO_TIMER, MAXIMUM_NAME: MAXIMUM})
    pairs.start()
    test.switch.wait_for_calls(3, 2, "all calls are up")
    time.sleep(0.5)
    test.switch.kill()
    time.sleep(down)
    test.switch.start()
    expect_shown(test, no_timer, "noTimerLimit", NO_TIMER, NO_TIMER_NAME)
    expect_shown(test, maximum, "sessionTimer", MAXIMUM, MAXIMUM_NAME)
    pairs.finish(20)
    for pair in (no_timer, maximum, missed):
        pair.expect_hung_up(REASON)


def expect_three_answers(test, dead):
    """The three problems of calls without timer: each is answered by a command."""
    # Calls are cut at exactly the limit: which, whose limit, and by what parameter.
    cut = json.loads(test.switch.succeed("cdrs", "list", "--end-reason", "noTimerLimit", "-o", "json"))
    expect_equal(len(cut), 2, "records of tandem cdrs list --end-reason noTimerLimit")
    expect_equal({record["decision"]["rule"]["limitOf"] for record in cut}, {NO_TIMER_NAME}, "whose limit it was")
    rows = {(row["mappingGateway"], row["endReason"], row["limitSource"]): row["calls"] for row in report(test, "limits")}
    expect_equal(rows, {
        ("customer-a", "noTimerLimit", NO_TIMER_NAME): 2,
        ("customer-a", "maximumDuration", MAXIMUM_NAME): 2,
        ("customer-a", "maximumDuration", "maximum duration of the routing gateway"): 1,
        ("customer-b", "maximumDuration", "maximum duration of the mapping gateway"): 1}, "rows of tandem report limits")
    near = report(test, "near-limit", "--within", "5")
    expect_equal([(row["endReason"], row["limitSource"]) for row in near], [("normalClearing", NO_TIMER_NAME)], "rows of tandem report near-limit")
    # Bills of the full limit for short talks: the record says when the caller last showed life.
    seen = dead.record["decision"]["callerLastSeen"]["at"] / 1e6
    answered = datetime.datetime.fromisoformat(dead.record["answerTime"]).timestamp()
    expect_between(seen - answered, -0.5, 0.5, "seconds from the answer to callerLastSeen of a caller that died")
    # Who supports timers?
    support = {row["mappingGateway"]: (row["withTimer"], row["withoutTimer"], row["unknown"]) for row in report(test, "timer-support")}
    expect_equal(support, {"customer-a": (1, 5, 0), "customer-b": (1, 0, 0)}, "rows of tandem report timer-support")
    for name, column in (("limits", "limitSource"), ("near-limit", "percent"), ("timer-support", "withTimer"), ("longest", "secondsLeft")):
        head = test.switch.succeed("report", name, "-o", "csv").splitlines()[0]
        expect(column in head.split(","), f"tandem report {name} -o csv begins with {head!r}")
