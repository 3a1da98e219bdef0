"""Several calls at the same time through one switch, each between a caller and a carrier of its own.

Session timers and limits need real seconds, and calls that wait for theirs together need them only once. Each pair has
its own called number, which is also the prefix of its carrier; the caller's address may differ, too.
"""
import re

from .checks import expect, expect_between, expect_equal
from .sipp import CALLEE, CALLER
from .test import CUSTOMER


class Pair:
    """One call. `gateway`: further lines of its routing gateway's document. `source`: the host that calls.

    `record`: fields that its record must have, and `duration` its bounds in seconds.
    """

    def __init__(self, caller, callee, gateway="", source=CALLER[0], duration=None, **record):
        self.caller_scenario, self.callee_scenario, self.gateway, self.source = caller, callee, gateway, source
        self.duration, self.expected = duration, record
        self.number, self.caller, self.callee, self.record = "", None, None, None

    def carrier(self):
        return (f'kind: RoutingGateway\nname: carrier-{self.number[-2:]}\naddresses: ["{self.callee_address[0]}:{self.callee_address[1]}"]\n'
                f'prefixes: ["{self.number}"]\npriority: 10\n{self.gateway}')

    @property
    def index(self):
        return int(self.number[-2:])

    @property
    def callee_address(self):
        return CALLEE[0], CALLEE[1] + self.index

    @property
    def rule(self):
        """The rule that ended the call, from its record."""
        return self.record["decision"]["rule"]

    def expect_hung_up(self, reason):
        """Both sides got one BYE from the switch, with this Reason."""
        for peer in (self.caller, self.callee):
            byes = [message for _, message in peer.received("BYE")]
            expect_equal(len(byes), 1, f"BYEs that '{peer.scenario.name}' got")
            expect(re.search(reason, byes[0]["Reason"]), f"the Reason of the BYE to '{peer.scenario.name}' is {byes[0]['Reason']!r}, not {reason}")


class Pairs:
    """All of them, on a switch that is started here. `customers`: documents of the mapping gateways."""

    def __init__(self, test, *pairs, customers=(CUSTOMER,), **parameters):
        self.test, self.pairs = test, pairs
        for index, pair in enumerate(pairs):
            pair.number = f"+141555502{index:02}"
        test.start_switch(*customers, *(pair.carrier() for pair in pairs), **parameters)

    def start(self, *pairs):
        """Starts the peers of these pairs (of all unless given); the callers call at once."""
        for pair in pairs or self.pairs:
            pair.callee = self.test.callee(pair.callee_scenario, address=pair.callee_address)
        for pair in pairs or self.pairs:
            pair.caller = self.test.caller(pair.caller_scenario, address=(pair.source, CALLER[1] + pair.index), number=pair.number)

    def finish(self, seconds):
        """Waits until every peer has done its scenario; then there is exactly one record for each call, as expected."""
        self.test.finish(*(peer for pair in self.pairs for peer in (pair.caller, pair.callee)), seconds=seconds)
        records = {record["callee"]: record for record in self.test.records(len(self.pairs))}
        for pair in self.pairs:
            name = pair.caller_scenario.name
            expect(pair.number in records, f"'{name}' has no record")
            pair.record = records[pair.number]
            for field, wanted in pair.expected.items():
                expect_equal(pair.record[field], wanted, f"{field} of the record of '{name}'")
            if pair.duration:
                low, high = pair.duration
                expect_between(pair.record["durationMilliseconds"], low * 1000, high * 1000, f"durationMilliseconds of '{name}'")

    def run(self, seconds):
        self.start()
        self.finish(seconds)
