"""Phones and gateways that register here: baresip with digest, behind a NAT, over restarts, and beside one who guesses."""
import time

from harness.checks import expect, expect_between, expect_equal, wait_until
from harness.nat import HOME, OFFICE, OUTSIDE, ROUTER, Home
from harness.registrant import OTHER_PASSWORD, PASSWORD, Registrant, phone, phones, places, wait_for_registered
from harness.scenario import RECEIVE_ANSWER_STEPS, Scenario, callee_is_hung_up, caller_hangs_up, linger, pause, receive
from harness.sipp import CALLEE, CALLER, STRANGER, SWITCH, written
from harness.softphone import Softphone
from harness.switch import USUAL_LISTENERS
from harness.test import CARRIER, case
from harness.vendors import OtherCaller, ask_record, customer, gateway

OUT = 'kind: RoutingGateway\nname: carrier-x\naddresses: ["127.0.0.3:5070"]\nprefixes: ["+"]\npriority: 10\n'


@case("two baresip phones register, call each other and out; one is behind a NAT that only the keepalive keeps open")
def behind_nat(test):
    home = test.keep(Home(forgets=8))
    switch = test.start_switch(
        phone("1001"), phone("1002", OTHER_PASSWORD), OUT, listeners=(*USUAL_LISTENERS, f"udp://{OUTSIDE}:5060"), SS_SIP_NAT_KEEP_ALIVE_PERIOD=5)
    inside = Softphone(test, "1001", PASSWORD, (HOME, 5060), (OUTSIDE, 5060), network=home.network)
    office = Softphone(test, "1002", OTHER_PASSWORD, (OFFICE, 5060), (OUTSIDE, 5060))
    wait_for_registered(switch, "1001", "1002")
    began = time.monotonic()
    here = places(switch, "1001")[0]
    expect(here["source"].startswith(ROUTER + ":") and HOME in here["contact"], f"the phone at home is seen as {here}")
    expect(here["isBehindNAT"] and not places(switch, "1002")[0]["isBehindNAT"], "who is behind a NAT, and who is not, is not shown")

    def talk(from_phone, number, hears=None):
        from_phone.dial(number)
        switch.wait_for_calls(1, 8, f"a call to {number} is up")
        if hears:
            hears.wait_for_sound()
        time.sleep(0.3)
        from_phone.hang_up()
        wait_until(lambda: not switch.calls(), 5, f"the call to {number} is over")
    # Media go directly between the phones, and into the home only what the home began.
    talk(inside, "1002", hears=office)
    b = test.callee(callee_is_hung_up())
    talk(inside, "+14155550199")
    test.finish(b)
    # Longer than the router remembers a flow that nobody uses.
    time.sleep(max(0, began + 18 - time.monotonic()))
    talk(office, "1001")
    records = test.records(3)
    seen = [(record["caller"], record["callee"], record["endReason"], record["endedBy"]) for record in records]
    expect_equal(
        seen, [("1002", "1001", "normalClearing", "caller"), ("1001", "+14155550199", "normalClearing", "caller"),
               ("1001", "1002", "normalClearing", "caller")], "callers and callees of the calls")
    expect_equal({record["decision"]["origin"]["kind"] for record in records}, {"phone"}, "origins of the calls")
    expect(records[0]["calleeAddress"] == here["source"], f"the INVITE to the home went to {records[0]['calleeAddress']}, not {here['source']}")
    invite = b.received("INVITE")[0][1]
    expect("sip:1001@" in invite["From"] and HOME not in invite["Contact"], f"the vendor sees {invite['From']} and {invite['Contact']}")


@case("who guesses a password is suspended by the rule, and the rightful phone keeps working")
def guessing(test):
    switch = test.start_switch(
        phone("1002", OTHER_PASSWORD), OUT, SS_ENDPOINT_REGISTER_RETRY=3, SS_ENDPOINT_REGISTER_SUSPEND=10, SS_AUTHENTICATION_MAX_RETRY=50,
        SS_SIP_AUTHENTICATION_RETRY=6, SS_ENDPOINT_EXPIRE_MINIMUM=5)
    rightful = Softphone(test, "1002", OTHER_PASSWORD, ("127.0.0.21", 5062), SWITCH, lifetime=8)
    wait_for_registered(switch, "1002")
    guesser = test.keep(Registrant(STRANGER[0]))
    answers = [guesser.register("1002", f"guess-{number}").status for number in range(4)]
    suspended = time.monotonic()
    expect_equal(answers, [401, 401, 401, 403], "answers to wrong passwords")
    late = guesser.register("1002", OTHER_PASSWORD)
    expect_equal(late.status, 403, "answer to the right password of a source that is suspended")
    expect_between(int(late["Retry-After"]), 8, 10, "Retry-After of the suspension")
    shown = phones(switch)["1002"]["suspendedSources"]
    expect_equal([entry["host"] for entry in shown], [STRANGER[0]], "suspended sources in tandem phones")

    # The phone itself is neither barred nor forgotten: it calls, and renews its registration.
    before = places(switch, "1002")[0]
    b = test.callee(callee_is_hung_up())
    rightful.dial("+14155550199")
    switch.wait_for_calls(1, 8, "a call of the rightful phone is up")
    rightful.hang_up()
    test.finish(b)
    wait_until(lambda: places(switch, "1002")[0]["updatedAt"] > before["updatedAt"], 9, "the rightful phone registers again", every=0.3)
    other = test.keep(Registrant("127.0.0.22"))
    expect_equal(other.register("1002", OTHER_PASSWORD).status, 200, "answer to the right password from elsewhere")
    time.sleep(max(0, suspended + 10.5 - time.monotonic()))
    expect_equal(guesser.register("1002", OTHER_PASSWORD).status, 200, "answer to the right password after the suspension")
    test.records(1)


@case("registrations are there after kill -9 and after a stop: phones show them, and calls reach the phone at once")
def restarts(test):
    switch = test.start_switch(phone("1001"), phone("1002", OTHER_PASSWORD))
    Softphone(test, "1001", PASSWORD, ("127.0.0.21", 5062), SWITCH)
    calling = Softphone(test, "1002", OTHER_PASSWORD, ("127.0.0.22", 5062), SWITCH)
    wait_for_registered(switch, "1001", "1002")
    before = {number: places(switch, number)[0] for number in ("1001", "1002")}
    for number, end in enumerate((switch.kill, switch.stop), 1):
        # A binding is stored within a moment.
        time.sleep(1)
        end()
        switch.start()
        wait_for_registered(switch, "1001", "1002", seconds=2)
        for name, place in before.items():
            found = places(switch, name)[0]
            expect_equal((found["contact"], found["source"], found["updatedAt"]), (place["contact"], place["source"], place["updatedAt"]),
                         f"place of {name} after restart {number}")
            expect_between(place["expiresInSeconds"] - found["expiresInSeconds"], 0, 30, f"seconds of {name} that passed")
        calling.dial("1001")
        switch.wait_for_calls(1, 8, f"a call is up after restart {number}")
        calling.hang_up()
        wait_until(lambda: not switch.calls(), 5, "the call is over")
    test.records(2)


@case("423, SS_ENDPOINT_REGISTER_REPLACE On and Off, unregister, a phone that went away, and 407")
def registrar_rules(test):
    switch = test.start_switch(
        phone("1001"), OUT, SS_ENDPOINT_EXPIRE_MINIMUM=60, SS_ENDPOINT_EXPIRE=300, SS_ENDPOINT_REGISTER_REPLACE="Off",
        SS_ENDPOINT_TIME_TO_LIVE=2, SS_SIP_RESEND_INTERVAL='"0.3,0.6"')
    first, second = test.keep(Registrant("127.0.0.21")), test.keep(Registrant("127.0.0.22"))
    brief = first.register("1001", PASSWORD, expires=20)
    expect_equal((brief.status, brief["Min-Expires"]), (423, "60"), "answer to a registration that is too brief")
    granted = first.register("1001", PASSWORD, expires=7200)
    expect_equal((granted.status, granted.expires), (200, 300), "lifetime that is granted")
    expect_equal(second.register("1001", PASSWORD).status, 403, "answer to another phone with SS_ENDPOINT_REGISTER_REPLACE Off")
    switch.succeed("param", "set", "SS_ENDPOINT_REGISTER_REPLACE", "On")
    expect_equal(second.register("1001", PASSWORD).status, 200, "answer to another phone with SS_ENDPOINT_REGISTER_REPLACE On")
    expect_equal([place["source"] for place in places(switch, "1001")], [f"127.0.0.22:{second.port}"], "where the phone is now")
    expect_equal(second.register("1001", PASSWORD, expires=0).status, 200, "answer to the withdrawal")
    expect_equal(places(switch, "1001"), [], "places after the withdrawal")
    expect_equal(first.register("1001", PASSWORD).status, 200, "answer to the first phone again")
    # It answers no OPTIONS.
    wait_until(lambda: not places(switch, "1001"), 10, "a phone that answers nothing is offline", every=0.3)
    switch.succeed("param", "set", "SS_SIP_AUTHENTICATION_CODE", "407")
    challenge = second.ask("1001")
    expect(challenge.status == 407 and challenge["Proxy-Authenticate"], f"the challenge with SS_SIP_AUTHENTICATION_CODE 407 is {challenge}")
    nobody = second.ask("1999")
    expect(nobody is None or nobody.status in (403, 404), f"the answer for a phone that does not exist is {nobody}")


@case("a customer's gateway that proves itself by password calls from anywhere, and with a wrong one from nowhere")
def password_gateway(test):
    test.start_switch(
        customer("customer-digest", authentication="password", password=PASSWORD), CARRIER)

    # It is asked to prove itself because From names it.
    side = OtherCaller("customer-digest")

    def calling(name, password, *ending):
        challenged = receive(401)
        challenged.attributes["auth"] = "true"
        again = side.invite("[authentication username=customer-digest password=" + password + "]", cseq=2, name="again")
        return Scenario(name, side.invite(), receive(100, optional=True), challenged, side.ack_refusal(), again, *ending)
    # sipp's credentials name the switch's address, and not the Request-URI.
    b = test.callee(callee_is_hung_up())
    a = test.caller(calling(
        "caller with the password", PASSWORD, *RECEIVE_ANSWER_STEPS, side.receive_answer(), side.ack(2), pause(0.3), side.bye(3), receive(200),
        linger(0.3)), address=("127.0.0.31", 5062))
    test.finish(a, b)
    wrong = test.caller(calling(
        "caller with a wrong password", "wrong", receive(100, optional=True), receive(401), linger(0.3)), address=("127.0.0.32", 5062))
    test.finish(wrong)
    record = ask_record(test.switch, "+14155550199")
    expect_equal((record["mappingGateway"], record["decision"]["origin"]["rule"]), ("customer-digest", "credentials"), "origin of the call")
    test.records(1)


@case("a vendor's gateway registers here, and calls go to where it registered")
def registered_gateway(test):
    switch = test.start_switch(
        customer("customer-a", CALLER[0]), "kind: RoutingGateway\nname: vendor-dynamic\nregistersHere: true\npassword: correct-horse\n",
        gateway("carrier-spare", (CALLEE[0], 5199), priority=90, timeoutInvite=1))
    vendor = Registrant(CALLEE[0], CALLEE[1])
    try:
        expect_equal(vendor.register("vendor-dynamic", PASSWORD).status, 200, "answer to the vendor's REGISTER")
    finally:
        vendor.discard()
    expect_equal(phones(switch)["vendor-dynamic"]["kind"], "routingGateway", "kind of the vendor in tandem phones")
    b = test.callee(callee_is_hung_up())
    a = test.caller(caller_hangs_up())
    test.finish(a, b)
    test.record(duration=(0.2, 1.5), endReason="normalClearing", routingGateway="vendor-dynamic", calleeAddress=written(CALLEE))
