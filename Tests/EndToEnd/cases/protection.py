"""Floods of strangers, guessed passwords, scanners and silent connections: calls of those who are known do not notice."""
import os
import shutil
import socket
import subprocess
import time

from harness.checks import Failure, expect, expect_equal, wait_until
from harness.datagrams import ask, request
from harness.processes import end, quiet_environment
from harness.registrant import PASSWORD, Registrant, phone, places
from harness.scenario import Scenario, call_taken, callee, callee_is_hung_up, caller_hangs_up, linger, receive
from harness.sipp import STRANGER, SWITCH
from harness.test import CARRIER, CUSTOMER, case

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools", "flood.c")
CALLS_PER_SECOND = 200
FLOOD_PER_SECOND = 50_000
FIRST_STRANGER = "127.16.0.0"
# Messages of one call on the wire that either sipp or the switch may have to repeat: INVITE twice, 200 twice, BYE twice.
REPEATABLE_PER_CALL = 6
LARGEST_GROWTH_KIB = 48 * 1024
HOLD_MILLISECONDS = 500
# Whom the flood tool guesses for.
GUESSED = "1001"
PHONE_HOST = "127.0.0.31"


class Flood:
    """The flood tool at work: requests from `sources` addresses that nobody knows."""

    def __init__(self, folder, kind, sources, seconds):
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        expect(compiler, "there is no C compiler for the flood tool: apt-get install gcc")
        program = os.path.join(folder, "flood")
        made = subprocess.run(
            [compiler, "-O2", "-o", program, TOOL], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        expect(made.returncode == 0, f"the flood tool does not compile: {made.stderr[:300]}")
        self.process = subprocess.Popen(
            [program, "--strangers", FIRST_STRANGER, str(sources), SWITCH[0], str(SWITCH[1]), str(seconds), str(FLOOD_PER_SECOND), kind],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=quiet_environment())

    def finish(self, seconds):
        """Datagrams sent, and how many a second."""
        try:
            text, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failure("the flood tool did not end") from None
        words = text.split()
        expect(len(words) == 5, f"the flood tool said {text!r}")
        return int(words[0]), int(words[0]) / float(words[3])

    def discard(self):
        end(self.process, 2)


def processor_seconds(pid):
    """What the process has used of the processors."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call_for(test, seconds):
    """The peers of 200 calls a second, at work."""
    calls = CALLS_PER_SECOND * seconds
    b = test.callee(Scenario("callee under flood", *call_taken(), receive("BYE"), callee.ok(), linger(0.2)), calls=None, trace=False)
    a = test.caller(
        caller_hangs_up(hold=None), calls=calls, rate=CALLS_PER_SECOND, trace=False,
        options=["-d", str(HOLD_MILLISECONDS), "-timeout", str(seconds + 40)])
    return a, b, calls


def run_flood(test, kind, sources, *documents, before=None, meanwhile=None):
    """Calls for a few seconds, then under the flood: none may fail, few messages may have to be sent again. `before`
    and `meanwhile` are done before the flood and while it runs."""
    seconds = test.options.load_seconds
    switch = test.start_switch(CUSTOMER, CARRIER, *documents)
    a, b, warm = call_for(test, 3)
    test.finish(a, seconds=45)
    b.finish()
    if before:
        before()
    memory, lines = switch.resident_kib(), len(switch.log().splitlines())

    used = processor_seconds(switch.process.pid)
    flood = test.keep(Flood(test.folder, kind, sources, seconds + 2))
    a, b, calls = call_for(test, seconds)
    if meanwhile:
        meanwhile()
    test.finish(a, seconds=seconds + 45)
    sent, rate = flood.finish(seconds + 30)
    used = processor_seconds(switch.process.pid) - used
    growth = switch.resident_kib() - memory
    b.finish()

    called, taken, statistics = a.counts(), b.counts(), switch.statistics()
    refused = sum(statistics["refusals"].values())
    test.note(
        f"{sent} datagrams, {rate:.0f} a second; {refused} refused, {statistics['datagramsLost']} lost by the system; "
        f"{used:.1f} s of processor in {seconds + 2} s; memory +{growth} KiB; repeated: switch {statistics['retransmissionsSent']}, "
        f"caller {called['sent_again']}, callee {taken['sent_again']}")
    expect(rate > FLOOD_PER_SECOND / 5, f"the flood was only {rate:.0f} datagrams a second: the machine is too busy for this test")
    expect_equal((called["passed"], called["failed"]), (calls, 0), "passed and failed calls of the caller")
    expect_equal((taken["passed"], taken["failed"]), (calls, 0), "passed and failed calls of the callee")
    again = statistics["retransmissionsSent"] + called["sent_again"] + taken["sent_again"]
    expect(again <= calls * REPEATABLE_PER_CALL / 100, f"{again} messages of {calls} calls were sent again, more than 1 %")
    expect(refused + statistics["datagramsLost"] >= sent * 0.95, f"{refused} of {sent} datagrams were refused")
    expect(growth < LARGEST_GROWTH_KIB, f"memory grew by {growth // 1024} MiB, more than {LARGEST_GROWTH_KIB // 1024}")
    records = test.records(warm + calls, seconds=20)
    expect(all(record["endReason"] == "normalClearing" for record in records), "a record is not of a normal call")
    new_lines = switch.log().splitlines()[lines:]
    expect(len(new_lines) < 30, f"the log has {len(new_lines)} lines more")
    expect(any("messages are refused" in line for line in new_lines), "the log does not tell of the flood")


@case("a flood of REGISTERs from a million unknown addresses leaves 200 calls a second alone")
def many_addresses(test):
    run_flood(test, "REGISTER", 1_000_000)


@case("a flood of INVITEs from a thousand unknown addresses leaves 200 calls a second alone")
def thousand_addresses(test):
    run_flood(test, "INVITE", 1_000)


@case("a flood of guessed passwords for a phone leaves 200 calls a second alone, and the phone, which renews its registration")
def guessed_passwords(test):
    rightful = test.keep(Registrant(PHONE_HOST))

    def begin():
        expect_equal(rightful.register(GUESSED, PASSWORD).status, 200, "answer to the phone before the flood")

    def renew():
        # The rightful phone registered before the flood: it is no stranger, and none of the guesses is counted against it.
        for _ in range(5):
            before = places(test.switch, GUESSED)[0]["updatedAt"]
            answer = rightful.register(GUESSED, PASSWORD)
            expect(answer is not None and answer.status == 200, f"the rightful phone was answered {answer and answer.status}")
            wait_until(lambda known=before: places(test.switch, GUESSED)[0]["updatedAt"] > known, 5, "the binding is renewed")
            time.sleep(0.5)

    run_flood(test, "GUESS", 50_000, phone(GUESSED), before=begin, meanwhile=renew)


@case("a scanner gets no answer and is counted; another stranger gets its 403")
def scanner(test):
    test.start_switch()
    source = STRANGER[0]
    expect(ask(request("OPTIONS", call_id="scan-1@example.net", source=source, fields=["User-Agent: friendly-scanner"]), source) is None,
           "a scanner was answered")
    answer = ask(request("OPTIONS", call_id="scan-2@example.net", source=source, fields=["User-Agent: Example Phone 1.0"]), source)
    expect(answer is not None and answer.startswith("SIP/2.0 403"), f"another stranger got {answer!r}")
    expect_equal(test.switch.statistics()["refusals"]["scanner"], 1, "refusals for a scanner's sign")
    metrics = test.switch.rest("GET", "/metrics").body
    expect('tandem_refusals_total{cause="scanner"} 1\n' in metrics, "the metrics do not count the scanner")


@case("strangers' rates change while the switch runs")
def rates_change(test):
    test.start_switch(CUSTOMER, CARRIER, SS_PROTECTION_STRANGER_RATE=1)
    source = STRANGER[0]

    def answers(name):
        return sum(ask(request("OPTIONS", call_id=f"{name}-{n}@example.net", source=source), source, seconds=0.3) is not None for n in range(6))
    few = answers("few")
    expect(few < 6, f"{few} of 6 were answered although 1 a second is allowed")
    test.switch.succeed("param", "set", "SS_PROTECTION_STRANGER_RATE", "100")
    wait_until(lambda: answers(f"more-{time.monotonic()}") == 6, 10, "all are answered with the new rate")


@case("connections that say nothing keep no caller out")
def silent_connections(test):
    test.start_switch()
    held = []
    try:
        for number in range(60):
            silent = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(silent)
            silent.bind((f"127.0.0.{20 + number % 2}", 0))
            silent.settimeout(2)
            silent.connect(SWITCH)
            if number % 2:
                silent.sendall(b"INVITE sip:x SIP/2.0\r\nVia: ")
        b = test.callee(callee_is_hung_up())
        a = test.caller(caller_hangs_up(), transport="tcp")
        test.finish(a, b)
        test.record(duration=(0.25, 1.5), endReason="normalClearing")
    finally:
        for silent in held:
            silent.close()
