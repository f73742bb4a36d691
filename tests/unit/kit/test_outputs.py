"""What the stack exports is what the kits and the status read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from labvpn.model.outputs import MASK, Account, OutputsError, read
from labvpn.render import outputs
from tests.unit.samples import CANARY, FULL, credentials, lab


def printed(secret: str | None = None) -> str:
    """As the engine prints the sample's outputs, with every secret in clear or masked."""
    return json.dumps(outputs.stack_outputs(lab(), credentials(), lambda text: secret or text))


def test_the_reader_understands_every_output_that_the_stack_tells() -> None:
    stack = read(printed())
    assert (stack.name, str(stack.address), stack.hub) == ("vpn.lab.example", "203.0.113.20", "LAB")
    assert stack.protocols.l2tp_ipsec
    assert str(stack.network.router) == "192.168.30.1"
    assert stack.ssh.host_key == credentials().host_key
    assert stack.users["guest1"].auto_disconnect == 1800


def test_every_secret_is_marked_as_one() -> None:
    masked = outputs.stack_outputs(lab(), credentials(), lambda _text: MASK)
    assert CANARY not in json.dumps(masked)
    stack = read(json.dumps(masked))
    assert stack.preshared_key is None
    assert {account.password for account in stack.users.values()} == {None}


def test_secrets_in_clear_are_read_but_never_shown() -> None:
    stack = read(printed())
    assert stack.preshared_key is not None
    assert stack.preshared_key.get_secret_value() == f"{CANARY}-psk"
    assert CANARY not in repr(stack)


def test_no_preshared_key_is_told_where_ipsec_is_off() -> None:
    off = lab(vpn={"protocols": {"l2tpIpsec": False}})
    assert "presharedKey" not in outputs.stack_outputs(off, credentials(), str)


def test_a_server_behind_a_virtual_address_is_told_to_be_translated() -> None:
    box = {**FULL["fortigate"], "vip": {"mapped": "10.0.0.20", "addresses": {"wan1": "203.0.113.20"}}}
    assert not outputs.stack_outputs(lab(), credentials(), str)["translated"]
    assert outputs.stack_outputs(lab(fortigate=box), credentials(), str)["translated"]


def test_an_output_that_is_missing_is_named_with_the_remedy() -> None:
    with pytest.raises(OutputsError, match=r"lack hub: .*pulumi up"):
        read(json.dumps({**json.loads(printed()), "hub": None} | {"hub": 7}))


def test_a_text_that_is_no_json_is_refused_in_a_sentence() -> None:
    with pytest.raises(OutputsError, match="pulumi stack output --json"):
        read("Current stack outputs (4):")


def test_an_account_is_expired_from_its_moment_on() -> None:
    now = datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert Account(expires=now).is_expired(now)
    assert not Account(expires=now + timedelta(seconds=1)).is_expired(now)
    assert not Account().is_expired(now)
