"""The code verifier as a service of the host: its files, its unit, its accounts, and what is said of it."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labvpn.agent.codes.accounts import ACCOUNTS, CodeAccounts
from labvpn.agent.codes.health import CONFIG, STEPS, CodesHealth
from labvpn.agent.codes.service import PROGRAM, USED
from labvpn.agent.core.document import Change, parse, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.packages import Packages
from labvpn.agent.core.paths import CODES, UNIT_FILE
from labvpn.agent.core.secret_digests import Secrets, secret_words
from labvpn.agent.core.state import State
from labvpn.agent.softether.administration import Administration, FirstStart
from labvpn.agent.softether.host import HostConcern, PackageSet
from tests.unit.agent.codes_cases import CODE, KEY, LINE, PASSWORD, applied, host_with_verifier, known, read, values
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    return host_with_verifier(tmp_path, monkeypatch)


def test_what_was_applied_reads_back_as_desired_and_goes_without_a_trace(machine: FakeMachine) -> None:
    assert read(machine) == [None, None]
    service_of, accounts = applied(machine)
    assert read(machine) == [values(LINE), values(CODE)]
    accounts.remove([parse_line("code LAB/guest1")])
    assert read(machine) == [values(LINE), None]
    service_of.remove([parse_line("verifier")])
    assert read(machine) == [None, None]
    assert not machine.path(CODES).exists() and not machine.path(UNIT_FILE.format("labvpn-codes")).exists()
    assert "systemctl --quiet disable labvpn-codes" in machine.ran


def test_the_removal_of_accounts_brings_no_folder_back(machine: FakeMachine) -> None:
    CodeAccounts(machine, known()).remove([parse_line("code LAB/guest1")])
    assert not machine.path(CODES).exists()


def test_no_secret_is_in_a_command_and_no_file_is_for_others(machine: FakeMachine) -> None:
    applied(machine)
    secrets = (PASSWORD, KEY, "of-the-verifier")
    assert not [line for line in machine.ran for secret in secrets if secret in line]
    for name in (CONFIG, PROGRAM, ACCOUNTS):
        assert stat.S_IMODE(machine.path(name).stat().st_mode) == 0o640
    assert not [word for word in secrets[:2] if word in (machine.read(CONFIG) or "")]


@pytest.mark.parametrize("name", [CONFIG, PROGRAM])
def test_a_file_that_was_changed_or_opened_to_others_is_drift_and_is_put_right(machine: FakeMachine, name: str) -> None:
    changes: list[Callable[[Path], object]] = [
        lambda path: path.write_text("# by hand\n" + path.read_text()),
        lambda path: path.chmod(0o644),
        Path.unlink,
    ]
    for change in changes:
        applied(machine)
        change(machine.path(name))
        found = read(machine)[0]
        assert found is not None and found["files"] == "differs"
    applied(machine)
    assert read(machine) == [values(LINE), values(CODE)]


def test_accounts_that_were_opened_to_others_are_drift(machine: FakeMachine) -> None:
    applied(machine)
    machine.path(ACCOUNTS).chmod(0o644)
    found = read(machine)[0]
    assert found is not None and found["files"] == "differs"


def files_of(machine: FakeMachine) -> str:
    found = read(machine)[0]
    assert found is not None
    return found["files"]


@pytest.mark.parametrize(("group", "files"), [(os.getgid(), "current"), (os.getgid() + 1, "differs")])
def test_files_of_another_group_than_the_verifiers_are_drift(machine: FakeMachine, group: int, files: str) -> None:
    applied(machine)
    machine.write("/etc/group", f"games:x:5:\nfreerad:x:{group}:\n")
    assert files_of(machine) == files


def test_files_of_another_owner_than_root_are_drift(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(machine)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert files_of(machine) == "differs"


@pytest.mark.parametrize(
    ("owner", "mode", "files"),
    [(os.getuid(), 0o700, "current"), (os.getuid() + 1, 0o700, "differs"), (os.getuid(), 0o711, "differs")],
)
def test_the_folder_of_used_codes_is_the_verifiers_alone(
    machine: FakeMachine, owner: int, mode: int, files: str
) -> None:
    applied(machine)
    machine.path(USED).mkdir(exist_ok=True)
    machine.path(USED).chmod(mode)
    machine.write("/etc/passwd", f"root:x:0:0\nfreerad:x:{owner}:{os.getgid()}:\n")
    assert files_of(machine) == files


def test_a_link_in_the_place_of_the_folder_of_used_codes_is_drift_and_goes(machine: FakeMachine) -> None:
    applied(machine)
    machine.path(USED).symlink_to("/tmp")  # noqa: S108
    assert files_of(machine) == "differs"
    applied(machine)
    assert not machine.path(USED).is_symlink()


def test_another_secret_of_a_user_or_of_the_server_is_seen_and_none_is_needed_to_check_files(
    machine: FakeMachine,
) -> None:
    applied(machine)
    renewed = {"LAB/guest1": {"password": PASSWORD, "secret": "AAAA"}}
    assert read(machine, known(codes=renewed))[1] == {"secret": "differs"}
    assert read(machine, known(verifier="other"))[0] == values(LINE.replace("secret=current", "secret=differs"))
    found = read(machine, Secrets({}))[0]
    assert found is not None and found["files"] == "current"
    words = [secret_words([parse_line(CODE), parse_line(LINE)], one) for one in (known(), known(codes=renewed))]
    assert [place for place in words[0] if words[0][place] != words[1][place]] == ["code LAB/guest1 secret"]


def test_accounts_made_by_hand_or_of_users_who_need_no_code_any_more_are_surplus(machine: FakeMachine) -> None:
    _, accounts = applied(machine)
    accounts.write({"guest1": {"hub": "LAB"}, "eve": {"hub": "LAB"}, "odd": 3})  # type: ignore[dict-item]
    assert sorted(line.key for line in accounts.unmanaged()) == ["code LAB/eve", "code LAB/guest1"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_damaged_accounts_count_as_none_and_are_written_again(machine: FakeMachine, text: str) -> None:
    applied(machine)
    machine.path(ACCOUNTS).write_text(text)
    assert read(machine)[1] is None
    applied(machine)
    assert read(machine)[1] == values(CODE)


def test_used_codes_that_cannot_be_read_are_forgotten_and_others_kept(machine: FakeMachine) -> None:
    machine.write(STEPS, '{"guest1": 5}')
    applied(machine)
    assert machine.read(STEPS) == '{"guest1": 5}'
    machine.write(STEPS, "{")
    applied(machine)
    assert machine.read(STEPS) is None


def test_a_code_of_a_later_time_is_told_and_forgotten(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 30.0 * 1000)
    applied(machine)
    machine.write(STEPS, '{"guest1": 1001, "guest2": 7}')
    machine.path(USED).chmod(0o700)
    assert (files_of(machine), CodesHealth(machine).warnings()) == ("current", [])
    machine.write(STEPS, '{"guest1": 3880, "guest2": 7}')
    assert files_of(machine) == "differs"
    (said,) = CodesHealth(machine).warnings()
    assert said.startswith("no code of guest1 is good: ")
    applied(machine)
    assert (machine.read(STEPS), CodesHealth(machine).warnings()) == (None, [])


def test_a_request_without_a_users_secret_is_refused(machine: FakeMachine) -> None:
    with pytest.raises(AgentError, match="no secret of codes for the user LAB/guest1"):
        CodeAccounts(machine, Secrets({})).apply([Change(parse_line(CODE), None)])


CONCERN = "package freeradius installed=yes\n"


def package_set(machine: FakeMachine) -> tuple[State, PackageSet]:
    softether = FakeSoftEther(machine)
    state = State(machine, "host")
    return state, PackageSet(state, softether, FirstStart(softether, Administration(softether)))


def test_freeradius_own_service_is_off_before_its_package_comes_and_free_when_it_has_gone(machine: FakeMachine) -> None:
    state, packages = package_set(machine)
    (line,) = parse(CONCERN)
    packages.apply([Change(line, None)])
    order = [one for one in machine.ran if "mask" in one or one.startswith("apt-get install --no")]
    assert order[0] == "systemctl mask freeradius" and "freeradius" in order[-1]
    state.remember({"package freeradius": None})
    packages.remove([line])
    assert machine.ran.index("systemctl --quiet stop labvpn-codes") < machine.ran.index("systemctl unmask freeradius")


@pytest.mark.parametrize("before", [True, False])
def test_the_group_that_a_purge_leaves_goes_unless_it_was_there_before(machine: FakeMachine, before: bool) -> None:
    machine.write("/etc/group", "root:x:0:\n" + "ssl-cert:x:103:\n" * before)
    packages = Packages(machine)
    packages.note_folders("freeradius")
    packages.purge(["freeradius"])
    assert ("groupdel ssl-cert" in machine.ran) is not before


def test_a_freeradius_that_was_there_before_is_left_alone(machine: FakeMachine) -> None:
    machine.answers["dpkg-query -W"] = "freeradius installed\n"
    assert HostConcern(State(machine, "host"), FakeSoftEther(machine)).remove() == []
    assert not [one for one in machine.ran if "freeradius" in one]
