"""Peers that are no sipp: bare datagrams, and a path that delivers everything twice."""
import select
import socket
import threading
import zlib

from .sipp import SWITCH


def ask(text, source, to=SWITCH, seconds=2.0):
    """Sends one datagram and returns what comes back first, or nothing after `seconds`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((source, 0))
        peer.settimeout(seconds)
        data = text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode("latin-1")
        peer.sendto(data.replace(b"{port}", b"%d" % peer.getsockname()[1]), to)
        try:
            return peer.recv(65535).decode("latin-1")
        except TimeoutError:
            return None


def request(method, uri="sip:+14155550199@127.0.0.1", call_id="one@example.net", source="127.0.0.2", fields=(), cseq=None):
    """A request outside any dialog, as text for `ask`."""
    return "\n".join([
        f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP {source}:{{port}};branch=z9hG4bK{zlib.crc32((method + call_id).encode()):x};rport",
        "Max-Forwards: 70", f"From: <sip:+14155550100@{source}>;tag=x1", f"To: <{uri}>", f"Call-ID: {call_id}",
        f"CSeq: {cseq or '1 ' + method}", f"Contact: <sip:+14155550100@{source}:{{port}}>", *fields, "Content-Length: 0", "", ""])


class DoublingPath:
    """Stands between a peer and the switch and delivers every datagram twice, in both directions.

    The peer and the switch both think that this address is the other one.
    """

    def __init__(self, address, peer, switch=SWITCH):
        self.peer, self.switch = peer, switch
        self.delivered = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._wake, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            ready, _, _ = select.select([self._socket, self._wake], [], [])
            if self._wake in ready:
                return
            data, source = self._socket.recvfrom(65535)
            to = self.switch if source == self.peer else self.peer
            for _ in range(2):
                self._socket.sendto(data, to)
            self.delivered += 1

    def close(self):
        self._stop.send(b"x")
        self._thread.join(5)
        for open_socket in (self._socket, self._wake, self._stop):
            open_socket.close()
