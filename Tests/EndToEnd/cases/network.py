"""Calls over networks that lose and double, over TCP and IPv6, and peers that fall silent."""
import re
import socket
import time

from harness.checks import expect, expect_equal
from harness.datagrams import DoublingPath, request
from harness.messages import Message, response
from harness.scenario import (
    RECEIVE_ANSWER_STEPS, Scenario, answer, call_begun, call_taken, callee, callee_hangs_up, callee_is_hung_up, caller, caller_hangs_up,
    caller_is_hung_up, linger, pause, receive)
from harness.sipp import CALLEE, CALLER, SWITCH
from harness.test import CARRIER, CUSTOMER, case

EVERYWHERE = ("udp://0.0.0.0:5060", "tcp://0.0.0.0:5060")
TCP_CARRIER = CARRIER + "transport: tcp\n"
QUICK_RESEND = "[0.2, 0.4, 0.5, 0.5]"
# What QUICK_RESEND gives in place of 64*T1: the list and one more first wait.
QUICK_GIVE_UP = 1.8


@case("60 calls survive a network that loses a tenth of all datagrams")
def lost_packets(test):
    test.start_switch()
    count = 60
    lossy = ["-lost", "10"]
    patient_callee = Scenario("lossy callee", *call_taken(), receive("BYE"), callee.ok(), linger(12))
    b = test.callee(patient_callee, calls=None, options=lossy)
    a = test.caller(
        Scenario("lossy caller", caller.invite(), *RECEIVE_ANSWER_STEPS, caller.receive_answer(), caller.ack(), pause(1), caller.bye(),
                 receive(200), linger(6)),
        calls=count, rate=20, options=lossy)
    test.finish(a, seconds=60)
    counts = a.counts()
    expect_equal((counts["passed"], counts["failed"]), (count, 0), "passed and failed calls")
    expect(counts["sent_again"] > 0, "nothing was lost, so nothing is shown")
    records = test.records(count, seconds=30)
    b.discard()
    # sipp takes a repeated 200 of its INVITE for the answer to its BYE, and repeats a lost BYE no more: where
    # ACK and BYE are both lost that way, the switch rightly gives the call up after 64*T1.
    given_up = [record for record in records if record["endReason"] == "acknowledgementMissing"]
    expect(len(given_up) <= 4, "calls whose ACK and BYE were both lost are too many")
    expect(all(record["endReason"] == "normalClearing" for record in records if record not in given_up), "a call did not end normally")
    expect(test.switch.statistics()["retransmissionsSent"] > 0, "the switch never repeated anything")


@case("calls survive a network that doubles every datagram")
def doubled_packets(test):
    count = 20
    path_of_caller, path_of_callee = ("127.0.0.12", 5062), ("127.0.0.13", 5070)
    test.start_switch(
        CUSTOMER.replace("127.0.0.2", path_of_caller[0]), CARRIER.replace("127.0.0.3", path_of_callee[0]))
    paths = [DoublingPath(path_of_caller, CALLER), DoublingPath(path_of_callee, CALLEE)]
    try:
        b = test.callee(callee_is_hung_up(), calls=count)
        a = test.caller(caller_hangs_up(), calls=count, rate=20, to=path_of_caller)
        test.finish(a, b)
    finally:
        for path in paths:
            path.close()
    expect(all(path.delivered > count * 5 for path in paths), "the calls did not take the doubling path")
    records = test.records(count)
    expect(all(record["endReason"] == "normalClearing" for record in records), "a call did not end normally")
    expect(all(len(record["attempts"]) == 1 for record in records), "a doubled INVITE made a second attempt")
    expect_equal(test.switch.statistics()["callsReceived"], count, "callsReceived")


@case("a caller that never sends ACK: both sides get BYE")
def missing_acknowledgement(test):
    test.start_switch(SS_SIP_RESEND_INTERVAL=QUICK_RESEND)
    b = test.callee(callee_is_hung_up())
    a = test.caller(Scenario(
        "caller never acknowledges", caller.invite(), *RECEIVE_ANSWER_STEPS, caller.receive_answer(), receive("BYE", seconds=10), caller.ok(),
        linger()))
    test.finish(a, b)
    test.record(
        duration=(QUICK_GIVE_UP - 0.1, QUICK_GIVE_UP + 1), endReason="acknowledgementMissing", endedBy="server", callerStatus=200, q850Cause=102)
    expect(a.messages().count("SIP/2.0 200 OK") >= 4, "the 200 was not repeated")


@case("a gateway that never answers anything is given up, and the caller gets 408")
def silent_gateway(test):
    test.start_switch(SS_SIP_TIMEOUT_INVITE=1)
    b = test.callee(Scenario("callee is silent", receive("INVITE"), pause(20)))
    a = test.caller(Scenario(
        "caller gets 408", caller.invite(), *RECEIVE_ANSWER_STEPS, receive(408, seconds=8), caller.ack_refusal(), linger()))
    test.finish(a)
    b.discard()
    test.record(endReason="gatewayTimeout", callerStatus=408, attempts=("inviteTimeout",))


@case("a callee that does not answer BYE is let go, and the record is there at once")
def unanswered_bye(test):
    test.start_switch(SS_SIP_RESEND_INTERVAL=QUICK_RESEND)
    b = test.callee(Scenario("callee ignores BYE", *call_taken(), receive("BYE"), pause(3)))
    a = test.caller(caller_hangs_up())
    test.finish(a)
    test.record(duration=(0.25, 1.5), endReason="normalClearing", endedBy="caller")
    b.discard()


def over(test, caller_transport, callee_transport, carrier, listeners=None):
    """Two calls, one ended by each side, over the given transports."""
    test.start_switch(CUSTOMER, carrier, **({"listeners": listeners} if listeners else {}))
    peers = [
        (callee_is_hung_up(), caller_hangs_up(), "caller"), (callee_hangs_up(), caller_is_hung_up(), "callee")]
    for number, (callee_scenario, caller_scenario, party) in enumerate(peers, 1):
        b = test.callee(callee_scenario, transport=callee_transport)
        a = test.caller(caller_scenario, transport=caller_transport)
        test.finish(a, b)
        record = test.records(number)[0]
        expect_equal((record["endReason"], record["endedBy"]), ("normalClearing", party), "reason and party")
        for peer in (a, b):
            expect("0.0.0.0" not in peer.messages(), f"{peer.scenario.name} was told 0.0.0.0")
        # sipp takes a moment to give its port back.
        a.discard()
        b.discard()


@case("the caller comes over TCP, the callee is reached over UDP")
def tcp_caller(test):
    over(test, "tcp", "udp", CARRIER)


@case("the caller comes over UDP, the callee is reached over TCP")
def tcp_callee(test):
    over(test, "udp", "tcp", TCP_CARRIER)


@case("both sides use TCP")
def tcp_both(test):
    over(test, "tcp", "tcp", TCP_CARRIER)


@case("a listener on 0.0.0.0 says an address that its peers can reach")
def listener_everywhere(test):
    over(test, "udp", "udp", CARRIER, EVERYWHERE)


@case("calls pass over IPv6")
def ipv6(test):
    test.start_switch(
        'kind: MappingGateway\nname: customer-a\naddresses: ["[::1]"]\n',
        'kind: RoutingGateway\nname: carrier-x\naddresses: ["[::1]:5070"]\nprefixes: [""]\n', listeners=("udp://[::1]:5060",))
    b = test.callee(callee_is_hung_up(), address=("::1", 5070))
    a = test.caller(caller_hangs_up(), address=("::1", 5062), to=("::1", 5060))
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), endReason="normalClearing", callerAddress="[::1]:5062", calleeAddress="[::1]:5070")


@case("a call passes from IPv4 to IPv6")
def ipv4_to_ipv6(test):
    test.start_switch(
        CUSTOMER, 'kind: RoutingGateway\nname: carrier-x\naddresses: ["[::1]:5070"]\nprefixes: [""]\n',
        listeners=("udp://127.0.0.1:5060", "udp://[::1]:5060"))
    b = test.callee(callee_hangs_up(), address=("::1", 5070))
    a = test.caller(caller_is_hung_up())
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), endReason="normalClearing", endedBy="callee")


@case("a gateway that answers 100 and then falls silent is cancelled for the next one")
def silence_after_trying(test):
    test.start_switch(SS_SIP_TIMEOUT_TRYING=1)
    b = test.callee(Scenario(
        "callee only tries", callee.receive_invite(), callee.trying(), receive("CANCEL", seconds=5), answer(200, "OK"),
        callee.refused(487, "Request Terminated"), receive("ACK"), linger()))
    a = test.caller(Scenario(
        "caller gets 408", caller.invite(), *RECEIVE_ANSWER_STEPS, receive(408, seconds=8), caller.ack_refusal(), linger()))
    test.finish(a, b)
    test.record(endReason="gatewayTimeout", callerStatus=408, attempts=("tryingTimeout",))


PADDING = "X-Padding: " + "1234567890" * 130


@case("an INVITE of more than 1300 bytes goes over UDP, and is counted")
def large_over_udp(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee reads a large INVITE", callee.receive_invite(["X-Padding: 12345"]), callee.ringing(), callee.answered(), receive("ACK"),
        receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario(
        "caller sends a large INVITE", *call_begun(PADDING), pause(0.2), caller.bye(), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.15, 1.5), endReason="normalClearing")
    expect(test.switch.statistics()["oversizedDatagramsSent"] >= 1, "the large datagram was not counted")


@case("an INVITE of more than 1300 bytes goes over TCP to a gateway that takes it, and the call stays there")
def large_over_tcp(test):
    test.start_switch(CUSTOMER, CARRIER + "streamForLargeRequests: true\n")
    b = test.callee(callee_is_hung_up(), transport="tcp")
    a = test.caller(Scenario(
        "caller sends a large INVITE", *call_begun(PADDING), pause(0.2), caller.bye(), receive(200), linger()))
    test.finish(a, b)
    test.record(duration=(0.15, 1.5), endReason="normalClearing")
    expect("SIP/2.0/TCP" in b.messages(), "the callee's INVITE did not say TCP")


@case("TCP: a request in many pieces, two in one piece, and a keepalive are understood")
def stream_framing(test):
    test.start_switch()
    one, two = (request("OPTIONS", call_id=call_id).replace("SIP/2.0/UDP", "SIP/2.0/TCP").replace("{port}", "5999").replace("\n", "\r\n").encode()
                for call_id in ("pieces", "together"))
    with socket.socket() as stream:
        stream.bind((CALLER[0], 0))
        stream.settimeout(5)
        stream.connect(SWITCH)
        for at in range(0, len(one), 40):
            stream.sendall(one[at:at + 40])
            time.sleep(0.01)
        expect(stream.recv(65535).startswith(b"SIP/2.0 200 "), "a request in many pieces was not answered with 200")
        stream.sendall(two + two.replace(b"together", b"together-2").replace(b"branch=z9hG4bK", b"branch=z9hG4bK2"))
        answers = b""
        while answers.count(b"SIP/2.0 200 ") < 2:
            answers += stream.recv(65535)
        stream.sendall(b"\r\n\r\n")
        expect_equal(stream.recv(16), b"\r\n", "answer to a keepalive")


class StreamCaller:
    """A caller that opens a connection for its call and listens at another port, which its Contact names."""

    def __init__(self):
        self.listener = socket.create_server((CALLER[0], 0))
        self.listener.settimeout(10)
        self.contact = f"<sip:+14155550100@{CALLER[0]}:{self.listener.getsockname()[1]};transport=tcp>"
        self.stream = socket.create_connection(SWITCH, timeout=10, source_address=(CALLER[0], 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.listener.close()

    def send(self, method, cseq, *fields, tag="", body=""):
        uri = f"sip:+14155550199@{SWITCH[0]}"
        lines = [
            f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/TCP {CALLER[0]};branch=z9hG4bKstream{cseq}{method};rport", "Max-Forwards: 70",
            f"From: <sip:+14155550100@{CALLER[0]}>;tag=streamer", f"To: <{uri}>{tag}", "Call-ID: stream@example.net",
            f"CSeq: {cseq} {method}", f"Contact: {self.contact}", *fields, f"Content-Length: {len(body)}"]
        self.stream.sendall("\r\n".join([*lines, "", body]).encode())

    @staticmethod
    def receive(stream, start):
        """The first message that begins so; all arrive one by one, since each side waits for the other."""
        held = ""
        while True:
            head, end, rest = held.partition("\r\n\r\n")
            length = int(re.search(r"Content-Length: *(\d+)", head).group(1)) if end else 0
            if end and len(rest) >= length:
                message, held = Message(head + end + rest[:length]), rest[length:]
                if message.first_line.startswith(start):
                    return message
                continue
            more = stream.recv(65535).decode()
            expect(more, f"the connection ended before a message that begins with {start}")
            held += more

    def call(self):
        """Calls, and acknowledges the answer."""
        body = f"v=0\r\no=- 1 1 IN IP4 {CALLER[0]}\r\ns=-\r\nc=IN IP4 {CALLER[0]}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
        self.send("INVITE", 1, "Content-Type: application/sdp", body=body)
        answered = self.receive(self.stream, "SIP/2.0 200 ")
        self.send("ACK", 1, tag=re.search(r";tag=[^;]+", answered["To"]).group(0))


@case("a caller whose TCP connection ends in mid-call gets the BYE by another one, at its Contact")
def connection_ends(test):
    test.start_switch()
    b = test.callee(callee_hangs_up(hold=1))
    with StreamCaller() as a:
        a.call()
        a.stream.close()
        stream, _ = a.listener.accept()
        with stream:
            stream.settimeout(5)
            bye = a.receive(stream, "BYE")
            stream.sendall(response(bye, 200, "OK").encode())
    test.finish(b)
    test.record(duration=(0.8, 3), endReason="normalClearing", endedBy="callee")
