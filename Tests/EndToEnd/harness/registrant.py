"""Phones that register here: their objects, how they stand, and one that registers from a bare socket."""
import json
import socket

from .checks import wait_until
from .messages import Message, credentials, digest_parameters
from .sipp import SWITCH, written

PASSWORD, OTHER_PASSWORD = "correct-horse", "battery-staple"


def phone(number, password=PASSWORD, **fields):
    """A `Phone` document."""
    lines = ["kind: Phone", f'name: "{number}"', f"password: {password}"]
    return "\n".join(lines + [f"{key}: {value}" for key, value in fields.items()]) + "\n"


def phones(switch):
    """How the phones stand, by name, as `tandem phones` prints them."""
    return {entry["name"]: entry for entry in json.loads(switch.succeed("phones", "-o", "json"))}


def places(switch, number):
    return phones(switch)[number]["places"]


def wait_for_registered(switch, *numbers, seconds=8):
    wait_until(lambda: all(places(switch, number) for number in numbers), seconds, f"phones {numbers} are registered", every=0.2)


class Registrant:
    """One socket that registers, as a phone would, and says what it is told."""

    def __init__(self, host, port=0):
        self.host, self.cseq = host, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self._socket.settimeout(3)
        self.port = self._socket.getsockname()[1]
        self.call_id = f"register-{self.port}@{host}"

    def ask(self, account, *fields, expires=600, contact=None, method="REGISTER"):
        """Sends a REGISTER, and gives the answer; nothing when none comes."""
        self.cseq += 1
        contact = contact or f"<sip:{account}@{self.host}:{self.port}>"
        text = "\r\n".join([
            f"{method} sip:{written(SWITCH)} SIP/2.0", f"Via: SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{self.port}x{self.cseq};rport",
            "Max-Forwards: 70", f"From: <sip:{account}@{SWITCH[0]}>;tag=r{self.port}", f"To: <sip:{account}@{SWITCH[0]}>",
            f"Call-ID: {self.call_id}", f"CSeq: {self.cseq} {method}", f"Contact: {contact}", f"Expires: {expires}", *fields,
            "Content-Length: 0", "", ""])
        self._socket.sendto(text.encode(), SWITCH)
        try:
            return Message(self._socket.recv(65535).decode())
        except TimeoutError:
            return None

    def register(self, account, password, **how):
        """With the answer to a challenge, where one comes."""
        answer = self.ask(account, **how)
        if answer is None or answer.status != 401:
            return answer
        challenge = digest_parameters(answer["WWW-Authenticate"])
        return self.ask(account, credentials(challenge, "REGISTER", f"sip:{written(SWITCH)}", account, password), **how)

    def discard(self):
        self._socket.close()
