"""What is measured: Tandem, Kamailio and the floor. Each takes calls on 127.0.0.1:5060 and sends them to the callee."""
import json
import os
import shutil
import subprocess
import time

from .generators import CALLEE, CALLER, HERE, SWITCH
from .processes import Failure, end, require_free, wait_for_tcp, wait_for_udp

ROOT = os.path.dirname(HERE)
TANDEM = os.path.join(ROOT, ".build", "release", "tandem")
MANAGEMENT = ("127.0.0.1", 18080)


class Switch:
    """A switch that can be started and stopped; `pid` is the root of its processes."""

    name = ""
    title = ""

    def __init__(self, work):
        self.work = work
        self.folder = ""
        self.process = None
        self.starts = 0

    @property
    def pid(self):
        return self.process.pid

    def command(self):
        raise NotImplementedError

    def start(self):
        require_free("udp", *SWITCH)
        self.starts += 1
        self.folder = os.path.join(self.work, f"{self.name}-{self.starts}")
        os.makedirs(self.folder)
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder)
        try:
            wait_for_udp(*SWITCH, self.process, 15)
            self.prepare()
        except Failure as problem:
            self.stop()
            raise Failure(f"{self.title}: {problem}\n{self.last_words()}") from problem

    def prepare(self):
        """What is to be done once it runs."""

    def stop(self):
        end(self.process)
        self.process = None

    def records(self, _calls):
        """How many records of answered calls it holds, or nothing where that cannot be asked."""
        return None

    @property
    def log(self):
        return os.path.join(self.folder, "log")

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-8:])


class Tandem(Switch):
    """`tandem serve` with one mapping gateway (the caller) and one routing gateway (the callee)."""

    name = "tandem"
    title = "Tandem"

    BOOT = f"""\
node: bench
data: ./data
sip:
  listen: ["udp://{SWITCH[0]}:{SWITCH[1]}"]
management:
  listen: "{MANAGEMENT[0]}:{MANAGEMENT[1]}"
"""
    OBJECTS = f"""\
kind: MappingGateway
name: bench-customer
addresses: ["{CALLER[0]}"]
---
kind: RoutingGateway
name: bench-carrier
addresses: ["{CALLEE[0]}:{CALLEE[1]}"]
prefixes: [""]
priority: 10
"""

    def command(self):
        require_free("tcp", *MANAGEMENT)
        for name, text in (("tandem.yaml", self.BOOT), ("gateways.yaml", self.OBJECTS)):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        return [TANDEM, "serve", "--config", "tandem.yaml"]

    def prepare(self):
        wait_for_tcp(*MANAGEMENT, self.process, 15)
        self._ask("apply", "-f", "gateways.yaml")

    def records(self, calls):
        # The store writes in groups: the last records come a moment after the last BYE.
        until = time.monotonic() + 10
        while True:
            printed = self._ask("cdrs", "-o", "json", "--limit", str(calls + 100))
            held = sum(1 for record in json.loads(printed) if record.get("answerTime"))
            if held >= calls or time.monotonic() > until:
                return held
            time.sleep(0.5)

    def _ask(self, *words):
        done = subprocess.run(
            [TANDEM, *words, "--config", "tandem.yaml"], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Failure(f"`tandem {' '.join(words)}` ended with code {done.returncode}: {done.stderr.strip()}")
        return done.stdout


class Kamailio(Switch):
    """Debian's Kamailio as stateful proxy with accounting, with the allocator that Debian starts it with."""

    name = "kamailio"
    title = "Kamailio, as Debian starts it"
    allocator = []

    def command(self):
        run = os.path.join(self.folder, "run")
        accounts = os.path.join(self.folder, "accounts")
        os.makedirs(run)
        os.makedirs(accounts)
        # Debian's own 64 MiB of shared memory run out at 1000 calls/s: 512 instead.
        return ["kamailio", "-f", os.path.join(HERE, "kamailio.cfg"), "-DD", "-E", "-m", "512", "-M", "8", "-Y", run,
                "-A", f'ACCOUNTS="flatstore:{accounts}"', *self.allocator]

    def records(self, calls):
        # Two lines a call: one for INVITE, one for BYE.
        folder = os.path.join(self.folder, "accounts")
        lines = 0
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as f:
                lines += sum(1 for _ in f)
        return lines // 2


class FastKamailio(Kamailio):
    """The same with Kamailio's fast allocator for shared and private memory."""

    name = "kamailio-tlsf"
    title = "Kamailio, fast allocator (`-x tlsf -X tlsf`)"
    allocator = ["-x", "tlsf", "-X", "tlsf"]


class Floor(Switch):
    """A forwarder in C that reads nothing: recvmmsg, sendmmsg."""

    name = "floor"
    title = "Floor (recvmmsg, sendmmsg, nothing else)"

    def command(self):
        binary = os.path.join(self.work, "floor")
        if not os.path.exists(binary):
            compiler = shutil.which("cc") or shutil.which("clang")
            if not compiler:
                raise Failure("no C compiler (cc or clang) in PATH for the floor")
            subprocess.run(
                [compiler, "-O2", "-Wall", "-Wextra", "-o", binary, os.path.join(HERE, "floor.c")],
                check=True, timeout=60)
        return [binary, *(str(part) for address in (SWITCH, CALLER, CALLEE) for part in address)]


ALL = {kind.name: kind for kind in (Tandem, FastKamailio, Kamailio, Floor)}
