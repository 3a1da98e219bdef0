"""Floods of broken datagrams: the switch goes on serving, stays small and does not log them."""
import os
import socket
import time

from harness.checks import expect, expect_equal, wait_until
from harness.mutations import datagrams
from harness.scenario import callee_is_hung_up, caller_hangs_up
from harness.sipp import SWITCH
from harness.test import case

SEED = 20261122
# What a flood may leave behind: transactions live for some 30 s, and the heap keeps what it once had.
LARGEST_GROWTH_KIB = 128 * 1024
PER_SECOND = 20_000
BURST = 200


def flood(sources, count):
    """Sends the datagrams from these addresses in turns, not faster than PER_SECOND; reads nothing."""
    sockets = []
    try:
        for source in sources:
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sockets.append(sender)
            sender.bind((source, 5999))
        began = time.monotonic()
        for number, data in enumerate(datagrams(count, SEED)):
            try:
                sockets[number % len(sockets)].sendto(data, SWITCH)
            except OSError:
                # An ICMP error of an earlier datagram; this one is lost like on a bad network.
                continue
            if number % BURST == 0:
                ahead = number / PER_SECOND - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
    finally:
        for sender in sockets:
            sender.close()


@case("a flood of broken datagrams leaves the switch serving, small, and quiet in its log")
def broken_datagrams(test):
    count = test.options.fuzz_datagrams
    switch = test.start_switch()
    memory, log_lines = switch.resident_kib(), len(switch.log().splitlines())
    flood(("127.0.0.2", "127.0.0.9"), count)
    expect(switch.is_running, f"the switch ended with code {switch.process.returncode}; seed {SEED}, {count} datagrams")
    statistics = switch.statistics()
    # Each datagram is a message received, or counted as malformed; what the kernel dropped is neither.
    seen = max(statistics["messagesReceived"], statistics["malformedMessages"])
    expect(seen > count / 2, f"only {seen} of {count} datagrams were read")
    expect(statistics["malformedMessages"] > count / 20, f"only {statistics['malformedMessages']} of {count} were found malformed")
    growth = switch.resident_kib() - memory
    expect(growth < LARGEST_GROWTH_KIB, f"memory grew by {growth // 1024} MiB, more than {LARGEST_GROWTH_KIB // 1024}")
    more = len(switch.log().splitlines()) - log_lines
    expect(more < 50, f"the log has {more} lines more")
    # What the flood began as calls must end by itself.
    wait_until(lambda: switch.statistics()["calls"] == 0, 45, "the calls that the flood began are over", every=0.5)

    b = test.callee(callee_is_hung_up())
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    newest = switch.records(limit=1)[0]
    expect_equal((newest["endReason"], newest["callerStatus"]), ("normalClearing", 200), "the normal call afterwards")
    test.expect_clean_log()
    test.note(f"{count} datagrams, {statistics['malformedMessages']} malformed, memory +{growth // 1024} MiB")


@case("random bytes over TCP close that connection only")
def random_stream(test):
    test.start_switch()
    for _ in range(50):
        with socket.create_connection(SWITCH, timeout=5) as stream:
            try:
                stream.sendall(os.urandom(4096) + b"\r\n\r\n" + b"INVITE sip:x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 70_000)
            except OSError:
                continue
    b = test.callee(callee_is_hung_up())
    a = test.caller(caller_hangs_up(), transport="tcp")
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), endReason="normalClearing")
