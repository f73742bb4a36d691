"""Whatever stands in a file's place on the host: it is neither waited for nor read as ours, and stops nothing else."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from labvpn.agent.acme.client import AcmeRefusal
from labvpn.agent.acme.orders import Orders
from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.acme.report import RenewalReport
from labvpn.agent.acme.service import RenewalService
from labvpn.agent.codes.accounts import ACCOUNTS, accounts_of
from labvpn.agent.codes.health import CONFIG, STEPS
from labvpn.agent.codes.service import PROGRAM, CodeVerifier
from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.paths import (
    ACME_CURRENT,
    ACME_HOOK,
    ACME_KEY,
    ACME_ORDERS,
    ACME_RECORDS,
    ACME_REPORT,
    BAN_LIST,
    BAN_LIST_NOW,
    BAN_ORDERS,
    GUARD_HEALTH,
    KEPT_PASSWORD,
    LOCKOUTS,
    REAPER_ORDERS,
    SYSLOG_SET,
)
from labvpn.agent.core.state_file import StateFile
from labvpn.agent.daemons.session_reaper import orders_file
from labvpn.agent.firewalld.ban_list import ban_orders, bans_of, guard_state
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.lockouts import Lockouts
from labvpn.agent.softether.session_ages import SessionAges, ages_file
from tests.unit.agent import acme_cases
from tests.unit.agent.codes_cases import LINE, host_with_verifier, known
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

IN_ITS_PLACE: dict[str, Callable[[Path], Any]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00{"),
    "nothing": lambda path: path.write_bytes(b""),
    "deep": lambda path: path.write_text("[" * 200_000),
}

Reader = Callable[[FakeMachine], Any]
READERS: dict[str, tuple[str, Reader]] = {
    "the challenge's key": (ACME_KEY, lambda machine: renewal_of(machine)["key"]),
    "the challenge's hook": (ACME_HOOK, lambda machine: renewal_of(machine)["active"]),
    "the certificate": (ACME_CURRENT, lambda machine: Renewal(FakeSoftEther(machine)).chain()),
    "the renewal's report": (ACME_REPORT, lambda machine: RenewalReport(machine).warnings(0)),
    "the renewal's orders": (ACME_ORDERS, lambda machine: RenewalReport(machine).notes()),
    "the verifier's settings": (CONFIG, lambda machine: verifier_of(machine)["files"]),
    "the verifier's program": (PROGRAM, lambda machine: verifier_of(machine)["files"]),
    "the accounts": (ACCOUNTS, accounts_of),
    "the administrator's password": (KEPT_PASSWORD, lambda machine: SoftEther(machine, known()).kept()),
    "the guard's orders": (BAN_ORDERS, ban_orders),
    "the bans": (BAN_LIST, bans_of),
    "the bans in memory": (BAN_LIST_NOW, bans_of),
    "the guard's health": (GUARD_HEALTH, lambda machine: guard_state(machine, 0.0)),
    "the lockouts": (LOCKOUTS, lambda machine: Lockouts(machine, "LAB").entries),
    "the sessions' ages": (ages_file("LAB"), lambda machine: SessionAges(machine, "LAB").births),
    "the reaper's orders": (REAPER_ORDERS, lambda machine: orders_file(machine).read_unchecked()),
}


def renewal_of(machine: FakeMachine) -> Any:
    return RenewalService(FakeSoftEther(machine)).read(parse_line(acme_cases.LINE)) or {"key": "", "active": ""}


def verifier_of(machine: FakeMachine) -> Any:
    return CodeVerifier(machine, known()).read(parse_line(LINE)) or {"files": ""}


@pytest.fixture(autouse=True)
def limit_in_time() -> Iterator[None]:
    """What waits for a pipe fails, and does not hang."""

    def hangs(number: int, frame: FrameType | None) -> None:
        raise RuntimeError("waits for a pipe, or reads without end")

    signal.signal(signal.SIGALRM, hangs)
    signal.alarm(20)
    yield
    signal.alarm(0)


def place(machine: FakeMachine, name: str, kind: str) -> None:
    path = machine.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    machine.delete(name)
    IN_ITS_PLACE[kind](path)


@pytest.mark.parametrize("kind", IN_ITS_PLACE)
@pytest.mark.parametrize("what", READERS)
def test_what_is_no_file_of_ours_is_read_as_none(acme_machine: FakeMachine, what: str, kind: str) -> None:
    name, read = READERS[what]
    place(acme_machine, name, kind)
    found = read(acme_machine)
    assert not found or found in ("differs", "changed") or what == "the guard's health" or found == "[" * 200_000


@pytest.mark.parametrize("kind", IN_ITS_PLACE)
def test_what_is_written_again_is_whole_and_a_folder_is_kept(machine: FakeMachine, kind: str) -> None:
    place(machine, ACME_KEY, kind)
    machine.write(ACME_KEY, "the key", 0o600)
    assert machine.read(ACME_KEY) == "the key"
    assert not machine.path(ACME_KEY).is_symlink()
    assert len(list(machine.path(ACME_KEY).parent.glob("acme.tsig.found-*"))) == (kind == "a folder")


def test_what_others_wrote_in_another_encoding_is_read_all_the_same(machine: FakeMachine) -> None:
    machine.write("/etc/firewalld/firewalld.conf", "")
    machine.path("/etc/firewalld/firewalld.conf").write_bytes(b"# f\xfcr alle\nDefaultZone=public\n")
    assert "DefaultZone=public" in (machine.read("/etc/firewalld/firewalld.conf") or "")


@pytest.mark.parametrize("steps", ['{"anna": null}', '{"anna": 1e999}', "[]", '{"anna": "5"}', "\ufffd"])
def test_codes_are_checked_again_after_the_next_run(
    steps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = host_with_verifier(tmp_path, monkeypatch)
    host.write(STEPS, steps)
    CodeVerifier(host, known()).apply([Change(parse_line(LINE), None)])
    assert not host.path(STEPS).exists()


@pytest.mark.parametrize("records", [[{}], [None], "x", {"a": 1}])
def test_damaged_records_are_named_with_their_remedy(acme_softether: FakeSoftEther, records: Any) -> None:
    acme_softether.machine.write(ACME_RECORDS, json.dumps({"records": records}))
    with pytest.raises(Exception, match="delete it, and the TXT records below _acme-challenge by hand"):
        Renewal(acme_softether).run()
    assert "by hand" in str(RenewalReport(acme_softether.machine).warnings(0.0))


def test_a_damaged_certificate_is_replaced_by_a_new_one(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme_cases.issues(acme_machine, monkeypatch)
    for damage in ("no text", "nothing", "a pipe", "a folder"):
        place(acme_machine, ACME_CURRENT, damage)
        assert Renewal(acme_softether).reason(Orders.of(acme_machine), 0.0) == "the first certificate"


def test_a_certificate_that_openssl_cannot_read_is_named_with_its_remedy(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine
) -> None:
    acme_machine.write(ACME_CURRENT, acme_cases.KEY + acme_cases.LEAF)
    acme_machine.answers["openssl x509"] = Outcome(1, "", "unable to load certificate")
    with pytest.raises(Exception, match=f"{ACME_CURRENT} .*move it away"):
        Renewal(acme_softether).run()


def test_whatever_stops_a_renewal_is_in_its_report(
    acme_softether: FakeSoftEther, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (ValueError("its-secret"), OSError(5, "Input/output error"), AcmeRefusal("no")):
        monkeypatch.setattr(Renewal, "renewed", lambda *words, error=error: raised(error))
        with pytest.raises(type(error)):
            Renewal(acme_softether).run()
        (warning,) = RenewalReport(acme_softether.machine).warnings(0.0)
        assert "the certificate has not been renewed since" in warning
        assert "its-secret" not in warning


def raised(error: Exception) -> None:
    raise error


def test_everything_in_the_agents_own_folders_is_for_root_alone(machine: FakeMachine) -> None:
    """SYSLOG_SET may be the first file after a boot."""
    for name in (SYSLOG_SET, ACME_RECORDS):
        machine.write(name, "")
        assert machine.path(name).stat().st_mode & 0o777 == 0o600
        assert machine.path(name).parent.stat().st_mode & 0o777 == 0o700
    StateFile(machine, GUARD_HEALTH, "").write({})
    assert machine.path(GUARD_HEALTH).stat().st_mode & 0o777 == 0o600
