"""sipp as caller and callee: starting it, waiting for it within a bound, and reading what it counted."""
import csv
import glob
import os
import signal
import subprocess
import time

from .processes import Failure, end, require_free, wait_for_udp

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SWITCH = ("127.0.0.1", 5060)
CALLER = ("127.0.0.2", 5070)
CALLEE = ("127.0.0.3", 5080)


def _last_row(path):
    """The last row of a sipp statistics file, by column name; empty when there is none."""
    try:
        with open(path, encoding="latin-1", newline="") as f:
            rows = list(csv.DictReader(f, delimiter=";"))
    except OSError:
        return {}
    return rows[-1] if rows else {}


def _number(row, column):
    try:
        return int(row.get(column) or 0)
    except ValueError:
        return 0


class Generator:
    """One sipp process on one address, writing into its own folder."""

    def __init__(self, scenario, address, folder, options):
        self.folder = os.path.join(folder, scenario)
        os.makedirs(self.folder)
        require_free("udp", *address)
        host, port = address
        command = [
            "sipp", "-sf", os.path.join(HERE, "scenarios", scenario + ".xml"), "-i", host, "-p", str(port), "-mi", host,
            "-nostdin", "-trace_stat", "-stf", os.path.join(self.folder, "statistics.csv"), "-fd", "1",
            "-trace_counts", "-buff_size", "4000000", "-max_socket", "64"] + options
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder,
                env=dict(os.environ, TERM="dumb"))
        self.pid = self.process.pid

    @property
    def output(self):
        return os.path.join(self.folder, "output")

    def complaint(self):
        """What sipp said went wrong, or nothing."""
        with open(self.output, encoding="latin-1") as f:
            lines = [line.strip() for line in f if "unable" in line.lower() or "error" in line.lower()]
        return " ".join(lines[:3])

    def counts(self):
        """Calls passed and failed, messages sent again by sipp, and messages that came again from the switch."""
        row = _last_row(os.path.join(self.folder, "statistics.csv"))
        repeated = 0
        for path in glob.glob(os.path.join(self.folder, "*_counts.csv")):
            counted = _last_row(path)
            # A message that sipp receives has an "Unexp" column; one that it sends has none.
            received = {name.rpartition("_")[0] for name in counted if name and name.endswith("_Unexp")}
            repeated += sum(_number(counted, name + "_Retrans") for name in received)
        return {
            "ok": _number(row, "SuccessfulCall(C)"), "failed": _number(row, "FailedCall(C)"),
            "current": _number(row, "CurrentCall"), "sent_again": _number(row, "Retransmissions(C)"),
            "came_again": repeated}


class Callee(Generator):
    """The answering side. It runs until it is told to stop."""

    def __init__(self, folder):
        super().__init__("callee", CALLEE, folder, [])
        wait_for_udp(*CALLEE, self.process, 5)

    def stop(self):
        """SIGUSR1 lets sipp finish and write its numbers; one call left over would keep it for ever, hence the bound."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                end(self.process, 2)


class Caller(Generator):
    """The calling side: `calls` calls at `rate` a second, each held for `hold` seconds."""

    def __init__(self, folder, rate, calls, hold):
        seconds = calls / rate + hold
        self.deadline = time.monotonic() + seconds + 45
        super().__init__("caller", CALLER, folder, [
            "%s:%d" % SWITCH, "-r", str(rate), "-m", str(calls), "-d", str(int(hold * 1000)),
            "-l", str(int(min(calls, rate * (hold + 3)) + 2000)), "-timeout", str(int(seconds + 40)),
            "-default_behaviors", "bye,abortunexp"])

    def running(self):
        """Whether calls are still being made. A call that the switch has lost can keep sipp for ever: bounded."""
        if self.process.poll() is not None:
            return False
        if time.monotonic() > self.deadline:
            end(self.process, 2)
            return False
        return True

    def require_calls(self):
        counts = self.counts()
        if counts["ok"] + counts["failed"] == 0:
            raise Failure("sipp made no call: " + (self.complaint() or "it said nothing"))
        return counts
