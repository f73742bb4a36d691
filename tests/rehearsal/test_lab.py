"""The whole lab, end to end: one command brings it up, and destroy leaves what was there before."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import values
from rehearsal.places import PROJECT
from tests.guide import README, REHEARSED, TEXTS, block
from tests.rehearsal.hub_lab import authority, signed
from tests.rehearsal.stack import Stack

OF_FILES = {"labvpn diagnose ppp.log", "labvpn invite guests.csv"}
"""What reads a file of the reader's own, by `tests/rehearsal/test_guide.py`."""
CIPHER = "ECDHE-RSA-AES128-GCM-SHA256"
TLS_SESSION = "echo | openssl s_client -connect 203.0.113.20:443 -tls1_2 2>/dev/null | grep -E 'Cipher is|issuer='"


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    stack = Stack("lab-test")
    stack.stop()
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def bare(lab: Stack) -> dict[str, str]:
    """The VPN host, the FortiGate and the zone as they were before the first `up`."""
    return lab.bare("server")


@pytest.fixture(scope="module")
def up(lab: Stack, bare: dict[str, str]) -> Stack:
    """The lab brought up by its one command."""
    done = typed(lab, "make lab")
    assert done.returncode == 0, done.stdout + done.stderr
    return lab


def typed(lab: Stack, line: str) -> subprocess.CompletedProcess[str]:
    """A line of the README in the project's folder."""
    return subprocess.run(["sh", "-c", line], cwd=PROJECT, env=lab.environment, capture_output=True, text=True)


def test_one_command_brings_the_lab_up_and_proves_it(up: Stack) -> None:
    assert up.is_settled()


def test_one_server_is_the_same_stack_as_a_list_of_one(up: Stack, tmp_path: Path) -> None:
    listed = up.variant(tmp_path, server=None, servers=[up.example["server"]])
    assert up.is_settled("--config-file", str(listed))


def test_the_readmes_commands_work_on_the_lab_that_is_up(up: Stack) -> None:
    enter, *lines, last = block(TEXTS[README], "## What you see then")
    lines += [line for line in block(TEXTS[README], "\n## Every day") if line not in OF_FILES]
    assert {"make lab", enter, *lines, last} > REHEARSED
    had_kits = (PROJECT / "kits").exists()
    said = {line: typed(up, f"{enter}; {line}") for line in lines}
    if not had_kits:
        shutil.rmtree(PROJECT / "kits")
    outside = [line for line in lines if "curl" in line]
    assert [line for line, done in said.items() if done.returncode] == outside, "a phone must not reach the workstation"
    assert "unchanged" in said["pulumi preview"].stdout


def test_every_promise_is_kept_from_outside(up: Stack) -> None:
    proofs = up.proofs()
    assert [words for words, kept in proofs.items() if not kept] == []
    for part in ("500/udp", "4500/udp", "8000/tcp", "a wrong password is refused", "203.0.113.20", "203.0.113.21:22"):
        assert any(part in words for words in proofs), part
    assert sum("guest1 dials by AES-256/" in words for words in proofs) == 3


def test_no_run_changes_the_projects_configuration(up: Stack) -> None:
    assert "secure:" not in (PROJECT / "Pulumi.lab.yaml").read_text()
    assert "encryptionsalt" not in (PROJECT / "Pulumi.lab.yaml").read_text()


def test_a_preview_without_changes_logs_in_twice_at_most(up: Stack) -> None:
    def logins() -> int:
        return int(up.output("server", "sh", "-c", "journalctl -u ssh --no-pager | grep -c 'Accepted publickey'"))

    before = logins()
    assert up.is_settled()
    assert logins() - before <= 2


def test_no_secret_stands_in_clear_in_the_state_or_the_outputs(up: Stack) -> None:
    state = "".join(path.read_text() for path in (up.state / "backend").rglob("*.json"))
    printed = up.pulumi("stack", "output", "--json").stdout
    for name, secret in values.read(up.state).items():
        if name not in ("hostKey", "fortigateCa"):
            text = json.dumps(secret.strip())[1:-1]
            assert text not in state, name
            assert text not in printed, name


def test_a_change_by_hand_on_every_hop_is_named_and_repaired(up: Stack) -> None:
    up.output("server", "firewall-cmd", "--permanent", "--service=vpnserver", "--add-port=8080/tcp")
    up.output("server", "firewall-cmd", "--reload")
    up.manual.box("PUT", "firewall/policy/{vpn-allow}", None, "&action=move&after=4")
    change = "update delete vpn.lab.example A\nupdate add vpn.lab.example 60 A 203.0.113.9\nsend\n"
    key = values.read(up.state)["dnsKey"]
    up.output("admin", "nsupdate", "-v", input=f"server 198.51.100.53\nkey hmac-sha256:labvpn {key}\n{change}")
    seen = up.pulumi("preview", "--diff", "--expect-no-changes")
    assert seen.returncode != 0
    assert "8080/tcp" in seen.stdout
    assert "203.0.113.9" in seen.stdout
    assert "fortigate-allow-place" in seen.stdout
    up.up()
    assert up.is_settled()
    assert all(up.proofs().values())


def test_the_doctor_finds_every_promise_kept_and_names_the_hop_of_a_broken_one(up: Stack) -> None:
    def check() -> dict[str, object]:
        key, outputs = up.state / "ssh" / "admin", up.state / "outputs.json"
        words = ["check", "--outputs", outputs, "--here", "campus", "--key", key, "--dial", "guest2", "--json"]
        output: dict[str, object] = json.loads(up.run("admin", sys.executable, "-m", "labvpn", *map(str, words)).stdout)
        return output

    whole = check()
    assert (whole["findings"], whole["kept"]) == ([], True)
    up.output("server", "firewall-cmd", "--service=vpnserver", "--remove-port=4500/udp", "--permanent")
    up.output("server", "firewall-cmd", "--reload")
    found: list[dict[str, str]] = check()["findings"]  # type: ignore[assignment]
    assert {finding["hop"] for finding in found} == {"seen from here", "firewalld", "dial"}
    assert "as every system: esp-or-4500-blocked" in next(one["says"] for one in found if one["hop"] == "dial")
    up.up()


def test_a_hop_that_is_left_out_is_left_alone_and_the_rest_works(up: Stack, tmp_path: Path) -> None:
    without = str(up.variant(tmp_path, fortigate=None, firewall=None, dns=None))
    up.up("--config-file", without)
    assert up.is_settled("--config-file", without)
    assert "vpnserver" not in up.output("server", "sh", "-c", "firewall-cmd --list-all 2>&1 || true")
    assert "labvpn-bans" not in up.output("server", "ls", "/etc/systemd/system")
    assert up.output("admin", "dig", "+short", "vpn.lab.example", "@198.51.100.53") == ""
    up.up()
    assert up.is_settled()


def test_the_servers_own_certificate_cipher_and_log_are_seen_on_the_wire_and_put_back(
    up: Stack, tmp_path: Path
) -> None:
    own = signed(tmp_path, authority(tmp_path, "own-ca"), "vpn.lab.example", "own.pem")
    offered = {**up.example["vpn"], "tls": {"cipher": CIPHER}, "syslog": {"host": "198.51.100.10", "send": "security"}}
    file = up.variant(tmp_path, vpn=offered, authority=None, serverCertificate=Path(f"{own}.crt").read_text())
    up.with_secret(file, "serverKey", Path(f"{own}.key").read_text())
    before = up.output("campus", "sh", "-c", TLS_SESSION)
    up.up("--config-file", str(file))
    assert up.is_settled("--config-file", str(file))
    seen = up.output("campus", "sh", "-c", TLS_SESSION)
    assert f"Cipher is {CIPHER}" in seen
    assert "CN = own-ca" in seen
    heard = up.listening("internet", 514, lambda: up.output("campus", "sh", "-c", TLS_SESSION))
    assert "<SERVER_LOG>: On the TCP Listener (Port 443), a Client" in heard
    up.up()
    assert up.output("campus", "sh", "-c", TLS_SESSION) == before


def test_a_user_with_passwordless_sudo_does_as_well_as_root(up: Stack, tmp_path: Path) -> None:
    server = {"address": "203.0.113.20", "ssh": {"user": "labadmin"}}
    file = str(up.variant(tmp_path, server=server))
    up.up("--config-file", file)
    assert up.is_settled("--config-file", file)


def test_hops_that_refuse_are_named_in_a_sentence_each_and_all_at_once(up: Stack, tmp_path: Path) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPbm7fusfjKjQcKNxGMFh9fnx1X1/xxSX8tX+4pTihmf"
    file = up.variant(tmp_path, hostKey=other)
    up.with_secret(file, "fortigateToken", "not-the-token")
    up.with_secret(file, "dnsKey", "bm90IHRoZSBrZXkgYXQgYWxs")
    seen = up.pulumi("preview", "--config-file", str(file))
    assert seen.returncode != 0
    for sentence in (
        "The VPN host 203.0.113.20 shows another host key than the recorded one",
        "The FortiGate 203.0.113.129 refused the token (401)",
        "The name server 198.51.100.53 refused the secret",
        "(BADSIG)",
    ):
        assert sentence in seen.stdout
    assert "Traceback" not in seen.stdout


def test_a_host_that_cannot_be_reached_is_named(up: Stack, tmp_path: Path) -> None:
    server = {"address": "203.0.113.20", "ssh": {"host": "203.0.113.30"}}
    seen = up.pulumi("preview", "--config-file", str(up.variant(tmp_path, server=server)))
    assert "The VPN host 203.0.113.30 cannot be reached by SSH on port 22" in seen.stdout


def test_mistakes_are_reported_all_at_once_before_a_machine_is_touched(up: Stack, tmp_path: Path) -> None:
    file = up.variant(tmp_path, vpn={"listeners": [443, 443], "hubb": "X"}, server={"address": "203.0.113"})
    seen = up.pulumi("preview", "--config-file", str(file)).stdout
    assert "The configuration has 3 mistakes; nothing was touched." in seen
    assert "did you mean 'hub'?" in seen


def test_what_does_not_fit_the_machines_is_refused_in_a_preview(up: Stack, tmp_path: Path) -> None:
    firewall = {"zone": "nowhere", "zones": {"public": {"interfaces": ["eth9"]}}}
    seen = up.pulumi("preview", "--config-file", str(up.variant(tmp_path, firewall=firewall)))
    assert seen.returncode != 0
    assert "has no firewalld zone nowhere" in seen.stdout
    assert "has no network interface eth9" in seen.stdout
    box = {**up.example["fortigate"], "outside": ["wan9"], "before": "no-such-policy"}
    seen = up.pulumi("preview", "--config-file", str(up.variant(tmp_path, fortigate=box)))
    assert seen.returncode != 0
    assert "wan9" in seen.stdout and "no-such-policy" in seen.stdout


def test_a_rule_of_others_that_opens_a_closed_port_is_found_and_named(up: Stack, tmp_path: Path) -> None:
    up.output("server", "firewall-cmd", "-q", "--permanent", "--add-port=8000-8001/tcp")
    up.output("server", "firewall-cmd", "-q", "--reload")
    file = str(up.variant(tmp_path, firewall={"closed": ["8000/tcp"]}))
    output = up.pulumi("preview", "--config-file", file).stdout
    up.output("server", "firewall-cmd", "-q", "--permanent", "--remove-port=8000-8001/tcp")
    up.output("server", "firewall-cmd", "-q", "--reload")
    assert "8000-8001/tcp" in output and "zone public" in output


def test_a_protected_lab_is_not_taken_away_until_its_administrator_says_so(up: Stack, tmp_path: Path) -> None:
    file = str(up.variant(tmp_path, protect=True))
    up.up("--config-file", file)
    assert up.is_settled("--config-file", file)
    refused = up.pulumi("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "protect" in refused.stdout + refused.stderr
    assert all(up.proofs().values())
    up.up()
    assert up.is_settled()


def test_destroy_leaves_what_was_there_before(up: Stack, bare: dict[str, str]) -> None:
    done = up.pulumi("destroy", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    assert up.bare("server") == bare
    assert typed(up, "make stop").returncode == 0
    assert not up.status()["up"]
