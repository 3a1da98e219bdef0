"""Free ports, memory of a process, and ending what was started, by its pid only."""
import os
import socket
import subprocess

from .checks import Failure


def require_free(transport, host, port):
    """Fails unless the address can be taken now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as probe:
        if transport == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise Failure(f"{transport} {host} port {port} is taken ({problem.strerror}); ss -lnp names who has it") from problem


def is_taken(transport, host, port):
    """Whether somebody has the address."""
    try:
        require_free(transport, host, port)
    except Failure:
        return True
    return False


def resident_kib(pid):
    """Memory of the process that is in RAM."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise Failure(f"/proc/{pid}/status names no VmRSS")


def end(process, seconds=10):
    """Asks the process to end, then kills it; returns its exit code. Never longer than seconds + 5."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
    return process.returncode


def quiet_environment():
    """The environment for children: no terminal, and no override of the switch's boot file."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    environment["TERM"] = "dumb"
    return environment
