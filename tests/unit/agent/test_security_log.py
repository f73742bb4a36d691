"""Which files of a hub's log are read, and from where: whatever they are called and whatever becomes of them."""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from labvpn.agent.core.machine import Machine
from labvpn.agent.softether.installations import PACKAGED
from labvpn.agent.softether.message_tables import SHIPPED_MESSAGES, files_in, messages_of
from labvpn.agent.softether.security_log import MOST_AT_ONCE, SecurityLog, newest_lines

FOLDER = "/var/log/softether/security_log/LAB"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(str(tmp_path))
    machine.write(f"{FOLDER}/sec_20261127.log", "\ufeffold\r\n")
    return machine


@pytest.fixture
def log(machine: Machine) -> SecurityLog:
    log = SecurityLog(machine, "LAB")
    assert list(log.lines()) == ["old"]
    return log


def add(machine: Machine, name: str, text: str | bytes) -> None:
    with machine.path(f"{FOLDER}/{name}").open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize(
    "name",
    ["sec.log", "sec_20261128.log", "sec_20261127_12.log", "sec_202611.log", "sec_19700101.log", "sec_99991231.log"],
)
def test_a_file_of_any_name_is_read_from_its_top_when_it_comes(machine: Machine, log: SecurityLog, name: str) -> None:
    add(machine, name, "new\r\n")
    add(machine, "sec_20261127.log", "last\r\n")
    assert sorted(log.lines()) == ["last", "new"]
    assert list(log.lines()) == []


def test_a_file_of_a_later_name_that_nobody_writes_hides_no_other(machine: Machine) -> None:
    add(machine, "sec_29991231.log", "future\r\n")
    log = SecurityLog(machine, "LAB")
    list(log.lines())
    add(machine, "sec_20261127.log", "now\r\n")
    assert list(log.lines()) == ["now"]


def test_at_the_first_look_what_was_written_long_ago_is_left_out(machine: Machine) -> None:
    add(machine, "sec_20261101.log", "ancient\r\n")
    os.utime(machine.path(f"{FOLDER}/sec_20261101.log"), (1, 1))
    log = SecurityLog(machine, "LAB")
    assert list(log.lines()) == ["old"]
    add(machine, "sec_20261101.log", "again\r\n")
    assert list(log.lines()) == ["again"]


def test_a_file_that_was_cut_or_made_anew_is_read_from_its_top(machine: Machine, log: SecurityLog) -> None:
    machine.path(f"{FOLDER}/sec_20261127.log").write_text("a\r\n")
    assert list(log.lines()) == ["a"]
    machine.write(f"{FOLDER}/sec_20261127.log", "another\r\nand more\r\n")
    assert list(log.lines()) == ["another", "and more"]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(machine: Machine, log: SecurityLog) -> None:
    add(machine, "sec_20261127.log", "one\r\ntw")
    assert list(log.lines()) == ["one"]
    add(machine, "sec_20261127.log", "o\r\n")
    assert list(log.lines()) == ["two"]


def test_a_line_without_an_end_is_dropped_and_the_next_one_read(machine: Machine, log: SecurityLog) -> None:
    add(machine, "sec_20261127.log", b"\0" * (MOST_AT_ONCE + 10))
    assert list(log.lines()) == []
    add(machine, "sec_20261127.log", "end of it\r\nnext\r\n")
    assert list(log.lines()) == ["next"]


def test_only_a_line_feed_ends_a_line(machine: Machine, log: SecurityLog) -> None:
    add(machine, "sec_20261127.log", "a\u2028b\x85c\x0bd\re\x1cf\r\n")
    assert list(log.lines()) == ["a\u2028b\x85c\x0bd\re\x1cf"]


def test_a_link_a_pipe_or_a_folder_in_a_files_place_is_never_read(machine: Machine, log: SecurityLog) -> None:
    secret = machine.path("/secret")
    secret.write_text("secret\r\n")
    machine.path(f"{FOLDER}/sec_1.log").symlink_to(secret)
    os.mkfifo(machine.path(f"{FOLDER}/sec_2.log"))
    machine.path(f"{FOLDER}/sec_3.log").mkdir()
    add(machine, "sec_20261127.log", "own\r\n")
    assert list(log.lines()) == ["own"]
    assert "is not a plain file" in log.trouble
    assert newest_lines(log.folder, 25, 1000) == ["old", "own"]


STAMPED = "".join(f"2026-11-27 10:00:{second:02}.000 line {second}\r\n" for second in range(10, 40))


def moved(file: Path) -> None:
    file.rename(file.with_name("old.log"))


def linked(file: Path) -> None:
    os.link(file, file.with_name("today.log"))


def copied(file: Path) -> None:
    shutil.copy2(file, file.with_name("backup.log"))


def cut_after_a_copy(file: Path) -> None:
    copied(file)
    file.write_text("")


def edited(file: Path) -> None:
    file.with_name("new").write_text(STAMPED.replace("line 20", "").partition("\n")[2])
    file.with_name("new").rename(file)


@pytest.mark.parametrize("changed", [moved, linked, copied, cut_after_a_copy, edited])
def test_what_others_do_to_a_file_brings_no_line_twice_and_loses_none(
    machine: Machine, changed: Callable[[Path], None]
) -> None:
    file = machine.path(f"{FOLDER}/sec_20261127.log")
    file.write_text(STAMPED)
    log = SecurityLog(machine, "LAB")
    assert len(list(log.lines())) == 30
    changed(file)
    assert list(log.lines()) == []
    add(machine, "sec_20261127.log", "2026-11-27 10:01:00.000 later\r\n")
    assert [line[24:] for line in log.lines()] == ["later"]
    add(machine, "sec_20261128.log", "2026-11-28 00:00:00.000 another\r\n")
    assert [line[24:] for line in log.lines()] == ["another"]
    assert log.trouble == ""


def test_the_copy_of_a_log_that_has_just_begun_brings_no_line_twice(machine: Machine, log: SecurityLog) -> None:
    add(machine, "sec_20261128.log", "2026-11-28 00:00:00.000 first\r\n2026-11-28 00:00:01.000 second\r\n")
    assert len(list(log.lines())) == 2
    copied(machine.path(f"{FOLDER}/sec_20261128.log"))
    assert list(log.lines()) == []


def test_a_file_that_others_linked_is_read_once_from_the_beginning(machine: Machine) -> None:
    linked(machine.path(f"{FOLDER}/sec_20261127.log"))
    assert list(SecurityLog(machine, "LAB").lines()) == ["old"]
    assert newest_lines(SecurityLog(machine, "LAB").folder, 25, 1000) == ["old"]


def test_a_folder_that_others_made_is_no_trouble(machine: Machine, log: SecurityLog) -> None:
    machine.path(f"{FOLDER}/old.log").mkdir()
    machine.path(f"{FOLDER}/current.log").symlink_to("sec_20261127.log")
    add(machine, "sec_20261127.log", "own\r\n")
    assert list(log.lines()) == ["own"]
    assert log.trouble == ""


def test_a_line_of_the_future_in_a_strangers_text_hides_no_new_file(machine: Machine, log: SecurityLog) -> None:
    add(machine, "sec_20261127.log", "2099-01-01 00:00:00.000 forged\r\n")
    assert len(list(log.lines())) == 1
    add(machine, "sec_20261128.log", "2026-11-28 00:00:00.000 another\r\n")
    assert len(list(log.lines())) == 1


def test_a_disk_without_room_for_the_log_is_told(
    machine: Machine, log: SecurityLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.statvfs_result((4096, 4096, 1000, 0, 0, 100, 50, 50, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    assert list(log.lines()) == []
    assert "less than 100 MB are free there" in log.trouble


def test_a_hub_without_a_log_is_told_and_so_is_one_whose_log_is_back(machine: Machine, log: SecurityLog) -> None:
    assert log.trouble == ""
    machine.delete(FOLDER)
    assert list(log.lines()) == []
    assert "security_log/LAB" in log.trouble
    machine.write(f"{FOLDER}/sec_20261127.log", "back\r\n")
    assert list(log.lines()) == ["back"]
    assert log.trouble == ""


def archive(**tables: bytes) -> bytes:
    """An archive as SoftEther ships it, with these files."""
    packed = {name: zlib.compress(data) for name, data in tables.items()}
    size = 11 + sum(15 + len(name) + 1 for name in packed)
    head = b"HamCore" + struct.pack(">I", len(packed))
    at = size
    for name, data in packed.items():
        head += struct.pack(">I", len(name) + 1) + name.encode() + struct.pack(">III", len(tables[name]), len(data), at)
        at += len(data)
    return head.ljust(size, b"\0") + b"".join(packed.values())


def test_the_sentences_are_those_of_the_servers_own_tables(machine: Machine) -> None:
    table = b'LH_AUTH_NG\t\tVerbindung "%S": falsch "%S" von %S.\nOTHER x\n# LH_AUTH_OK no\n'
    machine.write(PACKAGED.program, "")
    path = machine.path(PACKAGED.program).with_name("hamcore.se2")
    path.write_bytes(archive(**{"strtable_de.stb": b"\xef\xbb\xbf" + table, "other.txt": b"LH_AUTH_OK no"}))
    found = messages_of(machine)
    assert found["LH_AUTH_NG"] == ['Verbindung "%S": falsch "%S" von %S.']
    assert found["LH_AUTH_OK"] == SHIPPED_MESSAGES["LH_AUTH_OK"]


@pytest.mark.parametrize(
    "data", [b"", b"HamCore", b"HamCore\xff\xff\xff\xff", b"x" * 100, archive(strtable_x=b"LH")[:40]]
)
def test_an_archive_that_cannot_be_read_leaves_the_sentences_that_are_known(machine: Machine, data: bytes) -> None:
    machine.write(PACKAGED.program, "")
    machine.path(PACKAGED.program).with_name("hamcore.se2").write_bytes(data)
    assert messages_of(machine) == SHIPPED_MESSAGES
    assert len(list(files_in(data))) < 2
