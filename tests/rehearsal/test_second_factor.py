"""Password and code on the real servers: FreeRADIUS, SoftEther and its clients, OpenVPN, and whole dials of L2TP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import network
from tests.rehearsal.code_host import OWNER, USERS, CodeHost, coded

FOLDER = "/var/lib/labvpn-codes"
UNIT = "/etc/systemd/system/labvpn-codes.service"
OCCUPIED = """
import socket, time
taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taken.bind(("127.0.0.1", 11812))
time.sleep(3600)
"""
LOGGED = "cat /var/log/softether/*/*.log /var/log/softether/*/*/*.log /var/log/*.log; journalctl --no-pager"
STATE = "cat /var/lib/labvpn/*; cat /var/lib/softether/vpn_server.config"


@pytest.fixture(scope="module")
def bare() -> Iterator[CodeHost]:
    host = CodeHost("second-factor")
    yield host
    host.stop()


@pytest.fixture(scope="module")
def before(bare: CodeHost) -> list[str]:
    return bare.begin_coded()


@pytest.fixture(scope="module")
def host(bare: CodeHost, before: list[str], monkeypatch_module: pytest.MonkeyPatch) -> CodeHost:
    monkeypatch_module.setenv("LABVPN_REHEARSAL", bare.name)
    return bare


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_what_was_applied_is_read_back_and_a_second_run_changes_nothing(host: CodeHost) -> None:
    assert host.differs(host.lab) == set()
    assert host.apply(host.lab) == ["nothing to change"]
    assert host.drift_sentences() == host.checked() == []
    assert host.status_now() == {"users": len(USERS), "trouble": "", "campus": None}


def test_freeradius_listens_on_the_loopback_alone_and_its_own_service_stays_off(host: CodeHost) -> None:
    sockets = host.output("server", "sh", "-c", "ss -Hlnup | grep radius | awk '{print $4}'").split()
    assert sockets[0] == "127.0.0.1:11812" and not [one for one in sockets if one.endswith((":1812", ":1813"))]
    assert "masked" in host.run("server", "systemctl", "is-enabled", "freeradius").stdout
    assert host.output("server", "ps", "-o", "user=", "-C", "freeradius") == "freerad"


def test_openvpn_gets_in_by_each_of_three_codes_once(host: CodeHost) -> None:
    for skew in (-1, 0, 1):
        word = host.word("anna", skew)
        assert host.openvpn("anna", word), skew
        assert not host.openvpn("anna", word), "a code is good once"


def test_openvpn_is_refused_without_a_good_code(host: CodeHost) -> None:
    for word in (host.word("ben", -2), host.word("ben", 2), host.account("ben")["password"], host.word("anna", 0)):
        assert not host.openvpn("ben", word)
    assert host.openvpn("ben", host.word("ben")), "what was refused uses no code up"


def test_softethers_client_gets_in_by_each_of_three_codes_once(host: CodeHost, tmp_path: Path) -> None:
    for skew in (-1, 0, 1):
        word = host.word("carl", skew)
        assert host.softether(tmp_path / str(skew), "carl", word), skew
    assert not host.softether(tmp_path / "again", "carl", word)


def test_softethers_client_is_refused_without_a_good_code(host: CodeHost, tmp_path: Path) -> None:
    # This client dials again by itself, so a code that is good soon would let it in.
    for number, word in enumerate((host.word("dora", -2), host.word("dora", 5), host.account("dora")["password"])):
        assert not host.softether(tmp_path / str(number), "dora", word)


@pytest.mark.parametrize(("method", "user"), [("mschapv2", "emil"), ("pap", "fay")])
def test_l2tp_gets_in_by_each_of_three_codes_once(host: CodeHost, method: str, user: str) -> None:
    for skew in (-1, 0, 1):
        word = host.word(user, skew)
        assert host.l2tp(user, word, method), skew
        assert not host.l2tp(user, word, method), "a code is good once"


def test_l2tp_is_refused_without_a_good_code(host: CodeHost) -> None:
    for word in (host.word("gus", -2), host.word("gus", 2), host.account("gus")["password"], host.word("emil", 1)):
        assert not host.l2tp("gus", word)
    assert host.l2tp("gus", host.word("gus"))


def test_l2tp_takes_the_name_with_its_hub_as_kits_of_other_hubs_have_it(host: CodeHost) -> None:
    word = host.word("hana")
    assert host.l2tp("hana@LAB", word)
    assert not host.l2tp("hana", word), "the code is used up whichever way the name was typed"


def test_a_code_that_was_used_by_one_way_is_used_up_for_all(host: CodeHost, tmp_path: Path) -> None:
    word = host.word("ida")
    assert host.l2tp("ida", word)
    assert not host.openvpn("ida", word)
    assert not host.softether(tmp_path, "ida", word)


def test_a_used_code_is_refused_after_a_restart_too(host: CodeHost) -> None:
    word = host.word("jon", 1)
    assert host.openvpn("jon", word)
    host.output("server", "systemctl", "restart", "labvpn-codes")
    assert not host.l2tp("jon", word)


def test_the_exempt_owner_gets_in_by_the_password_alone(host: CodeHost) -> None:
    password = host.secrets_of(host.lab)["users"][f"LAB/{OWNER}"]
    assert host.openvpn(OWNER, password)
    assert host.l2tp(OWNER, password)


def test_without_freeradius_nobody_with_a_second_factor_gets_in_and_status_and_check_say_why(host: CodeHost) -> None:
    host.output("server", "systemctl", "stop", "labvpn-codes")
    assert not host.openvpn("kim", host.word("kim"))
    assert not host.l2tp("kim", host.word("kim"))
    assert host.openvpn(OWNER, host.secrets_of(host.lab)["users"][f"LAB/{OWNER}"])
    assert "does not run" in host.status_now()["trouble"]
    assert host.checked()[0].startswith("nobody with a second factor gets in: FreeRADIUS does not run")
    (said,) = host.drift_sentences()
    assert said.startswith("code verifier does not run, so nobody with a second factor gets in")
    host.apply(host.lab)
    assert host.drift_sentences() == []
    assert host.openvpn("kim", host.word("kim"))


def test_a_verifier_that_cannot_start_keeps_nothing_else_from_being_applied(host: CodeHost) -> None:
    occupy = f"systemd-run -q --unit=occupied python3 -c '{OCCUPIED}'"
    host.output("server", "sh", "-c", f"systemctl stop labvpn-codes; {occupy}")
    done = host.converged(coded(without="user11"))
    assert done.returncode == 1
    assert "nobody with a second factor gets in: FreeRADIUS" in done.stderr, done.stderr
    assert host.run("server", "grep", "-w", "declare user11", "/var/lib/softether/vpn_server.config").returncode == 1
    host.output("server", "systemctl", "stop", "occupied")
    host.apply(host.lab)
    assert host.differs(host.lab) == set()


CHANGES = (
    f"echo '# by hand' >>{FOLDER}/radiusd.conf",
    f"sed -i 's/port = 11812/port = 11813/' {FOLDER}/radiusd.conf && systemctl restart labvpn-codes",
    f"echo 'raise SystemExit' >>{FOLDER}/labvpn_verifier.py && systemctl restart labvpn-codes",
    f"echo '{{' >{FOLDER}/accounts.json",
    f"rm {FOLDER}/accounts.json",
    f"chmod 0644 {FOLDER}/accounts.json",
    f"sed -i 's/NoNewPrivileges=yes/NoNewPrivileges=no/' {UNIT}",
    "systemctl disable labvpn-codes",
    f"rm -r {FOLDER}",
    f"chown root:root {FOLDER} && systemctl restart labvpn-codes; true",
)


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_each_change_by_hand_is_said_and_put_right(host: CodeHost, number: int) -> None:
    host.output("server", "sh", "-c", CHANGES[number])
    assert host.drift_sentences() != []
    host.apply(host.lab)
    assert host.differs(host.lab) == set()
    assert host.drift_sentences() == host.checked() == []
    assert host.openvpn(f"user{number}", host.word(f"user{number}"))


def test_used_codes_that_cannot_be_read_let_nobody_in_until_a_run_puts_it_right(host: CodeHost) -> None:
    host.output("server", "sh", "-c", f"echo x >{FOLDER}/used/steps.json")
    assert not host.openvpn("max", host.word("max"))
    assert "damaged" in host.status_now()["trouble"]
    assert "code verifier runs, but lets nobody in; labvpn status says why" in host.drift_sentences()
    host.apply(host.lab)
    assert host.openvpn("max", host.word("max"))


def test_a_reset_refuses_the_codes_of_the_old_secret(host: CodeHost) -> None:
    old, password = host.word("nia"), host.account("nia")["password"]
    host.lab = coded(reset=("nia",))
    assert host.apply(host.lab) == ["~ code LAB/nia: secret set again"]
    assert host.account("nia")["password"] == password
    assert not host.openvpn("nia", old)
    assert host.openvpn("nia", host.word("nia"))


def test_no_secret_is_in_a_command_line_an_environment_a_log_or_the_agents_state(host: CodeHost) -> None:
    known = [word for user in ("anna", "emil", "otto") for word in host.account(user).values()]
    known.append(host.secrets_of(host.lab)["verifier"])
    assert host.openvpn("otto", host.word("otto"))
    environments = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'"
    for place in (environments, LOGGED, STATE, f"cat {UNIT}"):
        text = host.run("server", "sh", "-c", place).stdout
        assert text and not [word for word in known if word in text], place
    modes = host.output("server", "sh", "-c", f"cd {FOLDER}; stat -c '%a %U %G %n' . * used/*").splitlines()
    assert modes == [
        "2750 root freerad .",
        "640 root freerad accounts.json",
        "640 root freerad labvpn_verifier.py",
        "640 root freerad radiusd.conf",
        "2700 freerad freerad used",
        "600 freerad freerad used/steps.json",
    ]


def test_guessed_codes_ban_their_source_as_guessed_passwords_do(host: CodeHost) -> None:
    host.guard(slow=3, pause=3000, most=6, seconds=3600)
    try:
        for _ in range(3):
            assert str(network.ADMIN) not in host.banned()
            assert not host.l2tp("otto", host.account("otto")["password"] + "000000", machine="admin")
        assert host.bars(str(network.ADMIN)) == 3
    finally:
        host.remove("firewall")


def test_destroy_leaves_nothing_of_ours(host: CodeHost, before: list[str]) -> None:
    host.remove("hub")
    assert host.run("server", "ls", "-d", FOLDER, UNIT, "/run/labvpn-codes").stdout == ""
    assert host.run("server", "grep", "11812", "/var/lib/softether/vpn_server.config").returncode == 1
    for concern in ("server", "host"):
        host.remove(concern)
    host.output("server", "rm", "-rf", "/var/lib/labvpn")
    assert set(host.listing()) ^ set(before) == set()
    assert host.run("server", "id", "freerad").returncode == 1
    assert host.run("server", "getent", "group", "freerad", "ssl-cert").stdout == ""
