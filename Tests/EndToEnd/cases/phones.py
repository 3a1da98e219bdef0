"""baresip calls baresip through the switch: by direct address, registered to nothing, with sound in both directions."""
import os
import shutil
import subprocess

from harness.checks import expect, expect_equal, wait_until
from harness.processes import end, is_taken, quiet_environment
from harness.scenario import CALLEE_NUMBER, CALLER_NUMBER
from harness.sipp import CALLEE, CALLER, written
from harness.softphone import CONFIGURATION, MODULES, tone
from harness.test import case


def start_phone(test, name, number, address, seconds, *options):
    """A baresip without registration that answers by itself and quits, hanging up, after `seconds`."""
    folder = os.path.join(test.folder, name)
    os.makedirs(folder)
    sound = os.path.join(folder, "tone.wav")
    tone(sound)
    for file, text in (
            ("config", CONFIGURATION.format(address=written(address), host=address[0], modules=MODULES, tone=sound, number=number)),
            ("accounts", f"<sip:{number}@{address[0]}>;regint=0;answermode=auto;audio_codecs=PCMA\n"), ("contacts", "")):
        with open(os.path.join(folder, file), "w", encoding="ascii") as out:
            out.write(text)
    output = os.path.join(folder, "output")
    with open(output, "wb") as out:
        process = subprocess.Popen(
            ["baresip", "-f", folder, "-s", "-t", str(seconds), *options], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            env=quiet_environment())
    return process, output


@case("baresip calls baresip by direct address, and both hear each other")
def phones(test):
    expect(shutil.which("baresip"), "baresip is not installed: apt-get install baresip-core")
    test.start_switch()
    started = []
    try:
        started.append(start_phone(test, "callee", CALLEE_NUMBER, CALLEE, 8))
        wait_until(lambda: is_taken("udp", *CALLEE), 5, "the called baresip listens")
        started.append(start_phone(test, "caller", CALLER_NUMBER, CALLER, 5, "-e", f"/dial sip:{CALLEE_NUMBER}@127.0.0.1:5060"))
        test.switch.wait_for_calls(1, 8, "the call is up")
        call = test.switch.calls()[0]
        expect_equal((call["caller"], call["callee"]), (CALLER_NUMBER, CALLEE_NUMBER), "numbers of the call")
        for process, _ in reversed(started):
            process.wait(15)
    finally:
        for process, _ in started:
            end(process, 2)
    test.record(duration=(1, 8), endReason="normalClearing", endedBy="caller", callerAddress=written(CALLER), calleeAddress=written(CALLEE))
    for _, output in started:
        with open(output, encoding="utf-8", errors="replace") as file:
            text = file.read()
        expect("incoming rtp for 'audio' established" in text, f"no sound came ({output})")
