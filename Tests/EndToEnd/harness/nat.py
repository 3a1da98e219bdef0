"""A home network behind a router that translates addresses, made of two network namespaces; it needs root, ip and nft.

    switch and offices (198.51.100.1, this namespace) --- 198.51.100.9 router 10.0.0.1 --- 10.0.0.2 home

The router gives every flow another port, and forgets a flow that is silent for `forgets` seconds, as real ones do.
"""
import os
import shutil
import subprocess

from .checks import Failure, expect, wait_until
from .processes import end, quiet_environment

OUTSIDE = "198.51.100.1"
OFFICE = "198.51.100.20"
ROUTER = "198.51.100.9"
HOME = "10.0.0.2"
LINK = "tandem-wan"
TRANSLATION = """\
table ip home {
    chain leaving {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "wan" masquerade random
    }
    chain passing {
        type filter hook forward priority filter; policy drop;
        iifname "lan" accept
        ct state established,related accept
    }
}
"""


class Namespace:
    """A network of its own, as long as its process lives."""

    def __init__(self):
        self._process = subprocess.Popen(
            ["unshare", "--net", "sleep", "3600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=quiet_environment())
        self.pid = self._process.pid
        wait_until(self._is_there, 5, "there is a new network namespace", every=0.01)
        self.run("ip", "link", "set", "lo", "up")

    def _is_there(self):
        if self._process.poll() is not None:
            raise Failure(f"no network namespace can be made: {self._process.stderr.read().decode()[:200]}")
        try:
            own = os.readlink("/proc/self/ns/net")
            return os.readlink(f"/proc/{self.pid}/ns/net") != own
        except OSError:
            return False

    def enter(self, *command):
        """The command line that runs a command within it."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", *command]

    def run(self, *command, text=None):
        return run(*self.enter(*command), text=text)

    def discard(self):
        end(self._process, 2)
        self._process.stderr.close()


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=20, env=quiet_environment(), check=False)
    expect(done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Home:
    """The router, the home behind it, and our side of the link. `forgets`: seconds after which a silent flow is lost."""

    def __init__(self, forgets=30):
        for tool, package in (("ip", "iproute2"), ("nft", "nftables"), ("unshare", "util-linux"), ("nsenter", "util-linux")):
            expect(shutil.which(tool), f"{tool} is not there: apt-get install {package}")
        expect(os.geteuid() == 0, "a NAT of network namespaces needs root: run scripts/end-to-end as root, or leave this test out by --only")
        self.router, self.network = Namespace(), None
        try:
            self._build(forgets)
        except Failure:
            self.discard()
            raise

    def _build(self, forgets):
        run("ip", "link", "add", "name", LINK, "type", "veth", "peer", "name", "wan", "netns", str(self.router.pid))
        for address in (f"{OUTSIDE}/24", f"{OFFICE}/24"):
            run("ip", "address", "add", address, "dev", LINK)
        run("ip", "link", "set", LINK, "up")
        self.network = Namespace()
        router = self.router.run
        router("ip", "link", "add", "name", "lan", "type", "veth", "peer", "name", "eth0", "netns", str(self.network.pid))
        for address, device in ((f"{ROUTER}/24", "wan"), ("10.0.0.1/24", "lan")):
            router("ip", "address", "add", address, "dev", device)
            router("ip", "link", "set", device, "up")
        router("nft", "-f", "-", text=TRANSLATION)
        for name, value in (("ipv4/ip_forward", 1), ("netfilter/nf_conntrack_udp_timeout", forgets),
                            ("netfilter/nf_conntrack_udp_timeout_stream", forgets)):
            router("sh", "-c", f"echo {value} > /proc/sys/net/{name}")
        self.network.run("ip", "address", "add", f"{HOME}/24", "dev", "eth0")
        self.network.run("ip", "link", "set", "eth0", "up")
        self.network.run("ip", "route", "add", "default", "via", "10.0.0.1")

    def discard(self):
        """The links go with the namespaces."""
        for namespace in (self.network, self.router):
            if namespace:
                namespace.discard()
