"""Which of several servers the status is read from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from labvpn.connect.errors import HopError
from labvpn.model.outputs import Outputs, OutputsError, read
from labvpn.model.server import Server, Ssh
from labvpn.render import outputs
from labvpn.status.cli import selected_servers, status
from tests.unit.samples import credentials, lab

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9Q"
SERVERS = [{"address": "203.0.113.20"}, {"name": "two", "address": "203.0.113.22"}]


def stack(**changes: object) -> Outputs:
    whole = credentials(hostKeys={"two": KEY})
    exported = outputs.stack_outputs(lab(server=None, servers=SERVERS), whole, str)
    return read(json.dumps({**exported, **changes}))


def test_every_server_is_read_unless_one_is_named() -> None:
    assert [str(each.address) for each in selected_servers(stack(), None)] == ["203.0.113.20", "203.0.113.22"]
    for word in ("two", "203.0.113.22"):
        assert [each.ssh.host_key for each in selected_servers(stack(), word)] == [KEY]


def test_outputs_of_before_there_were_several_name_one_server() -> None:
    (each,) = selected_servers(stack(servers=[]), None)
    assert (str(each.address), each.ssh.host) == ("203.0.113.20", "203.0.113.20")


def test_a_server_that_is_none_is_answered_with_those_there_are() -> None:
    with pytest.raises(OutputsError, match=r"'three' is not a server of the stack, which has 203\.0\.113\.20, two"):
        selected_servers(stack(), "three")


@pytest.mark.parametrize("user", ["anna.mori", "DOM\\anna", "Anna", "x y"])
def test_a_login_has_any_name_that_the_host_knows(user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Ssh] = []

    async def refuse(server: Server, *_rest: object) -> str:
        asked.append(server.ssh)
        raise HopError("The VPN host", "refused the login", "look there")

    monkeypatch.setattr("labvpn.status.cli.run", refuse)
    (tmp_path / "outputs.json").write_text(json.dumps(outputs.stack_outputs(lab(), credentials(), str)))
    app = typer.Typer()
    app.command()(status)
    words = ["--outputs", str(tmp_path / "outputs.json"), "--user", user, "--host", "vpn.lab.example:22"]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stderr) == (1, "The VPN host refused the login; look there\n")
    assert [(ssh.user, ssh.host) for ssh in asked] == [(user, "vpn.lab.example:22")]
