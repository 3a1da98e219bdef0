"""CPU and memory of a process with all its descendants, free ports, and ending what was started."""
import os
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """The bench cannot go on; the text says why and what to do."""


def _parent(pid):
    with open(f"/proc/{pid}/stat", "rb") as f:
        # The name stands in brackets and may hold spaces and brackets itself.
        return int(f.read().rpartition(b")")[2].split()[1])


def family(root):
    """The process and its living descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                children.setdefault(_parent(name), []).append(int(name))
            except (OSError, ValueError, IndexError):
                continue
    found, open_ends = [], [root]
    while open_ends:
        pid = open_ends.pop()
        found.append(pid)
        open_ends += children.get(pid, [])
    return found


def cpu_seconds(pids):
    """User and system time by each process's CPU clock: exact, and it counts threads that have ended.

    (Summing /proc/PID/task loses those, and the user and system columns of stat are sampled by ticks.)
    """
    total = 0.0
    for pid in pids:
        try:
            total += time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue
    return total


def machine_busy_seconds():
    """CPU seconds that the whole machine has worked, in ticks' precision."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _idle, _wait, irq, soft, steal = (int(x) for x in f.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / TICKS


def memory_kib(pids):
    """Rss and Pss of the processes. Pss shares out what forked workers have in common."""
    total = {"Rss": 0, "Pss": 0}
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                for line in f:
                    name, _, rest = line.partition(":")
                    if name in total:
                        total[name] += int(rest.split()[0])
        except OSError:
            continue
    return total


def receive_buffer_errors():
    """Datagrams that the kernel dropped because a socket's buffer was full (whole machine)."""
    with open("/proc/net/snmp", encoding="ascii") as f:
        rows = [line.split() for line in f if line.startswith("Udp:")]
    return int(dict(zip(rows[0], rows[1]))["RcvbufErrors"])


def require_free(kind, host, port):
    """Raises unless the port can be taken now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as s:
        if kind == "tcp":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((host, port))
        except OSError as problem:
            raise Failure(
                f"{kind} {host}:{port} is taken ({problem.strerror}). Stop what uses it (ss -lnp names it), or run "
                "the bench alone in a network of its own: "
                "unshare --net sh -c 'ip link set lo up && Benchmarks/run'") from problem


def wait_for_tcp(host, port, process, seconds):
    """Waits until somebody listens there, at most `seconds`; raises when the process ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"the process ended with code {process.returncode} before it listened on {host}:{port}")
        with socket.socket() as s:
            s.settimeout(0.5)
            if s.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    raise Failure(f"nothing listened on {host}:{port} within {seconds} s")


def wait_for_udp(host, port, process, seconds):
    """Waits until the address is bound by somebody, at most `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"the process ended with code {process.returncode} before it bound {host}:{port}")
        try:
            require_free("udp", host, port)
        except Failure:
            return
        time.sleep(0.05)
    raise Failure(f"udp {host}:{port} was not bound within {seconds} s")


def end(process, seconds=15):
    """Ends a process that we started, and what it has started: asks first, then kills. Never longer than seconds + 5."""
    if process is None or process.poll() is not None:
        return
    members = family(process.pid)
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        for pid in members:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
        process.wait(5)
