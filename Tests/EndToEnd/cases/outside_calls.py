"""Requests outside any call: what is malformed, not allowed, or asks what the switch can do."""
import os

from harness.checks import expect, expect_equal
from harness.datagrams import ask, request
from harness.test import case

CUSTOMER, STRANGER = "127.0.0.2", "127.0.0.9"


def status(answer):
    """First line of an answer, and nothing else."""
    return answer.split("\r\n")[0] if answer else None


@case("a malformed request gets 400 with a reason phrase that says what is wrong")
def malformed(test):
    test.start_switch()
    good = request("INVITE")
    broken = {
        "CSeq of another method": good.replace("CSeq: 1 INVITE", "CSeq: 1 BYE"),
        "no number in CSeq": good.replace("CSeq: 1 INVITE", "CSeq: x INVITE"),
        "negative Content-Length": good.replace("Content-Length: 0", "Content-Length: -5"),
        "body shorter than Content-Length": good.replace("Content-Length: 0", "Content-Length: 100"),
        "two values of CSeq": good.replace("CSeq: 1 INVITE", "CSeq: 1 INVITE\nCSeq: 2 INVITE"),
    }
    phrases = {}
    for name, text in broken.items():
        line = status(ask(text, CUSTOMER)) or "no answer"
        expect(line.startswith("SIP/2.0 400 "), f"{name}: {line}")
        phrases[name] = line[len("SIP/2.0 400 "):]
    vague = {name: phrase for name, phrase in phrases.items() if phrase == "Bad Request" or len(phrase) < 8}
    expect(not vague, f"the reason phrase says nothing: {vague}")
    test.records(0)


@case("OPTIONS is answered with what the switch can do")
def options(test):
    test.start_switch()
    answer = ask(request("OPTIONS"), CUSTOMER)
    expect_equal(status(answer), "SIP/2.0 200 OK", "answer to OPTIONS")
    for field in ("Allow: INVITE", "Accept: application/sdp", "Supported: 100rel"):
        expect("\r\n" + field in answer, f"the answer has no {field}")
    # A vendor may ask, too.
    expect_equal(status(ask(request("OPTIONS", call_id="two@example.net", source="127.0.0.3"), "127.0.0.3")), "SIP/2.0 200 OK", "answer to a vendor's OPTIONS")


@case("methods that the switch does not offer get 405 with Allow, requests of unknown calls 481")
def not_allowed(test):
    test.start_switch()
    for method in ("REFER", "SUBSCRIBE", "PUBLISH", "REGISTER", "FROBNICATE"):
        answer = ask(request(method, call_id=method), CUSTOMER)
        expect_equal(status(answer), "SIP/2.0 405 Method Not Allowed", f"answer to {method}")
        expect("\r\nAllow: INVITE" in answer, f"the 405 to {method} has no Allow")
    for method in ("BYE", "INFO", "UPDATE"):
        answer = ask(request(method, call_id="unknown").replace("To: <sip:+14155550199@127.0.0.1>", "To: <sip:b@127.0.0.1>;tag=zz"), CUSTOMER)
        expect((status(answer) or "").startswith("SIP/2.0 481 "), f"answer to {method} of an unknown call: {status(answer)}")
    test.records(0)


@case("a stranger gets 403 for everything, and nothing with SS_REPLY_UNAUTHORIZED off")
def stranger(test):
    test.start_switch()
    for method in ("INVITE", "OPTIONS", "REGISTER"):
        line = status(ask(request(method, call_id=method, source=STRANGER), STRANGER))
        expect((line or "").startswith("SIP/2.0 403 "), f"answer to a stranger's {method}: {line}")
    test.switch.succeed("param", "set", "SS_REPLY_UNAUTHORIZED", "Off")
    for text in (request("OPTIONS", source=STRANGER), request("OPTIONS", source=STRANGER).replace("CSeq: 1", "CSeq: x"), "\n\n", "x" * 500):
        expect_equal(ask(text, STRANGER, seconds=0.5), None, "answer to a stranger")


@case("an INVITE without hops left is refused with 483")
def no_hops(test):
    test.start_switch()
    answer = ask(request("INVITE").replace("Max-Forwards: 70", "Max-Forwards: 0"), CUSTOMER)
    expect_equal(status(answer), "SIP/2.0 483 Too Many Hops", "answer")


@case("every message of RFC 4475 and 5118 leaves the switch serving calls")
def torture(test):
    test.start_switch()
    folder = os.path.join(os.path.dirname(__file__), "..", "..", "SIPMessagesTests", "Torture")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".sip"))
    expect(len(names) >= 49, f"only {len(names)} messages in {folder}")
    for source in (CUSTOMER, STRANGER):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                ask(file.read(), source, seconds=0.02)
    expect_equal(status(ask(request("OPTIONS"), CUSTOMER)), "SIP/2.0 200 OK", "answer to OPTIONS afterwards")
    test.expect_clean_log()
