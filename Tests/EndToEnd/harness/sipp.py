"""One sipp process as a caller or a callee, and what it counted."""
import csv
import datetime
import glob
import os
import re
import signal
import subprocess

from .checks import Failure, expect, wait_until
from .messages import Message
from .processes import end, is_taken, quiet_environment, require_free
from .scenario import CALLEE_NUMBER

CALLER = ("127.0.0.2", 5062)
CALLEE = ("127.0.0.3", 5070)
SECOND_CALLEE = ("127.0.0.4", 5070)
STRANGER = ("127.0.0.9", 5062)
SWITCH = ("127.0.0.1", 5060)


def written(address):
    """host:port, with brackets around IPv6."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Sipp:
    """sipp with one scenario on one address, writing into its own folder."""

    def __init__(self, folder, scenario, address, options, transport="udp", trace=True):
        os.makedirs(folder)
        self.folder, self.scenario, self.address, self.transport = folder, scenario, address, transport
        path = os.path.join(folder, "scenario.xml")
        with open(path, "w", encoding="latin-1") as file:
            file.write(scenario.xml())
        host, port = address
        require_free(transport, host, port)
        command = [
            "sipp", "-sf", path, "-i", f"[{host}]" if ":" in host else host, "-p", str(port), "-mi", host, "-nostdin",
            "-t", "u1" if transport == "udp" else "t1", "-default_behaviors", "abortunexp",
            "-trace_stat", "-stf", os.path.join(folder, "statistics.csv"), "-fd", "1", "-trace_counts",
            "-trace_err", "-error_file", os.path.join(folder, "errors.log"), "-buff_size", "4000000", "-max_socket", "64"]
        if trace:
            command += ["-trace_msg", "-message_file", self.messages_path]
        with open(os.path.join(folder, "output"), "wb") as out:
            self.process = subprocess.Popen(
                command + options, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=folder, env=quiet_environment())

    @property
    def messages_path(self):
        return os.path.join(self.folder, "messages.log")

    def messages(self):
        """All messages sent and received, as sipp traced them."""
        with open(self.messages_path, encoding="latin-1") as file:
            return file.read()

    def traced(self):
        """Each message of the trace: when, as seconds since 1970, whether it came or went, and the message."""
        found = []
        for entry in re.split(r"-{47} ", self.messages())[1:]:
            head, _, text = entry.partition("\n\n")
            at = datetime.datetime.strptime(head.splitlines()[0].strip(), "%Y-%m-%d %H:%M:%S.%f").timestamp()
            found.append((at, "received" in head, Message(text.rstrip("\n").replace("\n", "\r\n"))))
        return found

    def received(self, method):
        """The requests of this method that came, each once, with their instants."""
        found = {}
        for at, came, message in self.traced():
            if came and not message.status and message.method == method:
                found.setdefault((message["CSeq"], message["Call-ID"]), (at, message))
        return list(found.values())

    def wait(self, seconds):
        """Waits for the end; fails when it takes longer or when a call failed."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            end(self.process, 2)
            raise Failure(f"sipp '{self.scenario.name}' was not done within {seconds} s: {self.complaint()} ({self.folder})") from None
        expect(code == 0, f"sipp '{self.scenario.name}' ended with {code}: {self.complaint()} ({self.folder})")

    def complaint(self):
        """What sipp said went wrong, shortened."""
        for name in ("errors.log", "output"):
            try:
                with open(os.path.join(self.folder, name), encoding="latin-1") as file:
                    lines = [line.strip() for line in file if line.strip()]
            except OSError:
                continue
            if name == "output":
                lines = [line for line in lines if "rror" in line or "nable" in line or "nexpected" in line]
            if lines:
                return " ".join(lines[:3])[:400]
        return "it said nothing"

    def discard(self):
        end(self.process, 2)

    def finish(self, seconds=8):
        """Tells sipp to make no more calls and waits until it has written its numbers."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                end(self.process, 2)

    def counts(self):
        """Calls that passed, failed and are up; messages that sipp sent again, and that came to it again."""
        row = _last_row(os.path.join(self.folder, "statistics.csv"))
        came_again = 0
        for path in glob.glob(os.path.join(self.folder, "*_counts.csv")):
            counted = _last_row(path)
            # A message that sipp receives has an "Unexp" column; one that it sends has none.
            received = {name.rpartition("_")[0] for name in counted if name and name.endswith("_Unexp")}
            came_again += sum(_number(counted, name + "_Retrans") for name in received)
        return {
            "passed": _number(row, "SuccessfulCall(C)"), "failed": _number(row, "FailedCall(C)"), "up": _number(row, "CurrentCall"),
            "sent_again": _number(row, "Retransmissions(C)"), "came_again": came_again}


def start_callee(folder, scenario, address=CALLEE, calls=1, transport="udp", options=(), trace=True):
    """A sipp that is called; it ends by itself after `calls` calls (None: when it is told)."""
    limit = [] if calls is None else ["-m", str(calls)]
    sipp = Sipp(folder, scenario, address, [*limit, *options], transport, trace)

    def is_listening():
        expect(sipp.process.poll() is None, f"sipp '{scenario.name}' ended at once: {sipp.complaint()} ({folder})")
        return is_taken(transport, *address)
    wait_until(is_listening, 5, f"sipp listens on {written(address)}", every=0.02)
    return sipp


def start_caller(
        folder, scenario, address=CALLER, to=SWITCH, calls=1, rate=10, transport="udp", number=CALLEE_NUMBER, options=(), trace=True):
    """A sipp that calls `number` at `to`, `calls` times."""
    return Sipp(
        folder, scenario, address,
        [written(to), "-s", number, "-m", str(calls), "-r", str(rate), "-l", str(calls + 100), *options], transport, trace)


def _last_row(path):
    """The last row of a sipp statistics file, by column name; empty when there is none."""
    try:
        with open(path, encoding="latin-1", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
    except OSError:
        return {}
    return rows[-1] if rows else {}


def _number(row, column):
    try:
        return int(row.get(column) or 0)
    except ValueError:
        return 0
