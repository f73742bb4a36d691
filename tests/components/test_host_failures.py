"""A host that vanishes while it is changed: the plugin's own error names an address alone."""

from __future__ import annotations

from components.host_hooks import sentence
from labvpn.model.server import Server

LOST = "after 3 failed attempts: dial tcp 203.0.113.20:22: i/o timeout"


def server(**ssh: object) -> Server:
    return Server.model_validate({"address": "203.0.113.20", "ssh": ssh})


def test_a_host_that_cannot_be_reached_any_more_is_named_with_what_to_do() -> None:
    assert sentence(server(), LOST) == (
        "The VPN host 203.0.113.20 can no longer be reached by SSH (dial tcp 203.0.113.20:22: i/o timeout): check "
        "that it is up and that port 22 is open from here, then run pulumi up again; what is done stays done"
    )


def test_the_jump_host_is_named_where_there_is_one() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPbm7fusfjKjQcKNxGMFh9fnx1X1/xxSX8tX+4pTihmf"
    explanation = sentence(server(port=2222, jump={"host": "gate.example", "hostKey": key}), LOST)
    assert (
        explanation
        and "can no longer be reached by SSH through the jump host gate.example" in explanation
        and "port 2222" in explanation
    )


def test_an_error_that_speaks_for_itself_is_left_as_it_is() -> None:
    assert sentence(server(), "Process exited with status 1: running agent # on the VPN host") is None
