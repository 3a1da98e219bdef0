"""Which gateways a call is tried at, and in which order: prefixes, priority, load, capacity, groups, rates, live addresses.

Vendors that refuse every call show the order: the attempts of a record are the gateways in the order in which they were
tried, and its decision has a verdict for each of the others.
"""
import json

from harness.checks import expect, expect_equal, wait_until
from harness.datagrams import ask, request
from harness.messages import Message
from harness.nameserver import NAME_SERVER, NameServer, address, service
from harness.scenario import Scenario, call_begun, call_taken, callee, caller, linger, pause, receive
from harness.sipp import CALLER, SWITCH, written
from harness.test import CUSTOMER, case
from harness.vendors import (
    VENDOR_HOST, Scripted, ask_record, customer, gateway, group, refused, seconds_between, tried, verdicts_of)

REFUSES = (VENDOR_HOST, 5200)
BUSY = (VENDOR_HOST, 5201)
SHORT_RESEND = '"0.3,0.6"'


class Route:
    """One call: who calls which number, where it is to be tried, in order, and the verdicts on others."""

    def __init__(self, what, number, gateways, source=CALLER[0], status=503, **verdicts):
        self.what, self.number, self.gateways, self.source, self.status = what, number, gateways, source, status
        self.verdicts = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}

    def check(self, record):
        expect_equal(tried(record), self.gateways, f"gateways tried ({self.what})")
        found = verdicts_of(record)
        for name, verdict in self.verdicts.items():
            expect_equal(found.get(name), verdict, f"verdict on {name} ({self.what})")


def run_routes(test, *routes):
    """All calls at the same time; then each record is as expected."""
    callers = [
        test.caller(refused(route.status), number=route.number, address=(route.source, CALLER[1] + index)) for index, route in enumerate(routes)]
    test.finish(*callers, seconds=20)
    records = {record["callee"]: record for record in test.records(len(routes))}
    for route in routes:
        expect(route.number in records, f"no record of the call to {route.number} ({route.what})")
        route.check(records[route.number])
    return records


@case("longest prefix, prefix style, priority, protect routes, locks, groups, number filters, periods, and nothing back to its source")
def order(test):
    Scripted(test, REFUSES)

    def carrier(name, *prefixes, **fields):
        return gateway(name, REFUSES, prefixes=[f"+14155550{prefix}" for prefix in prefixes], **fields)
    longest = Route("longest prefix first, whatever its priority", "+141555504111", ["prefix-c", "prefix-b", "prefix-a"])
    ends = Route("a gateway of style terminate ends the search", "+14155550421", ["ends-b", "ends-c"], ends_a="searchTerminated")
    priority = Route("lower priority number first, then the name", "+14155550430", ["order-b", "order-a", "order-c"])
    protect = Route("a protect route comes last", "+14155550440", ["normal", "protect"])
    locked = Route("a locked gateway is left out", "+14155550450", ["open"], locked="locked")
    allowed = Route(
        "a customer that may use one group", "+14155550460", ["group-one"], source="127.0.0.12", group_two="groupNotAllowed",
        group_none="groupNotAllowed")
    denied = Route(
        "a customer that may not use one group", "+14155550461", ["group-none", "group-two"], source="127.0.0.13", group_one="groupNotAllowed")
    every = Route("a customer without filter", "+14155550462", ["group-none", "group-one", "group-two"])
    numbers = Route(
        "prefixes and lengths of numbers", "+14155550470", ["takes"], caller_denied="callerPrefix", caller_other="callerPrefix",
        callee_denied="calleePrefix", too_short="calleeLength")
    barred = Route("a period that bars, and one with another priority", "+14155550480", ["period-b", "period-a"], period_c="periodBarred")
    returned = Route("nothing goes back to where it came from", "+14155550490", ["elsewhere"], there="sameAsSource")
    nobody = Route("only gateways that cannot be used", "+14155550500", [], status=503, only="locked")
    # The caller of this route calls from the address of the gateway `there`.
    routes = (longest, ends, priority, protect, locked, allowed, denied, every, numbers, barred, returned, nobody)
    back = (CALLER[0], CALLER[1] + routes.index(returned))
    test.start_switch(
        CUSTOMER, group("one"), group("two"), customer("customer-one", "127.0.0.12", routingGatewayGroups="{allow: [one]}"),
        customer("customer-not-one", "127.0.0.13", routingGatewayGroups="{deny: [one]}"),
        carrier("prefix-a", "41", priority=1), carrier("prefix-b", "411", priority=5), carrier("prefix-c", "4111", priority=9),
        carrier("ends-a", "42", priority=1), carrier("ends-b", "421", prefixStyle="terminate"), carrier("ends-c", "421", priority=20),
        carrier("order-a", "430", priority=20), carrier("order-b", "430", priority=10), carrier("order-c", "430", priority=20),
        carrier("protect", "440", protectRoute="true"), carrier("normal", "44"),
        carrier("locked", "450", locked="true"), carrier("open", "450"),
        carrier("group-one", "46", gatewayGroups="[one]"), carrier("group-two", "46", priority=20, gatewayGroups="[two]"),
        carrier("group-none", "46", priority=5),
        carrier("takes", "470", calleeLengths="[12]", callerPrefixes='["+1415"]'),
        carrier("caller-denied", "470", callerPrefixes='{deny: ["+1415"]}'),
        carrier("caller-other", "470", callerPrefixes='["+44"]'), carrier("callee-denied", "470", calleePrefixes='{deny: ["+141555504"]}'),
        carrier("too-short", "470", calleeLengths='["3-11"]'),
        carrier("period-a", "480", priority=10), carrier("period-b", "480", priority=20, periods="[{priority: 5}]"),
        carrier("period-c", "480", priority=1, periods="[{barred: true}]"),
        gateway("there", back, prefixes=["+14155550490"], priority=1), carrier("elsewhere", "490"),
        carrier("only", "500", locked="true"))
    records = run_routes(test, *routes)
    prefixes = {entry["name"]: entry["prefix"] for entry in records[longest.number]["decision"]["candidates"]}
    expect_equal(prefixes, {"prefix-a": "+1415555041", "prefix-b": "+14155550411", "prefix-c": "+141555504111"}, "prefixes by which they matched")


@case("a protect route is left out once SS_TRY_PROTECT_ROUTE_DELAY is over; without a normal gateway it is tried at once")
def protect_delay(test):
    Scripted(test, REFUSES)
    silent = Scripted(test, BUSY)
    silent.is_alive = False
    test.start_switch(
        CUSTOMER, gateway("slow", silent.address, prefixes=["+14155550441"], timeoutInvite=2),
        gateway("protect", REFUSES, prefixes=["+1415555044"], protectRoute="true"), SS_TRY_PROTECT_ROUTE_DELAY=1)
    run_routes(
        test, Route("every normal gateway failed too late", "+14155550441", ["slow"], status=408, protect="protectDelayOver"),
        Route("no normal gateway", "+14155550442", ["protect"]))


def holding(calls_held):
    """The caller and the callee of a call that is held for so many seconds."""
    return (
        Scenario("caller holds", *call_begun(), pause(calls_held), caller.bye(), receive(200), linger(0.3)),
        Scenario("callee holds", *call_taken(0), receive("BYE", seconds=20), callee.ok(), linger(0.3)))


@case("capacity, load ratio, group lines, reserved lines and calls per second, counted from live calls; the next gateway takes over")
def limits(test):
    # Each has one place; the call that holds it is called by the same number as the one that comes second.
    holds = {}
    held_caller, held_callee = holding(4)
    documents = [CUSTOMER, group("lines", capacity=1), group("reserve", capacity=3), group("paced", callsPerSecond=1),
                 customer("customer-one", "127.0.0.12", capacity=1), customer("customer-paced", "127.0.0.13", callsPerSecond=1),
                 customer("customer-group", "127.0.0.14", gatewayGroups="[own]"), group("own", capacity=1)]

    def holder(name, prefix, port, **fields):
        holds[name] = (VENDOR_HOST, port)
        documents.append(gateway(name, holds[name], prefixes=[prefix], **fields))

    def spare(name, prefix, **fields):
        documents.append(gateway(name, REFUSES, prefixes=[prefix], **fields))
    Scripted(test, REFUSES)
    holder("full-a", "+14155550410", 5210, capacity=1)
    spare("full-b", "+14155550410", priority=20)
    holder("line-a", "+14155550420", 5211, gatewayGroups="[lines]")
    spare("line-b", "+14155550420", priority=15, gatewayGroups="[lines]")
    spare("line-c", "+14155550420", priority=20)
    holder("keep-a", "+14155550430", 5212, gatewayGroups="[reserve]", capacity=1)
    spare("keep-b", "+14155550430", priority=15, gatewayGroups="[reserve]", reservedLines=3)
    spare("keep-c", "+14155550430", priority=20, gatewayGroups="[reserve]", reservedLines=2)
    # Both are free at first, and the name decides; then one of two is in use, and of the other none of ten.
    holder("load-a", "+14155550440", 5213, capacity=2)
    spare("load-b", "+14155550440", capacity=10, switchStopCodes="[503]")
    holder("customer-x", "+14155550450", 5214)
    holder("customer-y", "+14155550460", 5215)
    spare("rate-a", "+14155550470", callsPerSecond=1)
    spare("rate-b", "+14155550470", priority=20)
    spare("rate-x", "+14155550480")
    spare("paced-a", "+14155550490", gatewayGroups="[paced]")
    spare("paced-b", "+14155550490", priority=20)
    test.start_switch(*documents)

    sources = {"customer-x": "127.0.0.12", "customer-y": "127.0.0.14"}
    numbers = {"full-a": "410", "line-a": "420", "keep-a": "430", "load-a": "440", "customer-x": "450", "customer-y": "460"}
    callees = [test.callee(held_callee, address=place) for place in holds.values()]
    callers = [
        test.caller(held_caller, number=f"+14155550{numbers[name]}1", address=(sources.get(name, CALLER[0]), 5100 + index))
        for index, name in enumerate(holds)]
    test.switch.wait_for_calls(len(holds), 8, "all places are taken")
    second = [
        test.caller(refused(503), number=f"+14155550{number}2", address=(source, 5130 + index))
        for index, (number, source) in enumerate(
            [("410", CALLER[0]), ("420", CALLER[0]), ("430", CALLER[0]), ("440", CALLER[0]), ("450", "127.0.0.12"), ("460", "127.0.0.14")])]
    # Two calls at the same instant, as far as sipp can.
    paced = [
        test.caller(refused(503), number=f"+14155550{number}", calls=2, rate=100, address=(source, 5160 + index))
        for index, (number, source) in enumerate([("4703", CALLER[0]), ("4803", "127.0.0.13"), ("4903", CALLER[0])])]
    test.finish(*second, *paced, *callers, *callees, seconds=25)
    # A call beyond a customer's rate is counted and leaves no record.
    records = test.records(len(holds) + len(second) + 2 * len(paced) - 1)
    by_number = {record["callee"]: record for record in records}

    def check(number, gateways, reason=None, **verdicts):
        record = by_number[f"+14155550{number}"]
        expect_equal(tried(record), gateways, f"gateways tried for {number}")
        if reason:
            expect_equal(record["endReason"], reason, f"endReason for {number}")
        found = verdicts_of(record)
        for name, verdict in verdicts.items():
            expect_equal(found.get(name.replace("_", "-")), verdict, f"verdict on {name} for {number}")
    check("4102", ["full-b"], full_a="full")
    check("4202", ["line-c"], line_a="groupFull", line_b="groupFull")
    check("4302", ["keep-c"], keep_a="full", keep_b="linesReserved")
    check("4402", ["load-b"], load_a="notNeeded")
    check("4502", [], "capacityReached")
    check("4602", [], "capacityReached")
    expect_equal(by_number["+141555504502"]["decision"]["refusal"], "full", "refusal of a customer at its capacity")
    expect_equal(by_number["+141555504602"]["decision"]["refusal"], "groupFull", "refusal of a customer whose group is full")

    def both(number):
        """The two calls that came at once, the first one first."""
        found = sorted((record for record in records if record["callee"] == f"+14155550{number}"), key=lambda record: record["startTime"])
        expect(seconds_between(found[0]["startTime"], found[1]["startTime"]) < 0.9, f"sipp made the calls to {number} too far apart")
        return found
    first, next_one = both("4703")
    expect_equal((tried(first), tried(next_one)), (["rate-a", "rate-b"], ["rate-b"]), "gateways of two calls within a second")
    expect_equal(verdicts_of(next_one)["rate-a"], "rateExceeded", "verdict on a gateway with one call a second")
    answers = paced[1].messages().count("SIP/2.0 503 Too Many Calls")
    expect_equal((answers, tried(by_number["+141555504803"])), (1, ["rate-x"]), "refusals of a paced customer, and where its other call went")
    first, next_one = both("4903")
    expect_equal(verdicts_of(next_one)["paced-a"], "groupRateExceeded", "verdict on a gateway whose group has one call a second")


@case("an OPTIONS check moves calls to the address that answers, takes the gateway out when none does, and brings it back")
def options_check(test):
    first, second = Scripted(test, REFUSES, 486, "Busy Here"), Scripted(test, BUSY, 486, "Busy Here")
    first.is_alive = False
    switch = test.start_switch(
        CUSTOMER, gateway("carrier-x", REFUSES, BUSY, optionsCheck="true"), SS_SIP_OPTIONS_CHECK_PERIOD=5, SS_SIP_RESEND_INTERVAL=SHORT_RESEND)
    numbers = iter(range(401, 500))

    def attempted(status, wanted, what):
        """Calls until they go where they are to go."""
        def once():
            number = f"+14155550{next(numbers)}"
            peer = test.caller(refused(503 if status == 503 else 486, name="caller asks"), number=number)
            peer.process.wait(10)
            return [attempt["address"] for attempt in ask_record(switch, number)["attempts"]] == wanted
        wait_until(once, 12, what, every=0.5)
    wait_until(lambda: first.peer.requests or second.requests("OPTIONS"), 8, "OPTIONS come")
    attempted(486, [written(BUSY)], "calls go to the address that answers OPTIONS")
    went = len(first.requests())
    attempted(486, [written(BUSY)], "further calls go there, too")
    expect_equal(len(first.requests()), went, "INVITEs at the address that does not answer")
    second.is_alive = False
    attempted(503, [], "the gateway is out of use when no address answers")
    first.is_alive = True
    attempted(486, [written(REFUSES)], "the gateway is back at the address that answers now")
    checks = first.requests("OPTIONS")
    expect(len({message["Call-ID"] for message in checks}) >= 2, "OPTIONS came once only")
    expect(not test.switch.calls(), "calls are left")
    test.expect_clean_log()


@case("a gateway's host name is looked up by SRV, and its addresses are tried by priority")
def host_names(test):
    names = test.keep(NameServer({
        "carrier.example.net": [], "_sip._udp.carrier.example.net": [service(10, 0, REFUSES[1], "a.example.net")],
        "a.example.net": [address(REFUSES[0])]}))
    vendor = Scripted(test, REFUSES)
    switch = test.start_switch(
        CUSTOMER, gateway("carrier-x", "carrier.example.net"), boot=f'dns:\n  servers: ["{written(NAME_SERVER)}"]\n')

    def usable():
        shown = json.loads(switch.succeed(
            "explain", "--from", "customer-a", "--caller", "+14155550100", "--callee", "+14155550401", "-o", "json"))
        return verdicts_of({"decision": shown.get("decision", shown)})["carrier-x"] == "waiting"
    wait_until(usable, 8, "the name's addresses are known", every=0.3)
    test.finish(test.caller(refused(503), number="+14155550401"))
    record = test.records(1)[0]
    expect_equal([attempt["address"] for attempt in record["attempts"]], [written(REFUSES)], "addresses of the attempts")
    expect(vendor.requests(), "the vendor got no INVITE")
    expect(any(name == "_sip._udp.carrier.example.net" for name, _ in names.asked), f"no SRV record was asked for: {names.asked}")


@case("a gateway's PUBLISH limits its calls, is renewed by its entity-tag, and ends; 400, 403, 405, 412 and 423")
def publish(test):
    vendor = (VENDOR_HOST, 5220)
    switch = test.start_switch(
        CUSTOMER, gateway("carrier-p", vendor, prefixes=["+1"], allowPublish="true"), gateway("carrier-q", REFUSES, prefixes=["+1"], priority=20))
    Scripted(test, REFUSES)
    number = 0

    def say(*fields, body="", source=VENDOR_HOST):
        """The status and the entity-tag of the answer to a PUBLISH."""
        nonlocal number
        number += 1
        fields = ["Event: presence", *fields, *(["Content-Type: application/x-tandem-capacity"] if body else [])]
        text = request("PUBLISH", uri=f"sip:capacity@{SWITCH[0]}", call_id=f"publish-{number}@example.net", source=source, fields=fields)
        answer = ask(text.replace("Content-Length: 0\n\n", f"Content-Length: {len(body)}\n\n{body}"), source)
        expect(answer is not None, f"PUBLISH {number} was not answered")
        message = Message(answer)
        return message.status, message["SIP-ETag"]

    def published():
        return next(entry for entry in json.loads(switch.succeed("gateways", "-o", "json")) if entry["name"] == "carrier-p")["publishedCapacity"]
    status, tag = say(body="capacity=1")
    expect_equal((status, published()), (200, 1), "answer to the first PUBLISH, and the capacity shown")
    held_caller, held_callee = holding(3)
    b = test.callee(held_callee, address=vendor)
    a = test.caller(held_caller, number="+14155550510")
    switch.wait_for_calls(1, 8, "the published place is taken")
    second = test.caller(refused(503), number="+14155550511", address=(CALLER[0], 5180))
    test.finish(second)
    expect_equal(say(f"SIP-If-Match: {tag}", "Expires: 10")[0], 423, "answer to a lifetime that is too short")
    status, renewed = say(f"SIP-If-Match: {tag}", "Expires: 60")
    expect_equal(status, 200, "answer to a refresh")
    expect(renewed != tag, "a refresh got the entity-tag of before")
    expect_equal(say(f"SIP-If-Match: {tag}")[0], 412, "answer to an entity-tag that is over")
    expect_equal(say()[0], 400, "answer to a publication without a body")
    expect_equal(say(body="capacity=1", source="127.0.0.41")[0], 403, "answer to a stranger")
    expect_equal(say(body="capacity=5", source=CALLER[0])[0], 405, "answer to a customer")
    expect_equal(say(f"SIP-If-Match: {renewed}", "Expires: 0")[0], 200, "answer to the end of the publication")
    expect_equal(published(), None, "capacity shown after the end of the publication")
    test.finish(a, b)
    records = {record["callee"]: record for record in test.records(2)}
    expect_equal(verdicts_of(records["+14155550511"])["carrier-p"], "publishedFull", "verdict on a gateway whose published capacity is used up")
    expect_equal(tried(records["+14155550511"]), ["carrier-q"], "gateways tried meanwhile")
