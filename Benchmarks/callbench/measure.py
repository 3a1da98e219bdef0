"""The three measurements: CPU per call, memory per held call, added latency. Each runs on a switch that is up."""
import os
import subprocess
import time

from .capture import added_latency, percentile
from .generators import SWITCH, Callee, Caller
from .processes import Failure, cpu_seconds, end, family, machine_busy_seconds, memory_kib, receive_buffer_errors

# After the last call, counted as the switch's time: its store writes the last records then.
SETTLE = 0.5


def calls_through(switch, folder, rate, calls, hold=0.5):
    """Makes calls and returns what they cost and how they went."""
    os.makedirs(folder)
    callee = Callee(folder)
    caller = None
    try:
        busy, drops, began = machine_busy_seconds(), receive_buffer_errors(), time.monotonic()
        before = cpu_seconds(family(switch.pid))
        caller = Caller(folder, rate, calls, hold)
        generators, spent = [caller.pid, callee.pid], 0.0
        while caller.running():
            spent = max(spent, cpu_seconds(generators))
            time.sleep(0.1)
        time.sleep(SETTLE)
        used = cpu_seconds(family(switch.pid)) - before
        seconds = time.monotonic() - began
        others = max(0.0, machine_busy_seconds() - busy - used - spent) / seconds
        drops = receive_buffer_errors() - drops
        callee.stop()
        called, answered = caller.require_calls(), callee.counts()
    finally:
        end(caller.process if caller else None, 2)
        end(callee.process, 2)
    if switch.process.poll() is not None:
        raise Failure(f"{switch.title} ended during the run:\n{switch.last_words()}")
    return {
        "rate": rate, "calls": calls, "ok": called["ok"], "failed": calls - called["ok"],
        "cpu_us": used / max(1, called["ok"]) * 1e6,
        # Sent again by sipp: the switch was late. Came again from the switch: its own retransmissions.
        "sipp_retransmissions": called["sent_again"] + answered["sent_again"],
        "switch_retransmissions": called["came_again"] + answered["came_again"],
        "dropped": drops, "others": others}


def held_calls(switch, folder, rate, calls, watch):
    """Memory per call while `calls` calls are up, and CPU while nothing happens but holding them for `watch` seconds."""
    os.makedirs(folder)
    callee = Callee(folder)
    caller = None
    try:
        before = memory_kib(family(switch.pid))
        ramp = calls / rate
        # Long enough that the first call still stands when the watch over the last one ends.
        caller = Caller(folder, rate, calls, ramp + watch + 8)
        time.sleep(ramp + 4)
        used, began = cpu_seconds(family(switch.pid)), time.monotonic()
        time.sleep(watch)
        idle = (cpu_seconds(family(switch.pid)) - used) / (time.monotonic() - began)
        during, up = memory_kib(family(switch.pid)), caller.counts()["current"]
        while caller.running():
            time.sleep(0.2)
        callee.stop()
        called = caller.require_calls()
    finally:
        end(caller.process if caller else None, 2)
        end(callee.process, 2)
    return {
        "calls": calls, "up": up, "failed": calls - called["ok"],
        "pss_kib": (during["Pss"] - before["Pss"]) / calls, "rss_kib": (during["Rss"] - before["Rss"]) / calls,
        "base_kib": before["Pss"], "idle_percent": idle * 100}


def latency(switch, folder, rate, calls):
    """Added latency of INVITE and 200 in microseconds, from a capture on the loopback interface."""
    os.makedirs(folder)
    capture = os.path.join(folder, "legs.pcap")
    with open(os.path.join(folder, "tcpdump"), "wb") as out:
        tcpdump = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-n", "-U", "-s", "1600", "-B", "65536", "-w", capture,
             "--time-stamp-precision=nano", "udp and port %d" % SWITCH[1]],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 5
        while not os.path.exists(capture) or os.path.getsize(capture) < 24:
            if tcpdump.poll() is not None or time.monotonic() > until:
                raise Failure("tcpdump does not capture on lo (it needs root or CAP_NET_RAW)")
            time.sleep(0.05)
        run = calls_through(switch, os.path.join(folder, "calls"), rate, calls)
    finally:
        end(tcpdump, 5)
    result = {"rate": rate, "failed": run["failed"]}
    for name, values in added_latency(capture).items():
        result[name] = {"n": len(values), **{f"p{p}": percentile(values, p / 100) for p in (50, 90, 99)}}
    return result
