"""Which of several servers the status is read from."""

from __future__ import annotations

import json

import pytest

from labvpn.model.outputs import Outputs, OutputsError, read
from labvpn.render import outputs
from labvpn.status.cli import selected_servers
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
