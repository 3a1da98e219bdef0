"""Upstreams that do what no good registrar does, as scripts say: challenges, refusals, silence, strange answers; and names
that lead to several of them."""
import re
import time

from harness.checks import expect, expect_between, expect_equal, wait_until
from harness.kamailio import DOMAIN, PASSWORD, USER
from harness.messages import response, right_credentials
from harness.nameserver import A, SRV, NAME_SERVER, NameServer, address, pointer, service
from harness.registering import NAME, SOON, expect_said, registration, start_registered, start_upstream, wait_for_state
from harness.sipp import written
from harness.test import CUSTOMER, case
from harness.upstream import RESET, SCRIPTED, Account

OTHER = ("127.0.0.8", 5090)
SHORT_RESEND = '"0.2,0.4"'
DNS = f'dns:\n  servers: ["{written(NAME_SERVER)}"]\n'
# Who is asked for more than a handful of messages in a test is hammered.
FEW = 8


def start(test, script, *documents, **parameters):
    """A switch that has begun to register at a scripted upstream."""
    upstream = start_upstream(test, script)
    switch = test.start_switch(CUSTOMER, *(documents or (registration(SCRIPTED),)), **parameters)
    return switch, upstream


def registered(test, account, **how):
    """A switch whose registration stands at a scripted upstream."""
    upstream = start_upstream(test, account)
    return start_registered(test, proxy=SCRIPTED, **how), upstream


def expect_whole(upstream):
    """The script itself had no fault."""
    expect(upstream.fault is None, f"the scripted upstream failed: {upstream.fault!r}")


# Challenges

@case("407 on registration, renewal and withdrawal is answered with Proxy-Authorization")
def proxy_challenge(test):
    switch, upstream = registered(test, Account(status=407))
    expect_equal([bool(message["Proxy-Authorization"]) for message in upstream.registers()], [False, True], "Proxy-Authorization of the REGISTERs")
    upstream.script.nonces.clear()
    switch.stop()
    expect_equal([bool(message["Proxy-Authorization"]) for message in upstream.withdrawals()], [True, True], "Proxy-Authorization of the withdrawal")
    expect_said(switch, NAME, "withdrawn")
    expect_whole(upstream)


@case("a stale nonce on the withdrawal: 401 with stale, the new nonce, 200")
def stale_withdrawal(test):
    account = Account()

    def script(message, _upstream):
        return account.granted(message) if account.is_right(message) else account.challenge(message, stale=bool(message["Authorization"]))
    switch, upstream = registered(test, script)
    account.nonces.clear()
    switch.stop()
    first, second = upstream.withdrawals()
    expect(first.cseq < second.cseq and first["Call-ID"] == second["Call-ID"], f"withdrawals: {first} {second}")
    expect_equal((first.credentials()["nonce"], second.credentials()["nonce"]), ("nonce-1", "nonce-2"), "nonces of the withdrawals")
    expect_said(switch, NAME, "withdrawn")
    expect_whole(upstream)


@case("a withdrawal that is refused with 403 is said so, with the time until which a stale binding may stand")
def refused_withdrawal(test):
    account = Account()
    switch, upstream = registered(test, lambda message, _: response(message, 403, "Forbidden") if message.expires == 0 else account(message))
    took = switch.stop()
    expect(took < 5, f"the stop took {took:.1f} s although the upstream answered")
    expect_equal(len(upstream.withdrawals()), 1, "withdrawals")
    expect_said(switch, NAME, "refused with 403", "a stale binding may stand until 20")


@case("a wrong password, an endless challenge with new nonces, and one with stale nonces are a state and no hammer")
def endless_challenges(test):
    for kind in ("same nonce", "new nonces", "stale nonces"):
        account = Account(password="another")

        def script(message, _upstream, account=account, kind=kind):
            if kind == "same nonce":
                account.count = 0
            return account.challenge(message, stale=kind == "stale nonces" and bool(message["Authorization"]))
        switch, upstream = start(test, script)
        status = wait_for_state(switch, "credentialsRefused", "waitingToRetry")
        time.sleep(1)
        expect(len(upstream.registers()) <= FEW, f"{len(upstream.registers())} REGISTERs for {kind}")
        expect(status["nextTryAt"] and status["reason"], f"neither next try nor reason for {kind}: {status}")
        test.note(f"{kind}: {len(upstream.registers())} REGISTERs, {status['state']}")
        switch.stop()
        upstream.discard()


@case("an endless challenge of the withdrawal is bounded and does not hold up the stop")
def endless_withdrawal_challenge(test):
    account = Account()
    switch, upstream = registered(test, lambda message, _: account.challenge(message) if message.expires == 0 else account(message))
    took = switch.stop()
    expect(took < 5, f"the stop took {took:.1f} s")
    expect(len(upstream.withdrawals()) <= FEW, f"{len(upstream.withdrawals())} withdrawals")
    expect_said(switch, NAME, "401", "a stale binding may stand until 20")


@case("of several challenges the strongest algorithm is answered")
def strongest_algorithm(test):
    account = Account(algorithm="SHA-512-256")

    def script(message, _upstream):
        if account.is_right(message):
            return account.granted(message)
        account.nonces.add("nonce-s")
        return account.challenge(message, fields=[
            f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="nonce-s", qop="auth", algorithm={algorithm}'
            for algorithm in ("UNHEARD-OF", "MD5", "SHA-512-256", "SHA-256")])
    switch, upstream = start(test, script)
    wait_for_state(switch, "registered")
    expect_equal(upstream.registers()[-1].credentials()["algorithm"], "SHA-512-256", "algorithm")


@case("a challenge without qop, with an opaque and a realm with quotes is answered right")
def old_challenge(test):
    realm = 'the \\"inner\\" realm'

    def script(message, _upstream):
        if right_credentials(message, USER, PASSWORD, realm.replace("\\", ""), {"n1"}) and message.credentials().get("opaque") == "o, 1":
            return account.granted(message)
        return response(message, 401, "Unauthorized", f'WWW-Authenticate: Digest realm="{realm}", nonce="n1", opaque="o, 1"')
    account = Account()
    switch, _ = start(test, script)
    # The response may be made from the realm as it is quoted or as it is meant; either leaves a stated state.
    status = wait_for_state(switch, "registered", "credentialsRefused")
    test.note(status["state"])


@case("Authentication-Info's nextnonce is used for the withdrawal")
def next_nonce(test):
    account = Account()

    def script(message, _upstream):
        if not account.is_right(message):
            return account.challenge(message)
        account.nonces = {"the-next-one"}
        return account.granted(message, 'Authentication-Info: nextnonce="the-next-one"')
    switch, upstream = registered(test, script)
    switch.stop()
    expect_equal([message.credentials()["nonce"] for message in upstream.withdrawals()], ["the-next-one"], "nonces of the withdrawal")


# Refusals

@case("423: the lifetime is raised to Min-Expires and the registration stands")
def min_expires(test):
    account = Account()

    def script(message, _upstream):
        return account(message) if message.expires in (0, 120) else response(message, 423, "Interval Too Brief", "Min-Expires: 120")
    switch, upstream = start(test, script, registration(SCRIPTED, period=60))
    expect_equal(wait_for_state(switch, "registered")["grantedSeconds"], 120, "grantedSeconds")
    expect_equal(upstream.registers()[0].expires, 60, "lifetime that was asked for first")


@case("423 with a Min-Expires beyond all bounds, or without one, is a stated reason and no loop")
def absurd_min_expires(test):
    for field in ("Min-Expires: 1000000000000", "Min-Expires: 7201", "X: y", "Min-Expires: -1"):
        switch, upstream = start(test, lambda message, _, field=field: response(message, 423, "Interval Too Brief", field))
        status = wait_for_state(switch, "waitingToRetry")
        expect("423" in status["reason"], f"the reason is {status['reason']}")
        expect(len(upstream.registers()) <= FEW, f"{len(upstream.registers())} REGISTERs for {field}")
        switch.stop()
        upstream.discard()


@case("503 with Retry-After is honoured, and the status says when the next try comes and why")
def retry_after(test):
    switch, upstream = start(test, lambda message, _: response(message, 503, "Service Unavailable", "Retry-After: 120"), SS_SIP_USER_AGENT_RETRY_DELAY=30)
    status = wait_for_state(switch, "waitingToRetry")
    expect("503" in status["reason"] and "120" in status["reason"], f"the reason is {status['reason']}")
    expect_between(_seconds_between(status["since"], status["nextTryAt"]), 118, 135, "seconds until the next try")
    expect_equal(status["lastStatus"], 503, "lastStatus")
    time.sleep(1)
    expect_equal(len(upstream.registers()), 1, "REGISTERs")


@case("a failed registration is tried again after SS_SIP_USER_AGENT_RETRY_DELAY")
def tried_again(test):
    account = Account()

    def script(message, upstream):
        return response(message, 500, "Server Internal Error") if len(upstream.registers()) <= 1 else account(message)
    switch, upstream = start(test, script, SS_SIP_USER_AGENT_RETRY_DELAY=30)
    status = wait_for_state(switch, "waitingToRetry")
    expect_between(_seconds_between(status["since"], status["nextTryAt"]), 29, 34, "seconds until the next try")
    wait_for_state(switch, "registered", seconds=40)
    first, second = [received.at for received in upstream.requests[:2]]
    expect_between(second - first, 29.5, 36, "seconds between the tries")


@case("an upstream that says nothing, one that refuses with 403 and one with 404 leave stated states")
def refusals(test):
    for answer, state, holds in ((None, "waitingToRetry", "no answer"), ((403, "Forbidden"), "credentialsRefused", "403"),
                                 ((404, "Not Found"), "waitingToRetry", "404"), ((600, "Busy Everywhere"), "waitingToRetry", "600")):
        switch, upstream = start(
            test, lambda message, _, answer=answer: answer and response(message, *answer), SS_SIP_RESEND_INTERVAL=SHORT_RESEND)
        status = wait_for_state(switch, state, seconds=15)
        expect(holds in status["reason"], f"the reason is {status['reason']}, without {holds}")
        expect_equal(len(upstream.registers()), 1, f"REGISTERs answered with {answer}")
        switch.stop()
        upstream.discard()


@case("a redirection is followed, and a circle of redirections ends in a stated state")
def redirections(test):
    account = Account()
    other = start_upstream(test, account, OTHER)
    switch, upstream = start(test, lambda message, _: response(message, 302, "Moved", f"Contact: <sip:{written(OTHER)}>"))
    status = wait_for_state(switch, "registered")
    expect(OTHER[0] in status["upstream"], f"upstream is {status['upstream']}")
    switch.stop()
    expect_equal(len(other.withdrawals()), 1, "withdrawals where the binding stands")
    upstream.discard()
    switch, upstream = start(test, lambda message, _: response(message, 302, "Moved", f"Contact: <sip:{written(SCRIPTED)}>"))
    wait_for_state(switch, "waitingToRetry")
    expect(len(upstream.registers()) <= FEW, f"{len(upstream.registers())} REGISTERs in a circle")


# Answers

@case("a 200 with a shorter lifetime than asked is obeyed: the renewal comes before its end")
def shorter_lifetime(test):
    switch, _ = registered(test, Account(lifetime=60), more={"period": 600})
    status = switch.registrations()[NAME]
    expect_equal(status["grantedSeconds"], 60, "grantedSeconds")
    expect_between(_seconds_between(status["since"], status["nextTryAt"]), 15, 55, "seconds until the renewal")
    expect_between(_seconds_between(status["since"], status["boundUntil"]), 58, 62, "seconds until the end")


@case("a foreign contact under our address is named in a warning, and the withdrawal does not touch it")
def foreign_contacts(test):
    account = Account()
    account.foreign = ["Contact: <sip:acme@192.0.2.44:5060>;expires=1800"]
    switch, upstream = registered(test, account)
    status = switch.registrations()[NAME]
    expect_equal(status["foreignContacts"], ["sip:acme@192.0.2.44:5060"], "foreignContacts")
    expect("192.0.2.44" in " ".join(status["warnings"]), f"the warnings are {status['warnings']}")
    switch.stop()
    contacts = [value for message in upstream.withdrawals() for value in message.all("Contact")]
    expect_equal(len(contacts), 1, "Contacts in the withdrawal")
    expect("192.0.2.44" not in contacts[0] and "*" not in contacts[0], f"the withdrawal names {contacts}")
    expect_said(switch, NAME, "withdrawn")


@case("a 200 that lists our Contact after the withdrawal is no confirmation")
def not_withdrawn(test):
    account = Account()

    def script(message, _upstream):
        if message.expires == 0:
            return response(message, 200, "OK", f"Contact: <{message.contact_uri}>;expires=700")
        return account(message)
    switch, _ = registered(test, script)
    switch.stop()
    expect_said(switch, NAME, "a stale binding may stand until 20")
    expect(not any(line.endswith(": withdrawn") for line in switch.log().splitlines()), "it is said to be withdrawn")


@case("200s with broken or absurd lifetimes, and nonces of 8 KB, leave a stated state and a switch that serves")
def absurd_answers(test):
    account = Account()
    long_nonce = "n" * 8192

    def two_hundred(*fields):
        return lambda message, _: response(message, 200, "OK", *(field.replace("OURS", message.contact_uri) for field in fields))
    answers = {
        "expires -1": two_hundred("Contact: <OURS>;expires=-1"),
        "expires 10^12": two_hundred("Contact: <OURS>;expires=1000000000000"),
        "expires 0": two_hundred("Contact: <OURS>;expires=0"),
        "expires of letters": two_hundred("Contact: <OURS>;expires=soon", "Expires: later"),
        "no Contact": two_hundred(),
        "another Contact only": two_hundred("Contact: <sip:somebody@192.0.2.9>;expires=60"),
        "broken Contact": two_hundred('Contact: "<<>>;;;=@', "Contact: <sip:"),
        "nonce of 8 KB": lambda message, _: account.granted(message) if message["Authorization"] else response(
            message, 401, "Unauthorized", f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="{long_nonce}", qop="auth"'),
        "401 without challenge": lambda message, _: response(message, 401, "Unauthorized"),
        "unknown scheme": lambda message, _: response(message, 401, "Unauthorized", 'WWW-Authenticate: Bearer realm="x"'),
        "qop unheard of": lambda message, _: response(
            message, 401, "Unauthorized", 'WWW-Authenticate: Digest realm="x", nonce="y", qop="auth-later"'),
    }
    current = {}
    upstream = start_upstream(test, lambda message, own: current["answer"](message, own))
    switch = test.start_switch(CUSTOMER)
    for number, (kind, answer) in enumerate(answers.items()):
        current["answer"] = answer
        before = len(upstream.registers())
        name = f"account-{number}"
        switch.apply(registration(SCRIPTED, name=name))
        status = wait_for_state(switch, "registered", "waitingToRetry", "credentialsRefused", name=name)
        time.sleep(0.3)
        expect(len(upstream.registers()) - before <= FEW, f"{len(upstream.registers()) - before} REGISTERs for {kind}")
        if status["state"] == "registered":
            expect_between(status["grantedSeconds"], 1, 7200, f"grantedSeconds for {kind}")
        else:
            expect(status["reason"] and status["nextTryAt"], f"no reason or next try for {kind}: {status}")
        test.note(f"{kind}: {status['state']}")
        current["answer"] = Account()
        switch.succeed("delete", "Registration", name)
    expect(switch.is_running, "the switch has ended")
    expect_whole(upstream)


# Names

@case("of two SRV targets the first is down: the second takes the registration, and the names are asked for once")
def srv_failover(test):
    names = test.keep(NameServer({
        "upstream.example.net": [], "_sip._udp.upstream.example.net": [
            service(10, 0, SCRIPTED[1], "one.example.net"), service(20, 0, OTHER[1], "two.example.net")],
        "one.example.net": [address(SCRIPTED[0])], "two.example.net": [address(OTHER[0])]}))
    account = Account()
    second = start_upstream(test, account, OTHER)
    switch = start_registered(test, proxy="upstream.example.net", boot=DNS, SS_SIP_RESEND_INTERVAL=SHORT_RESEND)
    expect(OTHER[0] in switch.registrations()[NAME]["upstream"], f"upstream is {switch.registrations()[NAME]['upstream']}")
    expect(("_sip._udp.upstream.example.net", SRV) in names.asked, f"SRV was not asked for: {names.asked}")
    switch.apply(registration("upstream.example.net", name="other-account", user="other", password=PASSWORD))
    account.user = "other"
    wait_for_state(switch, "registered", name="other-account")
    for question in set(names.asked):
        expect_equal(names.asked.count(question), 1, f"questions for {question} within their TTL")
    account.user = USER
    switch.stop()
    expect(second.withdrawals(), "nothing was withdrawn where the binding stands")


@case("503 of the first SRV target: the next takes the registration at once")
def srv_after_503(test):
    test.keep(NameServer({
        "upstream.example.net": [], "_sip._udp.upstream.example.net": [
            service(10, 0, SCRIPTED[1], "one.example.net"), service(20, 0, OTHER[1], "two.example.net")],
        "one.example.net": [address(SCRIPTED[0])], "two.example.net": [address(OTHER[0])]}))
    first = start_upstream(test, lambda message, _: response(message, 503, "Service Unavailable"))
    start_upstream(test, Account(), OTHER)
    switch = start_registered(test, proxy="upstream.example.net", boot=DNS)
    expect(OTHER[0] in switch.registrations()[NAME]["upstream"], f"upstream is {switch.registrations()[NAME]['upstream']}")
    expect_equal(len(first.registers()), 1, "REGISTERs at the first target")


@case("NAPTR chooses TCP, and a name that does not exist is said to be the reason")
def naptr(test):
    names = test.keep(NameServer({
        "upstream.example.net": [pointer(10, 10, "SIP+D2T", "_sip._tcp.upstream.example.net"), pointer(20, 10, "SIP+D2U", "_sip._udp.upstream.example.net")],
        "_sip._tcp.upstream.example.net": [service(10, 0, SCRIPTED[1], "one.example.net")],
        "one.example.net": [address(SCRIPTED[0])]}))
    start_upstream(test, Account(), transport="tcp")
    switch = start_registered(
        test, registration("upstream.example.net"), registration("nowhere.example.net", name="nowhere"), boot=DNS)
    expect("tcp" in switch.registrations()[NAME]["upstream"], f"upstream is {switch.registrations()[NAME]['upstream']}")
    status = wait_for_state(switch, "waitingToRetry", name="nowhere")
    expect("nowhere.example.net" in status["reason"], f"the reason is {status['reason']}")
    expect(("nowhere.example.net", A) in names.asked, f"the name was not asked for: {names.asked}")


# Streams

@case("a TCP reset in the middle of an exchange is a failure with its reason, and the next connection registers")
def reset_in_exchange(test):
    account = Account()

    def script(message, upstream):
        return RESET if len(upstream.registers()) <= 1 else account(message)
    upstream = start_upstream(test, script, transport="tcp")
    switch = test.start_switch(CUSTOMER, registration(SCRIPTED, transport=";transport=tcp"))
    wait_until(lambda: upstream.registers(), SOON, "a REGISTER came")
    status = wait_for_state(switch, "waitingToRetry", "registered")
    if status["state"] == "waitingToRetry":
        expect(status["reason"] and status["nextTryAt"], f"no reason or next try: {status}")
        test.note(status["reason"])
        # What an operator changes is tried at once, but a peer that just failed is left alone for some seconds.
        time.sleep(3)
        switch.apply(registration(SCRIPTED, transport=";transport=tcp", period=600))
        wait_for_state(switch, "registered", seconds=15)


@case("a TCP reset on the withdrawal does not hold up the stop, and the log says until when a binding may stand")
def reset_on_withdrawal(test):
    account = Account()
    upstream = start_upstream(test, lambda message, _: RESET if message.expires == 0 else account(message), transport="tcp")
    switch = start_registered(test, proxy=SCRIPTED, transport=";transport=tcp", boot="shutdown:\n  unregisterTimeout: 3\n")
    took = switch.stop()
    expect(took < 8, f"the stop took {took:.1f} s with unregisterTimeout 3")
    expect(upstream.withdrawals(), "no withdrawal came")
    expect_said(switch, NAME, "a stale binding may stand until 20")


@case("a connection that the upstream closes is opened again for the withdrawal")
def closed_before_withdrawal(test):
    upstream = start_upstream(test, Account(), transport="tcp")
    switch = start_registered(test, proxy=SCRIPTED, transport=";transport=tcp")
    upstream.drop_connections()
    time.sleep(0.5)
    switch.stop()
    expect_equal(len(upstream.withdrawals()), 1, "withdrawals over a new connection")
    expect_said(switch, NAME, "withdrawn")


def _seconds_between(start, end):
    """Between two instants as RFC 3339 writes them, within one day."""
    def seconds(text):
        found = re.search(r"T(\d+):(\d+):([\d.]+)", text)
        return int(found.group(1)) * 3600 + int(found.group(2)) * 60 + float(found.group(3))
    return (seconds(end) - seconds(start)) % 86_400
