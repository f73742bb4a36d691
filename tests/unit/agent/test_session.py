"""One run of the agent: what it keeps for the next look, also where it is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.concern import Concern, Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.state import State
from labvpn.agent.session import Session

OLD, NEW = "user LAB/a MultiLogins=1\n", "user LAB/a MultiLogins=2\n"


class Users(Handler):
    """The server's users, as a value; it may break in the middle of a change."""

    kind = "user"

    def __init__(self) -> None:
        self.there: dict[str, Values] = {}
        self.breaks = False

    def read(self, line: Line) -> Values | None:
        return self.there.get(line.name)

    def apply(self, changes: list[Change]) -> None:
        for change in changes:
            if change.want:
                self.there[change.want.name] = dict(change.want.values)
        if self.breaks:
            raise AgentError("cut off")

    def remove(self, lines: list[Line]) -> None:
        for line in lines:
            self.there.pop(line.name, None)


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Users:
    handler = Users()
    monkeypatch.setattr(Session, "concern", lambda self, name: Concern(State(self.machine, name), [handler]))
    return handler


def session(root: Path, **request: Any) -> Session:
    return Session(Machine(str(root)), request)


def test_a_run_leaves_what_it_applied_and_nothing_begun(users: Users, tmp_path: Path) -> None:
    session(tmp_path, desired=OLD).converge("hub")
    answer = session(tmp_path, secrets={"administrator": "x"}).inspect("hub", OLD)
    assert (answer["observed"], answer["applied"], answer["begun"], answer["renewed"]) == (OLD, OLD, None, [])


def test_a_run_that_is_cut_off_leaves_what_it_was_about_until_the_next_one_ends(users: Users, tmp_path: Path) -> None:
    session(tmp_path, desired=OLD).converge("hub")
    users.breaks = True
    with pytest.raises(AgentError):
        session(tmp_path, desired=NEW).converge("hub")
    answer = session(tmp_path).inspect("hub", OLD)
    assert (answer["observed"], answer["applied"], answer["begun"]) == (NEW, OLD, NEW)
    users.breaks = False
    session(tmp_path, desired=OLD).converge("hub")
    assert session(tmp_path).inspect("hub", OLD)["begun"] is None


def test_who_asks_without_secrets_learns_nothing_of_them(users: Users, tmp_path: Path) -> None:
    session(tmp_path, desired=OLD).converge("hub")
    assert session(tmp_path).inspect("hub", OLD)["renewed"] is None


def test_a_host_that_an_older_version_applied_says_that_it_knows_nothing_of_secrets(
    users: Users, tmp_path: Path
) -> None:
    State(Machine(str(tmp_path)), "hub").record(OLD)
    answer = session(tmp_path, secrets={"administrator": "x"}).inspect("hub", OLD)
    assert (answer["applied"], answer["begun"], answer["renewed"]) == (OLD, None, None)


def test_a_removal_leaves_no_memory(users: Users, tmp_path: Path) -> None:
    session(tmp_path, desired=OLD).converge("hub")
    session(tmp_path).remove("hub")
    assert [path.name for path in (tmp_path / "var/lib/labvpn").iterdir()] in ([], ["hub.lock"])
