"""`tandem drain` with calls up: new calls are refused, the others go on to their end."""
import json
import os
import subprocess
import time

from harness.checks import expect, expect_equal, wait_until
from harness.processes import end, quiet_environment
from harness.scenario import (
    Scenario, call_begun, call_taken, callee, callee_is_hung_up, caller, caller_hangs_up, caller_is_hung_up, linger,
    pause, receive, refused_with, sdp)
from harness.test import case

NEW_CALLER = ("127.0.0.2", 5082)


class Drain:
    """`tandem drain` beside the test. What it prints stands in a file."""

    def __init__(self, test, *options):
        self.path = os.path.join(test.folder, "drain.txt")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [test.switch.program, "drain", *options, "--config", test.switch.boot_file], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=test.switch.folder, env=quiet_environment())
        test.keep(self)

    def printed(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def expect_end(self, code, seconds):
        try:
            found = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            found = "none"
        expect_equal(found, code, f"exit code of tandem drain within {seconds} s (it printed {self.printed()!r})")

    def discard(self):
        end(self.process, 1)


def progress(test):
    answer = test.switch.rest("GET", "/api/v1/drain").json
    return answer["draining"], answer["calls"]


def expect_refused(test):
    """A new call gets 503, and is told when to come again."""
    test.finish(test.caller(refused_with(503, ["Retry-After: [0-9]+"]), address=NEW_CALLER))


@case("tandem drain with three calls up: a new call gets 503, a re-INVITE passes, it ends with the last call; --cancel takes new ones again")
def drain_and_cancel(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee of calls that go on", *call_taken(), receive("INVITE"), callee.ok_until_acknowledged(sdp("recvonly", 2)), receive("ACK"),
        receive("BYE"), callee.ok(), linger()), calls=3)
    a = test.caller(
        Scenario(
            "caller goes on while the switch drains", *call_begun(), pause(3), caller.reinvite(2, sdp("sendonly", 2)),
            receive(100, optional=True), receive(200, route=True), caller.ack(2), pause(1), caller.bye(3), receive(200), linger()),
        calls=3, rate=1)
    test.switch.wait_for_calls(3, 10, "the calls are up")
    drain = Drain(test)
    wait_until(lambda: progress(test)[0], 5, "the switch drains")
    expect_equal(progress(test), (True, 3), "draining and calls of GET /api/v1/drain")
    wait_until(lambda: "draining: 3 calls are left" in drain.printed(), 2, "tandem drain shows how many calls are left")
    expect_equal(test.switch.rest("GET", "/api/v1/health/ready", token=None).status, 503, "status of health/ready while the switch drains")
    expect("tandem_draining 1" in test.switch.rest("GET", "/metrics").body, "the metrics do not show that the switch drains")
    expect_refused(test)
    wait_until(lambda: progress(test) == (True, 1), 10, "one call is left", every=0.02)
    expect(drain.process.poll() is None, "tandem drain ended before the last call")
    drain.expect_end(0, 10)
    expect("no calls are left" in drain.printed(), f"tandem drain printed {drain.printed()!r}")
    test.finish(a, b)
    expect_refused(test)
    test.switch.succeed("drain", "--cancel")
    expect_equal(test.switch.rest("GET", "/api/v1/health/ready", token=None).status, 200, "status of health/ready after drain --cancel")
    test.finish(test.callee(callee_is_hung_up()), test.caller(caller_hangs_up()))
    records = test.records(4)
    expect_equal({(record["endReason"], record["endedBy"]) for record in records}, {("normalClearing", "caller")}, "ends of the calls")


@case("tandem drain --timeout --stop with a call up: exit 3, the switch stops, and the next start goes on with the call and takes new ones")
def drain_and_stop(test):
    test.start_switch()
    b = test.callee(Scenario("callee hangs up in the end", *call_taken(), pause(6), callee.bye(1), receive(200), linger()))
    a = test.caller(caller_is_hung_up())
    test.switch.wait_for_calls(1, 5, "the call is up")
    time.sleep(0.3)
    call = test.switch.calls()[0]
    drain = Drain(test, "--timeout", "1", "--stop")
    drain.expect_end(3, 15)
    expect("1 call is left" in drain.printed(), f"tandem drain printed {drain.printed()!r}")
    test.switch.wait_for_end(10)
    test.switch.start()
    expect_equal([kept["id"] for kept in test.switch.calls()], [call["id"]], "calls after the restart")
    expect_equal(progress(test), (False, 1), "draining and calls after the restart")
    status = json.loads(test.switch.succeed("status", "-o", "json"))
    expect_equal(status["draining"], 0, "draining of tandem status after the restart")
    test.finish(a, b)
    record = test.record(duration=(5.9, 7), endReason="normalClearing", endedBy="callee")
    expect_equal(record["id"], call["id"], "the call of the record")
