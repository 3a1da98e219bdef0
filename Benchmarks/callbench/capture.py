"""Added latency, from a capture of both legs: when a message arrived at the switch, and when its twin left."""
import re
import struct

from .generators import CALLEE, CALLER, SWITCH

NUMBER = re.compile(rb"INVITE sip:(1555\d+)@")
CALL_ID = re.compile(rb"\r\n(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
METHOD = re.compile(rb"\r\nCSeq[ \t]*:[ \t]*\d+[ \t]+(\w+)", re.IGNORECASE)
# Bytes of link header before the IP header, by pcap's link type.
LINK_HEADER = {0: 4, 1: 14, 113: 16, 276: 20}


def datagrams(path):
    """(seconds, source, destination, payload) of every IPv4 UDP datagram of a pcap file."""
    with open(path, "rb") as f:
        head = f.read(24)
        magic, = struct.unpack("<I", head[:4])
        fraction = 1e-9 if magic == 0xA1B23C4D else 1e-6
        skip = LINK_HEADER[struct.unpack("<I", head[20:24])[0] & 0xFFFF]
        while len(record := f.read(16)) == 16:
            seconds, part, kept, _ = struct.unpack("<IIII", record)
            packet = f.read(kept)[skip:]
            if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 17:
                continue
            header = (packet[0] & 15) * 4
            source_port, target_port = struct.unpack(">HH", packet[header:header + 4])
            yield (seconds + part * fraction, (".".join(map(str, packet[12:16])), source_port),
                   (".".join(map(str, packet[16:20])), target_port), packet[header + 8:])


def _kind(message):
    """INVITE, 200/INVITE and so on."""
    method = METHOD.search(message)
    if message.startswith(b"SIP/2.0 "):
        return message[8:11].decode("latin-1") + "/" + (method.group(1).decode("latin-1") if method else "?")
    return message.split(b" ", 1)[0].decode("latin-1")


def added_latency(path):
    """Microseconds between arrival and departure of the INVITE and of its 200, per call, sorted."""
    number_of_call = {}                     # (leg, Call-ID): a B2BUA gives each leg its own
    first = {}                              # (leg, inbound, number, kind): seconds of the first copy
    for seconds, source, target, message in datagrams(path):
        inbound = target == SWITCH
        peer = source if inbound else target
        if peer not in (CALLER, CALLEE) or (not inbound and source != SWITCH):
            continue
        call_id = CALL_ID.search(message)
        if not call_id:
            continue
        leg, kind = (peer, call_id.group(1).strip()), _kind(message)
        if kind == "INVITE" and (number := NUMBER.match(message)):
            number_of_call[leg] = number.group(1)
        if leg in number_of_call:
            first.setdefault((peer, inbound, number_of_call[leg], kind), seconds)
    result = {}
    for name, kind, origin, destination in (
            ("INVITE", "INVITE", CALLER, CALLEE), ("200 OK", "200/INVITE", CALLEE, CALLER)):
        result[name] = sorted(
            (first[destination, False, number, kind] - seconds) * 1e6
            for (peer, inbound, number, seen), seconds in first.items()
            if inbound and peer == origin and seen == kind and (destination, False, number, kind) in first)
    return result


def percentile(values, share):
    """The value below which `share` of the sorted values lie; nothing for no values."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else None
