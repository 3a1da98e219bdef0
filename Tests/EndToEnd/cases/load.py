"""Many calls at once: none may fail, none may lack its record, and the switch may not fall behind."""
from harness.checks import expect, expect_equal
from harness.scenario import Scenario, call_taken, callee, caller_hangs_up, linger, receive
from harness.test import case

HOLD_SECONDS = 0.5


def run_load(test, rate, seconds):
    """`rate` calls a second, each held for half a second; the switch counts what it repeats."""
    calls = rate * seconds
    b = test.callee(Scenario("callee under load", *call_taken(), receive("BYE"), callee.ok(), linger(0.2)), calls=None, trace=False)
    a = test.caller(
        caller_hangs_up(hold=None), calls=calls, rate=rate, trace=False,
        options=["-d", str(int(HOLD_SECONDS * 1000)), "-timeout", str(seconds + 40)])
    test.finish(a, seconds=seconds + 45)
    b.finish()
    called, taken = a.counts(), b.counts()
    expect_equal((called["passed"], called["failed"]), (calls, 0), "passed and failed calls of the caller")
    expect_equal((taken["passed"], taken["failed"]), (calls, 0), "passed and failed calls of the callee")
    statistics = test.switch.statistics()
    expect_equal(statistics["retransmissionsSent"], 0, "messages that the switch sent again")
    expect_equal((statistics["callsReceived"], statistics["callsAnswered"]), (calls, calls), "calls received and answered")
    records = test.records(calls, seconds=20)
    wrong = [record for record in records if record["endReason"] != "normalClearing" or len(record["attempts"]) != 1]
    expect(not wrong, f"{len(wrong)} records are not of a normal call, such as {wrong[:1]}")
    expect_equal(len({record["callerCallID"] for record in records}), calls, "different calls in the records")
    long = [record for record in records if not 400 <= record["durationMilliseconds"] <= 2500]
    expect(not long, f"{len(long)} records have a wrong duration, such as {[record['durationMilliseconds'] for record in long[:5]]}")


@case("1000 calls a second pass without a failure, a repetition or a lost record")
def thousand_a_second(test):
    test.start_switch()
    run_load(test, 1000, test.options.load_seconds)


@case("two shards on one port carry 100 calls a second without a failure")
def two_shards(test):
    test.start_switch(shards=2)
    expect_equal(test.switch.statistics()["shards"], 2, "shards")
    run_load(test, 100, 5)
