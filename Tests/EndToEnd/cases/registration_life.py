"""A registration's life at a real Kamailio: registering, renewing, changing, withdrawing, and what the operator sees of it."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

from harness.checks import expect, expect_between, expect_equal, wait_until
from harness.cut import Path
from harness.kamailio import PASSWORD, UPSTREAM, UPSTREAM_TLS, Certificate
from harness.registering import (
    GATEWAY, NAME, SOON, expect_said, expect_same_binding, ladder, registration, start_kamailio, start_registered, wait_for_binding,
    wait_for_state)
from harness.switch import Switch
from harness.test import CUSTOMER, case

PATH = ("127.0.0.6", 5090)


@case("a registration is renewed with credentials sent ahead, under one Call-ID, until it is withdrawn")
def renewed(test):
    kamailio = start_kamailio(test, lifetime=10)
    switch = start_registered(test)
    first = wait_for_binding(kamailio)
    status = switch.registrations()[NAME]
    expect_equal(status["grantedSeconds"], 10, "grantedSeconds")
    wait_until(lambda: kamailio.only_binding().cseq >= first.cseq + 2, 15, "two renewals", every=0.2)
    requests = kamailio.seen()
    expect_equal([request.has_credentials for request in requests[:2]], [False, True], "credentials of the first two REGISTERs")
    expect(all(request.has_credentials for request in requests[1:]), f"a renewal came without credentials: {requests}")
    expect_equal({request.callid for request in requests}, {first.call_id}, "Call-IDs")
    expect_equal(len({request.source for request in requests}), 1, "addresses that REGISTERs came from")
    expect_equal(requests[0].source, "127.0.0.1:5060", "address that REGISTERs came from")
    expect("+sip.instance" in requests[0].contact, f"the Contact names no instance: {requests[0].contact}")
    switch.stop()
    expect_equal(kamailio.bindings(), [], "bindings after the stop")
    last = kamailio.seen()[-1]
    expect(last.withdraws and last.has_credentials, f"the last REGISTER is {last}")
    expect_said(switch, NAME, "withdrawn")


@case("over TCP a registration stands, is renewed on the same connection, and is withdrawn on it")
def over_tcp(test):
    kamailio = start_kamailio(test, lifetime=10)
    switch = start_registered(test, transport=";transport=tcp")
    first = wait_for_binding(kamailio)
    expect("transport=tcp" in first.contact, f"the Contact is {first.contact}")
    wait_until(lambda: kamailio.only_binding().cseq > first.cseq, 10, "a renewal", every=0.2)
    switch.stop()
    expect_equal(kamailio.bindings(), [], "bindings after the stop")
    expect_equal({(request.transport, request.source) for request in kamailio.seen()}, {("tcp", kamailio.seen()[0].source)}, "connections")


def start_with_tls(test, root, **how):
    """A switch with a TLS listener that trusts this root alone."""
    own = Certificate(os.path.join(test.folder, "certificates"), "switch", ("127.0.0.1",), root)
    boot = f"tls:\n  certificate: {own.path}\n  privateKey: {own.key}\n  trustRoots: {root.path}\n"
    return test.start_switch(
        CUSTOMER, registration(UPSTREAM_TLS, transport=";transport=tls"), boot=boot,
        listeners=("udp://127.0.0.1:5060", "tcp://127.0.0.1:5060", "tls://127.0.0.1:5061"), **how)


@case("over TLS a registration stands and is withdrawn, its upstream's certificate verified against the given roots")
def over_tls(test):
    folder = os.path.join(test.folder, "certificates")
    root = Certificate(folder, "root")
    kamailio = start_kamailio(test, certificate=Certificate(folder, "upstream", ("127.0.0.5",), root))
    switch = start_with_tls(test, root)
    wait_for_state(switch, "registered")
    expect("transport=tls" in wait_for_binding(kamailio).contact, "the Contact does not name TLS")
    switch.stop()
    expect_equal(kamailio.bindings(), [], "bindings after the stop")
    expect_equal({request.transport for request in kamailio.seen()}, {"tls"}, "transports")
    expect_said(switch, NAME, "withdrawn")


def refused_certificate(test, names, is_trusted, *holds):
    """Kamailio's certificate is for these names; the reason why it is refused must hold these words."""
    folder = os.path.join(test.folder, "certificates")
    root, stranger = Certificate(folder, "root"), Certificate(folder, "stranger")
    kamailio = start_kamailio(test, certificate=Certificate(folder, "upstream", names, root if is_trusted else stranger))
    switch = start_with_tls(test, root)
    status = wait_for_state(switch, "waitingToRetry")
    expect_equal(kamailio.seen(), [], "REGISTERs over a connection that is not to be trusted")
    for text in ("certificate", *holds):
        expect(text in status["reason"], f"the reason does not say {text!r}: {status['reason']}")
    test.note(status["reason"])


@case("with an upstream's certificate that nobody vouches for nothing is sent, and the status says why")
def unknown_certificate(test):
    refused_certificate(test, ("127.0.0.5",), False)


@case("with an upstream's certificate for another name nothing is sent, and the status says why")
def certificate_of_another(test):
    refused_certificate(test, ("127.0.0.99", "other.example.net"), True, "127.0.0.5")


@case("a registration that is deleted is withdrawn at once, and one that is disabled too until it is enabled again")
def deleted_and_disabled(test):
    kamailio = start_kamailio(test)
    switch = start_registered(test)
    before = wait_for_binding(kamailio)
    switch.apply(registration(enabled="false"))
    wait_until(lambda: not kamailio.bindings(), SOON, "the disabled registration is withdrawn")
    wait_for_state(switch, "disabled", "withdrawn")
    switch.apply(registration(enabled="true"))
    expect_same_binding(before, wait_for_binding(kamailio), "after disabling and enabling")
    switch.succeed("delete", "Registration", NAME)
    wait_until(lambda: not kamailio.bindings(), SOON, "the deleted registration is withdrawn")
    wait_until(lambda: NAME not in switch.registrations(), SOON, "the deleted registration is no longer shown")
    requests = len(kamailio.seen())
    switch.stop()
    expect_equal(len(kamailio.seen()), requests, "REGISTERs after all was withdrawn")


@case("a wrong password is a state of its own and no hammer, and a corrected one is tried at once")
def wrong_password(test):
    kamailio = start_kamailio(test)
    switch = test.start_switch(CUSTOMER, registration(password="wrong"), SS_SIP_USER_AGENT_RETRY_DELAY=30)
    status = wait_for_state(switch, "credentialsRefused")
    expect_equal(status["lastStatus"], 401, "lastStatus")
    expect(status["nextTryAt"] and status["warnings"], f"neither next try nor warning: {status}")
    time.sleep(2)
    expect_between(len(kamailio.seen()), 2, 4, "REGISTERs with a wrong password")
    switch.apply(registration(password=PASSWORD))
    wait_for_state(switch, "registered", seconds=SOON)
    wait_for_binding(kamailio)


@case("a password that the upstream changes is refused at the renewal; the binding stands and calls may go on meanwhile")
def password_changed_upstream(test):
    kamailio = start_kamailio(test, lifetime=10)
    switch = start_registered(test)
    kamailio.set_password("changed")
    status = wait_for_state(switch, "credentialsRefused", seconds=12)
    expect(status["boundUntil"], f"the status does not say until when the binding stands: {status}")
    switch.apply(registration(password="changed"))
    wait_for_state(switch, "registered", seconds=SOON)


@case("an authentication user of its own, a password file, a period and a privacy of its own are used")
def own_fields(test):
    kamailio = start_kamailio(test)
    secret = os.path.join(test.folder, "password")
    with open(secret, "w", encoding="ascii") as file:
        file.write(PASSWORD + "\n")
    os.chmod(secret, 0o600)
    switch = test.start_switch(
        CUSTOMER, registration(password=None, passwordFile=f'"{secret}"', authUser='"acme-auth"', period=300, privacy="Id"))
    wait_for_state(switch, "registered")
    expect_between(wait_for_binding(kamailio).expires, 250, 300, "lifetime in seconds")
    expect_equal(kamailio.seen()[1].credentials, "acme-auth", "user of the credentials")
    expect_equal(kamailio.seen()[1].expires, "300", "lifetime that was asked for")
    for text in (switch.succeed("export"), switch.succeed("get", "Registration", NAME, "-o", "yaml"), json.dumps(switch.registrations()), switch.log()):
        expect(PASSWORD not in text.replace(secret, ""), "the password is shown")


@case("a password is never shown again, and an export that hides it can be applied without losing it")
def password_hidden(test):
    kamailio = start_kamailio(test)
    switch = start_registered(test, registration(password=PASSWORD))
    exported = switch.succeed("export")
    expect(NAME in exported and PASSWORD not in exported, "the export shows the password")
    for path in ("/api/v1/objects", f"/api/v1/objects/Registration/{NAME}", "/api/v1/registrations", "/api/v1/audit"):
        expect(PASSWORD not in switch.rest("GET", path).body, f"{path} shows the password")
    switch.apply(exported)
    switch.stop()
    switch.start()
    wait_for_state(switch, "registered")
    wait_for_binding(kamailio)


@case("tandem stop withdraws, says what became of each upstream, and ends the switch")
def stop_command(test):
    kamailio = start_kamailio(test)
    switch = start_registered(test)
    wait_for_binding(kamailio)
    said = switch.succeed("stop")
    expect_equal(kamailio.bindings(), [], "bindings after tandem stop")
    expect(NAME in said and "withdrawn" in said, f"tandem stop says {said!r}")
    switch.wait_for_end(10)


@case("tandem stop without an answer from the upstream says until when a binding may stand, and ends with code 3")
def stop_command_without_answer(test):
    start_kamailio(test)
    path = test.keep(Path(PATH, UPSTREAM))
    switch = start_registered(test, proxy=PATH, boot="shutdown:\n  unregisterTimeout: 2\n")
    path.cut()
    done = switch.command("stop", seconds=20)
    expect_equal(done.returncode, 3, f"exit code of tandem stop ({done.stdout.strip()} {done.stderr.strip()})")
    expect("no answer" in done.stdout and "a stale binding may stand until 20" in done.stdout, f"tandem stop says {done.stdout!r}")
    switch.wait_for_end(10)


def second_signal(test, number):
    start_kamailio(test)
    path = test.keep(Path(PATH, UPSTREAM))
    switch = start_registered(test, proxy=PATH, boot="shutdown:\n  unregisterTimeout: 60\n")
    path.cut()
    switch.process.send_signal(number)
    wait_until(lambda: path.lost > 0, SOON, "a withdrawal is tried")
    time.sleep(1)
    expect(switch.is_running, "the switch did not wait for the upstream")
    switch.process.send_signal(number)
    took = switch.wait_for_end(5)
    expect("stopped waiting: told to stop a second time" in switch.log(), "the log does not say that the wait was ended")
    expect_said(switch, NAME, "no answer to the withdrawal", "a stale binding may stand until 20")
    test.note(f"ended {took:.1f} s after the second one")


@case("a second SIGTERM ends the wait for upstreams that do not answer")
def second_sigterm(test):
    second_signal(test, signal.SIGTERM)


@case("a second SIGINT ends the wait for upstreams that do not answer")
def second_sigint(test):
    second_signal(test, signal.SIGINT)


@case("the status says state, upstream, lifetime, round trip and code, in every output and in the metrics")
def status_everywhere(test):
    kamailio = start_kamailio(test)
    switch = start_registered(test)
    binding = wait_for_binding(kamailio)
    status = switch.registrations()[NAME]
    expect_equal((status["state"], status["lastStatus"], status["grantedSeconds"]), ("registered", 200, 3600), "state, code and lifetime")
    expect_equal((status["callID"], status["cseq"], status["contact"]), (binding.call_id, binding.cseq, binding.contact), "Call-ID, CSeq, Contact")
    expect(UPSTREAM[0] in status["upstream"], f"upstream is {status['upstream']}")
    expect(status["since"] and status["boundUntil"] and status["nextTryAt"] and status["roundTripMilliseconds"] is not None, f"the status is {status}")
    expect_equal(status["foreignContacts"], [], "foreignContacts")
    for output in ("table", "csv", "yaml"):
        shown = switch.succeed("registrations", "-o", output)
        expect(NAME in shown and "registered" in shown, f"-o {output} shows {shown}")
    expect_equal(switch.rest("GET", "/api/v1/registrations").json["items"][0]["state"], "registered", "state over REST")
    expect_equal(switch.rest("GET", f"/api/v1/registrations/{NAME}").json["name"], NAME, "name over REST")
    expect_equal(switch.rest("GET", "/api/v1/registrations", token=None).status, 401, "status over REST without the token")
    metrics = dict(line.rsplit(" ", 1) for line in switch.rest("GET", "/metrics").body.splitlines() if line and line[0] != "#")
    expect_equal(metrics['tandem_registrations{state="registered"}'], "1", "registrations in the metrics")
    events = switch.rest("GET", "/api/v1/registration-events").json["items"]
    expect_equal([event["state"] for event in events][:1], ["registered"], "newest event")
    test.expect_clean_log()


@case("tandem trace registration shows after a restart how it was withdrawn, with credentials sent ahead")
def trace_after_restart(test):
    start_kamailio(test)
    switch = start_registered(test)
    switch.stop()
    switch.start()
    wait_for_state(switch, "registered")
    wait_until(lambda: ladder(switch)[-1:] == ["200"], SOON, "the trace is written")
    words = ladder(switch)
    expect_equal(words[:4], ["REGISTER(3600)", "401", "REGISTER(3600)+credentials", "200"], "trace of the first run")
    expect_equal(words[4:6], ["REGISTER(0)+credentials", "200"], "trace of the stop")
    shown = switch.succeed("trace", "registration", NAME)
    for text in ("REGISTER (expires 0)", "401 Unauthorized", "with credentials", "200 OK"):
        expect(text in shown, f"the ladder does not show {text}:\n{shown}")
    entries = json.loads(switch.succeed("trace", "registration", NAME, "-o", "json"))["messages"]
    answers = [line for entry in entries for line in entry["text"].splitlines() if line.startswith("Authorization")]
    expect(answers and not any(re.search(r'response="[0-9a-f]{32}"', line) for line in answers), f"a digest response is shown: {answers[:1]}")


@case("after a restart the trace shows REGISTER (expires 0), 401, REGISTER with credentials, 200 when the nonce was stale")
def trace_of_challenged_withdrawal(test):
    kamailio = start_kamailio(test, nonce_lifetime=2)
    switch = start_registered(test)
    time.sleep(3.5)
    switch.stop()
    expect_equal(kamailio.bindings(), [], "bindings after a challenged withdrawal")
    expect_said(switch, NAME, "withdrawn")
    switch.start()
    wait_for_state(switch, "registered")
    wait_until(lambda: len(ladder(switch)) >= 8, SOON, "the trace is written")
    expect_equal(ladder(switch)[4:8], ["REGISTER(0)+credentials", "401", "REGISTER(0)+credentials", "200"], "trace of the stop")
    shown = switch.succeed("trace", "registration", NAME)
    places = [shown.find(text) for text in ("REGISTER (expires 0)", "401 Unauthorized")]
    expect(min(places) >= 0, f"the ladder lacks the withdrawal:\n{shown}")


@case("a trace of registrations is written as a pcap that tcpdump reads")
def trace_as_pcap(test):
    start_kamailio(test)
    switch = start_registered(test)
    wait_until(lambda: len(ladder(switch)) >= 4, SOON, "the trace is written")
    path = os.path.join(test.folder, "registration.pcap")
    with open(path, "wb") as file:
        done = subprocess.run(
            [switch.program, "trace", "registration", NAME, "-o", "pcap", "--config", switch.boot_file], stdout=file, stderr=subprocess.PIPE,
            timeout=20, check=False, cwd=switch.folder)
    expect_equal(done.returncode, 0, f"exit code ({done.stderr.decode()[-200:]})")
    if not shutil.which("tcpdump"):
        test.note("tcpdump is not here: the pcap was not read")
        return
    read = subprocess.run(["tcpdump", "-n", "-A", "-r", path], capture_output=True, text=True, errors="replace", timeout=20, check=False)
    packets = re.findall(r"IP ([\d.]+) > ([\d.]+):", read.stdout)
    there, back = ("127.0.0.1.5060", "127.0.0.5.5090"), ("127.0.0.5.5090", "127.0.0.1.5060")
    expect_equal(packets, [there, back, there, back], f"packets in the pcap ({read.stderr.strip()[-200:]})")
    expect("SIP: REGISTER sip:" in read.stdout and "SIP/2.0 401" in read.stdout, "tcpdump sees no SIP in the pcap")


@case("two hundred registrations at one upstream all stand, survive a restart, and are all withdrawn at the stop")
def many(test):
    count = 200
    kamailio = start_kamailio(test, accounts={f"user{number}": PASSWORD for number in range(count)})
    documents = [registration(name=f"account-{number}", user=f"user{number}") for number in range(count)]
    switch = test.start_switch(CUSTOMER, *documents)

    def standing():
        return kamailio.ask("ul.dump", "brief")["Domains"][0]["Domain"]["Stats"]["Records"]

    def registered():
        return switch.statistics()["registrations"]["registered"]
    wait_until(lambda: registered() == count, 20, f"{count} registrations stand", every=0.2)
    expect_equal(standing(), count, "addresses-of-record at the upstream")
    switch.stop()
    expect_equal(standing(), 0, "addresses-of-record at the upstream after the stop")
    expect_said(switch, f"{count} registrations: {count} withdrawn, 0 refused, 0 without an answer")
    switch.start()
    wait_until(lambda: registered() == count, 20, f"{count} registrations stand again", every=0.2)
    expect_equal(standing(), count, "addresses-of-record at the upstream after the restart")


@case("two instances with one account: each warns of the other's contact, and withdrawing one leaves the other's")
def two_instances(test):
    kamailio = start_kamailio(test, lifetime=10)
    switch = start_registered(test)
    own = wait_for_binding(kamailio)
    second = Switch(switch.program, os.path.join(test.folder, "second"), ("udp://127.0.0.1:5081",), management_port=18081)
    try:
        second.start()
        second.apply(registration())
        status = wait_for_state(second, "registered")
        expect(any(":5060" in contact for contact in status["foreignContacts"]), f"the second does not name the first's contact: {status}")
        expect(status["warnings"], "the second does not warn")
        wait_until(lambda: switch.registrations()[NAME]["foreignContacts"], 10, "the first names the second's contact", every=0.3)
        expect_equal(len(kamailio.bindings()), 2, "bindings of two instances")
        second.stop()
        expect_equal(kamailio.only_binding().contact, own.contact, "what is left of the bindings")
    finally:
        second.discard()


@case("a signalling port of its own is used for the registration and named in its Contact")
def local_port(test):
    kamailio = start_kamailio(test)
    start_registered(test, listeners=("udp://127.0.0.1:5060", "udp://127.0.0.1:5080"), more={"localPort": 5080})
    expect(":5080" in wait_for_binding(kamailio).contact, "the Contact names another port")
    expect_equal({request.source for request in kamailio.seen()}, {"127.0.0.1:5080"}, "addresses that REGISTERs came from")


@case("wrong registrations are refused with line, field and remedy, and change nothing")
def wrong_documents(test):
    switch = test.start_switch()
    for text, holds in (
            (registration("no such:host"), "proxy"), (registration(period=19), "20"), (registration(period="soon"), "period"),
            (registration(localPort=70000), "localPort"), (registration(privacy="Maybe"), "privacy"), (registration(user="a b"), "username"),
            (registration(registrar="x"), "registrar"), (registration(password="one", passwordFile="/two"), "password"),
            (GATEWAY, NAME)):
        done = switch.command("apply", "-f", "-", text=text)
        expect_equal(done.returncode, 4, f"exit code for {text!r} ({done.stderr.strip()})")
        expect(holds in done.stderr, f"the message does not say {holds}: {done.stderr.strip()}")
    expect_equal(switch.registrations(), {}, "registrations after refused documents")
    done = switch.command("registrations", "nowhere")
    expect(done.returncode != 0, "an unknown registration was shown")
