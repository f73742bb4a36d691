"""Converging and removing, whatever the objects are: a kind of object kept in a dict."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.concern import Concern, Handler, Values, observed_text
from labvpn.agent.core.document import Change, Line, line_of
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import State
from tests.unit.agent.fakes import FakeMachine


class Things(Handler):
    """Objects in a dict; `fails` breaks the run in the middle, `alone` makes the whole set ours."""

    kind = "thing"

    def __init__(self, things: dict[str, dict[str, str]], alone: bool = False) -> None:
        self.things = things
        self.alone = alone
        self.fails = False

    def read(self, line: Line) -> Values | None:
        thing = self.things.get(line.name)
        return None if thing is None else {key: thing.get(key, "0") for key in line.values}

    def unmanaged(self) -> list[Line]:
        return [line_of("thing", name, thing) for name, thing in self.things.items()] if self.alone else []

    def apply(self, changes: list[Change]) -> None:
        for change in changes:
            self.things[change.line.name] = dict(change.line.values)
            if self.fails:
                raise AgentError("cut")

    def remove(self, lines: list[Line]) -> None:
        for line in lines:
            self.things.pop(line.name, None)


def concern(root: Path, things: dict[str, dict[str, str]], alone: bool = False) -> tuple[Concern, Things]:
    handler = Things(things, alone)
    return Concern(State(FakeMachine(root), "things"), [handler]), handler


def converge(root: Path, things: dict[str, dict[str, str]], text: str, alone: bool = False) -> list[str]:
    return concern(root, things, alone)[0].converge(text)


def remove(root: Path, things: dict[str, dict[str, str]]) -> list[str]:
    return concern(root, things)[0].remove()


def test_what_differs_is_made_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    things = {"a": {"x": "1"}, "other": {"x": "9"}}
    assert converge(tmp_path, things, "thing a x=2\nthing b x=3\n") == ["~ thing a: x 1 -> 2", "+ thing b"]
    assert things == {"a": {"x": "2"}, "b": {"x": "3"}, "other": {"x": "9"}}
    assert converge(tmp_path, things, "thing a x=2\nthing b x=3\n") == []


def test_the_observed_document_is_the_desired_one_where_nothing_differs(tmp_path: Path) -> None:
    text = "thing a   x='2'\nthing b x=3\n"
    things: dict[str, dict[str, str]] = {}
    converge(tmp_path, things, text)
    assert observed_text(concern(tmp_path, things)[0], text) == text


def test_a_missing_object_is_a_missing_line(tmp_path: Path) -> None:
    assert observed_text(concern(tmp_path, {"a": {"x": "1"}})[0], "thing a x=1\nthing b x=1\n") == "thing a x=1\n"


def test_what_is_ours_and_no_longer_desired_is_shown_and_goes(tmp_path: Path) -> None:
    things: dict[str, dict[str, str]] = {"other": {"x": "9"}}
    converge(tmp_path, things, "thing a x=1\nthing b x=1\n")
    assert observed_text(concern(tmp_path, things)[0], "thing a x=1\n") == "thing a x=1\nthing b x=1\n"
    assert converge(tmp_path, things, "thing a x=1\n") == ["- thing b"]
    assert things == {"a": {"x": "1"}, "other": {"x": "9"}}


def test_an_adopted_object_that_leaves_the_document_is_what_it_was(tmp_path: Path) -> None:
    things = {"a": {"x": "1"}}
    converge(tmp_path, things, "thing a x=2\n")
    converge(tmp_path, things, "")
    assert things == {"a": {"x": "1"}}
    assert converge(tmp_path, things, "") == []


def test_in_a_set_that_is_ours_alone_a_strange_object_goes_and_comes_back_in_the_end(tmp_path: Path) -> None:
    things = {"strange": {"x": "7"}}
    assert converge(tmp_path, things, "thing a x=1\n", alone=True) == ["+ thing a", "- thing strange"]
    assert things == {"a": {"x": "1"}}
    remove(tmp_path, things)
    assert things == {"strange": {"x": "7"}}


def test_remove_returns_everything_to_what_it_was(tmp_path: Path) -> None:
    things = {"a": {"x": "1"}, "other": {"x": "9"}}
    converge(tmp_path, things, "thing a x=2\nthing b x=3\n")
    converge(tmp_path, things, "thing a x=4\nthing b x=3\nthing c x=1\n")
    assert sorted(remove(tmp_path, things)) == ["- thing b", "- thing c", "~ thing a: x 4 -> 1"]
    assert things == {"a": {"x": "1"}, "other": {"x": "9"}}


def test_a_second_remove_changes_nothing(tmp_path: Path) -> None:
    things = {"a": {"x": "1"}}
    converge(tmp_path, things, "thing a x=2\n")
    remove(tmp_path, things)
    assert remove(tmp_path, things) == []


def test_a_run_that_was_cut_off_still_knows_what_is_ours(tmp_path: Path) -> None:
    things = {"a": {"x": "1"}}
    broken, handler = concern(tmp_path, things)
    handler.fails = True
    with pytest.raises(AgentError):
        broken.converge("thing b x=3\nthing a x=2\n")
    assert "b" in things
    # Meanwhile `b` has left the configuration.
    assert converge(tmp_path, things, "thing a x=2\n") == ["~ thing a: x 1 -> 2", "- thing b"]
    remove(tmp_path, things)
    assert things == {"a": {"x": "1"}}


def test_a_key_that_leaves_the_document_is_a_difference_once(tmp_path: Path) -> None:
    things: dict[str, dict[str, str]] = {}
    converge(tmp_path, things, "thing a x=1 y=2\n")
    assert observed_text(concern(tmp_path, things)[0], "thing a x=1\n") == "thing a x=1 y=2\n"
    assert converge(tmp_path, things, "thing a x=1\n") == ["~ thing a: y 2 -> nothing"]
    assert observed_text(concern(tmp_path, things)[0], "thing a x=1\n") == "thing a x=1\n"


def test_a_change_that_the_machine_does_not_take_is_an_error(tmp_path: Path) -> None:
    broken, handler = concern(tmp_path, {})
    handler.apply = lambda changes: None  # type: ignore[method-assign]
    with pytest.raises(AgentError, match="did not apply every change"):
        broken.converge("thing a x=1\n")
    assert State(FakeMachine(tmp_path), "things").applied is None


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="does not know `gadget`"):
        converge(tmp_path, {}, "gadget a x=1\n")


def test_what_the_agent_remembers_is_readable_by_root_alone(tmp_path: Path) -> None:
    converge(tmp_path, {}, "thing a x=1\n")
    folder = tmp_path / "var/lib/labvpn"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
