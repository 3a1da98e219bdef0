"""Numbers on their way: dial plans on both sides, black and white lists, and numbers that the switch bars by itself."""
import json
import os
import sqlite3
import time
from contextlib import closing

from harness.checks import expect, expect_equal, wait_until
from harness.scenario import CALLER_NUMBER, Scenario, call_taken, callee, caller, linger, pause, receive
from harness.sipp import CALLER
from harness.test import CUSTOMER, case
from harness.vendors import VENDOR_HOST, OtherCaller, Scripted, ask_record, customer, gateway, number_group, refused, tried, verdicts_of

VENDOR = (VENDOR_HOST, 5200)
SECOND = (VENDOR_HOST, 5201)
THIRD = (VENDOR_HOST, 5202)


def seen_by(vendor, number):
    """Request line, To and From of the INVITE that a vendor got, without our own address."""
    found = [message for message in vendor.requests() if f"sip:{number}@" in message.uri]
    expect(found, f"no INVITE for {number} came: {[message.uri for message in vendor.requests()]}")
    return found[-1]


@case("dial plans: the customer's before routing, the vendor's towards it; longest match, *, ?, $, length tests, several targets")
def dial_plans(test):
    vendor = Scripted(test, VENDOR)
    test.start_switch(
        customer(
            "customer-a", CALLER[0], callerRewrite=f'["{CALLER_NUMBER}=4155550100"]',
            calleeRewrite='["00=", "0044=44", "0044/L9=999", "025=", "9??=$$1", "77*=33"]'),
        customer("customer-b", "127.0.0.12", calleeRewrite='["*=555001|555002"]'),
        gateway("carrier-x", VENDOR, callerRewrite='["415=1415"]', calleeRewrite='["44=0044", "33=330"]'))
    plans = {
        # dialled: routed, sent
        "004420794600": ("4420794600", "004420794600"), "0044207": ("999207", "999207"), "0014155550199": ("14155550199",) * 2,
        "02584316146": ("84316146",) * 2, "7712345": ("33", "330"),
        "912345": ("911345",) * 2}
    callers = [
        test.caller(refused(503), number=number, address=(CALLER[0], CALLER[1] + index)) for index, number in enumerate(plans)]
    several = test.caller(refused(503), number="31205550100", address=("127.0.0.12", 5062), calls=12, rate=40)
    test.finish(*callers, several)
    records = test.records(len(plans) + 12)
    by_number = {record["callee"]: record for record in records}
    for dialled, (routed, sent) in plans.items():
        record = by_number[dialled]
        expect_equal(record["calleeNumbers"], {"received": dialled, "routed": routed, "sent": sent}, f"callee numbers of {dialled}")
        expect_equal(
            record["callerNumbers"], {"received": CALLER_NUMBER, "routed": "4155550100", "sent": "14155550100"}, f"caller numbers of {dialled}")
        invite = seen_by(vendor, sent)
        expect(f"sip:{sent}@" in invite["To"], f"To of the INVITE for {dialled} is {invite['To']}")
        expect("sip:14155550100@" in invite["From"], f"From of the INVITE for {dialled} is {invite['From']}")
        expect_equal(record["attempts"][0]["calleeSent"], sent, f"calleeSent of {dialled}")
    expect_equal(by_number["004420794600"]["decision"]["numbers"]["calleeRule"], "0044=44", "the rule that matched")
    targets = {record["calleeNumbers"]["sent"] for record in records if record["callee"] == "31205550100"}
    expect_equal(targets, {"555001", "555002"}, "targets of a rule with two of them, over twelve calls")


@case("black and white lists of customers and vendors, and the system white list that passes them")
def lists(test):
    Scripted(test, VENDOR)
    Scripted(test, SECOND)
    other, white = OtherCaller("+14155550111"), OtherCaller("+14155550122")
    test.start_switch(
        number_group("barred", CALLER_NUMBER, "+14155550122"), number_group("known", "+14155550111"), number_group("premium", "+14155550777"),
        number_group("system-white-list", "+14155550122"),
        customer("customer-black", "127.0.0.2", callerNumberGroups="{deny: [barred]}"),
        customer("customer-white", "127.0.0.12", callerNumberGroups="[known]"),
        customer("customer-callee", "127.0.0.13", calleeNumberGroups="{deny: [premium]}"),
        customer("customer-open", "127.0.0.14"),
        gateway("carrier-x", VENDOR, calleeNumberGroups="{deny: [premium]}", callerNumberGroups="{deny: [barred]}"),
        gateway("carrier-y", SECOND, priority=20))
    calls = {
        # called: source, caller, status, refusal or gateways tried
        "+14155550601": ("127.0.0.2", caller, 403, "callerGroup"), "+14155550602": ("127.0.0.2", other, 503, ["carrier-x", "carrier-y"]),
        "+14155550603": ("127.0.0.2", white, 503, ["carrier-x", "carrier-y"]), "+14155550604": ("127.0.0.12", caller, 403, "callerGroup"),
        "+14155550605": ("127.0.0.12", other, 503, ["carrier-x", "carrier-y"]), "+14155550777": ("127.0.0.13", other, 403, "calleeGroup"),
        "+14155550606": ("127.0.0.14", caller, 503, ["carrier-y"]), "+14155550607": ("127.0.0.13", other, 503, ["carrier-x", "carrier-y"])}
    callers = [
        test.caller(refused(status, side=side), number=number, address=(source, 5062 + index))
        for index, (number, (source, side, status, _)) in enumerate(calls.items())]
    test.finish(*callers)
    records = {record["callee"]: record for record in test.records(len(calls))}
    for number, (source, _, _, wanted) in calls.items():
        decision = records[number]["decision"]
        found = tried(records[number]) if isinstance(wanted, list) else decision.get("refusal")
        expect_equal(found, wanted, f"gateways tried, or refusal, of {number} from {source}")
    expect_equal(verdicts_of(records["+14155550606"])["carrier-x"], "callerGroup", "verdict on a gateway whose black list has the caller")


@case("dynamic black lists: a malicious caller, one with too many calls at once, a callee that never answers; expiry, and the white list")
def dynamic_lists(test):
    Scripted(test, VENDOR, 480, "Temporarily Unavailable")
    Scripted(test, THIRD, 480, "Temporarily Unavailable", rings=True)
    often, white, many = OtherCaller("+14155550131"), OtherCaller("+14155550132"), OtherCaller("+14155550133")
    nobody = "+14155550698"
    switch = test.start_switch(
        CUSTOMER, number_group("system-white-list", "+14155550132"), gateway("carrier-x", VENDOR),
        gateway("carrier-held", SECOND, prefixes=["+14155550650"]),
        gateway("carrier-rings", THIRD, prefixes=[nobody]),
        SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL=60, SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT=6,
        SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE=4, SS_BLACK_LIST_CALLER_CONCURRENT_LIMIT=2, SS_BLACK_LIST_CALLER_CONCURRENT_EXPIRE=60,
        SS_BLACK_LIST_NO_ANSWER_LIMIT=10, SS_BLACK_LIST_NO_ANSWER_PERIODS=60, SS_BLACK_LIST_NO_ANSWER_EXPIRE=60)
    ports = iter(range(5100, 5300))

    def call(side, number, status, calls=1):
        peer = test.caller(
            refused(status, side=side, name=f"caller gets {status}"), number=number, address=(CALLER[0], next(ports)), calls=calls, rate=10)
        peer.wait(15)
    call(often, "+14155550611", 480, calls=6)
    call(white, "+14155550621", 480, calls=8)
    call(often, "+14155550617", 403)
    barred = ask_record(switch, "+14155550617")
    expect_equal((barred["endReason"], barred["decision"]["refusal"]), ("numberBlacklisted", "callerBlacklisted"), "a malicious caller's call")

    call(OtherCaller("+1415555514[call_number]"), nobody, 480, calls=10)
    call(caller, nobody, 403)
    unanswered = ask_record(switch, nobody)
    expect_equal(unanswered["decision"]["refusal"], "calleeBlacklisted", "refusal of a callee that never answers")

    held = Scenario("callee holds", *call_taken(0), receive("BYE", seconds=20), callee.ok(), linger(0.3))
    b = test.callee(held, address=SECOND, calls=2)
    a = [test.caller(
        Scenario("caller holds", many.invite(), receive(100, optional=True), receive(180, optional=True), many.receive_answer(), many.ack(), pause(3),
                 many.bye(), receive(200), linger(0.3)), number="+14155550650", address=(CALLER[0], next(ports))) for _ in range(2)]
    switch.wait_for_calls(2, 8, "two calls of one caller are up")
    call(many, "+14155550651", 403)
    test.finish(b, *a)
    expect_equal(ask_record(switch, "+14155550651")["decision"]["refusal"], "callerBlacklisted", "refusal of a third call at once")
    call(many, "+14155550652", 403)
    expect_equal(ask_record(switch, "+14155550652")["decision"]["refusal"], "callerBlacklisted", "refusal while that caller is listed")

    wait_until(lambda: is_free_by_explain(switch), 6, "the malicious caller is free again", every=0.5)
    call(often, "+14155550618", 480)


def is_free_by_explain(switch):
    """What would become of a call of the malicious caller, without making one that counts."""
    shown = switch.succeed("explain", "--from", "customer-a", "--caller", "+14155550131", "--callee", "+14155550618", "-o", "json")
    return "callerBlacklisted" not in shown


@case("numbers barred by an operator, and by the switch itself, stay barred over kill -9, over a stop, and no longer than they are to")
def barred_over_restarts(test):
    Scripted(test, VENDOR, 480, "Temporarily Unavailable")
    often = OtherCaller("+14155550131")
    switch = test.start_switch(
        CUSTOMER, gateway("carrier-x", VENDOR), SS_BLACK_LIST_CALLER_MALICIOUS_CALL_CHECK_INTERVAL=60,
        SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT=3, SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE=600)
    ports = iter(range(5100, 5200))

    def call(side, number, status, calls=1):
        test.caller(
            refused(status, side=side, name=f"caller gets {status}"), number=number, address=(CALLER[0], next(ports)), calls=calls,
            rate=10).wait(15)

    def barred():
        return {(entry["side"], entry["number"]): entry["kind"] for entry in json.loads(switch.succeed("blacklist", "-o", "json"))}

    def kept():
        with closing(sqlite3.connect(os.path.join(switch.folder, "data", "config.db"))) as database:
            return database.execute("SELECT count(*) FROM barred_numbers").fetchone()[0]
    switch.succeed("blacklist", "add", "+14155550699", "--side", "callee")
    switch.succeed("blacklist", "add", "+14155550132", "--seconds", "8")
    soon = time.monotonic() + 8
    call(often, "+14155550611", 480, calls=3)
    all_three = {("callee", "+14155550699"): "calleeByHand", ("caller", "+14155550131"): "maliciousCaller", ("caller", "+14155550132"): "callerByHand"}
    expect_equal(barred(), all_three, "barred numbers")
    wait_until(lambda: kept() == 3, 5, "the barred numbers are on the disk")
    switch.kill()
    switch.start()
    expect_equal(barred(), all_three, "barred numbers after kill -9")
    call(often, "+14155550612", 403)
    call(caller, "+14155550699", 403)
    # Nothing waits for the next look at the list: a stop writes what changed.
    switch.succeed("blacklist", "remove", "+14155550699", "--side", "callee")
    switch.stop()
    time.sleep(max(0, soon - time.monotonic()))
    switch.start()
    expect_equal(barred(), {("caller", "+14155550131"): "maliciousCaller"}, "barred numbers after a removal, an end and a stop")
    call(caller, "+14155550699", 480)
    expect_equal(kept(), 1, "barred numbers on the disk")
