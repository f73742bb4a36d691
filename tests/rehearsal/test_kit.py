"""Real clients dial in with the kits that the stack's outputs make, and the owner sees them."""

from __future__ import annotations

import json
import plistlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labvpn.rehearsal import sealed, stack
from tests.rehearsal.softether_client import dialling
from tests.rehearsal.stack import Stack

PROGRAM = (sys.executable, "-m", "labvpn")
SECONDS = 45

# What SoftEther's own manager does with a session that the administrator ends.
CUT = """
import http.client, json, ssl
password = open("/var/lib/labvpn/administrator").read()
server = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context())
def call(method, **parameters):
    body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": {"HubName_str": "LAB", **parameters}})
    server.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password})
    return json.loads(server.getresponse().read())["result"]
for session in call("EnumSession")["SessionList"]:
    if not session["SecureNATMode_bool"]:
        print(call("DeleteSession", Name_str=session["Name_str"])["Name_str"])
"""


@dataclass(frozen=True)
class KitLab:
    """An applied lab, its outputs, and the kits made from them."""

    lab: Stack
    outputs: Path
    kits: Path

    @property
    def told(self) -> dict[str, Any]:
        """The outputs, with every secret."""
        answer: dict[str, Any] = json.loads(self.outputs.read_text())
        return answer

    def password(self, user: str) -> str:
        return str(self.told["users"][user]["password"])

    def make(self, folder: Path, *words: str, outputs: Path | None = None) -> None:
        line = (*PROGRAM, "kit", *words, "--outputs", str(outputs or self.outputs), "--folder", str(folder))
        self.lab.output("internet", *line, "--trust-shown")

    def status(self) -> dict[str, Any]:
        key = self.lab.state / "ssh/admin"
        shown = self.lab.output(
            "admin", *PROGRAM, "status", "--outputs", str(self.outputs), "--key", str(key), "--json"
        )
        answer: dict[str, Any] = json.loads(shown)
        return answer

    def cut(self) -> list[str]:
        """End every user's session; the names of those that were."""
        return self.lab.output("server", "python3", "-", input=CUT).split()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KitLab]:
    """A lab with a split tunnel and SSTP, and the kits of all its users."""
    lab = Stack("kit-test")
    lab.stop()
    lab.start()
    folder = tmp_path_factory.mktemp("kits")
    engine = stack.ready(lab.state, print)
    sealed.ensure(lab.state, engine.pulumi, engine.environment(lab.state))
    lab.up("--config-file", str(lab.variant(folder, vpn=_split(lab.example["vpn"]))))
    done = lab.pulumi("stack", "output", "--json", "--show-secrets")
    outputs = folder / "outputs.json"
    outputs.touch(0o600)
    outputs.write_text(done.stdout)
    whole = KitLab(lab, outputs, folder / "kits")
    whole.make(whole.kits, "--all")
    yield whole
    lab.stop()


def _split(vpn: dict[str, Any]) -> dict[str, Any]:
    nat = {**vpn["secureNat"], "routes": ["203.0.113.21/32"]}
    return {**vpn, "secureNat": nat, "protocols": {**vpn["protocols"], "sstp": True}}


@dataclass
class Dial:
    """A running OpenVPN client and what it said so far."""

    client: subprocess.Popen[str]
    log: str = ""

    def reads(self, wanted: str, seconds: float = SECONDS) -> bool:
        """Whether the client comes to say something before it ends."""
        assert self.client.stdout is not None
        until = time.monotonic() + seconds
        for line in self.client.stdout:
            self.log += line
            if wanted in line:
                return True
            if time.monotonic() > until:
                break
        return False


@contextmanager
def dial(lab: KitLab, machine: str, profile: Path, folder: Path, user: str, password: str) -> Iterator[Dial]:
    secret = folder / "login"
    secret.touch(0o600)
    secret.write_text(f"{user}\n{password}\n")
    line = lab.lab.line("exec", machine, "--", "openvpn", "--config", str(profile), "--auth-user-pass", str(secret))
    client = subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=lab.lab.environment
    )
    try:
        yield Dial(client)
    finally:
        client.terminate()
        client.wait(15)


@pytest.mark.parametrize("way", ["udp-1194", "tcp-443", "tcp-1194"])
def test_each_openvpn_profile_reaches_the_lab_alone_and_stays_off_once_it_is_cut(
    made: KitLab, tmp_path: Path, way: str
) -> None:
    profile = made.kits / "guest1" / f"openvpn-{way}.ovpn"
    with dial(made, "internet", profile, tmp_path, "guest1", made.password("guest1")) as client:
        assert client.reads("Initialization Sequence Completed"), client.log
        routes = made.lab.output("internet", "ip", "-4", "route")
        assert "203.0.113.21 via 192.168.30.1 dev tun" in routes
        assert "0.0.0.0/1" not in routes
        assert "<form" in made.lab.output("internet", "curl", "-sS", "-m", "15", "http://203.0.113.21:8000/")
        assert made.cut()
        assert client.reads("process exiting"), client.log
        assert client.client.wait(10) is not None
    assert made.status()["sessions"] == []


def test_a_client_refuses_a_server_that_another_authority_signed(made: KitLab, tmp_path: Path) -> None:
    told = {**made.told, "certificate": (Path(__file__).parents[1] / "cases/kit/authority.pem").read_text()}
    other = tmp_path / "outputs.json"
    other.write_text(json.dumps(told))
    made.make(tmp_path / "kits", "guest1", outputs=other)
    profile = tmp_path / "kits/guest1/openvpn-tcp-443.ovpn"
    with dial(made, "internet", profile, tmp_path, "guest1", made.password("guest1")) as client:
        assert not client.reads("Initialization Sequence Completed"), client.log
    assert re.search(r"VERIFY ERROR|certificate verify failed", client.log)


def test_softethers_own_client_dials_by_its_setting_and_stays_off_once_it_is_cut(made: KitLab, tmp_path: Path) -> None:
    setting = made.kits / "guest1/softether.vpn"
    with dialling(made.lab, "internet", tmp_path, setting, made.password("guest1")) as client:
        assert client.becomes("Connected"), client.status()
        assert "obtained from 192.168.30.1" in client.lease()
        assert made.cut()
        assert client.becomes("Offline")
        time.sleep(5)
        assert client.status() == "Offline"


def test_the_server_answers_ike_as_the_apple_profile_dials_it(made: KitLab) -> None:
    (vpn,) = plistlib.loads((made.kits / "guest1/guest1.mobileconfig").read_bytes())["PayloadContent"]
    assert vpn["IPSec"]["SharedSecret"].decode() == made.told["presharedKey"]
    # RFC 3947's vendor id, and AES-256, SHA-1, a preshared key and group 14: what Apple's clients offer among others.
    offer = ("--vendor=4a131c81070358455c5728f20e95452f", "--trans=7/256,2,1,14")
    server = vpn["PPP"]["CommRemoteAddress"]
    seen = made.lab.output("phone", "ike-scan", "--sport=0", "--retry=2", *offer, server)
    assert "1 returned handshake" in seen


def test_the_owner_sees_a_live_session_and_a_failed_login(made: KitLab, tmp_path: Path) -> None:
    profile = made.kits / "guest2/openvpn-tcp-443.ovpn"
    with dial(made, "internet", profile, tmp_path, "guest2", "certainly-not-the-password") as refused:
        assert refused.reads("AUTH_FAILED"), refused.log
    with dial(made, "phone", profile, tmp_path, "guest2", made.password("guest2")) as client:
        assert client.reads("Initialization Sequence Completed"), client.log
        seen = made.status()
    (session,) = seen["sessions"]
    assert (session["user"], session["source"], session["protocol"]) == ("guest2", "198.51.100.20", "OPENVPN_L3")
    assert 1700 < session["seconds_left"] <= 1800
    assert session["received"] > 0
    (failure,) = [each for each in seen["failures"] if each["user"] == "guest2"]
    assert (failure["source"], failure["count"]) == ("198.51.100.10", 1)
    assert seen["certificate"]["expires"]


def test_looking_changes_nothing_on_the_host(made: KitLab) -> None:
    def config() -> str:
        return made.lab.output(
            "server",
            "sh",
            "-c",
            "find /var/lib/labvpn /var/lib/softether -type f -exec stat -c '%n %Y %s' {} + | grep -v backup | sort",
        )

    before = config()
    made.status()
    assert config() == before


def test_a_host_with_another_key_than_the_stacks_is_not_asked(made: KitLab, tmp_path: Path) -> None:
    told = made.told
    told["ssh"]["hostKey"] = (made.lab.state / "ssh/admin.pub").read_text().strip()
    (tmp_path / "outputs.json").write_text(json.dumps(told))
    key = str(made.lab.state / "ssh/admin")
    done = made.lab.run("admin", *PROGRAM, "status", "--outputs", str(tmp_path / "outputs.json"), "--key", key)
    assert done.returncode == 1
    assert "shows another host key" in done.stderr
    assert not done.stdout
