"""What FreeRADIUS asks of the campus's RADIUS: for whom, by which words, and when a code is used up."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import pytest

from labvpn.agent.codes import verifier
from tests.unit.agent.test_code_verifier import KEY, STEP, code, files

__all__ = ["files"]

PASSWORD = "of the campus \\\"%{User-Name}'日"
CHALLENGE = (("MS-CHAP-Challenge", "0x00"), ("MS-CHAP2-Response", "0x00"))
ACCOUNTS = {
    "covered": {"hub": "LAB", "radius": "c.overed", "secret": KEY},
    "exempt": {"hub": "LAB", "radius": "e\\xempt"},
    "ours": {"hub": "LAB", "password": PASSWORD, "secret": KEY},
}


@pytest.fixture
def _accounts(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier.ACCOUNTS.write_text(json.dumps(ACCOUNTS))
    monkeypatch.setattr(verifier, "SILENT", files / "campus")


pytestmark = pytest.mark.usefixtures("_accounts")


def asked(user: str, *given: tuple[str, str]) -> dict[str, str] | None:
    """What the campus is asked by, as FreeRADIUS reads it; None where it is not asked."""
    answer, _, control = verifier.authorize((("User-Name", user), *given))
    # It reads a text as if in quotes, where a backslash escapes.
    assert not [value for _, _, value in control if "\\" in value.replace("\\\\", "")]
    words = {name: value.replace("\\\\", "\\") for name, _, value in control}
    assert (answer == verifier.UPDATED) == ("Proxy-To-Realm" in words) or user == "ours"
    return words if "Proxy-To-Realm" in words else None


def pap(user: str, word: str) -> dict[str, str] | None:
    return asked(user, ("User-Password", word))


def accepted(user: str, step: int = STEP) -> bool:
    answer = verifier.post_auth((("User-Name", user), ("Tmp-Integer-0", str(step))))[0]
    return answer == verifier.OK


@pytest.mark.parametrize("skew", [-1, 0, 1])
def test_after_a_good_code_the_campus_is_asked_by_the_name_there_and_the_password_alone(skew: int) -> None:
    words = {"Tmp-String-0": PASSWORD, "Tmp-String-1": "c.overed", "Tmp-Integer-0": str(STEP + skew)}
    assert pap("covered", PASSWORD + code(STEP + skew)) == {"Proxy-To-Realm": "campus", **words}


@pytest.mark.parametrize(
    "word", ["", PASSWORD, code(), f"{PASSWORD}000000", f"{PASSWORD}{code()} ", code() + PASSWORD, code(STEP - 2)]
)
def test_without_a_password_and_a_good_code_the_campus_is_not_asked(word: str) -> None:
    assert pap("covered", word) is None


def test_a_used_code_does_not_reach_the_campus() -> None:
    assert accepted("covered")
    assert pap("covered", PASSWORD + code()) is None
    assert pap("covered", PASSWORD + code(STEP - 1)) is None
    assert pap("covered", PASSWORD + code(STEP + 1))


def test_a_code_is_used_up_only_when_the_campus_has_accepted_the_password() -> None:
    assert pap("covered", "wrong" + code())
    assert not verifier.USED.exists()
    assert pap("covered", PASSWORD + code())
    assert accepted("covered")
    assert json.loads(verifier.USED.read_text()) == {"covered": STEP}


def test_of_two_passwords_that_the_campus_accepts_by_one_code_the_second_is_refused() -> None:
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(accepted("covered"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 15 + [True]


def test_mschapv2_of_who_gives_a_code_is_refused_at_once() -> None:
    assert asked("covered", *CHALLENGE) is None
    assert asked("covered") is None


def test_who_gives_no_code_is_asked_for_by_the_name_there_and_what_the_client_sent() -> None:
    words = {"Proxy-To-Realm": "campus", "Tmp-String-1": "e\\xempt"}
    assert pap("exempt", PASSWORD) == asked("exempt", *CHALLENGE) == words
    assert accepted("exempt")
    assert not verifier.USED.exists()


@pytest.mark.parametrize("name", ["", "stranger", "COVERED", "covered@elsewhere", "c.overed", "e\\xempt", "X\\exempt"])
def test_a_name_without_an_account_never_reaches_the_campus(name: str) -> None:
    assert pap(name, PASSWORD) is None
    assert pap(name, PASSWORD + code()) is None
    assert asked(name, *CHALLENGE) is None
    assert not accepted(name)


def test_a_password_of_ours_never_reaches_the_campus() -> None:
    for word in (PASSWORD, "wrong" + code(), PASSWORD + code()):
        assert pap("ours", word) is None
    assert asked("ours", *CHALLENGE) is None


def test_a_login_that_lost_its_step_or_whose_code_cannot_be_kept_is_refused() -> None:
    assert verifier.post_auth((("User-Name", "covered"),)) == verifier.REFUSED
    verifier.USED.with_name("steps.json.new").mkdir()
    assert not accepted("covered")
    assert "steps.json.new" in verifier.TROUBLE.read_text()


def test_since_when_the_campus_does_not_answer_is_kept_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = (("User-Name", "covered"), ("Tmp-String-2", "198.51.100.9"))
    assert verifier.post_proxy(silent)[0] == verifier.OK
    said = verifier.SILENT.read_text()
    assert re.fullmatch(r"198\.51\.100\.9 20\d\d-\d\d-\d\d \d\d:\d\d UTC", said)
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((1971, 1, 1, 0, 0, 0, 0, 1, 0)))
    verifier.post_proxy(silent)
    assert verifier.SILENT.read_text() == said
    verifier.post_proxy((("User-Name", "covered"),))
    assert not verifier.SILENT.exists()
    assert not verifier.TROUBLE.exists()
