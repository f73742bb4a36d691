"""A code behind a password that the campus's RADIUS has: two real FreeRADIUS, SoftEther, and whole dials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal.network import WHOAMI
from tests.rehearsal.campus_host import BOSS, COVERED, DEAN, OWN, STRANGER, VERA, CampusHost, campus
from tests.rehearsal.test_second_factor import FOLDER, LOGGED, STATE, UNIT

SETTINGS = f"{FOLDER}/radiusd.conf"
SILENT_SERVER = "198.51.100.99"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CampusHost]:
    host = CampusHost("campus-radius", tmp_path_factory.mktemp("campus"))
    yield host
    host.campus_down()
    host.stop()


@pytest.fixture(scope="module")
def before(bare: CampusHost) -> list[str]:
    found = bare.begin_coded()
    bare.campus_up()
    return found


@pytest.fixture
def host(bare: CampusHost, before: list[str], monkeypatch: pytest.MonkeyPatch) -> CampusHost:
    monkeypatch.setenv("LABVPN_REHEARSAL", bare.name)
    return bare


def own_word(host: CampusHost) -> str:
    """Password and code of the user whose password is ours."""
    account = host.account(OWN)
    return account["password"] + host.word(OWN).removeprefix(host.password(OWN))


def test_what_was_applied_is_read_back_and_a_second_run_changes_nothing(host: CampusHost) -> None:
    assert host.differs(host.lab) == set()
    assert host.apply(host.lab) == ["nothing to change"]
    assert host.drift_sentences() == host.checked() == []
    assert host.status_now() == {"users": len(COVERED) + 1, "trouble": "", "campus": ""}


def test_openvpn_gets_in_by_the_campuss_password_and_a_code_once_under_the_name_there(host: CampusHost) -> None:
    word = host.word("aki")
    assert host.openvpn("aki", word)
    said = host.said.read_text()
    assert 'User-Name = "a.tanaka"' in said and 'User-Password = "campus-of-aki"' in said
    assert word not in said and re.search(r"Message-Authenticator = 0x(?!0+\b)[0-9a-f]{32}", said)
    asked = host.asked()
    assert not host.openvpn("aki", word), "a code is good once"
    assert host.asked() == asked


def test_softethers_client_and_pap_of_l2tp_get_in_and_use_a_code_up_for_each_other(
    host: CampusHost, tmp_path: Path
) -> None:
    word = host.word("ben")
    assert host.softether(tmp_path, "ben", word)
    assert not host.l2tp("ben", word, "pap")
    word = host.word("ben", 1)
    assert host.l2tp("ben", word, "pap")
    assert not host.openvpn("ben", word)


def test_every_character_of_a_password_is_handed_on(host: CampusHost) -> None:
    assert host.openvpn("chie", host.word("chie"))


def test_by_a_wrong_code_the_campus_is_not_asked(host: CampusHost) -> None:
    asked = host.asked()
    for word in (host.word("dai", -2), host.word("dai", 2), host.password("dai"), host.word("dai")[-6:]):
        assert not host.openvpn("dai", word)
    assert not host.l2tp("dai", host.password("dai") + "000000", "pap")
    assert host.asked() == asked
    assert host.openvpn("dai", host.word("dai")), "what was refused uses no code up"


def test_a_wrong_password_uses_no_code_up(host: CampusHost) -> None:
    word, asked = host.word("emi"), host.asked()
    assert not host.openvpn("emi", "wrong" + word)
    assert host.asked() > asked
    assert host.openvpn("emi", word)
    assert not host.openvpn("emi", word)


def test_of_two_dials_at_the_same_moment_one_gets_in(host: CampusHost) -> None:
    word = host.word("fumi")
    with ThreadPoolExecutor(2) as pool:
        dials = [pool.submit(host.l2tp, "fumi", word, "pap", machine) for machine in ("campus", "admin")]
    assert sorted(dial.result() for dial in dials) == [False, True]


def test_mschapv2_of_a_user_who_gives_a_code_is_refused_and_the_campus_is_not_asked(host: CampusHost) -> None:
    word, asked = host.word("gen"), host.asked()
    for typed in (word, host.password("gen")):
        assert not host.l2tp("gen", typed)
    assert host.asked() == asked
    assert host.l2tp("gen", word, "pap")


@pytest.mark.parametrize("method", ["pap", "mschapv2"])
def test_who_gives_no_code_gets_in_by_the_campuss_password_alone(host: CampusHost, method: str) -> None:
    assert host.l2tp(DEAN, host.password(DEAN), method)
    assert not host.l2tp(DEAN, "wrong", method)
    if method == "pap":
        assert host.openvpn(VERA, host.password(VERA)), "under the name there"
        assert 'User-Name = "v.real"' in host.said.read_text()
    else:
        assert not host.l2tp(VERA, host.password(VERA)), "MS-CHAPv2 counts the name that was typed"


def test_who_has_no_line_or_a_password_of_ours_is_not_let_in_by_the_campus(host: CampusHost, tmp_path: Path) -> None:
    asked = host.asked()
    for name in (OWN, BOSS, STRANGER, "a.tanaka", "v.real", f"{DEAN}@elsewhere", "aki@elsewhere"):
        assert not host.openvpn(name, host.password(name)), name
    for name in (OWN, BOSS, STRANGER):
        assert not host.l2tp(name, host.password(name), "pap"), name
        assert not host.l2tp(name, host.password(name)), name
    assert not host.softether(tmp_path, BOSS, host.password(BOSS))
    assert host.asked() == asked


def test_users_with_a_password_of_ours_log_in_as_ever(host: CampusHost) -> None:
    asked, word = host.asked(), own_word(host)
    assert host.l2tp(OWN, word)
    assert not host.openvpn(OWN, word)
    assert host.openvpn(BOSS, host.secrets_of(host.lab)["users"][f"LAB/{BOSS}"])
    assert host.asked() == asked


def test_while_the_campus_does_not_answer_its_users_are_refused_others_get_in_and_all_say_so(host: CampusHost) -> None:
    host.campus_down()
    word = host.word("hana")
    assert not host.openvpn("hana", word)
    assert not host.openvpn(DEAN, host.password(DEAN))
    assert host.openvpn(OWN, own_word(host))
    status = host.status_of_silence()
    assert status["trouble"] == "" and status["campus"].startswith(f"{WHOAMI}, UDP port 1812, has not answered since 2")
    (said,) = host.checked()
    assert said == f"nobody with a password at the campus's RADIUS gets in: {status['campus']}"
    assert said in host.snapshot(host.lab)["warnings"]
    assert host.drift_sentences() == [], "nothing that a run could put right"
    host.campus_up()
    assert host.openvpn("hana", host.word("hana", 1))
    assert host.status_now()["campus"] == "" and host.checked() == []


def test_a_wrong_secret_is_a_server_that_does_not_answer(host: CampusHost) -> None:
    host.campus_down()
    host.campus_up("another")
    assert not host.openvpn(DEAN, host.password(DEAN))
    assert "a secret that it does not know" in host.status_of_silence()["campus"]
    host.campus_down()
    host.campus_up()
    assert host.openvpn(DEAN, host.password(DEAN))


CHANGES = {
    f"sed -i 's/ipaddr = {WHOAMI}/ipaddr = 198.51.100.77/' {SETTINGS}": "radius is 198.51.100.77 on the server",
    f"sed -i 's/port = 1812/port = 1645/' {SETTINGS}": "radius-port is 1645 on the server, 1812 here",
    f"sed -i 's/canary/other/' {SETTINGS}": "the secret on the server differs from the configuration",
    f"sed -i 's/status_check = none/status_check = request/' {SETTINGS}": "its settings or program were changed",
    f"sed -i 's/a.tanaka/dean/' {FOLDER}/accounts.json": "account of user aki: radius is dean on the server",
    f"sed -i '/v.real/d' {FOLDER}/accounts.json": "",
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_by_hand_is_said_and_put_right(host: CampusHost, change: str) -> None:
    host.output("server", "sh", "-c", f"{change}; systemctl restart labvpn-codes; true")
    assert CHANGES[change] in "; ".join(said := host.drift_sentences()) and said
    host.apply(host.lab)
    assert host.differs(host.lab) == set()
    assert host.drift_sentences() == host.checked() == []
    user = COVERED[-1 - list(CHANGES).index(change)]
    assert host.openvpn(user, host.word(user))


def test_another_secret_of_the_campus_is_planned_and_applied(host: CampusHost) -> None:
    host.radius_secret = "of the next year"
    assert host.drift_sentences() == []
    assert host.apply(host.lab) == ["~ verifier: secret set again"]
    host.campus_down()
    host.campus_up()
    assert host.openvpn(DEAN, host.password(DEAN))


def test_a_second_server_is_asked_where_the_first_does_not_answer(host: CampusHost) -> None:
    """Neither answers at first, so that it does not hang on the machine's speed which of them was asked last."""
    host.campus_down()
    host.apply(campus(f"{SILENT_SERVER}, {WHOAMI}"))
    assert not host.openvpn("oki", host.word("oki")), "nobody knows yet that it does not"
    silent, _, since = host.status_of_silence()["campus"].partition(", UDP port 1812, has not answered since 2")
    assert silent in (SILENT_SERVER, WHOAMI) and since
    host.campus_up()
    assert host.openvpn("oki", host.word("oki")) or host.openvpn("oki", host.word("oki"))
    assert host.status_now()["campus"] == ""
    assert host.apply(host.lab) != ["nothing to change"]


def test_who_is_covered_from_now_on_gives_a_code_from_now_on(host: CampusHost) -> None:
    host.lab = campus(exempt=(BOSS,))
    host.apply(host.lab)
    assert not host.openvpn(DEAN, host.password(DEAN))
    assert host.openvpn(DEAN, host.word(DEAN))
    host.lab = campus()
    host.apply(host.lab)
    assert host.openvpn(DEAN, host.password(DEAN))


def test_no_secret_is_in_a_command_line_an_environment_a_log_or_the_agents_state(host: CampusHost) -> None:
    secret = host.account("pia")["secret"]
    assert host.openvpn("pia", host.word("pia"))
    environments = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'"
    for place in (environments, LOGGED, STATE, f"cat {UNIT}"):
        text = host.run("server", "sh", "-c", place).stdout
        known = [host.radius_secret, host.password("pia"), secret]
        assert text and not [one for one in known if one in text], place
    assert host.output("server", "stat", "-c", "%a %U %G", SETTINGS) == "640 root freerad"


def test_destroy_leaves_nothing_of_ours(host: CampusHost, before: list[str]) -> None:
    for concern in ("hub", "server", "host"):
        host.remove(concern)
    host.output("server", "rm", "-rf", "/var/lib/labvpn")
    assert set(host.listing()) ^ set(before) == set()
    assert host.run("server", "id", "freerad").returncode == 1
