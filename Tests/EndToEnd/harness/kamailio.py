"""Debian's Kamailio as an upstream carrier: a registrar with digest, a proxy for the calls of who has registered.

Each one runs on loopback from a configuration written here, keeps its bindings in memory, and is asked for them by
JSON-RPC over a local socket. What it was sent stands in its log, a line each, and is read from there.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess

from .checks import Failure, expect, wait_until
from .processes import end, quiet_environment, require_free

UPSTREAM = ("127.0.0.5", 5090)
UPSTREAM_TLS = ("127.0.0.5", 5091)
DOMAIN = "sw.example.net"
USER, PASSWORD = "acme", "secret"
TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kamailio.cfg")
MODULES = "/usr/lib/x86_64-linux-gnu/kamailio/modules"

TLS = """\
enable_tls=yes
listen=tls:{host}:{port}
loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "private_key", "{key}")
modparam("tls", "certificate", "{certificate}")
modparam("tls", "verify_certificate", 0)
modparam("tls", "require_certificate", 0)
"""


class Binding:
    """One contact under an address-of-record, as usrloc lists it. `expires`: seconds that are left."""

    def __init__(self, row):
        self.contact, self.call_id, self.cseq = row["Address"], row["Call-ID"], int(row["CSeq"])
        self.expires = row["Expires"] if isinstance(row["Expires"], int) else 0
        self.instance = row.get("Instance", "")

    def __repr__(self):
        return f"{self.contact} ({self.call_id}, CSeq {self.cseq}, {self.expires} s left)"


class Seen:
    """One request that came in: method, callid, cseq, expires and so on, as text."""

    def __init__(self, line):
        self.fields = dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", line))

    def __getattr__(self, name):
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def withdraws(self):
        """Whether it takes a binding away: expires 0, of the contact or of the request."""
        return self.method == "REGISTER" and (self.expires == "0" or re.search(r";expires=0\b", self.contact) is not None)

    @property
    def has_credentials(self):
        return self.credentials not in ("", "<null>")

    def __repr__(self):
        return " ".join(f"{name}={value}" for name, value in self.fields.items())


class Kamailio:
    """A Kamailio in its own folder. It may be ended and started again; its bindings are then gone.

    `lifetime`: what it grants at most, in seconds; `nonce_lifetime`: for how long its challenges hold.
    """

    def __init__(self, folder, lifetime=3600, nonce_lifetime=300, address=UPSTREAM, certificate=None, accounts=None):
        expect(shutil.which("kamailio"), "kamailio is not installed: apt-get install kamailio")
        os.makedirs(folder, exist_ok=True)
        self.folder, self.address, self.process = folder, address, None
        self.with_tls = certificate is not None
        self.log_path = os.path.join(folder, "kamailio.log")
        self.configuration = os.path.join(folder, "kamailio.cfg")
        accounts = accounts or {USER: PASSWORD}
        tls = ""
        if certificate:
            expect(os.path.exists(f"{MODULES}/tls.so"), "Kamailio has no TLS: apt-get install kamailio-tls-modules")
            tls = TLS.format(host=UPSTREAM_TLS[0], port=UPSTREAM_TLS[1], key=certificate.key, certificate=certificate.path)
        with open(TEMPLATE, encoding="utf-8") as template:
            text = template.read()
        values = {
            "folder": folder, "host": address[0], "port": address[1], "domain": DOMAIN, "user": USER, "lifetime": lifetime,
            "nonce_lifetime": nonce_lifetime, "tls": tls,
            "accounts": "\n".join(f'\t$sht(accounts=>{user}) = "{password}";' for user, password in accounts.items())}
        for name, value in values.items():
            text = text.replace(f"@{name.upper()}@", str(value))
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(text)

    # Life and death

    def start(self):
        """Starts it and waits until it answers."""
        require_free("udp", *self.address)
        require_free("tcp", *self.address)
        # A socket of a process that was killed would be in the way.
        for name in os.listdir(self.folder):
            if name.startswith("rpc"):
                os.unlink(os.path.join(self.folder, name))
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["kamailio", "-f", self.configuration, "-DD", "-E", "-m", "64", "-M", "8", "-Y", self.folder, "-w", self.folder],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, env=quiet_environment(), start_new_session=True)
        wait_until(self._answers, 15, f"Kamailio answers ({self.log_path})")

    def _answers(self):
        expect(self.process.poll() is None, f"Kamailio ended with code {self.process.returncode} ({self.log_path})")
        try:
            return self.ask("core.uptime") is not None
        except OSError:
            return False

    def stop(self):
        end(self.process)

    def discard(self):
        """Ends it in any way that works, with the processes that it has started: they are a session of their own."""
        if self.process is None:
            return
        end(self.process, 5)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    # What it knows

    def ask(self, method, *parameters):
        """The result of a JSON-RPC call; nothing when the answer is an error."""
        own = os.path.join(self.folder, "rpc-client")
        if os.path.exists(own):
            os.unlink(own)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.bind(own)
            client.settimeout(2)
            client.sendto(
                json.dumps({"jsonrpc": "2.0", "method": method, "params": list(parameters), "id": 1}).encode(), os.path.join(self.folder, "rpc"))
            answer = json.loads(client.recv(262_144))
        return answer.get("result")

    def bindings(self, user=USER):
        """The contacts under `user`'s address-of-record, that is all that calls would be routed to."""
        found = self.ask("ul.lookup", "location", user)
        if not found:
            return []
        rows = [Binding(entry["Contact"]) for entry in found["Contacts"]]
        return [row for row in rows if row.expires > 0]

    def only_binding(self, user=USER):
        """The one binding that stands; fails when it is not exactly one."""
        found = self.bindings(user)
        expect(len(found) == 1, f"{user} has {len(found)} bindings and not one: {found}")
        return found[0]

    def seen(self, method="REGISTER"):
        """All requests of this method that came in, in order."""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            found = [Seen(line.strip().partition("SEEN ")[2]) for line in log if "SEEN method=" in line]
        return [request for request in found if request.method == method]

    def set_password(self, password, user=USER):
        self.ask("htable.sets", "accounts", user, password)


class Certificate:
    """A private key and a certificate for these names, signed by itself or by another one; made with openssl."""

    def __init__(self, folder, name, names=("127.0.0.5",), signer=None, days=2):
        os.makedirs(folder, exist_ok=True)
        self.key, self.path = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".crt")
        alternatives = ",".join(("IP:" if re.fullmatch(r"[\d.]+", text) else "DNS:") + text for text in names)
        if signer is None:
            self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key,
                          "-out", self.path, "-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternatives}")
            return
        request, extensions = self.path + ".csr", self.path + ".ext"
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key, "-out", request,
                      "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", request, "-CA", signer.path, "-CAkey", signer.key, "-CAcreateserial", "-out", self.path,
                      "-days", str(days), "-extfile", extensions)

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise Failure(f"openssl {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
