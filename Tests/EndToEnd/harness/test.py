"""What a test is given: a switch, peers, and the records that must be there afterwards."""
import json
import os
import time

from . import sipp as sipp_peers
from .checks import expect, expect_between, expect_equal, wait_until
from .switch import USUAL_LISTENERS, Switch

CASES = []

CUSTOMER = 'kind: MappingGateway\nname: customer-a\naddresses: ["127.0.0.2"]\n'
CARRIER = 'kind: RoutingGateway\nname: carrier-x\naddresses: ["127.0.0.3:5070"]\nprefixes: [""]\npriority: 10\n'
SECOND_CARRIER = 'kind: RoutingGateway\nname: carrier-y\naddresses: ["127.0.0.4:5070"]\nprefixes: [""]\npriority: 20\n'


def case(name):
    """Makes a function a test with this sentence as its name."""
    def register(function):
        CASES.append((name, function))
        return function
    return register


class Options:
    """What the person who runs the tests has chosen."""

    def __init__(self, program, load_seconds, fuzz_datagrams):
        self.program, self.load_seconds, self.fuzz_datagrams = program, load_seconds, fuzz_datagrams


class Test:
    """One run of one test, in its own folder. Ends everything that it started."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.switch = None
        self.peers = []
        self.others = []
        self.notes = []

    def note(self, text):
        """Something to tell the reader although the test passed."""
        self.notes.append(text)

    # The switch

    def start_switch(self, *gateways, listeners=USUAL_LISTENERS, shards=None, boot="", **parameters):
        """Starts a switch with these gateways (a customer and a carrier unless given) and parameters. `boot`: further
        lines of its boot file."""
        self.switch = Switch(self.options.program, os.path.join(self.folder, "switch"), listeners, shards, boot)
        self.switch.start()
        documents = list(gateways or (CUSTOMER, CARRIER))
        documents += [f"kind: Parameter\nname: {name}\nvalue: {value}\n" for name, value in parameters.items()]
        self.switch.apply("---\n".join(documents))
        return self.switch

    # Peers

    def callee(self, scenario, **how):
        return self._started(sipp_peers.start_callee(self._peer_folder(scenario), scenario, **how))

    def caller(self, scenario, **how):
        return self._started(sipp_peers.start_caller(self._peer_folder(scenario), scenario, **how))

    def keep(self, peer):
        """Something else that is to end with the test: it has a `discard`."""
        self.others.append(peer)
        return peer

    def _peer_folder(self, scenario):
        return os.path.join(self.folder, f"{len(self.peers) + 1}-{scenario.name.replace(' ', '-')}")

    def _started(self, peer):
        self.peers.append(peer)
        return peer

    def finish(self, *peers, seconds=20):
        """Waits until these peers have done their whole scenario."""
        end = time.monotonic() + seconds
        for peer in peers:
            peer.wait(max(1, end - time.monotonic()))

    # What must be there afterwards

    def records(self, count, seconds=5):
        """Exactly `count` records, newest first, no call up, and nothing wrong in the log."""
        wait_until(lambda: not self.switch.calls(), seconds, "tandem calls shows none")
        self.switch.settle()
        limit = count + 100
        wait_until(lambda: len(self.switch.records(limit)) >= count, seconds, f"tandem cdrs shows {count} records", every=0.2)
        records = self.switch.records(limit)
        expect_equal(len(records), count, "number of records")
        expect_equal(len({record["id"] for record in records}), count, "number of different records")
        self.expect_clean_log()
        return records

    def record(self, duration=None, attempts=("answered",), **fields):
        """Exactly one record, with these values; `duration` bounds durationMilliseconds in seconds."""
        record = self.records(1)[0]
        self._keep("record.json", record)
        for name, wanted in fields.items():
            expect_equal(record[name], wanted, f"{name} of the record")
        expect_equal([attempt["outcome"] for attempt in record["attempts"]], list(attempts), "outcomes of the attempts")
        if duration is None:
            expect_equal(record["durationMilliseconds"], 0, "durationMilliseconds of a call without answer")
            expect_equal(record["answerTime"], None, "answerTime of a call without answer")
        else:
            expect_between(record["durationMilliseconds"], duration[0] * 1000, duration[1] * 1000, "durationMilliseconds")
            expect(record["startTime"] <= record["answerTime"] <= record["endTime"], "the instants of the record are out of order")
        return record

    def _keep(self, name, value):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)

    def expect_clean_log(self):
        """The switch runs, and has logged no error."""
        expect(self.switch.is_running, f"the switch ended with code {self.switch.process.returncode}")
        errors = [line for line in self.switch.log().splitlines() if " error " in line or " critical " in line]
        # Hummingbird says this of connections that are open when the switch is told to stop.
        errors = [line for line in errors if "Waiting on child channel: CancellationError" not in line]
        expect(not errors, f"the switch logged: {errors[:3]}")

    def close(self):
        for peer in self.peers:
            peer.discard()
        if self.switch:
            self.switch.discard()
        for other in self.others:
            other.discard()
