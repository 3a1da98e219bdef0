"""baresip without a screen: registered or not, answering by itself, dialling and hanging up when it is told."""
import json
import os
import shutil
import subprocess
import sys
import wave

from .checks import expect, wait_until
from .processes import end, quiet_environment
from .sipp import written

MODULES = "/usr/lib/baresip/modules"
CONTROL_PORT = 4444
CONFIGURATION = """\
sip_listen {address}
net_interface {host}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
audio_source aufile,{tone}
audio_player aubridge,{number}
rtp_timeout 0
"""
CONTROLLED = CONFIGURATION + """\
module_app ctrl_tcp.so
ctrl_tcp_listen {control}:{control_port}
"""
# A command as baresip's control module takes it: JSON in a netstring; run where the phone is.
SAY = """\
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as control:
    control.sendall(sys.argv[3].encode())
    control.settimeout(2)
    sys.stdout.write(control.recv(65535).decode(errors="replace"))
"""


def tone(path):
    """Ten seconds of a square wave of 400 Hz."""
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((b"\x00\x20" * 10 + b"\x00\xe0" * 10) * 4000)


class Softphone:
    """A baresip with a number and a password at `registrar`, at its own address, perhaps within a network of its own.

    `lifetime`: of its registration, in seconds. It plays a tone and answers every call.
    """

    def __init__(self, test, number, password, address, registrar, network=None, lifetime=3600):
        expect(shutil.which("baresip"), "baresip is not installed: apt-get install baresip-core")
        self.number, self.registrar, self.network = number, registrar, network
        self.control = address[0]
        folder = os.path.join(test.folder, f"phone-{number}")
        os.makedirs(folder)
        sound = os.path.join(folder, "tone.wav")
        tone(sound)
        account = (f"<sip:{number}@{written(registrar)}>;auth_user={number};auth_pass={password};regint={lifetime};answermode=auto;"
                   f"audio_codecs=PCMA\n")
        configuration = CONTROLLED.format(
            address=written(address), host=address[0], modules=MODULES, tone=sound, number=number, control=self.control, control_port=CONTROL_PORT)
        for file, text in (("config", configuration), ("accounts", account), ("contacts", "")):
            with open(os.path.join(folder, file), "w", encoding="ascii") as out:
                out.write(text)
        self.output_path = os.path.join(folder, "output")
        with open(self.output_path, "wb") as out:
            self._process = subprocess.Popen(
                self._within("baresip", "-f", folder, "-s"), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env=quiet_environment())
        test.keep(self)

    def _within(self, *command):
        return self.network.enter(*command) if self.network else list(command)

    def say(self, command, parameters=""):
        """A command of baresip's menu, such as dial or hangup."""
        text = json.dumps({"command": command, "params": parameters, "token": "t"})
        done = subprocess.run(
            self._within(sys.executable, "-c", SAY, self.control, str(CONTROL_PORT), f"{len(text)}:{text},"), capture_output=True, text=True,
            timeout=15, env=quiet_environment(), check=False)
        expect(done.returncode == 0, f"phone {self.number} does not take the command {command}: {done.stderr.strip()[-200:]}")

    def dial(self, number):
        self.say("dial", f"sip:{number}@{written(self.registrar)}")

    def hang_up(self):
        self.say("hangup")

    def output(self):
        with open(self.output_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for_sound(self, times=1, seconds=5):
        """Waits until sound of another phone has come so many times."""
        wait_until(
            lambda: self.output().count("incoming rtp for 'audio' established") >= times, seconds,
            f"phone {self.number} hears the other one ({self.output_path})")

    def discard(self):
        end(self._process, 2)
