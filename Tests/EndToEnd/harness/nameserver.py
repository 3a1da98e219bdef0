"""A name server for a handful of names (RFC 1035), on loopback; it answers by UDP only."""
import socket
import struct
import threading

NAME_SERVER = ("127.0.0.7", 5300)
A, AAAA, SRV, NAPTR = 1, 28, 33, 35
NO_SUCH_NAME, FAULT = 3, 2


def _name(text):
    labels = [label for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def _text(value):
    return bytes([len(value)]) + value.encode("ascii")


def address(host):
    return A, socket.inet_aton(host)


def service(priority, weight, port, target):
    return SRV, struct.pack("!HHH", priority, weight, port) + _name(target)


def pointer(order, preference, what, replacement, flags="s"):
    """A NAPTR record; `what`: SIP+D2U, SIP+D2T or SIPS+D2T."""
    return NAPTR, struct.pack("!HH", order, preference) + _text(flags) + _text(what) + _text("") + _name(replacement)


class NameServer:
    """Answers from `names`: for each name a list of (type, data). `silent`: it hears and says nothing."""

    def __init__(self, names, ttl=60, at=NAME_SERVER):
        self.names, self.ttl = {name.lower(): records for name, records in names.items()}, ttl
        self.asked, self.silent = [], False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(at)
        self._socket.settimeout(0.2)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ending.is_set():
            try:
                data, source = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            if not self.silent:
                self._socket.sendto(self._answer(data), source)

    def _answer(self, query):
        identifier, = struct.unpack("!H", query[:2])
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("ascii").lower())
            at += 1 + query[at]
        question = query[12:at + 5]
        kind, = struct.unpack("!H", query[at + 1:at + 3])
        name = ".".join(labels)
        self.asked.append((name, kind))
        records = [data for found, data in self.names.get(name, []) if found == kind]
        code = 0 if name in self.names else NO_SUCH_NAME
        head = struct.pack("!HHHHHH", identifier, 0x8580 | code, 1, len(records), 0, 0)
        body = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, self.ttl, len(data)) + data for data in records)
        return head + question + body

    def discard(self):
        self._ending.set()
        self._thread.join(5)
        self._socket.close()
