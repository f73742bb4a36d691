"""Real clients dial in with the kits that the stack's outputs make, and the owner sees them."""

from __future__ import annotations

import base64
import json
import plistlib
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labvpn.kit.request import Trust
from rehearsal import stack
from tests.rehearsal.kit_lab import CUT, PROGRAM, KitLab, dial, running
from tests.rehearsal.softether_client import by_setting, dialling
from tests.rehearsal.stack import Stack
from tests.unit.kit.orders import identity

USERS = """\
name,realName,expires,MultiLogins,reach
owner,The owner,,0,free
guest1,First guest,2099-03-31,,
guest2,Second guest,,,
late,Whose time is over,2026-01-31T12:00:00+09:00,,
"""

CAROL = """
call("CreateUser", Name_str="carol", AuthType_u32=2, UserX_bin="{certificate}")
"""

FREED = """
call("SetUser", **{**call("GetUser", Name_str="late"), "ExpireTime_dt": ""})
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KitLab]:
    """A lab with SSTP and a split tunnel to the network that the server itself is in, and the kits of all its users."""
    lab = Stack("kit-test")
    lab.stop()
    lab.start()
    folder = tmp_path_factory.mktemp("kits")
    stack.configured(lab.state, print)
    (folder / "users.csv").write_text(USERS)
    users = {"file": str(folder / "users.csv")}
    lab.up("--config-file", str(lab.variant(folder, vpn=_split(lab.example["vpn"]), users=users)))
    yield KitLab.of(lab, folder)
    lab.stop()


def _split(vpn: dict[str, Any]) -> dict[str, Any]:
    nat = {**vpn["secureNat"], "routes": ["203.0.113.0/24"]}
    return {**vpn, "secureNat": nat, "protocols": {**vpn["protocols"], "sstp": True}}


@pytest.mark.parametrize("way", ["udp-1194", "tcp-443", "tcp-1194"])
def test_each_openvpn_profile_reaches_the_lab_alone_and_stays_off_once_it_is_cut(
    made: KitLab, tmp_path: Path, way: str
) -> None:
    profile = made.kits / "guest1" / f"openvpn-{way}.ovpn"
    with dial(made, "internet", profile, tmp_path, "guest1", made.password("guest1")) as client:
        assert client.reads("Initialization Sequence Completed"), client.log
        routes = made.lab.output("internet", "ip", "-4", "route")
        assert "203.0.113.0/24 via 192.168.30.1 dev tun" in routes
        assert "203.0.113.20 via " in routes
        assert "0.0.0.0/1" not in routes
        assert "<form" in made.lab.output("internet", "curl", "-sS", "-m", "15", "http://203.0.113.21:8000/")
        assert made.cut()
        assert client.reads("process exiting"), client.log
        assert client.client.wait(10) is not None
    assert made.status()["sessions"] == []


def test_a_client_refuses_a_server_that_another_authority_signed(made: KitLab, tmp_path: Path) -> None:
    outputs = {**made.output_values, "certificate": (Path(__file__).parents[1] / "cases/kit/authority.pem").read_text()}
    other = tmp_path / "outputs.json"
    other.write_text(json.dumps(outputs))
    made.make(tmp_path / "kits", "guest1", outputs=other)
    profile = tmp_path / "kits/guest1/openvpn-tcp-443.ovpn"
    with dial(made, "internet", profile, tmp_path, "guest1", made.password("guest1")) as client:
        assert not client.reads("Initialization Sequence Completed"), client.log
    assert re.search(r"VERIFY ERROR|certificate verify failed", client.log)


def test_softethers_own_client_dials_by_its_setting_and_stays_off_once_it_is_cut(made: KitLab, tmp_path: Path) -> None:
    setting = made.kits / "guest1/softether.vpn"
    with dialling(made.lab, "internet", tmp_path, by_setting(setting), made.password("guest1")) as client:
        assert client.becomes("Connected"), client.status()
        assert "obtained from 192.168.30.1" in client.lease()
        assert made.cut()
        assert client.becomes("Offline")
        time.sleep(5)
        assert client.status() == "Offline"


def test_the_server_answers_ike_as_the_apple_profile_dials_it(made: KitLab) -> None:
    (vpn,) = plistlib.loads((made.kits / "guest1/guest1.mobileconfig").read_bytes())["PayloadContent"]
    assert vpn["IPSec"]["SharedSecret"].decode() == made.output_values["presharedKey"]
    # RFC 3947's vendor id, and AES-256, SHA-1, a preshared key and group 14: what Apple's clients offer among others.
    offer = ("--vendor=4a131c81070358455c5728f20e95452f", "--trans=7/256,2,1,14")
    server = vpn["PPP"]["CommRemoteAddress"]
    seen = made.lab.output("phone", "ike-scan", "--sport=0", "--retry=2", *offer, server)
    assert "1 returned handshake" in seen


def test_a_client_in_the_tunnel_is_a_vantage_point_that_tells_the_hosts_firewall_from_the_server(
    made: KitLab, tmp_path: Path
) -> None:
    def closed(*ports: str) -> dict[str, str]:
        machines = {"phone": "internet", "campus": "campus", "vpn": "phone"}
        points = [f"--vantage={name}={made.exec(machine)} python3" for name, machine in machines.items()]
        words = ("--outputs", str(made.outputs), "--here", "none", *points, "--tcp", ",".join(ports), "--json")
        seen = made.doctor("probe", *words)
        assert [view["trouble"] for view in seen["vantages"]] == ["", "", ""]
        return {str(port["port"]): port["blame"]["hop"] for port in seen["ports"] if not port["as_expected"]}

    profile = made.kits / "owner/openvpn-tcp-443.ovpn"
    with dial(made, "phone", profile, tmp_path, "owner", made.password("owner")) as client:
        assert client.reads("Initialization Sequence Completed"), client.log
        assert closed("443", "992") == {}
        made.lab.output("server", "firewall-cmd", "--add-rich-rule=rule family=ipv4 port port=992 protocol=tcp drop")
        assert closed("443", "992") == {"992": "firewalld"}
        made.lab.output("server", "firewall-cmd", "--reload")


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


def test_whoever_is_expired_gets_no_kit_and_the_server_refuses_him(made: KitLab, tmp_path: Path) -> None:
    assert sorted(path.name for path in made.kits.iterdir() if path.is_dir()) == ["guest1", "guest2", "owner"]
    profile = made.kits / "guest1/openvpn-tcp-443.ovpn"
    with dial(made, "internet", profile, tmp_path, "late", made.password("late")) as client:
        assert client.reads("AUTH_FAILED"), client.log
    seen = made.status()
    assert {each["user"]: each["expires"] for each in seen["accounts"]} == {
        "guest1": "2099-03-31T23:59:59Z",
        "late": "2026-01-31T03:00:00Z",
    }
    assert "late" in {each["user"] for each in seen["failures"]}


def test_the_stack_finds_an_end_that_was_changed_by_hand(made: KitLab) -> None:
    file = made.outputs.parent / "Pulumi.lab.yaml"
    assert made.lab.is_settled("--config-file", str(file))
    made.lab.output("server", "python3", "-", input=CUT + FREED)
    seen = made.lab.pulumi("preview", "--config-file", str(file)).stdout
    assert "user late: expires is never on the server, 2026-01-31T03:00:00Z here" in seen
    made.lab.up("--config-file", str(file))
    assert {each["user"] for each in made.status()["accounts"]} == {"guest1", "late"}


@pytest.fixture
def carol(made: KitLab, tmp_path: Path) -> Path:
    """The sealed-off kit of a user who logs in by a certificate of her own, made by hand on the server."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "carol.crt").write_text(identity("carol").certificate)
    (own / "carol.key").write_text(identity("carol").key)
    der = base64.b64encode(Trust(identity("carol").certificate).der).decode()
    made.lab.output("server", "python3", "-", input=CUT + CAROL.format(certificate=der))
    outputs = made.output_values
    outputs["users"] = {"carol": {}}
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    made.make(tmp_path / "kits", "carol", "--certificates", str(own), outputs=tmp_path / "outputs.json")
    for path in own.iterdir():
        shutil.copy(path, tmp_path / "kits/carol")
    return tmp_path / "kits/carol"


def test_a_user_with_a_certificate_logs_in_without_a_password(made: KitLab, carol: Path) -> None:
    line = made.lab.line("exec", "internet", "--", "openvpn", "--cd", str(carol), "--config", "openvpn-tcp-443.ovpn")
    with running(made.lab, line) as client:
        assert client.reads("Initialization Sequence Completed"), client.log
        assert [each["user"] for each in made.status()["sessions"]] == ["carol"]


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
    outputs = made.output_values
    outputs["servers"][0]["ssh"]["hostKey"] = (made.lab.state / "ssh/admin.pub").read_text().strip()
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    key = str(made.lab.state / "ssh/admin")
    done = made.lab.run("admin", *PROGRAM, "status", "--outputs", str(tmp_path / "outputs.json"), "--key", key)
    assert done.returncode == 1
    assert "shows another host key" in done.stderr
    assert not done.stdout
