"""A switch that registers with an upstream: its objects, and what is waited for."""
import json
import os
import time

from .checks import expect, expect_equal, wait_until
from .kamailio import DOMAIN, PASSWORD, UPSTREAM, USER, Kamailio
from .messages import Message
from .sipp import written
from .test import CUSTOMER
from .upstream import SCRIPTED, Upstream

NAME = "upstream-1"
GATEWAY = f"kind: RoutingGateway\nname: carrier-x\nregistration: {NAME}\nprefixes: [\"\"]\npriority: 10\n"
# Time that a message and its answer may take on a busy machine, in seconds.
SOON = 5


def registration(proxy=UPSTREAM, name=NAME, user=USER, password=PASSWORD, transport="", **fields):
    """A `Registration` object; `proxy` is an address or a text."""
    proxy = proxy if isinstance(proxy, str) else written(proxy)
    lines = ["kind: Registration", f"name: {name}", f'proxy: "{proxy}{transport}"', f'host: "{DOMAIN}"', f'username: "{user}"']
    if password is not None:
        lines.append(f'password: "{password}"')
    return "\n".join(lines + [f"{key}: {value}" for key, value in fields.items()]) + "\n"


def start_kamailio(test, **how):
    """Kamailio as the upstream, which answers."""
    kamailio = test.keep(Kamailio(os.path.join(test.folder, "kamailio"), **how))
    kamailio.start()
    return kamailio


def start_upstream(test, script, address=SCRIPTED, **how):
    """An upstream that does what the script says."""
    return test.keep(Upstream(script, address, **how))


def start_registered(test, *documents, boot="", listeners=None, proxy=UPSTREAM, transport="", more=None, **parameters):
    """A switch whose one registration stands; the objects are those of `registration` unless given."""
    documents = documents or (registration(proxy, transport=transport, **(more or {})),)
    how = {"listeners": listeners} if listeners else {}
    switch = test.start_switch(CUSTOMER, *documents, boot=boot, **how, **parameters)
    wait_for_state(switch, "registered")
    return switch


def wait_for_state(switch, *states, name=NAME, seconds=10):
    """Waits until the registration is in one of these states, and returns how it stands."""
    end = time.monotonic() + seconds
    while True:
        status = switch.registrations().get(name, {"state": "not there", "reason": ""})
        if status["state"] in states:
            return status
        expect(
            time.monotonic() < end,
            f"registration {name} is not {' or '.join(states)} within {seconds} s but {status['state']}: {status['reason']}")
        time.sleep(0.05)


def wait_for_binding(kamailio, seconds=SOON, user=USER):
    """Waits until the upstream holds exactly one binding, and returns it."""
    wait_until(lambda: kamailio.bindings(user), seconds, f"the upstream holds a binding of {user}")
    return kamailio.only_binding(user)


def expect_same_binding(before, after, what):
    """The upstream replaced the binding: one Call-ID, a higher CSeq (RFC 3261, section 10.2.4)."""
    expect_equal(after.call_id, before.call_id, f"Call-ID {what}")
    expect(after.cseq > before.cseq, f"CSeq {what} is {after.cseq}, not above {before.cseq}")


def outcome_lines(switch, since=""):
    """What the log says about the end of registrations, behind the first occurrence of `since`."""
    log = switch.log()
    log = log[log.index(since):] if since else log
    return [line for line in log.splitlines() if "withdraw" in line or "stale binding" in line or "SEND_UNREGISTER" in line]


def expect_said(switch, *texts):
    """One line of what the log says about the withdrawals holds all of these texts."""
    lines = outcome_lines(switch)
    expect(any(all(text in line for text in texts) for line in lines), f"no line says {texts}: {lines[-5:]}")


def ladder(switch, name=NAME):
    """The messages of `tandem trace registration`, oldest first, each in a word: REGISTER(0)+credentials, 200."""
    trace = json.loads(switch.succeed("trace", "registration", name, "-o", "json"))
    words = []
    for entry in trace["messages"]:
        if entry["isRetransmission"]:
            continue
        message = Message(entry["text"])
        if message.status:
            words.append(str(message.status))
        else:
            given = "+credentials" if message["Authorization"] or message["Proxy-Authorization"] else ""
            words.append(f"{message.method}({message.expires}){given}")
    return words


def sleep_until(deadline):
    """Sleeps until the instant of time.monotonic(), when it is still to come."""
    left = deadline - time.monotonic()
    if left > 0:
        time.sleep(left)
