"""`tandem explain` says what would become of a call, and the record of the call then says the same."""
import json

from harness.checks import expect, expect_equal
from harness.scenario import CALLER_NUMBER, callee_is_hung_up, caller_hangs_up
from harness.sipp import CALLER
from harness.test import case
from harness.vendors import VENDOR_HOST, Scripted, customer, gateway, group, number_group, refused, tried

CARRIED = (VENDOR_HOST, 5201)


def explained(switch, source, callee, caller=CALLER_NUMBER):
    """The decision about a call that is not made."""
    shown = json.loads(switch.succeed("explain", "--from", source, "--caller", caller, "--callee", callee, "-o", "json"))
    return shown.get("decision", shown)


def before_the_call(decision):
    """A stored decision as it was before the gateways were tried."""
    return [
        (entry["kind"], entry["name"], entry["prefix"], entry["priority"],
         "waiting" if entry["verdict"] in ("tried", "answered", "notNeeded") else entry["verdict"]) for entry in decision["candidates"]]


def expect_same(said, stored, number):
    """The explanation and the decision of the record agree on all that both can know."""
    expect_equal(before_the_call(stored), before_the_call(said), f"candidates of the call to {number}")
    expect_equal(stored["numbers"], said["numbers"], f"numbers of the call to {number}")
    expect_equal(stored.get("refusal"), said.get("refusal"), f"refusal of the call to {number}")
    for part in ("kind", "name"):
        expect_equal(stored["origin"][part], said["origin"][part], f"{part} of the origin of the call to {number}")
    expect_equal(stored["configurationRevision"], said["configurationRevision"], "revision of the configuration")
    sent = {entry["name"]: (entry.get("caller"), entry.get("callee")) for entry in said["candidates"]}
    for entry in stored["candidates"]:
        if entry["verdict"] in ("tried", "answered"):
            expect_equal((entry.get("caller"), entry.get("callee")), sent[entry["name"]], f"numbers sent to {entry['name']} for {number}")


@case("tandem explain and the decision stored with the call agree: rewrites, every candidate, its verdict; refusals too")
def explain(test):
    Scripted(test, (VENDOR_HOST, 5200))
    switch = test.start_switch(
        group("one"), number_group("barred", "+14155550799"),
        customer(
            "customer-a", CALLER[0], calleeRewrite='["00=+"]', callerRewrite='["+1415=1415"]', routingGatewayGroups="{deny: [one]}",
            calleeNumberGroups="{deny: [barred]}"),
        customer("customer-locked", "127.0.0.12", locked="true"),
        gateway("carrier-long", (VENDOR_HOST, 5200), prefixes=["+1415555070"], calleeRewrite='["+1=1"]', callerRewrite='["1415=415"]'),
        gateway("carrier-answers", CARRIED, prefixes=["+1415"], priority=5),
        gateway("carrier-spare", (VENDOR_HOST, 5202), prefixes=["+1415"], priority=6),
        gateway("carrier-grouped", (VENDOR_HOST, 5200), prefixes=["+1"], gatewayGroups="[one]"),
        gateway("carrier-locked", (VENDOR_HOST, 5200), prefixes=["+1"], locked="true"),
        gateway("carrier-short", (VENDOR_HOST, 5200), prefixes=["+1"], calleeLengths="[5]"),
        gateway("carrier-protect", (VENDOR_HOST, 5200), prefixes=["+1"], protectRoute="true"))
    numbers = {"0014155550701": 200, "+14155550799": 403, "+4930555": 404}
    said = {number: explained(switch, "customer-a", number) for number in numbers}
    said["+14155550733"] = explained(switch, "customer-locked", "+14155550733")
    expect_equal(switch.statistics()["callsReceived"], 0, "calls that explaining made")

    b = test.callee(callee_is_hung_up(), address=CARRIED)
    peers = [
        test.caller(caller_hangs_up() if status == 200 else refused(status), number=number, address=(CALLER[0], 5062 + index))
        for index, (number, status) in enumerate(numbers.items())]
    peers.append(test.caller(refused(403), number="+14155550733", address=("127.0.0.12", 5062)))
    test.finish(b, *peers)
    records = {record["callee"]: record for record in test.records(4)}
    for number, record in records.items():
        expect_same(said[number], record["decision"], number)
    expect_equal(tried(records["0014155550701"]), ["carrier-long", "carrier-answers"], "gateways tried")
    verdicts = {entry["name"]: entry["verdict"] for entry in said["0014155550701"]["candidates"]}
    expect_equal(
        verdicts, {"carrier-long": "waiting", "carrier-answers": "waiting", "carrier-spare": "waiting", "carrier-grouped": "groupNotAllowed",
                   "carrier-locked": "locked", "carrier-short": "calleeLength", "carrier-protect": "waiting"}, "verdicts that explain shows")
    expect_equal(said["+14155550799"]["refusal"], "calleeGroup", "refusal that explain shows")
    for words in (("explain", "--from", "customer-a", "--caller", CALLER_NUMBER, "--callee", "0014155550701"),
                  ("cdrs", records["0014155550701"]["id"], "--explain")):
        text = switch.succeed(*words)
        for word in ("customer-a", "+14155550701", "carrier-long", "carrier-grouped", "carrier-protect"):
            expect(word in text, f"tandem {' '.join(words[:1])} does not show {word}: {text[:300]}")
    unknown = switch.command("explain", "--from", "customer-x", "--caller", "1", "--callee", "2")
    expect(unknown.returncode != 0 and "customer-x" in unknown.stderr, f"explain for an unknown customer said {unknown.stderr!r}")
