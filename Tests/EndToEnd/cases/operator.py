"""What an operator does: documents, parameters, records, hanging up, health, metrics, the token."""
import json
import os
import subprocess
import time

from harness.checks import expect, expect_equal, wait_until
from harness.scenario import (
    Scenario, answer, call_begun, call_taken, callee, callee_is_hung_up, caller, caller_hangs_up, caller_is_hung_up, linger, pause, receive,
    refused_with)
from harness.test import CARRIER, CUSTOMER, case

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "..", "examples")
REFUSED, USAGE, FAILED = 4, 2, 1


def refused(test, documents, *holds, code=REFUSED):
    """Applying these documents must fail, say all of `holds`, and change nothing."""
    before = test.switch.succeed("export")
    done = test.switch.command("apply", "-f", "-", text=documents)
    expect_equal(done.returncode, code, f"exit code ({done.stderr.strip()})")
    for text in holds:
        expect(text in done.stderr, f"the message does not say {text!r}: {done.stderr.strip()}")
    expect_equal(test.switch.succeed("export"), before, "the objects after a refused document")


@case("a wrong document changes nothing and names line, field, rule and remedy")
def wrong_documents(test):
    test.start_switch()
    good = 'kind: MappingGateway\nname: customer-b\naddresses: ["192.0.2.7"]\n---\n'
    refused(test, good + 'kind: RoutingGateway\nname: x\naddresses: ["no_where"]\nprefixes: [""]\n', ":7:", "addresses[0]", "no_where")
    refused(test, good + 'kind: RoutingGateway\nname: x\nadresses: ["192.0.2.9"]\nprefixes: [""]\n', ":7:", "adresses", "did you mean", "addresses")
    refused(test, good + "kind: MapingGateway\nname: x\n", ":5:", "MapingGateway", "did you mean", "MappingGateway")
    refused(test, "kind: Parameter\nname: SS_SIP_TIMEOUT_INVITE\nvalue: 0\n", ":3:", "value", "3600")
    refused(test, "kind: Parameter\nname: SS_SIP_TIMEOUT_INVIT\nvalue: 5\n", ":2:", "SS_SIP_TIMEOUT_INVITE")
    refused(test, "kind: [\n", ":")
    expect_equal(test.switch.command("apply", "-f", test.folder + "/missing.yaml").returncode, FAILED, "exit code for a missing file")
    expect_equal(test.switch.command("apply").returncode, USAGE, "exit code without -f")


@case("a dry run shows the difference and changes nothing; the same document twice changes nothing")
def dry_run(test):
    test.start_switch()
    before = test.switch.succeed("export")
    change = CARRIER.replace("priority: 10", "priority: 30")
    shown = test.switch.succeed("apply", "-f", "-", "--dry-run", text=change)
    expect("priority" in shown and "30" in shown and "carrier-x" in shown, f"the difference is not shown: {shown}")
    expect_equal(test.switch.succeed("export"), before, "the objects after a dry run")
    revision = test.switch.statistics()["configurationRevision"]
    test.switch.apply(CUSTOMER + "---\n" + CARRIER)
    expect_equal(test.switch.statistics()["configurationRevision"], revision, "the revision after the same document")


@case("what is exported can be applied to another switch and gives the same")
def export_and_apply(test):
    test.start_switch(CUSTOMER, CARRIER, SS_SIP_TIMEOUT_RINGING=50)
    exported = test.switch.succeed("export")
    for kind, name in (("MappingGateway", "customer-a"), ("RoutingGateway", "carrier-x")):
        test.switch.succeed("delete", kind, name)
    test.switch.succeed("param", "reset", "SS_SIP_TIMEOUT_RINGING")
    expect("customer-a" not in test.switch.succeed("export"), "the gateway was not deleted")
    test.switch.apply(exported)
    expect_equal(test.switch.succeed("export"), exported, "the objects after applying the export")


@case("the examples apply as they are")
def examples(test):
    test.start_switch()
    for name in sorted(os.listdir(EXAMPLES)):
        if name != "tandem.yaml":
            test.switch.succeed("apply", "-f", os.path.join(EXAMPLES, name))
            test.switch.succeed("diff", "-f", os.path.join(EXAMPLES, name))


@case("parameters are shown, set, refused outside their range, and reset")
def parameters(test):
    test.start_switch()
    switch = test.switch

    def value():
        return json.loads(switch.succeed("param", "get", "SS_SIP_TIMEOUT_INVITE", "-o", "json"))["value"]
    expect_equal(value(), 10, "default")
    switch.succeed("param", "set", "SS_SIP_TIMEOUT_INVITE", "7")
    expect_equal(value(), 7, "value that was set")
    expect_equal(switch.command("param", "set", "SS_SIP_TIMEOUT_INVITE", "0").returncode, REFUSED, "exit code outside the range")
    expect_equal(switch.command("param", "set", "SS_SIP_TIMEOUT_INVITE", "soon").returncode, REFUSED, "exit code for a word")
    expect(switch.command("param", "get", "SS_NO_SUCH").returncode != 0, "an unknown parameter was shown")
    expect_equal(value(), 7, "value after refusals")
    switch.stop()
    switch.start()
    expect_equal(value(), 7, "value after a restart")
    switch.succeed("param", "reset", "SS_SIP_TIMEOUT_INVITE")
    expect_equal(value(), 10, "value after reset")
    names = [item["name"] for item in json.loads(switch.succeed("param", "list", "-o", "json"))]
    expect("SS_SIP_RESEND_INTERVAL" in names and "SS_REPLY_UNAUTHORIZED" in names, f"param list shows {names}")


@case("a new route is in force for the next call, without a restart")
def route_changes(test):
    test.start_switch(CUSTOMER, CARRIER.replace('prefixes: [""]', 'prefixes: ["+49"]'))
    test.switch.apply(CARRIER)
    b = test.callee(callee_is_hung_up())
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    test.record(duration=(0.25, 1.5), endReason="normalClearing")


@case("hangup ends both legs of a call with BYE")
def hangup(test):
    test.start_switch()
    b = test.callee(callee_is_hung_up())
    a = test.caller(caller_is_hung_up())
    test.switch.wait_for_calls(1, 5, "the call is up")
    time.sleep(0.2)
    test.switch.succeed("hangup", test.switch.calls()[0]["id"])
    test.finish(a, b)
    record = test.record(duration=(0.1, 3), endReason="hungUpByOperator", endedBy="server")
    expect_equal(test.switch.command("hangup", record["id"]).returncode, FAILED, "exit code for a call that is over")


@case("hangup ends a call that is still ringing: CANCEL to the callee, 480 to the caller")
def hangup_ringing(test):
    test.start_switch()
    b = test.callee(Scenario(
        "callee rings", callee.receive_invite(), callee.ringing(), receive("CANCEL"), answer(200, "OK"),
        callee.refused(487, "Request Terminated"), receive("ACK"), linger()))
    a = test.caller(refused_with(480))
    call = wait_until(lambda: [call for call in test.switch.calls() if call["state"] == "ringing"] or None, 5, "a call rings")[0]
    test.switch.succeed("hangup", call["id"])
    test.finish(a, b)
    test.record(endReason="hungUpByOperator", endedBy="server", callerStatus=480, attempts=("abandoned",))


@case("records come newest first, as many as asked for, by filter, and one by its identifier")
def records(test):
    test.start_switch()
    b = test.callee(callee_is_hung_up(), calls=3)
    a = test.caller(caller_hangs_up(), calls=3, rate=5)
    test.finish(a, b)
    stored = test.records(3)
    times = [record["startTime"] for record in stored]
    expect_equal(times, sorted(times, reverse=True), "order of the records")
    expect_equal([record["id"] for record in test.switch.records(limit=2)], [record["id"] for record in stored[:2]], "the two newest")
    shown = json.loads(test.switch.succeed("cdrs", "show", stored[1]["id"], "-o", "json"))
    expect_equal(shown, stored[1], "the record shown by its identifier")

    def found(*filters):
        return len(json.loads(test.switch.succeed("cdrs", "-o", "json", *filters)))
    expect_equal(found("--end-reason", "normalClearing", "--mapping-gateway", "customer-a"), 3, "records by reason and gateway")
    expect_equal(found("--end-reason", "calleeBusy"), 0, "records with another reason")
    expect_equal(found("--callee", "+1415555"), 3, "records by prefix of the callee")
    expect_equal(test.switch.command("cdrs", "--limit", "0").returncode, USAGE, "exit code of --limit 0")
    page = test.switch.rest("GET", "/api/v1/cdrs?limit=2").json
    rest = test.switch.rest("GET", f"/api/v1/cdrs?limit=2&before={page['next']}").json
    expect_equal([item["id"] for item in page["items"] + rest["items"]], [record["id"] for record in stored], "two pages")
    for output in ("table", "csv", "yaml"):
        expect(stored[0]["id"] in test.switch.succeed("cdrs", "-o", output), f"-o {output} does not show the record")
    decision = stored[0]["decision"]
    expect("carrier-x" in json.dumps(decision) and "customer-a" in json.dumps(decision), f"the decision names no gateway: {decision}")


@case("health and metrics tell the truth, and without the token there is 401")
def health_and_token(test):
    test.start_switch()
    switch = test.switch
    for path in ("/api/v1/health/live", "/api/v1/health/ready", "/api/v1/openapi.json"):
        expect_equal(switch.rest("GET", path, token=None).status, 200, f"status of {path} without token")
    for path in ("/api/v1/calls", "/api/v1/cdrs", "/api/v1/objects", "/api/v1/statistics", "/metrics"):
        for token in (None, "wrong"):
            said = switch.rest("GET", path, token=token)
            expect_equal(said.status, 401, f"status of {path} with token {token}")
        expect_equal(switch.rest("GET", path).status, 200, f"status of {path} with the token")
    expect_equal(switch.rest("GET", "/api/v1/calls", token=None).headers["Content-Type"], "application/problem+json", "type of a problem")
    said = switch.rest("POST", "/api/v1/apply", "kind: MappingGateway\nname: thief\naddresses: [\"192.0.2.1\"]\n", token=None)
    expect_equal(said.status, 401, "status of apply without token")
    expect("thief" not in switch.succeed("export"), "apply without token changed something")
    expect_equal(os.stat(os.path.join(switch.folder, "data", "management.token")).st_mode & 0o077, 0, "rights of others on the token file")

    b = test.callee(Scenario("callee holds", *call_taken(), receive("BYE"), callee.ok(), linger()))
    a = test.caller(Scenario("caller holds", *call_begun(), pause(1), caller.bye(), receive(200), linger()))
    switch.wait_for_calls(1, 5, "the call is up")
    metrics = dict(line.rsplit(" ", 1) for line in switch.rest("GET", "/metrics").body.splitlines() if line and line[0] != "#")
    expect_equal((metrics["tandem_calls"], metrics["tandem_calls_received_total"]), ("1", "1"), "calls in the metrics")
    test.finish(a, b)
    test.record(duration=(0.8, 3), endReason="normalClearing")


@case("a change with an old revision is refused, so that no change is lost")
def revisions(test):
    test.start_switch()
    path = "/api/v1/objects/RoutingGateway/carrier-x"
    tag = test.switch.rest("GET", path).headers["ETag"]
    body = 'addresses: ["127.0.0.3:5070"]\nprefixes: [""]\npriority: {}\n'
    first = test.switch.rest("PUT", path, body.format(20), headers={"If-Match": tag})
    second = test.switch.rest("PUT", path, body.format(30), headers={"If-Match": tag})
    expect_equal((first.status, second.status), (200, 412), "statuses of two changes from the same revision")
    expect_equal(test.switch.rest("GET", path).json["priority"], 20, "priority")
    said = test.switch.rest("PUT", path, 'addresses: ["127.0.0.3:99999"]\n')
    expect_equal((said.status, said.json["errors"][0]["field"]), (422, "addresses[0]"), "problem of a wrong address")


@case("a second switch on the same ports ends with a message, and a wrong boot file names line and remedy")
def failing_starts(test):
    test.start_switch()
    second = test.switch.command("serve", seconds=20)
    expect(second.returncode != 0, "a second switch started")
    expect("5060" in second.stderr or "data" in second.stderr, f"the message names neither port nor folder: {second.stderr.strip()[-300:]}")
    wrong = os.path.join(test.folder, "wrong.yaml")
    with open(wrong, "w", encoding="utf-8") as file:
        file.write("node: x\nsip:\n  lisen: [\"udp://127.0.0.1:5061\"]\n")
    done = subprocess.run([test.options.program, "serve", "--config", wrong], capture_output=True, text=True, timeout=20, check=False)
    expect_equal(done.returncode, REFUSED, "exit code for a wrong boot file")
    expect(":3:" in done.stderr and "did you mean" in done.stderr and "listen" in done.stderr, f"message: {done.stderr.strip()}")


@case("tandem demo --once shows a call's ladder and record within ten seconds")
def demo(test):
    began = time.monotonic()
    done = subprocess.run([test.options.program, "demo", "--once"], capture_output=True, text=True, timeout=30, check=False, cwd=test.folder)
    expect_equal(done.returncode, 0, f"exit code ({done.stderr.strip()[-300:]})")
    expect(time.monotonic() - began < 10, f"the demo took {time.monotonic() - began:.1f} s")
    for text in ("INVITE", "183", "200", "ACK", "BYE", "normalClearing"):
        expect(text in done.stdout, f"the demo does not show {text}: {done.stdout[-600:]}")
