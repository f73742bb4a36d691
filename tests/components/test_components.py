"""What the components register, on a recording engine."""

from __future__ import annotations

import json

import pulumi

from components.dns import Name, NameArgs
from components.firewall import FortiGate, FortiGateArgs, HostFirewall, HostFirewallArgs
from components.host import Host
from components.inspection import host_plans
from components.softether import SoftEther, SoftEtherArgs
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.parse.host import HostState
from labvpn.render.agent_request import secrets
from labvpn.render.documents import Concern, documents
from labvpn.state.dns import DelegationTrace, DnsSnapshot
from tests.components.engine import is_secret, plain, run
from tests.unit.boxes import box
from tests.unit.samples import CANARY, credentials, lab


def host(user: str = "root") -> Host:
    server = lab(server={"address": "203.0.113.20", "ssh": {"user": user}}).server
    return Host(server, credentials(), {}, secrets(lab(), credentials()))


def build_all() -> None:
    desired = documents(lab(), "the agent")
    gate = FortiGateArgs.of(lab(), credentials(), FortiGateSnapshot(box()))
    wanted = lab().dns
    assert wanted is not None
    server = SoftEther("vpn", SoftEtherArgs(host(), desired))
    after = pulumi.ResourceOptions(depends_on=[server])
    HostFirewall("host-firewall", HostFirewallArgs(host(), desired[Concern.FIREWALL]), after)
    FortiGate("fortigate", gate, after)
    Name("name", NameArgs(wanted, ["203.0.113.20"], snapshot=DnsSnapshot(DelegationTrace("unasked"))), after)


def test_one_command_for_each_concern_and_not_one_for_each_user() -> None:
    names = [resource.name for resource in run(build_all).of_type("command:remote:Command")]
    assert names == ["vpn-agent", "vpn-host", "vpn-server", "vpn-hub", "host-firewall-rules", "host-firewall-proof"]


def test_no_command_text_holds_data_or_a_secret() -> None:
    for command in run(build_all).of_type("command:remote:Command"):
        text = f"{plain(command.inputs['create'])} {plain(command.inputs.get('delete', ''))}"
        assert CANARY not in text
        assert "203.0.113" not in text
        assert len(text) < 400


def test_no_code_of_a_login_runs_in_the_agents_python() -> None:
    commands = [plain(command.inputs["create"]) for command in run(build_all).of_type("command:remote:Command")]
    started = [command for command in commands if "converge" in command or "confirm" in command]
    assert len(started) == 5
    assert all("python3 -I -B /usr/local/lib/labvpn/agent " in command for command in started)


def test_every_secret_is_told_to_the_engine_as_one() -> None:
    for resource in run(build_all).resources:
        for name, value in resource.inputs.items():
            if CANARY in json.dumps(plain(value), default=str):
                assert is_secret(value), f"{resource.name}.{name}"


def test_every_command_knows_the_hosts_key() -> None:
    for command in run(build_all).of_type("command:remote:Command"):
        assert plain(command.inputs["connection"])["hostKey"].startswith("ssh-ed25519 ")


def test_a_user_who_is_not_root_runs_every_command_by_sudo() -> None:
    desired = documents(lab(), "the agent")
    seen = run(lambda: _softether(desired)).of_type("command:remote:Command")
    assert all(plain(command.inputs["create"]).startswith("sudo -n ") for command in seen)
    assert all(plain(command.inputs["delete"]).startswith("sudo -n ") for command in seen)


def _softether(desired: dict[Concern, str]) -> None:
    SoftEther("vpn", SoftEtherArgs(host("labadmin"), desired))


def test_an_archive_of_the_projects_is_brought_to_where_the_agent_fetches_it() -> None:
    tarball = {"file": "vpnserver.tar.gz", "sha256": "ab" * 32}
    server = {"address": "203.0.113.20", "install": "tarball", "tarball": tarball}
    one = lab(server=server)
    sender = Host(one.server, credentials(), {}, secrets(one, credentials()))
    seen = run(lambda: _softether_of(sender, documents(one, "the agent")))
    (copied,) = seen.of_type("CopyToRemote")
    sent = json.loads(plain(seen.named("vpn-host").inputs["stdin"]))
    # A name alone is one in the home of who logs in.
    assert f'from="file://~{one.server.ssh.user}/{plain(copied.inputs["remotePath"])}" ' in sent["desired"]
    assert is_secret(copied.inputs["connection"]) or CANARY not in json.dumps(plain(copied.inputs), default=str)


def _softether_of(sender: Host, desired: dict[Concern, str]) -> None:
    SoftEther("vpn", SoftEtherArgs(sender, desired))


def test_the_server_document_is_the_seed_of_the_host() -> None:
    seen = run(build_all)
    sent = json.loads(plain(seen.named("vpn-host").inputs["stdin"]))
    assert "listener 443" in sent["seed"]


def test_what_the_host_shows_stands_beside_what_is_desired() -> None:
    actual = HostState("hub LAB online=no\n", applied=None)
    desired = documents(lab(), "the agent")

    def build() -> None:
        one = host()
        SoftEther("vpn", SoftEtherArgs(Host(one.server, one.credentials, {"hub": actual}, one.secrets), desired))

    drift = run(build).named("vpn-hub-state")
    assert plain(drift.inputs["observed"]) == "hub LAB online=no\n"
    assert plain(drift.inputs["desired"]) == desired[Concern.HUB]


def test_the_record_holds_no_key() -> None:
    record = run(build_all).named("name-records")
    assert plain(record.inputs)["records"] == ["vpn.lab.example 300 A 203.0.113.20"]
    assert "Y2FuYXJ5" not in json.dumps(plain(record.inputs), default=str)


def test_a_password_and_a_jump_host_reach_every_command_as_secrets() -> None:
    jump = {"host": "203.0.113.2", "user": "ops", "hostKey": credentials().host_key}
    server = lab(server={"address": "203.0.113.20", "ssh": {"login": "password", "jump": jump}}).server
    by_password = credentials(sshKey=None, sshPassword=f"{CANARY}-ssh-password")

    def build() -> None:
        one = Host(server, by_password, {}, secrets(lab(), by_password))
        one.command("one", "true", None, "", pulumi.ResourceOptions())

    (command,) = run(build).of_type("Command")
    assert is_secret(command.inputs["connection"]) or is_secret(command.inputs["connection"]["password"])
    connection = plain(command.inputs["connection"])
    assert (connection["password"], connection["proxy"]["password"]) == (f"{CANARY}-ssh-password",) * 2
    assert (connection["proxy"]["host"], connection["proxy"]["hostKey"]) == ("203.0.113.2", credentials().host_key)
    assert "privateKey" not in connection


def test_each_server_is_known_by_its_own_key_and_has_resources_of_its_own_names() -> None:
    two = lab(server=None, servers=[{"address": "203.0.113.20"}, {"name": "two", "address": "203.0.113.22"}])
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9Q"
    whole = credentials(hostKeys={"two": key})

    def build() -> None:
        for plan in host_plans(two, whole):
            sender = Host(plan.server, whole, {}, plan.secrets)
            SoftEther(f"vpn{plan.server.suffix}", SoftEtherArgs(sender, plan.desired))

    seen = run(build)
    actual = {name: plain(seen.named(name).inputs["connection"]) for name in ("vpn-hub", "vpn-two-hub")}
    assert [(one["host"], one["hostKey"]) for one in actual.values()] == [
        ("203.0.113.20", whole.host_key),
        ("203.0.113.22", key),
    ]


def test_the_first_certificate_of_an_authority_that_asks_on_port_80_is_fetched_when_it_is_ordered() -> None:
    order = "acme directory=https://ca.example/dir names=vpn.lab.example challenge=http-01 active=yes"
    desired = f"tls minimum=1.2\n{order}\n"

    def build() -> None:
        host("ops").fetch_certificate("certificate", desired, pulumi.ResourceOptions())

    command = run(build).named("certificate")
    assert plain(command.inputs["stdin"]) == f"{order}\n"
    assert " renew first" in plain(command.inputs["create"])
    assert plain(command.inputs["create"]).startswith("sudo -n ")
    assert "delete" not in command.inputs
