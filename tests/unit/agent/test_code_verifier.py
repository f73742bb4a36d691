"""What FreeRADIUS asks about a login: which code is good, and that each is good once."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from labvpn.agent.codes import service, verifier

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The secret of RFC 6238's test values, 12345678901234567890, in base32."""

PASSWORD = "of-guest1\\\"%{User-Name}'"
STEP = 1_111_111_109 // 30
TEST_VALUES = {59: "94287082", 1111111109: "07081804", 1234567890: "89005924", 20000000000: "65353130"}
"""RFC 6238, appendix B: the moment and its code of eight digits."""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The verifier's folder at a moment of RFC 6238's test values."""
    (tmp_path / "used").mkdir()
    for name, place in (("ACCOUNTS", "accounts.json"), ("USED", "used/steps.json"), ("TROUBLE", "trouble")):
        monkeypatch.setattr(verifier, name, tmp_path / place)
    account = {"hub": "LAB", "password": PASSWORD, "secret": KEY}
    verifier.ACCOUNTS.write_text(json.dumps({"guest1": account, "guest2": {**account, "password": "other"}}))
    at(monkeypatch, STEP)
    return tmp_path


def at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(time, "time", lambda: 30.0 * step + 7)


def pap(given: str, user: str = "guest1") -> bool:
    answer, _, control = verifier.authorize((("User-Name", user), ("User-Password", given)))
    assert control in ((), (("Auth-Type", ":=", "Accept"),))
    assert (answer == verifier.OK) == bool(control)
    return bool(control)


def code(step: int = STEP) -> str:
    return verifier.code_of(KEY, step)


@pytest.mark.parametrize(
    ("seconds", "eight"),
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")],
)
def test_codes_are_those_of_the_rfc(seconds: int, eight: str) -> None:
    assert verifier.code_of(KEY, seconds // 30) == eight[-6:]


@pytest.mark.parametrize("skew", [-1, 0, 1])
def test_the_codes_of_three_steps_are_good(files: Path, skew: int) -> None:
    assert pap(PASSWORD + code(STEP + skew))


@pytest.mark.parametrize("skew", [-3, -2, 2, 3])
def test_an_older_or_a_later_code_is_refused(files: Path, skew: int) -> None:
    assert not pap(PASSWORD + code(STEP + skew))


@pytest.mark.parametrize(
    "given",
    ["", PASSWORD, code(), code() + PASSWORD, f"{PASSWORD} {code()}", f"{PASSWORD}{code()}0", f"x{code()}", "Ω\udcff"],
)
def test_anything_but_password_and_code_is_refused(files: Path, given: str) -> None:
    assert not pap(given)


def test_a_code_is_good_once_and_an_earlier_one_not_after_it(files: Path) -> None:
    assert pap(PASSWORD + code())
    assert not pap(PASSWORD + code())
    assert not pap(PASSWORD + code(STEP - 1))
    assert pap(PASSWORD + code(STEP + 1))


def test_a_wrong_password_uses_no_code_up_and_users_do_not_share_them(files: Path) -> None:
    assert not pap("wrong" + code())
    assert not pap("wrong" + code(), "nobody")
    assert pap("other" + code(), "guest2")
    assert pap(PASSWORD + code())


def test_what_was_used_outlasts_a_restart(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pap(PASSWORD + code(STEP + 1))
    at(monkeypatch, STEP - 5)
    assert not pap(PASSWORD + code(STEP - 5)), "a clock that was set back makes no used code good again"
    assert json.loads(verifier.USED.read_text()) == {"guest1": STEP + 1}


def offered(given: dict[str, str]) -> list[tuple[str, str, str]]:
    answer, _, control = verifier.authorize(tuple(given.items()))
    assert answer == verifier.UPDATED
    words = [value for name, operator, value in control if operator == "+="]
    return list(zip(words[::3], words[1::3], words[2::3], strict=True))


def test_for_mschapv2_every_unused_code_is_tried_by_each_way_to_type_the_name(files: Path) -> None:
    found = offered({"User-Name": "guest1", "MS-CHAP2-Response": "0x00"})
    escaped = PASSWORD.replace("\\", "\\\\")
    steps = [STEP - 1, STEP, STEP + 1]
    assert found == [(escaped + code(step), name, str(step)) for name in ("guest1", "guest1@LAB") for step in steps]
    assert len(found) == 6
    assert pap(PASSWORD + code())
    assert [step for _, _, step in offered({"User-Name": "guest1"})] == [str(STEP + 1)] * 2


def test_the_step_that_mschapv2_found_is_claimed_once(files: Path) -> None:
    claimed = (("User-Name", "guest1"), ("Tmp-Integer-0", str(STEP)))
    assert verifier.authenticate(claimed)[0] == verifier.OK
    assert verifier.authenticate(claimed)[0] == verifier.REJECT
    assert not pap(PASSWORD + code())


def test_of_logins_at_the_same_moment_one_gets_in(files: Path) -> None:
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(verifier.claim("guest1", STEP))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 15 + [True]


@pytest.mark.parametrize("place", ["ACCOUNTS", "USED"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"guest1": []}', '{"guest1": {"password": 1}}'])
def test_a_damaged_file_lets_nobody_in_and_is_told(files: Path, place: str, text: str) -> None:
    getattr(verifier, place).write_text(text)
    assert not pap(PASSWORD + code())
    assert "damaged" in verifier.TROUBLE.read_text()


def test_a_disk_that_takes_no_used_code_lets_nobody_in_until_it_does(files: Path) -> None:
    verifier.USED.with_name("steps.json.new").mkdir()
    assert not pap(PASSWORD + code())
    assert "steps.json.new" in verifier.TROUBLE.read_text()
    assert PASSWORD not in verifier.TROUBLE.read_text()
    verifier.USED.with_name("steps.json.new").rmdir()
    assert pap(PASSWORD + code())
    assert not verifier.TROUBLE.exists()


def test_the_program_of_freeradius_stands_alone() -> None:
    text = service.program_text()
    assert "labvpn.agent" not in text
    compile(text, "verifier", "exec")
