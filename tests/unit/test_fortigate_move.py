"""Moving the FortiGate's objects to the other package: what is done, cut off at every step, and undone."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.fortigate_provider.engine import MoveError, Stack
from labvpn.fortigate_provider.move import copy_of, kept, move, steps
from labvpn.fortigate_provider.state import objections, packages, providers
from labvpn.model.fortios_provider import Provider

OLD = {
    "pulumi:providers:fortios": "fortigate-box",
    "fortios:firewall/policy:Policy": "fortigate-allow",
    "pulumi-python:dynamic:Resource": "name-records",
}
NEW = {
    "pulumi:providers:fortigate": "fortigate-box",
    "fortigate:index/firewallPolicy:FirewallPolicy": "fortigate-allow",
    "pulumi-python:dynamic:Resource": "name-records",
}
HOST = {"command:remote:Command": "vpn-hub"}


class CutOffError(BaseException):
    """The process is gone."""


def state(*held: dict[str, str]) -> dict[str, Any]:
    pairs = [(kind, name) for part in held for kind, name in part.items()]
    rows = [
        {"urn": f"urn:pulumi:lab::labvpn::labvpn:index:FortiGate${kind}::{name}", "type": kind} for kind, name in pairs
    ]
    return {"version": 3, "deployment": {"resources": rows}}


class Fake(Stack):
    """An engine in memory: what it was told, a step at which it is cut off or fails, and the plan that it shows."""

    def __init__(self, folder: Path, held: dict[str, Any]) -> None:
        super().__init__(folder)
        self.__dict__.update(held=held, told=[], breaks="", error=CutOffError(), plan=[], provider=None)

    def _step(self, name: str) -> None:
        self.__dict__["told"].append(name)
        if self.__dict__["breaks"] == name:
            self.__dict__["breaks"] = ""
            raise self.__dict__["error"]

    @property
    def name(self) -> str:
        return "lab"

    def export(self) -> Any:
        return copy.deepcopy(self.__dict__["held"])

    def restore(self, copy: Path) -> None:
        self._step("restore")
        self.__dict__["held"] = json.loads(copy.read_text())

    def use(self, provider: Provider) -> None:
        self._step("use")
        self.__dict__["provider"] = provider

    def forget(self, urn: str) -> None:
        self._step("forget")
        self.__dict__["held"] = state(HOST)

    def preview(self) -> Any:
        self._step("preview")
        return self.__dict__["plan"]

    def up(self) -> None:
        self._step("up")
        self.__dict__["held"] = state(HOST, NEW if self.__dict__["provider"] is Provider.UPSTREAM else OLD)


def quiet(_words: str) -> None:
    return


def step(op: str, urn: str) -> dict[str, str]:
    return {"op": op, "urn": urn}


@pytest.fixture
def stack(tmp_path: Path) -> Fake:
    return Fake(tmp_path, state(HOST, OLD))


def test_the_state_is_copied_before_anything_else_and_the_copy_is_kept(stack: Fake) -> None:
    first = stack.export()
    assert len(steps(stack, Provider.UPSTREAM)) == 5
    move(stack, Provider.UPSTREAM, quiet)
    assert stack.__dict__["told"] == ["use", "forget", "preview", "up"]
    assert packages(stack.export()) == {Provider.UPSTREAM}
    copied = kept(copy_of(stack), Provider.UPSTREAM)
    assert json.loads(copied.read_text()) == first
    assert copied.stat().st_mode & 0o777 == 0o600
    assert not copy_of(stack).exists()


def test_back_again_ends_where_it_began(stack: Fake) -> None:
    first = stack.export()
    move(stack, Provider.UPSTREAM, quiet)
    move(stack, Provider.PULUMIVERSE, quiet)
    assert stack.export() == first
    assert stack.__dict__["provider"] is Provider.PULUMIVERSE


@pytest.mark.parametrize("at", ["use", "forget", "preview", "up"])
def test_cut_off_at_any_step_the_same_command_goes_on(stack: Fake, at: str) -> None:
    first = stack.export()
    stack.__dict__["breaks"] = at
    with pytest.raises(CutOffError):
        move(stack, Provider.UPSTREAM, quiet)
    assert json.loads(copy_of(stack).read_text()) == first
    assert steps(stack, Provider.UPSTREAM)
    move(stack, Provider.UPSTREAM, quiet)
    assert packages(stack.export()) == {Provider.UPSTREAM}
    assert json.loads(kept(copy_of(stack), Provider.UPSTREAM).read_text()) == first


@pytest.mark.parametrize("at", ["use", "forget", "preview", "up"])
@pytest.mark.parametrize("error", [MoveError("the engine refused"), KeyboardInterrupt()])
def test_what_fails_is_undone_and_said(stack: Fake, at: str, error: BaseException) -> None:
    first = stack.export()
    stack.__dict__.update(breaks=at, error=error)
    with pytest.raises(MoveError, match="everything is back as it was, by pulumiverse"):
        move(stack, Provider.UPSTREAM, quiet)
    assert stack.export() == first
    assert stack.__dict__["provider"] is Provider.PULUMIVERSE
    assert not copy_of(stack).exists()


def test_a_preview_that_would_do_more_than_move_is_refused_and_undone(stack: Fake) -> None:
    urn = next(urn for urn in (each["urn"] for each in stack.export()["deployment"]["resources"]) if "vpn-hub" in urn)
    stack.__dict__["plan"] = [step("update", urn)]
    with pytest.raises(MoveError, match=r"more than move the objects \(update vpn-hub\); run `pulumi up` first"):
        move(stack, Provider.UPSTREAM, quiet)
    assert "up" not in stack.__dict__["told"]
    assert packages(stack.export()) == {Provider.PULUMIVERSE}


def test_a_preview_that_deletes_or_changes_an_object_on_the_fortigate_is_no_move() -> None:
    made = (
        "urn:pulumi:lab::labvpn::labvpn:index:FortiGate$fortigate:index/firewallPolicy:FirewallPolicy::fortigate-allow"
    )
    gone = "urn:pulumi:lab::labvpn::labvpn:index:FortiGate$fortios:firewall/policy:Policy::fortigate-allow"
    fine = [step(op, made) for op in ("import", "same", "create")]
    assert list(objections(fine, {gone}, Provider.UPSTREAM)) == []
    for op in ("delete", "replace", "update"):
        assert list(objections([step(op, made)], {gone}, Provider.UPSTREAM)) == [f"{op} fortigate-allow"]
    assert list(objections([step("delete", gone)], {gone}, Provider.UPSTREAM)) == ["delete fortigate-allow"]


def test_a_stack_without_objects_on_a_fortigate_only_notes_the_provider(tmp_path: Path) -> None:
    stack = Fake(tmp_path, state(HOST))
    assert steps(stack, Provider.UPSTREAM) == []
    move(stack, Provider.UPSTREAM, quiet)
    assert stack.__dict__["told"] == ["use"]


def test_objects_by_both_packages_are_put_back_before_the_move_begins_again(stack: Fake) -> None:
    first = stack.export()
    copy_of(stack).write_text(json.dumps(first))
    stack.__dict__["held"] = state(HOST, OLD, NEW)
    move(stack, Provider.UPSTREAM, quiet)
    assert stack.__dict__["told"][0] == "restore"
    assert packages(stack.export()) == {Provider.UPSTREAM}


def test_a_lock_that_a_killed_engine_left_is_named_with_how_to_remove_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tmp_path / "pulumi"
    engine.write_text("#!/bin/sh\necho 'error: the stack is currently locked by 1 lock(s).' >&2\nexit 255\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(MoveError, match="if none is at work, run `pulumi cancel`, then this again"):
        Stack(tmp_path).forget("urn")


def test_the_connections_of_a_package_are_found_by_their_type() -> None:
    assert [urn.rpartition("::")[2] for urn in providers(state(HOST, OLD), Provider.PULUMIVERSE)] == ["fortigate-box"]
    assert providers(state(HOST, OLD), Provider.UPSTREAM) == []
