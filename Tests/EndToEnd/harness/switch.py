"""The switch under test: a real `tandem serve` with data of its own, reached by its command line and its REST API."""
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

from .checks import Failure, expect, expect_equal, wait_until
from .processes import end, quiet_environment, resident_kib

MANAGEMENT_PORT = 18080
USUAL_LISTENERS = ("udp://127.0.0.1:5060", "tcp://127.0.0.1:5060")

BOOT_FILE = """\
node: test
data: ./data
sip:
  listen: [{listeners}]
{shards}management:
  listen: "127.0.0.1:{port}"
{more}"""


class Answer:
    """What the REST API said."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Switch:
    """A `tandem serve` in its own folder. It may be ended and started again; the data stay."""

    def __init__(self, program, folder, listeners=USUAL_LISTENERS, shards=None, boot="", management_port=MANAGEMENT_PORT):
        self.program, self.folder, self.management_port = program, folder, management_port
        self.process = None
        self.log_path = os.path.join(folder, "switch.log")
        self.boot_file = os.path.join(folder, "tandem.yaml")
        os.makedirs(folder, exist_ok=True)
        self.write_boot_file(listeners, shards, boot)

    def write_boot_file(self, listeners=USUAL_LISTENERS, shards=None, boot=""):
        """`boot`: further keys, as whole lines."""
        with open(self.boot_file, "w", encoding="utf-8") as boot_file:
            boot_file.write(BOOT_FILE.format(
                listeners=", ".join(f'"{listener}"' for listener in listeners),
                shards=f"  shards: {shards}\n" if shards else "", port=self.management_port, more=boot))

    # Life and death

    def start(self):
        """Starts the process and waits until it is ready."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "serve", "--config", self.boot_file], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=quiet_environment())
        wait_until(self._is_ready, 20, f"the switch is ready ({self.log_path})")

    def _is_ready(self):
        expect(self.process.poll() is None, f"the switch ended with code {self.process.returncode} ({self.log_path})")
        try:
            return self.rest("GET", "/api/v1/health/ready", token=None).status == 200
        except OSError:
            return False

    def stop(self):
        """SIGTERM; it must end in order within a bound. Returns how long that took, in seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.wait_for_end(15, began)

    def wait_for_end(self, seconds, began=None):
        """Waits until the process that was told to stop has ended in order; returns the seconds since `began`."""
        began = time.monotonic() if began is None else began
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"the switch did not end within {seconds} s of being told to stop") from None
        expect_equal(code, 0, "exit code after the stop")
        return time.monotonic() - began

    def kill(self):
        """kill -9: no chance to say good-bye."""
        self.process.kill()
        self.process.wait(5)

    def lose_power(self):
        """The process stands still in the middle of whatever it does, its data folder is copied as the disk has it, and
        it is killed; the next start finds the copy. What a machine loses besides, data that was written and never
        flushed, cannot be taken away here."""
        data, copy = os.path.join(self.folder, "data"), os.path.join(self.folder, "data-after-power-loss")
        self.process.send_signal(signal.SIGSTOP)
        shutil.copytree(data, copy)
        self.kill()
        shutil.rmtree(data)
        os.rename(copy, data)

    def discard(self):
        """Ends it in any way that works; for upstreams that do not answer nobody waits."""
        if self.process is not None:
            end(self.process, 1)

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def resident_kib(self):
        return resident_kib(self.process.pid)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    # The command line

    def command(self, *arguments, text=None, seconds=60):
        """Runs a command against this switch, whatever it answers."""
        return subprocess.run(
            [self.program, *arguments, "--config", self.boot_file], input=text, capture_output=True, text=True, timeout=seconds,
            cwd=self.folder, env=quiet_environment(), check=False)

    def succeed(self, *arguments, text=None):
        """Runs a command that must do what it was asked; returns what it printed."""
        done = self.command(*arguments, text=text)
        expect(
            self.process is None or self.process.poll() in (None, 0),
            f"the switch ended with code {self.process and self.process.returncode} ({self.log_path})")
        expect(done.returncode == 0, f"tandem {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def apply(self, documents):
        return self.succeed("apply", "-f", "-", text=documents)

    def registrations(self):
        """How the registrations stand, by name, as `tandem registrations` prints them."""
        return {entry["name"]: entry for entry in json.loads(self.succeed("registrations", "-o", "json"))}

    def calls(self):
        return json.loads(self.succeed("calls", "-o", "json"))

    def records(self, limit=1000):
        """Call records, newest first, as `tandem cdrs` prints them."""
        return json.loads(self.succeed("cdrs", "-o", "json", "--limit", str(limit)))

    # REST

    @property
    def token(self):
        with open(os.path.join(self.folder, "data", "management.token"), encoding="ascii") as token:
            return token.read().strip()

    def rest(self, method, path, body=None, token="own", headers=None):
        """Asks the REST API; an HTTP error is an answer like any other."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.management_port}{path}", method=method, headers=headers or {})
        if token is not None:
            request.add_header("Authorization", "Bearer " + (self.token if token == "own" else token))
        if body is not None:
            request.data = body.encode("utf-8")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode("utf-8"))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.headers, refusal.read().decode("utf-8"))

    def statistics(self):
        return self.rest("GET", "/api/v1/statistics").json

    def wait_for_calls(self, count, seconds, what):
        """Waits until as many calls are answered and up."""
        wait_until(lambda: self.statistics()["answeredCalls"] == count, seconds, what)

    def wait_for_quiet(self, seconds):
        """Waits until no call is up, then until the records have settled."""
        wait_until(lambda: self.statistics()["calls"] == 0, seconds, "all calls are over")
        self.settle()

    def settle(self, seconds=5):
        """Waits until the number of stored records stands still: the store commits by groups."""
        end_time, last = time.monotonic() + seconds, -1
        while time.monotonic() < end_time:
            page = self.rest("GET", "/api/v1/cdrs?limit=1").json["items"]
            newest = page[0]["id"] if page else ""
            if newest == last:
                return
            last = newest
            time.sleep(0.15)
