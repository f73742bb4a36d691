"""A session that carries nothing is ended, whatever its protocol; one that carries something is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import REAPER_ORDERS
from labvpn.agent.daemons.reaper_service import ReaperService
from labvpn.agent.daemons.session_reaper import SessionReaper, reapers
from labvpn.agent.softether.idle_sessions import QUIET_BYTES, IdleTimes
from labvpn.agent.softether.rpc import Answer
from labvpn.agent.softether.session_limits import SessionRules
from labvpn.model.vpn import Sessions
from labvpn.render.documents import Concern, documents
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther
from tests.unit.samples import lab

OPENVPN, L2TP, OWN = "SID-ANN-[OPENVPN_L3]-1", "SID-BOB-[L2TP]-2", "SID-CAT-3"
RULES = SessionRules(5, 60, 30, "newest", idle=900)


class Quiet(SessionReaper):
    """A reaper on a hub whose sessions have carried so many bytes; what it ends is noted."""

    def __init__(self, machine: Machine, rules: SessionRules = RULES) -> None:
        super().__init__(machine, "LAB", "word", rules)
        self.sizes = {OPENVPN: 1000, L2TP: 1000, OWN: 1000}
        self.ended: list[str] = []

    def call(self, method: str, **given: Any) -> Answer:
        if method == "EnumSession":
            return {"SessionList": [self.listed(name) for name in self.sizes]}
        if method == "DeleteSession":
            self.ended.append(given["Name_str"])
            del self.sizes[given["Name_str"]]
        if method == "GetUser":
            return {"UsePolicy_bool": True, "policy:AutoDisconnect_u32": 0, "policy:MultiLogins_u32": 0, **given}
        return {}

    def listed(self, name: str) -> Answer:
        times = {"CreatedTime_dt": "2026-11-25T06:47:10.365Z", "ClientIP_ip": "198.51.100.10"}
        return {"Name_str": name, "Username_str": name.split("-")[1], "PacketSize_u64": self.sizes[name], **times}

    def lock_out(self, user: str, now: float) -> str:
        return f"{user} locked out"

    def pass_time(self, seconds: int, used: int = 0, by: str = "") -> list[str]:
        """Rounds of a minute each; `used` bytes a minute are carried by one session."""
        said = []
        for _ in range(seconds // 60):
            self.now = getattr(self, "now", 0.0) + 60
            if by in self.sizes:
                self.sizes[by] += used
            said += self.end_sessions(self.now, {"CurrentTick_u64": self.now * 1000, "StartTime_dt": "once"})
        return said


def test_a_session_that_carries_nothing_ends_at_the_limit_whatever_its_protocol(tmp_path: Path) -> None:
    hub = Quiet(FakeMachine(tmp_path))
    assert hub.pass_time(900) == []
    (said, *_) = hub.pass_time(60)
    assert "carried nothing for 900 s, the limit is 900 s; ann locked out" in said
    assert sorted(hub.ended) == sorted([OPENVPN, L2TP, OWN])


def test_a_session_that_is_used_goes_on(tmp_path: Path) -> None:
    hub = Quiet(FakeMachine(tmp_path))
    hub.pass_time(3600, used=5000, by=L2TP)
    assert sorted(hub.ended) == sorted([OPENVPN, OWN])
    hub.pass_time(960)
    assert hub.ended[-1] == L2TP


def test_the_noise_of_an_unused_session_is_no_use(tmp_path: Path) -> None:
    hub = Quiet(FakeMachine(tmp_path))
    hub.pass_time(960, used=int(QUIET_BYTES) - 1, by=OPENVPN)
    assert OPENVPN in hub.ended


def test_without_a_limit_nothing_ends(tmp_path: Path) -> None:
    hub = Quiet(FakeMachine(tmp_path), RULES._replace(idle=0))
    assert hub.pass_time(7200) == []


def test_a_session_whose_counter_or_clock_begins_anew_is_not_idle() -> None:
    times = IdleTimes()
    times.update([{"Name_str": OPENVPN, "PacketSize_u64": 5000}], 100)
    times.update([{"Name_str": OPENVPN, "PacketSize_u64": 10}], 400)
    assert times.seconds(OPENVPN, 500) == 100
    times.update([{"Name_str": OPENVPN, "PacketSize_u64": 10}], 50)
    assert times.seconds(OPENVPN, 60) == 10
    times.update([], 70)
    assert times.seconds(OPENVPN, 9999) == 0
    times.update([{"Name_str": OPENVPN}], 80)
    assert times.seconds(OPENVPN, 9999) == 0


@pytest.mark.parametrize(("given", "seconds"), [("15m", 900), ("15 min", 900), ("2h", 7200), (900, 900), ("90s", 90)])
def test_the_limit_is_written_with_its_unit(given: object, seconds: int) -> None:
    assert Sessions.model_validate({"idle": given}).idle == seconds
    text = documents(lab(vpn={"sessions": {"idle": given}}), "")[Concern.HUB]
    assert f" idle={seconds} " in text


@pytest.mark.parametrize("given", ["15", "a while", "1s", "30h", "0", -1])
def test_what_is_not_a_limit_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="idle"):
        Sessions.model_validate({"idle": given})


def test_idle_needs_the_reaper_and_is_off_by_default() -> None:
    with pytest.raises(ValueError, match="enforced is false, so nothing ends a session"):
        Sessions.model_validate({"idle": "15m", "enforced": False})
    assert "idle=" not in documents(lab(), "")[Concern.HUB]


def test_the_limit_is_part_of_the_reapers_orders_and_leaves_them_again(tmp_path: Path) -> None:
    softether = FakeSoftEther(FakeMachine(tmp_path))
    service = ReaperService(softether)
    plain = "reaper hubs=LAB interval=5 hold=60 grace=30 keep=newest password=current active=yes"
    for text, idle in ((plain.replace(" keep", " idle=900 keep"), 900.0), (plain, 0.0)):
        line = parse_line(text)
        service.apply([Change(line, None)])
        assert service.read(line) == line.values
        assert [one.rules.idle for one in reapers(softether.machine)] == [idle]
    assert softether.machine.path(REAPER_ORDERS).exists()
