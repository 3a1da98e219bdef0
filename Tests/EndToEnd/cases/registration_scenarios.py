"""The six ways in which a switch with registrations stops, each with SS_SIP_USER_AGENT_SEND_UNREGISTER On and Off, and
what the upstream, a real Kamailio, holds afterwards.

Power loss is a process that stands still, a copy of its data folder, and kill -9: see `Switch.lose_power` for what that
leaves out. The network outage is a path that swallows datagrams both ways.
"""
import time

from harness.checks import expect, expect_equal, wait_until
from harness.cut import Path
from harness.kamailio import UPSTREAM
from harness.registering import (
    SOON, expect_said, expect_same_binding, registration, sleep_until, start_kamailio, start_registered, wait_for_binding,
    wait_for_state)
from harness.test import case

PATH = ("127.0.0.6", 5090)
# A binding that nobody withdraws ends by itself within a test.
SHORT = 12


def begin(test, setting, lifetime=3600, **how):
    """A registered switch and its upstream; returns both and the binding."""
    kamailio = start_kamailio(test, lifetime=lifetime)
    switch = start_registered(test, SS_SIP_USER_AGENT_SEND_UNREGISTER=setting, **how)
    return switch, kamailio, wait_for_binding(kamailio)


def start_again(switch, kamailio, before, what):
    """The next process registers: one binding, replaced and not added to."""
    switch.start()
    wait_for_state(switch, "registered")
    after = wait_for_binding(kamailio)
    expect_same_binding(before, after, what)
    expect_equal(after.contact, before.contact, f"Contact {what}")
    return after


def expect_withdrawn_by(switch, kamailio, before, requests_before):
    """The upstream was sent expires 0 with our own Contact and Call-ID, and holds nothing at once."""
    sent = [request for request in kamailio.seen()[requests_before:] if request.withdraws]
    expect(sent, f"no REGISTER with expires 0 came: {kamailio.seen()[requests_before:]}")
    for request in sent:
        expect_equal(request.callid, before.call_id, "Call-ID of the withdrawal")
        expect(int(request.cseq) > before.cseq, f"CSeq of the withdrawal is {request.cseq}, not above {before.cseq}")
        expect(before.contact in request.contact and "*" not in request.contact, f"Contact of the withdrawal is {request.contact}")
        expect_equal(request.expires, "0", "Expires of the withdrawal")
    expect_equal(kamailio.bindings(), [], "bindings after the withdrawal")
    expect_said(switch, "upstream-1", "withdrawn")


def expect_nothing_sent(kamailio, requests_before, before):
    """No REGISTER came, and the binding stands as it stood."""
    expect_equal(kamailio.seen()[requests_before:], [], "REGISTERs at the stop")
    standing = kamailio.only_binding()
    expect_equal((standing.call_id, standing.cseq), (before.call_id, before.cseq), "the binding after the stop")


# Planned restart

@case("planned restart, unregister On: the binding is gone at once, and the next start has one again")
def planned_restart_on(test):
    switch, kamailio, before = begin(test, "On")
    requests = len(kamailio.seen())
    took = switch.stop()
    expect_withdrawn_by(switch, kamailio, before, requests)
    expect(took < 5, f"the stop took {took:.1f} s although the upstream answered")
    start_again(switch, kamailio, before, "after a planned restart")
    expect_equal(switch.registrations()["upstream-1"]["mayBeStale"], False, "mayBeStale after a clean stop")


@case("planned restart, unregister Off: nothing is sent, the stale binding stands and is replaced by the next start")
def planned_restart_off(test):
    switch, kamailio, before = begin(test, "Off")
    requests = len(kamailio.seen())
    took = switch.stop()
    expect_nothing_sent(kamailio, requests, before)
    expect(took < 5, f"the stop took {took:.1f} s although nothing was to be sent")
    expect_said(switch, "SS_SIP_USER_AGENT_SEND_UNREGISTER is Off", "until 20")
    start_again(switch, kamailio, before, "after a planned restart")


@case("planned stop, unregister Off: the stale binding stands until its lifetime ends")
def planned_stop_off(test):
    switch, kamailio, before = begin(test, "Off", lifetime=SHORT)
    registered = time.monotonic()
    switch.stop()
    left = kamailio.only_binding().expires
    expect(left > 1, f"only {left} s were left when the switch stopped")
    sleep_until(registered + 3)
    expect_equal(kamailio.only_binding().call_id, before.call_id, "Call-ID of the stale binding")
    wait_until(lambda: not kamailio.bindings(), left + 5, "the stale binding has ended", every=0.2)


# Service crash

def crash(test, setting):
    switch, kamailio, before = begin(test, setting)
    requests = len(kamailio.seen())
    switch.kill()
    expect_nothing_sent(kamailio, requests, before)
    after = start_again(switch, kamailio, before, "after kill -9")
    expect("may be stale" in switch.log(), "the log does not say that the binding of the last run may be stale")
    return switch, kamailio, after


@case("service crash, unregister On: kill -9 sends nothing, the next start replaces the binding and its stop withdraws it")
def crash_on(test):
    switch, kamailio, before = crash(test, "On")
    requests = len(kamailio.seen())
    switch.stop()
    expect_withdrawn_by(switch, kamailio, before, requests)


@case("service crash, unregister Off: kill -9 sends nothing, and the next start replaces the binding")
def crash_off(test):
    crash(test, "Off")


@case("after kill -9 and without its upstream the switch says until when a binding may be stale")
def stale_after_crash(test):
    switch, kamailio, _ = begin(test, "On", boot="shutdown:\n  unregisterTimeout: 1\n")
    switch.kill()
    kamailio.stop()
    switch.start()
    stale = switch.registrations()["upstream-1"]
    expect(stale["mayBeStale"] and stale["boundUntil"] and stale["warnings"], f"the status does not warn of a stale binding: {stale}")
    expect("may be stale until 20" in switch.log(), "the log does not say until when the binding may be stale")


# Power loss

def lose_power(test, setting):
    switch, kamailio, before = begin(test, setting, boot="durability: power\n")
    requests = len(kamailio.seen())
    switch.lose_power()
    expect_nothing_sent(kamailio, requests, before)
    start_again(switch, kamailio, before, "after a loss of power")


@case("power loss, unregister On: nothing can be sent, and the data as the disk has them are enough to replace the binding")
def power_loss_on(test):
    lose_power(test, "On")


@case("power loss, unregister Off: nothing is sent, and the data as the disk has them are enough to replace the binding")
def power_loss_off(test):
    lose_power(test, "Off")


# Network outage before shutdown

def outage(test, setting):
    """Registered through a path that is then cut, and stopped; returns also how long the stop took."""
    kamailio = start_kamailio(test)
    path = test.keep(Path(PATH, UPSTREAM))
    switch = start_registered(test, proxy=PATH, boot="shutdown:\n  unregisterTimeout: 3\n", SS_SIP_USER_AGENT_SEND_UNREGISTER=setting)
    before = wait_for_binding(kamailio)
    requests = len(kamailio.seen())
    path.cut()
    took = switch.stop()
    expect_nothing_sent(kamailio, requests, before)
    return switch, kamailio, before, path, took


@case("network outage before shutdown, unregister On: tried within the bound, and the log says until when a binding may stand")
def outage_on(test):
    switch, kamailio, before, path, took = outage(test, "On")
    expect(path.lost > 0, "no withdrawal was tried")
    expect(2.5 < took < 7, f"the stop took {took:.1f} s with unregisterTimeout 3")
    expect_said(switch, "upstream-1", "no answer to the withdrawal", "a stale binding may stand until 20")
    path.mend()
    start_again(switch, kamailio, before, "after an outage")


@case("network outage before shutdown, unregister Off: nothing is sent, and the stop waits for nothing")
def outage_off(test):
    switch, kamailio, before, path, took = outage(test, "Off")
    expect_equal(path.lost, 0, "datagrams into the outage")
    expect(took < 3, f"the stop took {took:.1f} s although nothing was to be sent")
    expect_said(switch, "SS_SIP_USER_AGENT_SEND_UNREGISTER is Off", "a stale binding may stand until 20")
    path.mend()
    start_again(switch, kamailio, before, "after an outage")


@case("the upstream is gone before shutdown: the stop is bounded, and the next start registers when the upstream is back")
def upstream_gone(test):
    switch, kamailio, before = begin(test, "On", boot="shutdown:\n  unregisterTimeout: 2\n")
    kamailio.stop()
    took = switch.stop()
    expect(took < 7, f"the stop took {took:.1f} s with unregisterTimeout 2")
    expect_said(switch, "upstream-1", "no answer", "a stale binding may stand until 20")
    kamailio.start()
    switch.start()
    after = wait_for_binding(kamailio)
    expect_same_binding(before, after, "at an upstream that has forgotten us")


# Rapid restart

def rapid_restart(test, setting):
    switch, kamailio, before = begin(test, setting)
    for turn in range(3):
        switch.stop()
        if setting == "On":
            expect_equal(kamailio.bindings(), [], f"bindings between stop and start {turn + 1}")
        before = start_again(switch, kamailio, before, f"after rapid restart {turn + 1}")


@case("rapid restart, unregister On: three within seconds, each removes the old binding and has exactly one again")
def rapid_restart_on(test):
    rapid_restart(test, "On")


@case("rapid restart, unregister Off: three within seconds never leave two bindings, and the CSeq rises")
def rapid_restart_off(test):
    rapid_restart(test, "Off")


# Configuration change and restart

def change_and_restart(test, setting):
    """The signalling port changes between two runs; returns the old binding and the upstream."""
    switch, kamailio, before = begin(test, setting, lifetime=SHORT)
    expect(":5060" in before.contact, f"the Contact {before.contact} has another port")
    switch.stop()
    standing = kamailio.bindings()
    switch.write_boot_file(("udp://127.0.0.1:5080", "tcp://127.0.0.1:5080"))
    switch.start()
    wait_until(lambda: any(":5080" in row.contact for row in kamailio.bindings()), SOON, "a binding with the new port stands")
    return switch, kamailio, standing


@case("configuration change and restart, unregister On: the upstream holds the new contact only")
def change_on(test):
    _, kamailio, standing = change_and_restart(test, "On")
    expect_equal(standing, [], "bindings between stop and start")
    expect(":5080" in kamailio.only_binding().contact, "the binding does not have the new port")


@case("configuration change and restart, unregister Off: the old contact stands at the stop, and no longer than its lifetime")
def change_off(test):
    _, kamailio, standing = change_and_restart(test, "Off")
    expect(len(standing) == 1 and ":5060" in standing[0].contact, f"bindings between stop and start: {standing}")

    def is_clean():
        return [row.contact for row in kamailio.bindings() if ":5060" in row.contact] == []
    wait_until(is_clean, SHORT + 3, "the old contact is gone", every=0.2)
    expect(":5080" in kamailio.only_binding().contact, "the binding does not have the new port")


@case("another account under the same name: the old one's binding is withdrawn, the new one's stands")
def another_account(test):
    kamailio = start_kamailio(test, accounts={"acme": "secret", "other": "hidden"})
    switch = start_registered(test)
    before = wait_for_binding(kamailio)
    switch.apply(registration(user="other", password="hidden"))
    wait_until(lambda: not kamailio.bindings("acme"), SOON, "the old account's binding is withdrawn")
    other = wait_for_binding(kamailio, user="other")
    expect(other.call_id != before.call_id, "both accounts have the same Call-ID")


@case("a registration that was deleted during an outage is withdrawn by the next start")
def deleted_during_outage(test):
    kamailio = start_kamailio(test)
    path = test.keep(Path(PATH, UPSTREAM))
    switch = start_registered(test, proxy=PATH, boot="shutdown:\n  unregisterTimeout: 1\n")
    before = wait_for_binding(kamailio)
    path.cut()
    switch.succeed("delete", "Registration", "upstream-1")
    wait_until(lambda: path.lost > 0, SOON, "a withdrawal is tried")
    switch.kill()
    path.mend()
    requests = len(kamailio.seen())
    switch.start()
    wait_until(lambda: not kamailio.bindings(), SOON, "the binding of the deleted registration is withdrawn")
    expect_equal({request.callid for request in kamailio.seen()[requests:] if request.withdraws}, {before.call_id}, "Call-ID of the withdrawal")
    wait_until(lambda: not switch.registrations(), SOON, "the deleted registration is no longer shown")
