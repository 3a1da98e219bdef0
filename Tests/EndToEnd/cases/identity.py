"""How a caller is shown to each vendor, where numbers are read from, what a caller hears of ringing, and where messages go.

One call is tried at vendors that all refuse it, so each of them gets its own INVITE for the same caller.
"""
import socket

from harness.checks import expect, expect_equal
from harness.messages import Message, response
from harness.scenario import (
    CALLER_NUMBER, Scenario, answer, callee, callee_hangs_up, caller, linger, pause, receive, sdp)
from harness.sipp import CALLEE, CALLER, SWITCH, written
from harness.test import CARRIER, CUSTOMER, case
from harness.vendors import VENDOR_HOST, OtherCaller, Scripted, customer, gateway, refused

NUMBER = "+14155550701"
ASSERTED = '"Asserted" <sip:+14155550171@customer.example.net>'
PREFERRED = "<sip:+14155550172@customer.example.net>"
REMOTE = '"Remote" <sip:+14155550173@customer.example.net>;party=calling;privacy=off'
DIVERTED = "<sip:+14155550174@customer.example.net>;reason=unconditional"
HISTORY = "<sip:+14155550175@customer.example.net>;index=1"
FIELDS = (f"P-Asserted-Identity: {ASSERTED}", f"P-Preferred-Identity: {PREFERRED}", f"Remote-Party-ID: {REMOTE}", "Privacy: id;critical",
          f"Diversion: {DIVERTED}", f"History-Info: {HISTORY}")
OUR_IDENTITY = f"<sip:{CALLER_NUMBER}@{written(SWITCH)}>"


def vendors(test, **gateways):
    """A vendor for each set of fields, by name, in this order of priority; and their documents."""
    peers, documents = {}, []
    for place, (name, fields) in enumerate(gateways.items()):
        name = name.replace("_", "-")
        peers[name] = Scripted(test, (VENDOR_HOST, 5200 + place))
        documents.append(gateway(name, peers[name].address, priority=place, **fields))
    return peers, documents


def shown(peer, *names):
    """The fields of the one INVITE that a vendor got last."""
    invite = peer.requests()[-1]
    return {name: invite[name] for name in names}


@case("From, display, Privacy, P-Asserted-Identity, P-Preferred-Identity, Remote-Party-ID, Diversion and History-Info as each gateway is set")
def headers(test):
    peers, documents = vendors(
        test, usual={}, passes={"sipPAssertedIdentity": "passThrough", "sipPPreferredIdentity": "passThrough", "sipRemotePartyId": "true"},
        ours={"sipPAssertedIdentity": "caller", "sipPPreferredIdentity": "caller", "sipPrivacy": "id"},
        silent={"sipDisplay": "false", "sipPrivacy": '"off"', "passDiversion": "false", "passHistoryInfo": "false"},
        open={"sipPrivacy": '"none"', "callerRewrite": f'["{CALLER_NUMBER}=4155550100"]'})
    test.start_switch(customer("customer-a", CALLER[0], trusted="true"), customer("customer-b", "127.0.0.12"), *documents)
    a = test.caller(refused(503, *FIELDS), number=NUMBER)
    test.finish(a)
    names = ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Privacy", "Diversion", "History-Info")

    def expect_shown(name, display, number, *values):
        expect_equal(shown(peers[name], *names), dict(zip(names, values)), f"identity that gateway {name} is shown")
        value = peers[name].requests()[-1]["From"]
        expect(value.startswith(f"{display}<sip:{number}@{SWITCH[0]}"), f"From towards gateway {name} is {value}")
    privacy = "id;critical"
    expect_shown("usual", '"Alice" ', CALLER_NUMBER, "", "", "", privacy, DIVERTED, HISTORY)
    expect_shown("passes", '"Alice" ', CALLER_NUMBER, ASSERTED, PREFERRED, REMOTE, privacy, DIVERTED, HISTORY)
    expect_shown("ours", '"Alice" ', CALLER_NUMBER, OUR_IDENTITY, OUR_IDENTITY, "", "id", DIVERTED, HISTORY)
    expect_shown("silent", "", CALLER_NUMBER, "", "", "", "", "", "")
    expect_shown("open", '"Alice" ', "4155550100", "", "", "", "none", DIVERTED, HISTORY)

    # A customer who is not trusted, hidden behind an anonymous From: its assertion is not passed on, and it stays hidden.
    hidden = OtherCaller("anonymous", '"Anonymous"')
    hidden.FROM = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=a[pid]-[call_number]'
    test.finish(test.caller(refused(503, *FIELDS, side=hidden), number=NUMBER, address=("127.0.0.12", 5062)))
    invite = peers["passes"].requests()[-1]
    expect_equal(invite["P-Asserted-Identity"], "", "assertion of a customer that is not trusted")
    expect(invite["From"].startswith('"Anonymous" <sip:anonymous@anonymous.invalid>'), f"From of a hidden caller is {invite['From']}")
    expect("privacy=full" in invite["Remote-Party-ID"], f"Remote-Party-ID of a hidden caller is {invite['Remote-Party-ID']}")
    expect(CALLER[0] not in invite.text.partition("\r\n\r\n")[0], "the customer's address stands in a header field")

    for value, display in (("Caller", f'"{CALLER_NUMBER}" '), ("None", "")):
        test.switch.succeed("param", "set", "SS_SIP_E164_DISPLAY_FROM", value)
        test.finish(test.caller(refused(503), number=NUMBER))
        sent = peers["usual"].requests()[-1]["From"]
        expect(sent.startswith(f"{display}<sip:{CALLER_NUMBER}@"), f"From with SS_SIP_E164_DISPLAY_FROM {value} is {sent}")
    test.records(4)


@case("To keeps the dialled number with SS_SIP_ROUTING_GATEWAY_INVITE_USE_CONTACT, and has the vendor's without")
def use_contact(test):
    peers, documents = vendors(test, carrier={"calleeRewrite": '["+1=001"]'})
    test.start_switch(CUSTOMER, *documents)
    for value, number in (("Off", "0014155550701"), ("On", NUMBER)):
        test.switch.succeed("param", "set", "SS_SIP_ROUTING_GATEWAY_INVITE_USE_CONTACT", value)
        test.finish(test.caller(refused(503), number=NUMBER))
        invite = peers["carrier"].requests()[-1]
        expect(f"sip:0014155550701@{VENDOR_HOST}" in invite.uri, f"the request line is for {invite.uri}")
        expect(f"sip:{number}@" in invite["To"], f"To with the parameter {value} is {invite['To']}")
    test.records(2)


@case("the callee is read from request line, To or Diversion, the caller from From, display, Remote-Party-ID, PAI or PPI")
def number_sources(test):
    Scripted(test, (VENDOR_HOST, 5200))
    settings = {
        "127.0.0.21": ({"callerSource": "from"}, CALLER_NUMBER, NUMBER), "127.0.0.22": ({"callerSource": "remotePartyID"}, "+14155550173", NUMBER),
        "127.0.0.23": ({"callerSource": "pAssertedIdentity"}, "+14155550171", NUMBER),
        "127.0.0.24": ({"callerSource": "pPreferredIdentity"}, "+14155550172", NUMBER),
        "127.0.0.25": ({"callerSource": "display"}, "4155550176", NUMBER),
        "127.0.0.26": ({"calleeSource": "to"}, CALLER_NUMBER, "+14155550702"),
        "127.0.0.27": ({"calleeSource": "diversion"}, CALLER_NUMBER, "+14155550174")}
    test.start_switch(
        *(customer(f"customer-{source[-2:]}", source, **fields) for source, (fields, _, _) in settings.items()),
        gateway("carrier-x", (VENDOR_HOST, 5200)))
    callers = []
    for source in settings:
        side = OtherCaller(CALLER_NUMBER, '"4155550176"') if source.endswith("25") else OtherCaller(CALLER_NUMBER)
        side.TO = "<sip:+14155550702@[remote_ip]:[remote_port]>"
        callers.append(test.caller(refused(503, *FIELDS, side=side), number=NUMBER, address=(source, 5062)))
    test.finish(*callers)
    records = {record["mappingGateway"]: record for record in test.records(len(settings))}
    for source, (fields, from_number, to_number) in settings.items():
        record = records[f"customer-{source[-2:]}"]
        expect_equal((record["caller"], record["callee"]), (from_number, to_number), f"numbers with {fields}")
        expect_equal(record["attempts"][0]["calleeSent"], to_number, f"callee sent with {fields}")


@case("ring-back: a vendor's 180 and 183 with SDP reach the caller as they are, as 183 or as 180")
def ringback(test):
    def vendor(name, status, reason):
        return Scenario(
            name, callee.receive_invite(), callee.trying(), callee.provisional(status, reason, body=sdp(version=5)), pause(0.2), callee.answered(),
            receive("ACK"), receive("BYE"), callee.ok(), linger(0.3))

    def hears(status, name):
        return Scenario(
            name, caller.invite(), receive(100, optional=True), receive(status, holds=["m=audio", "RTP/AVP 8 101"]), caller.receive_answer(),
            caller.ack(), pause(0.1), caller.bye(), receive(200), linger(0.3))
    wanted = {"127.0.0.21": ("passThrough", {180: 180, 183: 183}), "127.0.0.22": ("sessionProgress", {180: 183, 183: 183}),
              "127.0.0.23": ("ringing", {180: 180, 183: 180})}
    test.start_switch(
        *(customer(f"customer-{mode.lower()}", source, ringback=mode) for source, (mode, _) in wanted.items()),
        gateway("carrier-180", (VENDOR_HOST, 5200), prefixes=["+180"]), gateway("carrier-183", (VENDOR_HOST, 5201), prefixes=["+183"]))
    peers = [
        test.callee(vendor("vendor rings with SDP", 180, "Ringing"), address=(VENDOR_HOST, 5200), calls=3),
        test.callee(vendor("vendor plays early media", 183, "Session Progress"), address=(VENDOR_HOST, 5201), calls=3)]
    for source, (mode, heard) in wanted.items():
        for place, (sent, status) in enumerate(heard.items()):
            peers.append(test.caller(hears(status, f"caller {mode} of {sent}"), number=f"+{sent}5550701", address=(source, 5062 + place)))
    test.finish(*peers)
    test.records(6)


class Phone:
    """A caller whose messages leave by one address, while its Via and its Contact name others, each on a host of its own.

    It hears at the source, and for Via and Contact both at what they name and at their port on the source's host.
    """

    def __init__(self, host, via_host, contact_host):
        self.host, self.via_host, self.contact_host = host, via_host, contact_host
        self.sockets = {"source": self._socket(host)}
        for name, other in (("via", via_host), ("contact", contact_host)):
            self.sockets[name] = self._socket(other)
            self.sockets[f"{name}Port"] = self._socket(host, self.port(name))

    @staticmethod
    def _socket(host, port=0):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, port))
        made.settimeout(3)
        return made

    def port(self, name):
        return self.sockets[name].getsockname()[1]

    def send(self, method, target, to, body=""):
        mark = f"m{self.port('source')}"
        text = "\r\n".join([
            f"{method} {target} SIP/2.0", f"Via: SIP/2.0/UDP {self.via_host}:{self.port('via')};branch=z9hG4bK{mark}{method}", "Max-Forwards: 70",
            f"From: <sip:{CALLER_NUMBER}@{self.host}>;tag={mark}", f"To: {to}", f"Call-ID: {mark}@{self.host}", f"CSeq: 1 {method}",
            f"Contact: <sip:{CALLER_NUMBER}@{self.contact_host}:{self.port('contact')}>",
            *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}", "", body])
        self.sockets["source"].sendto(text.encode(), SWITCH)

    def confirm(self, request):
        """200 to a request of the switch."""
        self.sockets["source"].sendto(response(request, 200, "OK").encode(), SWITCH)

    def receive(self, name):
        """The next message at one of the addresses that is no provisional answer; nothing when none comes."""
        while True:
            try:
                message = Message(self.sockets[name].recv(65535).decode())
            except TimeoutError:
                return None
            if not 100 <= message.status < 200:
                return message

    def discard(self):
        for one in self.sockets.values():
            one.close()


DESCRIPTION = "\r\n".join([
    "v=0", "o=- 1 1 IN IP4 127.0.0.21", "s=-", "c=IN IP4 127.0.0.21", "t=0 0", "m=audio 4000 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", ""])


@case("responses and requests within a call go where replyAddress and requestAddress say")
def address_modes(test):
    modes = {"127.0.0.21": ("source", "source"), "127.0.0.22": ("viaPort", "contactPort"), "127.0.0.23": ("via", "contact")}
    test.start_switch(
        *(customer(f"customer-{source[-2:]}", source, replyAddress=reply, requestAddress=request) for source, (reply, request) in modes.items()),
        CARRIER)
    b = test.callee(callee_hangs_up(0.2), calls=len(modes))
    to = f"<sip:{NUMBER}@{SWITCH[0]}>"
    for source, (reply, request) in modes.items():
        phone = test.keep(Phone(source, f"127.0.1.{source[-2:]}", f"127.0.2.{source[-2:]}"))
        phone.send("INVITE", f"sip:{NUMBER}@{written(SWITCH)}", to, DESCRIPTION)
        answered = phone.receive(reply)
        expect(answered is not None and answered.status == 200, f"with replyAddress {reply} no 200 came there, but {answered}")
        phone.send("ACK", answered.contact_uri, answered["To"])
        bye = phone.receive(request)
        expect(bye is not None and bye.method == "BYE", f"with requestAddress {request} no BYE came there, but {bye}")
        phone.confirm(bye)
    test.finish(b)
    test.records(len(modes))


@case("a vendor's requestAddress: BYE goes where its messages come from, though its Contact is elsewhere")
def vendor_address(test):
    elsewhere = Scenario(
        "callee with a Contact elsewhere", callee.receive_invite(), callee.ringing(),
        answer(200, "OK", "Contact: <sip:callee@127.0.0.99:5099>", body=sdp(), tag=callee.TAG), receive("ACK"), receive("BYE"), callee.ok(), linger(0.3))
    test.start_switch(CUSTOMER, gateway("carrier-x", CALLEE, requestAddress="source"))
    b = test.callee(elsewhere)
    a = test.caller(Scenario(
        "caller hangs up", caller.invite(), receive(100, optional=True), receive(180, optional=True), caller.receive_answer(), caller.ack(), pause(0.3),
        caller.bye(), receive(200), linger(0.3)))
    test.finish(a, b)
    test.record(duration=(0.2, 1.5), endReason="normalClearing", endedBy="caller")
