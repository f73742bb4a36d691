"""The log keeper: what is too old or too many goes, the oldest first, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.paths import LOG_ORDERS
from labvpn.agent.daemons.log_keeper import DAY, MEGABYTE, LogKeeperService, Rules, is_orders, prune, rules_of
from labvpn.agent.softether.installations import PACKAGED
from labvpn.render.documents import Concern, documents
from tests.unit.agent.fakes import FakeMachine
from tests.unit.samples import lab

NOW = 1_800_000_000.0
LOGS = "/var/log/softether/"


class Kept:
    """A host with logs of given ages in days and sizes in bytes."""

    def __init__(self, root: Path) -> None:
        self.machine = FakeMachine(root)
        self.machine.write(PACKAGED.program, "")

    def log(self, name: str, days: float, size: int = 0) -> None:
        path = self.machine.path(LOGS + name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
        os.utime(path, (NOW, NOW - days * DAY))

    def left(self) -> list[str]:
        top = self.machine.path(LOGS)
        return sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file() or path.is_symlink())

    def prune(self, days: int | None = None, megabytes: int | None = None) -> list[str]:
        return prune(self.machine, Rules(days, megabytes), NOW)


@pytest.fixture
def host(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_files_that_are_too_old_go_from_every_folder(host: Kept) -> None:
    for folder in ("server_log", "security_log/LAB", "packet_log/My Hub"):
        host.log(f"{folder}/a_20260101.log", 31)
        host.log(f"{folder}/a_20260131.log", 1)
    assert host.prune(days=30) == ["deleted 3 logs, 0 bytes"]
    assert all(name.endswith("20260131.log") for name in host.left())
    assert host.prune(days=30) == []


def test_the_newest_file_of_a_folder_stays_however_old_or_large_it_is(host: Kept) -> None:
    host.log("security_log/LAB/sec.log", 400, 9 * MEGABYTE)
    host.log("security_log/OWNER/sec.log", 500, 9 * MEGABYTE)
    assert host.prune(days=1, megabytes=1) == []
    assert host.left() == ["security_log/LAB/sec.log", "security_log/OWNER/sec.log"]


def test_of_too_many_the_oldest_go_first_whatever_their_folder(host: Kept) -> None:
    host.log("server_log/1.log", 5, MEGABYTE)
    host.log("packet_log/LAB/2.log", 4, MEGABYTE)
    host.log("server_log/3.log", 3, MEGABYTE)
    host.log("packet_log/LAB/4.log", 2, MEGABYTE)
    assert host.prune(megabytes=3) == [f"deleted 1 logs, {MEGABYTE} bytes"]
    assert host.left() == ["packet_log/LAB/2.log", "packet_log/LAB/4.log", "server_log/3.log"]
    host.prune(megabytes=1)
    assert host.left() == ["packet_log/LAB/4.log", "server_log/3.log"]


def test_what_is_not_a_log_of_the_server_stays(host: Kept) -> None:
    host.log("security_log/LAB/new.log", 0)
    host.log("security_log/LAB/old.log.gz", 900)
    host.log("security_log/LAB/notes.txt", 900)
    host.log("elsewhere/old.log", 900)
    host.log("target.log", 900)
    host.machine.path(LOGS + "security_log/LAB/link.log").symlink_to("../../target.log")
    outside = host.machine.path("/srv/other")
    outside.mkdir(parents=True)
    (outside / "old.log").write_text("")
    os.utime(outside / "old.log", (0, 0))
    (outside / "new.log").write_text("")
    host.machine.path(LOGS + "security_log/LINKED").symlink_to(outside)
    before = host.left()
    assert host.prune(days=1, megabytes=1) == []
    assert host.left() == before
    assert (outside / "old.log").exists()


def test_a_host_without_logs_has_nothing_to_delete(host: Kept) -> None:
    assert host.prune(days=1) == []


def test_a_file_that_cannot_be_deleted_is_named_and_the_others_go(host: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("1.log", "2.log", "3.log"):
        host.log(f"server_log/{name}", 9)
    host.log("server_log/4.log", 0)
    unlink = os.unlink

    def refuse(path: str) -> None:
        if path.endswith("2.log"):
            raise PermissionError(1, "Operation not permitted")
        unlink(path)

    monkeypatch.setattr(os, "unlink", refuse)
    said = host.prune(days=1)
    assert said[0].endswith("server_log/2.log cannot be deleted: Operation not permitted")
    assert said[1] == "deleted 2 logs, 0 bytes"


@pytest.mark.parametrize("logs", [{"days": 90}, {"megabytes": 2000}, {"days": 1, "megabytes": 1}])
def test_the_limits_of_the_configuration_are_the_services_orders(tmp_path: Path, logs: dict[str, int]) -> None:
    text = documents(lab(vpn={"logs": logs}), "")[Concern.HOST]
    (line,) = [parse_line(one) for one in text.splitlines() if one.startswith("logs ")]
    machine = FakeMachine(tmp_path)
    service = LogKeeperService(machine)
    assert service.read(line) is None
    service.apply([Change(line, None)])
    assert service.read(line) == line.values
    orders = {"days": line.values["days"], "megabytes": line.values["megabytes"]}
    assert is_orders(orders)
    assert rules_of(orders) == Rules(logs.get("days"), logs.get("megabytes"))
    service.remove([line])
    assert not machine.path(LOG_ORDERS).exists()
    assert service.read(line) is None


def test_limits_that_limit_nothing_are_a_mistake_and_without_them_there_is_no_service() -> None:
    with pytest.raises(ValueError, match="limits nothing; give days, megabytes or both"):
        lab(vpn={"logs": {}})
    assert "logs " not in documents(lab(), "")[Concern.HOST]


@pytest.mark.parametrize("orders", [None, [], {}, {"days": "x", "megabytes": "1"}, {"days": "1"}])
def test_damaged_orders_are_not_taken_for_orders(orders: object) -> None:
    assert not is_orders(orders)


def test_packets_are_logged_only_where_that_is_asked_for() -> None:
    def packets(**log: object) -> str:
        text = documents(lab(hubs={"LAB": {"log": log}}), "")[Concern.HUB]
        return next(line for line in text.splitlines() if line.startswith("log "))

    assert " security=yes " in packets()
    assert " packet=no " in packets()
    assert " packet=yes " in packets(packet=True)
