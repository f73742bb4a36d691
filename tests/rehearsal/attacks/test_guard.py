"""The guard against guessed passwords under attack: it bars whoever guesses, by whatever way, and nobody else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal import network
from tests.rehearsal.agent_host import SECRETS
from tests.rehearsal.attacks.raw_login import UNKNOWN
from tests.rehearsal.guarded_host import NO_SUCH_HUB, WRONG_PASSWORD, GuardedHost, eventually
from tests.rehearsal.kit_lab import Dial
from tests.rehearsal.openvpn_client import IN, REFUSED, dialling

BOUNDS = {"slow": 3, "pause": 3000, "most": 6, "seconds": 3600}
INNOCENT, OTHER = "203.0.113.240", "203.0.113.1"
GUESSED = "a guess"
FAILED = "User authentication failed. The user name that has been provided was"


@pytest.fixture(scope="module")
def host() -> Iterator[GuardedHost]:
    host = GuardedHost("guard")
    host.begin_guarded(**BOUNDS)
    yield host
    host.stop()


def stamped(host: GuardedHost, text: str) -> str:
    """A line of the log as the server would write it at this moment."""
    return host.output("server", "date", "+%Y-%m-%d %H:%M:%S.500 ") + " " + text


def imitations(host: GuardedHost) -> list[str]:
    """User names that imitate what the log says of somebody else."""
    failed = stamped(host, f'Connection "CID-7777": {FAILED} "guest1", from {INNOCENT}.').replace("  ", " ")
    begun = stamped(
        host,
        f'The connection "CID-7777" (IP address: {INNOCENT}, Host name: x, Port number: 1, Client name: "x", Version: '
        '5.01, Build: 9674) is attempting to connect to the Virtual Hub. The auth type provided is "x" and the user '
        'name is "guest1".',
    ).replace("  ", " ")
    return [
        f'"CID-1"(IP:{INNOCENT} User authentication failed"',
        f'guest1", from {INNOCENT}.',
        f"x\n{failed}\ny",
        f'x".\r\n{failed}\r\ny',
        f"x\n{begun}\n{failed}\ny",
        f'x", from {OTHER}.\n{failed}\n{failed}\n',
        failed.replace("2026", "2099") + "\n",
        f"x\u2028{failed}\u2028y\x85z\x0b",
        failed.replace("\n", " "),
        "x" * 600,
        "\udcff\udcfe\n\udc80",
    ]


def test_names_that_imitate_the_log_bar_their_sender_alone(host: GuardedHost) -> None:
    names = {host.source(): name for name in imitations(host)}
    # In turn, so that each of them comes in the midst of the others' broken lines.
    tries = [{"source": source, "username": name} for _ in range(BOUNDS["most"]) for source, name in names.items()]
    answers = host.logins(next(iter(names)), *tries)
    assert answers[0] == WRONG_PASSWORD
    assert eventually(lambda: names.keys() <= host.banned().keys()), host.journal()
    assert {INNOCENT, OTHER} & host.banned().keys() == set()
    assert "out of range" not in host.journal()


def test_a_login_of_no_kind_and_a_client_name_imitate_nothing_either(host: GuardedHost) -> None:
    failed = stamped(host, f'Connection "CID-7777": {FAILED} "guest1", from {INNOCENT}.').replace("  ", " ")
    ways: list[dict[str, Any]] = [
        {"authtype": UNKNOWN, "username": f'x".\n{failed}\n{failed}\ny'},
        {"hello": f"x\n{failed}\ny"},
        {"method": "password", "username": f'x" does not exist.\n{failed}\ny'},
    ]
    senders = {host.source(): fields for fields in ways}
    tries = [{"source": source, **fields} for source, fields in senders.items() for _ in range(BOUNDS["most"])]
    host.logins(next(iter(senders)), *tries)
    assert eventually(lambda: senders.keys() <= host.banned().keys()), host.journal()
    assert INNOCENT not in host.banned()


@pytest.mark.parametrize("fields", [{}, {"authtype": 2}, {"authtype": 0}, {"method": "password"}])
def test_every_way_of_the_servers_own_protocol_is_counted(host: GuardedHost, fields: dict[str, Any]) -> None:
    source = host.source()
    host.logins(source, *[fields] * BOUNDS["slow"])
    assert host.bars(source) == BOUNDS["slow"]
    assert eventually(lambda: not host.reaches(source))


def openvpn(
    host: GuardedHost, folder: Path, source: str, port: int, *more: str, password: str = GUESSED, **how: Any
) -> Any:
    """OpenVPN's client from one address and port; `more` may name another way to the server."""
    folder.mkdir(exist_ok=True)
    ends = ("--bind", "--local", source, "--lport", str(port))
    return dialling(host, folder, *ends, *more, password=password, machine="campus", bound=True, **how)


def outcome(client: Dial) -> str:
    return next((word for word in (REFUSED, IN) if client.reads(word, 8)), "nothing")


def test_a_barred_source_guesses_on_by_no_port_that_the_kernel_still_knows(host: GuardedHost, tmp_path: Path) -> None:
    source = host.source()
    ports = range(40001, 40001 + BOUNDS["slow"])
    for port in ports:
        with openvpn(host, tmp_path, source, port) as client:
            assert outcome(client) == REFUSED, client.log
    assert host.bars(source)
    counted = host.banned()[source]
    for port in ports:
        with openvpn(host, tmp_path, source, port) as client:
            assert outcome(client) == "nothing", client.log
    assert host.banned()[source] == counted


def test_a_session_that_lives_is_kept_while_everything_else_of_its_source_is_forgotten(
    host: GuardedHost, tmp_path: Path
) -> None:
    source = host.source()
    live = openvpn(host, tmp_path / "live", source, 41000, "--ping", "1", "--ping-exit", "8", password="")
    with live as client:
        assert client.reads(IN), client.log
        host.guess(source, BOUNDS["most"])
        assert host.bars(source)
        with openvpn(host, tmp_path, source, 41001) as other:
            assert outcome(other) == "nothing", other.log
        assert eventually(lambda: client.client.poll() is not None, 12) is False
        assert source in {one["source"] for one in json.loads(host.agent("status"))["sessions"]}


def test_openvpn_over_tcp_is_counted(host: GuardedHost, tmp_path: Path) -> None:
    source = host.source()
    for number in range(BOUNDS["slow"]):
        with openvpn(host, tmp_path, source, 42001 + number, way=("443", "tcp-client")) as client:
            assert outcome(client) == REFUSED, client.log
    assert host.bars(source) == BOUNDS["slow"]


def switch(host: GuardedHost, number: int) -> None:
    """Have the server begin another file: 0 never, 3 each hour, 4 each day, 5 each month."""
    log = {"SaveSecurityLog_bool": True, "SavePacketLog_bool": False, "PacketLogSwitchType_u32": 4}
    packets = {"PacketLogConfig_u32": [0] * 16}
    host.rpc(("SetHubLog", {"HubName_str": "LAB", **log, **packets, "SecurityLogSwitchType_u32": number}))


@pytest.mark.parametrize("number", [0, 3, 5, 4])
def test_the_log_is_followed_by_whatever_name_the_server_gives_it(host: GuardedHost, number: int) -> None:
    host.in_logs("touch sec_29991231.log")
    switch(host, number)
    source = host.source()
    host.guess(source, BOUNDS["slow"])
    assert host.bars(source) == BOUNDS["slow"]


@pytest.mark.parametrize("language", ["ja", "cn", "tw", "ko", "ru", "pt_br", "en"])
def test_every_language_of_the_server_is_read(host: GuardedHost, language: str) -> None:
    file = "/var/lib/softether/lang.config"
    host.output("server", "sh", "-c", f"echo {language} >{file}; systemctl restart softether-vpnserver")
    source = host.source()
    assert eventually(lambda: host.reaches(source))
    host.guess(source, BOUNDS["slow"])
    assert host.bars(source) == BOUNDS["slow"], host.log()[-2000:]


@pytest.mark.parametrize("options", ["size=64k", "nr_inodes=12"])
def test_a_full_disk_keeps_nobody_from_being_barred_and_is_told(host: GuardedHost, options: str) -> None:
    folder = "/var/lib/labvpn"
    fill = f"for n in $(seq 99); do head -c 20000 /dev/zero >{folder}/fill.$n 2>/dev/null || break; done; true"
    # By SSH, since what is mounted by another command is mounted for that command alone.
    mounted = host.ssh(f"cp -a {folder} /root/kept && mount -t tmpfs -o {options} none {folder}")
    assert mounted.returncode == 0, mounted.stderr
    try:
        assert host.ssh(f"cd /root/kept && cp -a bans.json administrator {folder}/; {fill}").returncode == 0
        host.output("server", "systemctl", "restart", "labvpn-bans")
        source = host.source()
        host.guess(source, BOUNDS["slow"])
        assert host.shuts_out(source), host.journal()
        assert eventually(lambda: "cannot be written" in host.hindered())
        assert host.observe()["firewall"]["observed"].count("active=hindered") == 1
    finally:
        host.ssh(f"umount {folder}; rm -r /root/kept; systemctl restart labvpn-bans")
    assert host.shuts_out(source)


def test_what_others_do_to_the_log_lifts_no_ban_hides_no_guess_and_takes_no_rule_back(host: GuardedHost) -> None:
    slow, sources = BOUNDS["slow"], [host.source() for _ in range(3)]
    assert host.bans_after(slow, sources[0])
    host.in_logs("ln $log a.log; cp $log b.log; ln -s $log c.log; mkdir d.log; mkfifo e.log")
    assert host.bans_after(slow, sources[1]) and host.hindered() == ""
    host.in_logs("mv $log f.log; mkdir sec_1.log")
    assert host.bans_after(slow, sources[2]) and eventually(lambda: "plain file" in host.hindered())
    host.guard(**{**BOUNDS, "pause": BOUNDS["pause"] + 1})
    assert set(sources) <= host.banned().keys()
    host.in_logs("rm -r [a-e].log sec_1.log; mv f.log sec.log")


def test_a_guard_without_a_log_says_so_and_goes_on_when_there_is_one(host: GuardedHost) -> None:
    folder = "/var/log/softether/security_log/LAB"
    host.output("server", "mv", folder, "/root/LAB")
    assert eventually(lambda: folder in host.hindered())
    assert host.drift()["firewall"]
    assert any("guard" in one for one in host.observe()["firewall"]["warnings"])
    host.output("server", "mv", "/root/LAB", folder)
    assert eventually(lambda: host.hindered() == "")
    source = host.source()
    host.guess(source, BOUNDS["slow"])
    assert host.bars(source)


def test_damaged_memory_stops_nothing(host: GuardedHost) -> None:
    for text in ("", "{", "[]", '{"203.0.113.240": "x"}', '{"203.0.113.240": [1e300, 5], "x y": [9e9, 5]}'):
        damage = "systemctl stop labvpn-bans; cat >/run/labvpn/barred.json; cp /run/labvpn/barred.json /var/lib/labvpn/"
        host.output("server", "sh", "-c", f"{damage}; systemctl start labvpn-bans", input=text)
        source = host.source()
        host.guess(source, BOUNDS["slow"])
        assert host.shuts_out(source), (text, host.journal())
        assert INNOCENT not in host.bans()


def test_a_subscriber_of_ipv6_is_barred_whole_and_the_next_one_is_not(host: GuardedHost) -> None:
    server, guesser, same, other = (f"fd00:77:0:{end}" for end in ("9::20", "1::66", "1::67", "2::66"))
    for machine, address in (("server", server), *(("workstation", one) for one in (guesser, same, other))):
        host.output(machine, "ip", "-6", "address", "replace", f"{address}/48", "dev", "eth0", "nodad")

    def answers(source: str) -> list[str]:
        return host.logins(source, {"hubname": "NOPE"}, machine="workstation", server=server)

    assert answers(same) == answers(other) == [NO_SUCH_HUB]
    host.logins(guesser, *[{}] * BOUNDS["slow"], machine="workstation", server=server)
    assert host.bars("fd00:77:0:1::/64") == BOUNDS["slow"], host.journal()
    assert eventually(lambda: answers(same) != [NO_SUCH_HUB])
    assert answers(other) == [NO_SUCH_HUB]


def test_l2tp_inside_ipsec_is_counted(host: GuardedHost) -> None:
    # Without a hub's name the dial asks nothing in SoftEther's own protocol, so each is one failure.
    words = ("dial", str(network.SERVER), "--user", "guest1", "--stdin", "--json")
    for _ in range(BOUNDS["slow"]):
        done = host.run("campus", sys.executable, "-m", "labvpn", *words, input=f"{GUESSED}\n{SECRETS['ipsec']}\n")
        assert json.loads(done.stdout)["dials"][0]["cause"] == "wrong-credentials", done.stdout
    assert host.bars(str(network.CAMPUS)) == BOUNDS["slow"]
