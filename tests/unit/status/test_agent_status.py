"""The host agent's `status`: it only reads, and nothing secret is in its answer."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, cast

import pytest

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import BAN_LIST
from labvpn.agent.core.times import moment
from labvpn.agent.main import work
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.installations import PACKAGED
from labvpn.agent.status import Status
from tests.unit.agent import log_lines

NONE = "1970-01-01T09:00:00.000Z"
ORDINARY = {"SecureNATMode_bool": False, "BridgeMode_bool": False, "LinkMode_bool": False}
ANSWERS: dict[str, dict[str, Any]] = {
    "EnumHub": {"HubList": [{"HubName_str": "LAB"}]},
    "GetServerStatus": {"CurrentTime_dt": "2027-01-31T12:00:00.500Z"},
    "EnumSession": {
        "SessionList": [
            {**ORDINARY, "SecureNATMode_bool": True, "Name_str": "SID-SECURENAT-1"},
            {**ORDINARY, "BridgeMode_bool": True, "Name_str": "SID-LOCALBRIDGE-1"},
            {
                **ORDINARY,
                "Name_str": "SID-GUEST1-2",
                "Username_str": "guest1",
                "ClientIP_ip": "198.51.100.20",
                "CreatedTime_dt": "2027-01-31T11:40:00.000Z",
            },
        ]
    },
    "GetSessionStatus": {
        "policy:AutoDisconnect_u32": 1800,
        "UnderlayProtocol_str": "Legacy VPN - OPENVPN_L3",
        "TotalRecvSize_u64": 1000,
        "TotalSendSize_u64": 2000,
        "SessionKey_bin": "canary",
    },
    "EnumUser": {
        "UserList": [
            {"Name_str": "guest1", "Expires_dt": "2027-02-01T00:00:00.000Z"},
            {"Name_str": "owner", "Expires_dt": NONE},
        ]
    },
}


class Recorded:
    """A SoftEther that answers from ANSWERS and notes what it was asked."""

    installed, place = True, PACKAGED

    def __init__(self, **answers: Any) -> None:
        self.answers = {**ANSWERS, **answers}
        self.asked: list[str] = []

    def call(self, method: str, **_parameters: Any) -> Any:
        self.asked.append(method)
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ports(self) -> list[int]:
        return [1]


def status(root: Path, **answers: Any) -> tuple[Status, Recorded]:
    reading, recorded = Status(Machine(str(root))), Recorded(**answers)
    reading.softether = cast(SoftEther, recorded)
    return reading, recorded


def log(root: Path, text: str) -> None:
    folder = root / "var/log/softether/security_log/LAB"
    folder.mkdir(parents=True)
    (folder / "sec_20270131.log").write_text("\ufeff" + text, "utf-8")


@pytest.mark.parametrize("ja", [False, True])
def test_failed_logins_are_counted_by_name_and_source(tmp_path: Path, ja: bool) -> None:
    guess = log_lines.guess_in_japanese if ja else log_lines.guess
    sources = ["198.51.100.10", "198.51.100.10", "192.0.2.7"]
    log(tmp_path, "".join(guess(f"CID-{n}", source, "guest1", time.time()) for n, source in enumerate(sources)))
    failures = json.loads(status(tmp_path)[0].report())["failures"]
    assert [(each["user"], each["source"], each["count"]) for each in failures] == [
        ("guest1", "198.51.100.10", 2),
        ("guest1", "192.0.2.7", 1),
    ]


def test_a_login_that_is_refused_for_another_reason_than_the_password_counts_too(tmp_path: Path) -> None:
    now = time.time()
    said = log_lines.begins("CID-1", "192.0.2.7", "late", now) + log_lines.accepted("CID-1", "late", now)
    log(tmp_path, said + log_lines.expired("CID-1", "late", now))
    (failure,) = json.loads(status(tmp_path)[0].report())["failures"]
    assert (failure["user"], failure["source"]) == ("late", "192.0.2.7")


def test_who_is_barred_now_is_told_and_who_was_is_not(tmp_path: Path) -> None:
    reading, _ = status(tmp_path)
    until = time.time() + 300
    reading.machine.write(BAN_LIST, json.dumps({"192.0.2.7": [until, 10], "192.0.2.8": [until - 400, 10]}))
    assert json.loads(reading.report())["barred"] == [{"source": "192.0.2.7", "until": until, "failures": 10}]


def test_failures_older_than_a_day_and_garbage_do_not_count(tmp_path: Path) -> None:
    old = log_lines.guess("CID-1", "192.0.2.7", "old", time.time() - 90000)
    odd = log_lines.guess("CID-2", "192.0.2.7", "odd", 0).replace("-01-01 ", "-13-32 ")
    log(tmp_path, old + odd + "\x00\n")
    assert json.loads(status(tmp_path)[0].report())["failures"] == []


def test_whoever_tries_many_names_does_not_make_the_answer_endless(tmp_path: Path) -> None:
    names = (log_lines.guess(f"CID-{n}", "192.0.2.7", f"name{n}", time.time()) for n in range(500))
    log(tmp_path, "".join(names))
    assert len(json.loads(status(tmp_path)[0].report())["failures"]) == 200


def test_a_host_without_softether_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="pulumi up"):
        Status(Machine(str(tmp_path))).report()


def test_times_are_utc_and_softethers_zero_is_none() -> None:
    assert moment("2027-01-31T11:40:00.250Z") == 1801395600.25
    assert moment(NONE) is None


def test_the_command_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("labvpn.agent.main.Machine", lambda: Machine(str(tmp_path)))
    with pytest.raises(AgentError, match="no SoftEther"):
        work(["status"], open("/dev/null"))  # noqa: PTH123, SIM115
