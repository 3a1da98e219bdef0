"""An upstream that does what a script says: what no well-behaved registrar would ever do, and exactly when."""
import select
import socket
import ssl
import threading
import time

from .kamailio import DOMAIN, PASSWORD, USER
from .messages import Message, response, right_credentials

SCRIPTED = ("127.0.0.6", 5090)
CLOSE, RESET = "close", "reset"


class Received:
    """One request that came in: when, over what, and the message."""

    def __init__(self, message, transport, source):
        self.message, self.transport, self.source, self.at = message, transport, source, time.monotonic()

    def __repr__(self):
        return f"{self.message} over {self.transport}"


class Upstream:
    """Answers each request with what `script(message, upstream)` gives.

    That is the text of a response, a list of such, nothing for silence, or CLOSE or RESET for what becomes of the
    connection. A request that comes again with the same branch gets the same again, and is counted apart.
    """

    def __init__(self, script, address=SCRIPTED, transport="udp", certificate=None):
        self.script, self.address, self.transport = script, address, transport
        self.requests, self.repeated, self.fault = [], 0, None
        self.responses, self.bindings = [], {}
        self._answers = {}
        self._streams = {}
        self._wake, self._stop = socket.socketpair()
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate.path, certificate.key)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        if transport != "udp":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(address)
        if transport != "udp":
            self._socket.listen(64)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def registers(self):
        """The REGISTERs that came in, without repetitions."""
        return [received.message for received in self.requests if received.message.method == "REGISTER"]

    def withdrawals(self):
        return [message for message in self.registers() if message.expires == 0]

    def drop_connections(self):
        """Closes all connections, and hears new ones."""
        for stream in list(self._streams):
            # The thread that reads it finds its end.
            stream.shutdown(socket.SHUT_RDWR)

    def discard(self):
        """Ends it; a second time does nothing."""
        if not self._thread.is_alive():
            return
        self._stop.send(b"x")
        self._thread.join(5)
        for open_socket in (self._socket, self._wake, self._stop, *self._streams):
            open_socket.close()

    def _run(self):
        while True:
            ready, _, _ = select.select([self._socket, self._wake, *self._streams], [], [])
            if self._wake in ready:
                return
            try:
                for readable in ready:
                    self._read(readable)
            except OSError:
                continue  # a peer that has gone
            except Exception as fault:  # pylint: disable=broad-except
                # The test reads it: a script's own mistake must not look like silence of the upstream.
                self.fault = fault

    def _read(self, readable):
        if readable is not self._socket:
            self._read_stream(readable)
        elif self.transport == "udp":
            data, source = self._socket.recvfrom(65535)
            if data.strip():
                self._answer(data.decode("latin-1"), source, lambda text: self._socket.sendto(text.encode("latin-1"), source))
        else:
            stream, source = self._socket.accept()
            stream.settimeout(5)
            if self._tls:
                try:
                    stream = self._tls.wrap_socket(stream, server_side=True)
                except OSError:
                    stream.close()
                    return
            self._streams[stream] = (b"", source)

    def _read_stream(self, stream):
        kept, source = self._streams[stream]
        try:
            data = stream.recv(65535)
        except OSError:
            data = b""
        if not data:
            self._close(stream)
            return
        kept += data
        while self._tls and stream.pending():
            kept += stream.recv(65535)
        while kept:
            # Keepalive of RFC 5626, section 4.4.1: a double CRLF is answered by a single one.
            if kept.startswith(b"\r\n\r\n"):
                stream.sendall(b"\r\n")
                kept = kept[4:]
                continue
            head, end, rest = kept.partition(b"\r\n\r\n")
            if not end:
                break
            message = Message((head + end).decode("latin-1"))
            length = int(message["Content-Length"] or 0)
            if len(rest) < length:
                break
            kept = rest[length:]
            what = self._answer((head + end + rest[:length]).decode("latin-1"), source, lambda text: stream.sendall(text.encode("latin-1")))
            if what in (CLOSE, RESET):
                if what == RESET:
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self._close(stream)
                return
        self._streams[stream] = (kept, source)

    def _close(self, stream):
        self._streams.pop(stream, None)
        stream.close()

    def _answer(self, text, source, send):
        message = Message(text)
        if message.status:
            self.responses.append(message)
            return None
        key = (message["Via"], message["CSeq"])
        if key in self._answers:
            self.repeated += 1
            answers = self._answers[key]
        else:
            self.requests.append(Received(message, self.transport, source))
            answers = self.script(message, self)
            answers = answers if isinstance(answers, list) else [answers]
            self._answers[key] = answers
        for answer in answers:
            if answer in (CLOSE, RESET):
                return answer
            if answer is not None:
                send(answer)
        return None


class Account:
    """A registrar's part of a script: digest with nonces of its own choosing, and the 200 with the bindings.

    `lifetime`: what it grants at most. `nonces`: those that hold now. `foreign`: Contact fields of somebody else.
    """

    def __init__(self, lifetime=3600, user=USER, password=PASSWORD, realm=DOMAIN, status=401, algorithm="MD5"):
        self.lifetime, self.user, self.password, self.realm = lifetime, user, password, realm
        self.status, self.algorithm = status, algorithm
        self.nonces, self.count, self.foreign = set(), 0, []

    def challenge(self, message, stale=False, fields=None):
        """401 (or 407) with a nonce that was never used."""
        self.count += 1
        nonce = f"nonce-{self.count}"
        self.nonces.add(nonce)
        name = "WWW-Authenticate" if self.status == 401 else "Proxy-Authenticate"
        fields = fields or [f'{name}: Digest realm="{self.realm}", nonce="{nonce}", qop="auth", algorithm={self.algorithm}'
                            + (", stale=true" if stale else "")]
        reason = "Unauthorized" if self.status == 401 else "Proxy Authentication Required"
        return response(message, self.status, reason, *fields)

    def is_right(self, message):
        header = "Authorization" if self.status == 401 else "Proxy-Authorization"
        return right_credentials(message, self.user, self.password, self.realm, self.nonces, header)

    def granted(self, message, *fields):
        """200 with the bindings that stand after this request."""
        asked = message.expires if message.expires is not None else self.lifetime
        granted = min(asked, self.lifetime)
        contacts = list(self.foreign)
        if granted > 0:
            contacts.insert(0, f"Contact: <{message.contact_uri}>;expires={granted}")
        return response(message, 200, "OK", *contacts, *fields)

    def __call__(self, message, _upstream=None):
        """The usual script: a challenge for who brings no right credentials, else 200."""
        if message.method != "REGISTER":
            return response(message, 200, "OK")
        return self.granted(message) if self.is_right(message) else self.challenge(message)
