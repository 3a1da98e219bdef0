"""Broken SIP datagrams from a seed: the same seed gives the same datagrams."""
import os
import random

TORTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "SIPMessagesTests", "Torture")
METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "REFER", "MESSAGE", "SUBSCRIBE", "NOTIFY")
BODY = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n"
MORSELS = [
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\x00", b"\xff\xfe", b" ", b"\t", b":", b";", b",", b'"', b"<", b">", b"%", b"%00", b"\\", b"(", b")",
    b"[", b"]", b"[::1]", b"sip:", b"sips:", b"tel:", b"SIP/2.0", b"SIP/9.9", b"z9hG4bK", b"\r\n folded", b"99999999999999999999", b"-1",
    b"4294967296", b"0", b"Via: ", b"Content-Length: 5\r\n", b"Content-Length: 2000000000\r\n", b"Require: 100rel\r\n", b"To: <sip:a>;tag=",
    b"Route: <sip:127.0.0.1;lr>\r\n", b"l: 7\r\n", b"v: SIP/2.0/UDP x\r\n", b"A" * 300, b";x" * 200, b"\r\n," * 50]


def _seeds():
    """Messages that are right, and the torture messages."""
    seeds = []
    for method in METHODS:
        for to_tag in ("", ";tag=abc"):
            seeds.append((
                f"{method} sip:+14155550199@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5999;branch=z9hG4bK%NUMBER%;rport\r\n"
                f"Max-Forwards: 70\r\nFrom: \"A\" <sip:+14155550100@127.0.0.2>;tag=%NUMBER%\r\nTo: <sip:+14155550199@127.0.0.1>{to_tag}\r\n"
                f"Call-ID: %NUMBER%@127.0.0.2\r\nCSeq: 1 {method}\r\nContact: <sip:a@127.0.0.2:5999>\r\nSupported: 100rel\r\n"
                f"Content-Type: application/sdp\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}").encode())
    for status in (100, 180, 183, 200, 302, 401, 486, 503, 603):
        seeds.append((
            f"SIP/2.0 {status} Whatever\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%NUMBER%\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\n"
            f"To: <sip:b@127.0.0.1>;tag=%NUMBER%\r\nCall-ID: %NUMBER%\r\nCSeq: 1 INVITE\r\nContact: <sip:b@127.0.0.3>\r\n"
            "Require: 100rel\r\nRSeq: 1\r\nContent-Length: 0\r\n\r\n").encode())
    if os.path.isdir(TORTURE):
        for name in sorted(os.listdir(TORTURE)):
            if name.endswith(".sip"):
                with open(os.path.join(TORTURE, name), "rb") as file:
                    seeds.append(file.read())
    return seeds


def datagrams(count, seed):
    """`count` datagrams, most of them broken in one to four places."""
    source = random.Random(seed)
    seeds = _seeds()
    for number in range(count):
        data = bytearray(source.choice(seeds).replace(b"%NUMBER%", b"%x" % (number + 0x10000000)))
        for _ in range(source.randrange(5)):
            _break(data, source)
        yield bytes(data[:60_000])


def _break(data, source):
    """One change in place."""
    if not data:
        return
    at = source.randrange(len(data))
    kind = source.randrange(6)
    if kind == 0:
        data[at] = source.randrange(256)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at:at + source.randrange(1, 40)]
    elif kind == 3:
        data[at:at] = source.choice(MORSELS)
    elif kind == 4:
        data[at:at] = data[at:at + source.randrange(1, 200)]
    else:
        # Lines change places.
        lines = bytes(data).split(b"\r\n")
        one, other = source.randrange(len(lines)), source.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
        data[:] = b"\r\n".join(lines)
