"""Calls that may be tried at several vendors, many of them at the same time through one switch.

Each call has a called number of its own, which is also the prefix of its vendors; a vendor may be a sipp, a scripted
peer that says one thing to everybody, or an address where nobody is. What the switch decided stands in the record.
"""
from .checks import expect, expect_equal, wait_until
from .messages import response
from .scenario import Scenario, CallerSide, SIPP_ALLOW, caller, caller_hangs_up, linger, receive
from .sipp import CALLER, written
from .test import CUSTOMER
from .upstream import Upstream

VENDOR_HOST = "127.0.0.3"
FIRST_PORT = 5200
MOST_VENDORS = 4


def gateway(name, *addresses, prefixes=("",), **fields):
    """A `RoutingGateway` document; fields are written as YAML."""
    lines = ["kind: RoutingGateway", f"name: {name}", f"addresses: [{', '.join(_quoted(address) for address in addresses)}]",
             f"prefixes: [{', '.join(_quoted(prefix) for prefix in prefixes)}]"]
    return "\n".join(lines + [f"{key}: {value}" for key, value in fields.items()]) + "\n"


def customer(name, *addresses, **fields):
    """A `MappingGateway` document."""
    lines = ["kind: MappingGateway", f"name: {name}", f"addresses: [{', '.join(_quoted(address) for address in addresses)}]"]
    return "\n".join(lines + [f"{key}: {value}" for key, value in fields.items()]) + "\n"


def group(name, **fields):
    return "\n".join(["kind: GatewayGroup", f"name: {name}", *(f"{key}: {value}" for key, value in fields.items())]) + "\n"


def number_group(name, *numbers):
    return f"kind: NumberGroup\nname: {name}\nnumbers: [{', '.join(_quoted(number) for number in numbers)}]\n"


def _quoted(value):
    return f'"{written(value) if isinstance(value, tuple) else value}"'


class OtherCaller(CallerSide):
    """A caller with another number, or with a display name of its own."""

    def __init__(self, number, display='"Alice"'):
        self.FROM = f"{display} <sip:{number}@[local_ip]:[local_port]>;tag=a[pid]-[call_number]".strip()
        self.CONTACT = f"Contact: <sip:{number}@[local_ip]:[local_port];transport=[transport]>"
        super().__init__()


def refused(status, *fields, side=caller, holds=(), name=None):
    """The view of a caller that is refused, whatever it hears before."""
    return Scenario(
        name or f"caller is refused with {status}", side.invite(*fields), receive(100, optional=True), receive(180, optional=True),
        receive(183, optional=True), receive(status, holds=holds, seconds=20), side.ack_refusal(), linger(0.3))


class Scripted:
    """A vendor that answers every INVITE with the same status, and every OPTIONS while it lives. `rings`: 180 goes before."""

    def __init__(self, test, address, status=503, reason="Service Unavailable", fields=(), rings=False):
        self.address, self.status, self.reason, self.fields, self.rings = address, status, reason, fields, rings
        self.is_alive = True
        self.peer = test.keep(Upstream(self._answer, address))

    def _answer(self, message, _upstream):
        if message.method == "ACK" or not self.is_alive:
            return None
        if message.method == "INVITE":
            ringing = [response(message, 180, "Ringing", f"Contact: <sip:{written(self.address)}>")] if self.rings else []
            return [*ringing, response(message, self.status, self.reason, *self.fields)]
        return response(message, 200, "OK", SIPP_ALLOW)

    def requests(self, method="INVITE"):
        """What came, without repetitions."""
        return [received.message for received in self.peer.requests if received.message.method == method]


class Vendor:
    """A sipp behind one gateway of a call. Without a scenario nobody is there, and nobody is to be called.

    `waits`: the scenario comes to its end by itself. `gateway`: further fields of its document.
    """

    def __init__(self, scenario=None, waits=True, prefix=None, **gateway_fields):
        self.scenario, self.waits, self.prefix, self.fields = scenario, waits, prefix, gateway_fields
        self.name, self.address, self.peer = "", None, None


class VendorCall:
    """One call and its vendors, in the order of their priority. What is expected of the record:

    `outcomes` of its attempts, `stop` (the rule that ended the switching), and any fields by name.
    """

    def __init__(self, scenario, *vendors, outcomes, stop=None, source=CALLER[0], verdicts=None, **record):
        self.scenario, self.vendors, self.source = scenario or caller_hangs_up(), vendors, source
        self.outcomes, self.stop, self.verdicts, self.expected = list(outcomes), stop, verdicts or {}, record
        self.number, self.index, self.peer, self.record = "", 0, None, None

    @property
    def name(self):
        return f"call {self.index} ({', '.join(vendor.scenario.name if vendor.scenario else 'nobody' for vendor in self.vendors)})"

    @property
    def attempts(self):
        return self.record["attempts"]

    @property
    def decision(self):
        return self.record["decision"]

    def verdict(self, vendor):
        """What became of a vendor of this call, by its place."""
        return verdicts_of(self.record).get(self.vendors[vendor].name)

    def seconds(self, attempt=0):
        """How long an attempt lasted, as whole call set-up for the last one."""
        return seconds_between(self.attempts[attempt]["startTime"], self.attempts[attempt]["endTime"])


def seconds_between(begin, end):
    """Of two instants as records have them: 2026-01-31T12:00:00.123Z."""
    import datetime
    first, last = (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (begin, end))
    return (last - first).total_seconds()


def verdicts_of(record):
    """What became of each candidate of a record or an explanation, by name."""
    return {candidate["name"]: candidate["verdict"] for candidate in record["decision"]["candidates"]}


def tried(record):
    """The gateways of the attempts, in order."""
    return [attempt["gateway"] for attempt in record["attempts"]]


class VendorCalls:
    """Calls at the same time on one switch, which is started here."""

    def __init__(self, test, *calls, customers=(CUSTOMER,), documents=(), **parameters):
        self.test, self.calls = test, calls
        gateways = []
        for index, call in enumerate(calls):
            call.index, call.number = index, f"+141555503{index:02}"
            for place, vendor in enumerate(call.vendors):
                vendor.name = f"vendor-{index:02}-{'abcd'[place]}"
                vendor.address = (VENDOR_HOST, FIRST_PORT + MOST_VENDORS * index + place)
                fields = {"priority": 10 * (place + 1), **vendor.fields}
                gateways.append(gateway(vendor.name, vendor.address, prefixes=[vendor.prefix or call.number], **fields))
        test.start_switch(*customers, *documents, *gateways, **parameters)

    def start(self, *calls):
        """Starts the peers of these calls, of all unless given; the callers call at once."""
        for call in calls or self.calls:
            for vendor in call.vendors:
                if vendor.scenario and vendor.peer is None:
                    vendor.peer = self.test.callee(vendor.scenario, address=vendor.address)
        for call in calls or self.calls:
            call.peer = self.test.caller(call.scenario, address=(call.source, CALLER[1] + call.index), number=call.number)

    def finish(self, seconds):
        """Waits for all peers; then every call has one record that is as expected."""
        peers = [call.peer for call in self.calls]
        peers += [vendor.peer for call in self.calls for vendor in call.vendors if vendor.scenario and vendor.waits]
        self.test.finish(*peers, seconds=seconds)
        records = {record["callee"]: record for record in self.test.records(len(self.calls))}
        for call in self.calls:
            expect(call.number in records, f"{call.name} has no record")
            call.record = records[call.number]
            self.check(call)

    @staticmethod
    def check(call):
        expect_equal([attempt["outcome"] for attempt in call.attempts], call.outcomes, f"outcomes of {call.name}")
        expect_equal(call.decision.get("stop"), call.stop, f"stop rule of {call.name}")
        for place, wanted in call.verdicts.items():
            expect_equal(call.verdict(place), wanted, f"verdict on vendor {place} of {call.name}")
        for field, wanted in call.expected.items():
            expect_equal(call.record[field], wanted, f"{field} of {call.name}")

    def run(self, seconds=20):
        self.start()
        self.finish(seconds)


def ask_record(switch, number, seconds=5):
    """The newest record of a called number, when there is one."""
    def newest():
        return next((record for record in switch.records() if record["callee"] == number), None)
    return wait_until(newest, seconds, f"tandem cdrs shows a call to {number}", every=0.2)
