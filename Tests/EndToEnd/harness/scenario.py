"""sipp scenarios, put together from steps and written as XML.

A step is a message to send, one to receive, or a pause. `caller` speaks for the side that calls, `callee` for
the side that is called; what differs is how each names its dialog. The XML of every run is kept in the test's
folder, so a failure can be repeated with sipp alone.
"""
from xml.sax.saxutils import quoteattr

CALLER_NUMBER = "+14155550100"
CALLEE_NUMBER = "+14155550199"
SIPP_ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, PRACK, UPDATE"


def sdp(direction="sendrecv", version=1, connection=None, codec="8 PCMA/8000"):
    """A session description with one audio stream."""
    number, name = codec.split(" ", 1)
    return "\n".join([
        "v=0", f"o=- 3907680000 390768000{version} IN IP[media_ip_type] [media_ip]", "s=-",
        "c=" + (connection or "IN IP[media_ip_type] [media_ip]"), "t=0 0", f"m=audio [media_port] RTP/AVP {number} 101",
        f"a=rtpmap:{number} {name}", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", f"a={direction}"])


def _message(first_line, fields, body=None, kind="application/sdp"):
    lines = [first_line, *(field for field in fields if field)]
    if body is None:
        return "\n".join([*lines, "Content-Length: 0", "", ""])
    return "\n".join([*lines, f"Content-Type: {kind}", "Content-Length: [len]", "", body, ""])


class Step:
    """One element of a scenario. `name` is what later steps call it, to take over its branch."""

    def __init__(self, tag, attributes=None, text=None, actions="", name=None, branch_of=None):
        self.tag, self.attributes, self.text = tag, attributes or {}, text
        self.actions, self.name, self.branch_of = actions, name, branch_of

    def xml(self, index, places):
        attributes = "".join(f" {key}={quoteattr(str(value))}" for key, value in self.attributes.items())
        inner = self.actions
        if self.text is not None:
            text = self.text
            if self.branch_of:
                text = text.replace("[branch]", f"[branch-{index - places[self.branch_of]}]")
            inner += f"<![CDATA[\n{text}\n]]>"
        return f"  <{self.tag}{attributes}>{inner}</{self.tag}>" if inner else f"  <{self.tag}{attributes}/>"


class Scenario:
    """A name and its steps."""

    def __init__(self, name, *steps):
        self.name, self.steps = name, steps

    def xml(self):
        places = {step.name: index for index, step in enumerate(self.steps) if step.name}
        used = sorted({variable for step in self.steps for variable in VARIABLES if f'assign_to="{variable}"' in step.actions})
        reference = [f'  <Reference variables="{",".join(used)}"/>'] if used else []
        return "\n".join([
            '<?xml version="1.0" encoding="ISO-8859-1" ?>', '<!DOCTYPE scenario SYSTEM "sipp.dtd">',
            f"<scenario name={quoteattr(self.name)}>", *(step.xml(index, places) for index, step in enumerate(self.steps)),
            *reference, "</scenario>", ""])


VARIABLES = ("local", "remote", "via", "cseq", "found", "rseq")


def _ereg(pattern, variable, header=None, must=False):
    where = f'search_in="hdr" header={quoteattr(header)}' if header else 'search_in="msg"'
    check = ' check_it="true"' if must else ""
    return f'<ereg regexp={quoteattr(pattern)} {where}{check} assign_to="{variable}"/>'


# Keeps From and To of the request that opens a dialog, for a callee's own requests within it.
PARTIES = (_ereg(".*", "remote", "From:"), _ereg(".*", "local", "To:"))


def _actions(*eregs):
    return f"<action>{''.join(eregs)}</action>" if eregs else ""


def send(text, retransmit=False, name=None, branch_of=None):
    """Any message. `retransmit`: over UDP it is sent again until it is answered."""
    return Step("send", {"retrans": 500} if retransmit else {}, text, name=name, branch_of=branch_of)


def receive(what, optional=False, holds=(), seconds=None, route=False, keep=False, extra=()):
    """A request (by method) or a response (by status). `holds`: patterns that it must contain.

    `keep`: the request is kept, so that it can be answered after another one has come.
    """
    attributes = {"response": what} if isinstance(what, int) else {"request": what}
    if optional:
        attributes["optional"] = "true"
    if seconds:
        attributes["timeout"] = int(seconds * 1000)
    if route:
        attributes["rrs"] = "true"
    eregs = [_ereg(pattern, "found", must=True) for pattern in holds]
    if keep:
        eregs += [_ereg(".*", "via", "Via:"), _ereg(".*", "cseq", "CSeq:")]
    return Step("recv", attributes, actions=_actions(*extra, *eregs))


def pause(seconds=None):
    """Waits; without a time, as long as sipp's option -d says."""
    return Step("pause", {} if seconds is None else {"milliseconds": int(seconds * 1000)})


def linger(seconds=0.5):
    """Stays for a while after the end, so that a repeated request is still answered."""
    return Step("timewait", {"milliseconds": int(seconds * 1000)})


def answer_each(method, reply, until="BYE"):
    """Sends `reply` to every request of this method until another one comes; once in a scenario."""
    again, last = Step("label", {"id": "1"}), Step("label", {"id": "2"})
    end = receive(until, optional=True)
    end.attributes["next"], reply.attributes["next"] = "2", "1"
    return (again, end, receive(method), reply, last)


def answer(status, reason, *fields, body=None, tag=None, kind="application/sdp"):
    """A response to the last request. `tag`: added to its To, for those that open a dialog."""
    return send(_answer_text(status, reason, fields, body, tag, kind=kind))


def _answer_text(status, reason, fields, body=None, tag=None, to=None, kind="application/sdp"):
    """`to`: the To of the answer to the request that was kept; without it the last request is answered."""
    if to:
        head = ["Via:[$via]", "From:[$remote]", f"To: {to}", "Call-ID: [call_id]", "CSeq:[$cseq]"]
    else:
        head = ["[last_Via:]", "[last_From:]", "[last_To:]" + (f";tag={tag}" if tag else ""), "[last_Call-ID:]", "[last_CSeq:]"]
    return _message(f"SIP/2.0 {status} {reason}", [*head, *fields], body, kind)


class Side:
    """How one side names itself and the other in the requests that it sends inside the dialog."""

    def __init__(self, local, remote, contact):
        self.local, self.remote, self.contact = local, remote, contact

    def request(self, method, cseq, *fields, body=None, kind="application/sdp", retransmit=True, name=None, branch_of=None):
        """A request inside the dialog."""
        text = _message(
            f"{method} [next_url] SIP/2.0",
            ["Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport", "Max-Forwards: 70", "[routes]",
             f"From: {self.local}", f"To: {self.remote}", "Call-ID: [call_id]", f"CSeq: {cseq} {method}",
             self.contact if method in ("INVITE", "UPDATE") else "", *fields], body, kind)
        return send(text, retransmit and method != "ACK", name, branch_of)

    def ack(self, cseq=1, body=None):
        return self.request("ACK", cseq, body=body)

    def bye(self, cseq=2, *fields):
        return self.request("BYE", cseq, *fields)

    def reinvite(self, cseq, body):
        return self.request("INVITE", cseq, SIPP_ALLOW, body=body)

    def ok(self, body=None, *fields):
        """200 to a request inside the dialog."""
        return answer(200, "OK", *fields, *([self.contact] if body else []), body=body)

    def ok_until_acknowledged(self, body, *fields):
        """200 to a re-INVITE, again and again until its ACK."""
        return send(_answer_text(200, "OK", [self.contact, *fields], body), retransmit=True)

    def ok_to_kept(self):
        """200 to the request that was kept."""
        return send(_answer_text(200, "OK", [], to=self.local))


class CallerSide(Side):
    """The calling side."""

    FROM = f'"Alice" <sip:{CALLER_NUMBER}@[local_ip]:[local_port]>;tag=a[pid]-[call_number]'
    TO = "<sip:[service]@[remote_ip]:[remote_port]>"
    CONTACT = f"Contact: <sip:{CALLER_NUMBER}@[local_ip]:[local_port];transport=[transport]>"

    def __init__(self):
        super().__init__(self.FROM, self.TO + "[peer_tag_param]", self.CONTACT)

    def _opening(self, method, fields=(), body=None, to=None, retransmit=False, name=None, branch_of=None, cseq=1):
        text = _message(
            f"{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0",
            ["Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport", "Max-Forwards: 70",
             f"From: {self.FROM}", f"To: {to or self.TO}", "Call-ID: [call_id]", f"CSeq: {cseq} {method}", *fields], body)
        return send(text, retransmit, name, branch_of)

    def invite(self, *fields, body="usual", supported="100rel", allow=SIPP_ALLOW, cseq=1, name="invite"):
        """The call's INVITE; `body=None` makes it a late offer. `cseq`, `name`: of one that follows a refusal."""
        supported = f"Supported: {supported}" if supported else ""
        return self._opening(
            "INVITE", [self.CONTACT, allow, supported, "User-Agent: sipp", *fields], sdp() if body == "usual" else body,
            retransmit=True, name=name, cseq=cseq)

    def cancel(self, *fields):
        return self._opening("CANCEL", fields, retransmit=True, branch_of="invite")

    def ack_refusal(self):
        """ACK to a failure: part of the INVITE's transaction."""
        return self._opening("ACK", to=self.TO + "[peer_tag_param]", branch_of="invite")

    def receive_answer(self, holds=()):
        """The 200 to the INVITE, whose Contact and routes are followed from now on."""
        return receive(200, holds=holds, route=True)


class CalleeSide(Side):
    """The called side. It keeps From and To of the INVITE to speak inside the dialog."""

    TAG = "b[pid]-[call_number]"
    CONTACT = "Contact: <sip:callee@[local_ip]:[local_port];transport=[transport]>"

    def __init__(self):
        super().__init__("[$local];tag=" + self.TAG, "[$remote]", self.CONTACT)

    def receive_invite(self, holds=()):
        return receive("INVITE", holds=holds, route=True, keep=True, extra=PARTIES)

    def provisional(self, status, reason, *fields, body=None):
        return answer(status, reason, self.CONTACT, SIPP_ALLOW, *fields, body=body, tag=self.TAG)

    def ringing(self):
        return self.provisional(180, "Ringing")

    def trying(self):
        return answer(100, "Trying")

    def answered(self, *fields, body="usual", allow=SIPP_ALLOW):
        """200 to the INVITE, with SDP, again and again until its ACK."""
        body = sdp() if body == "usual" else body
        return send(_answer_text(200, "OK", [self.CONTACT, allow, *fields], body, to=self.local), retransmit=True)

    def refused(self, status, reason, *fields):
        """A failure for the INVITE, again and again until its ACK."""
        return send(_answer_text(status, reason, fields, to=self.local), retransmit=True)

    def reinvite_answered(self, body):
        """200 to the re-INVITE that was kept, again and again until its ACK."""
        return send(_answer_text(200, "OK", [self.CONTACT], body, to=self.local), retransmit=True)

    def reinvite_refused(self, status, reason):
        """A failure for the re-INVITE, again and again until its ACK."""
        return send(_answer_text(status, reason, []), retransmit=True)


caller = CallerSide()
callee = CalleeSide()
RECEIVE_ANSWER_STEPS = (receive(100, optional=True), receive(180, optional=True), receive(183, optional=True))


def call_begun(*fields, body="usual"):
    """The caller's usual beginning: INVITE, provisionals, 200, ACK."""
    return (caller.invite(*fields, body=body), *RECEIVE_ANSWER_STEPS, caller.receive_answer(), caller.ack())


def call_taken(seconds_of_ringing=0.1):
    """The callee's usual beginning: INVITE, 100, 180, 200, ACK."""
    return (callee.receive_invite(), callee.trying(), callee.ringing(), pause(seconds_of_ringing), callee.answered(), receive("ACK"))


def caller_hangs_up(hold=0.3):
    """A whole call of the usual kind, seen by the caller, who ends it. `hold=None`: as sipp's option -d says."""
    return Scenario("caller hangs up", *call_begun(), pause(hold), caller.bye(), receive(200), linger())


def callee_is_hung_up():
    """A whole call of the usual kind, seen by a callee who waits for the end."""
    return Scenario("callee is hung up", *call_taken(), receive("BYE"), callee.ok(), linger())


def callee_hangs_up(hold=0.3):
    return Scenario("callee hangs up", *call_taken(), pause(hold), callee.bye(1), receive(200), linger())


def caller_is_hung_up():
    return Scenario("caller is hung up", *call_begun(), receive("BYE"), caller.ok(), linger())


def refused_with(status, text_holds=()):
    """The caller's view of a call that is refused."""
    return Scenario(
        f"caller is refused with {status}", caller.invite(), *RECEIVE_ANSWER_STEPS, receive(status, holds=text_holds),
        caller.ack_refusal(), linger())


def refusing_with(status, reason, *fields):
    """A callee that refuses."""
    return Scenario(f"callee refuses with {status}", callee.receive_invite(), callee.refused(status, reason, *fields), receive("ACK"), linger())
