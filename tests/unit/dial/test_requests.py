"""What a command line, outputs and standard input make of a dial, and the same at another machine."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labvpn.connect import stack_outputs
from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import monitor, requests, run, vantage, ways
from labvpn.dial.openvpn import OpenVpnProfile
from labvpn.dial.outcome import DialOutcome
from labvpn.dial.requests import DialUsageError, Options
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.ways import Way
from labvpn.kit.request import Trust
from tests.unit.dial.outputs import SERVER, never, outputs


def test_a_guests_services_are_tried_and_what_is_not_listed_beside_them() -> None:
    (request,) = requests.requests(Options("guest1"), outputs(), never)
    assert (request.host, request.user, request.hub, request.ports) == ("vpn.lab.example", "guest1", "LAB", (443,))
    assert {str(each): each.should_open for each in request.services} == {
        "192.168.31.1:8000": True,
        "192.0.2.7:22": True,
        "192.168.31.1:22": False,
        "192.0.2.1:22": False,
    }
    assert "canary" not in repr(request)


def test_who_reaches_everything_and_whose_reach_is_not_known_is_not_tested_for_what_is_closed() -> None:
    for user in ("owner", "old"):
        (request,) = requests.requests(Options(user), outputs(), never)
        assert all(each.should_open for each in request.services)
    assert requests.requests(Options("owner"), outputs(), never)[0].user == "owner@OWNER"


def test_all_means_every_system_and_a_missing_secret_is_asked_for() -> None:
    made = requests.requests(Options("guest1", system="all"), outputs(presharedKey="[secret]"), lambda name: name)
    assert [each.system.name for each in made] == list(SYSTEMS)
    assert {(each.password, each.key) for each in made} == {("word-canary", "Pre-shared key")}


def test_who_gives_a_code_is_asked_for_it_and_dials_once() -> None:
    users = {"guest1": {"password": "word-canary", "secondFactor": True, "code": "key-canary"}}
    (request,) = requests.requests(Options("guest1"), outputs(users=users), lambda name: name)
    assert request.password == "Password and code, without a blank between"
    with pytest.raises(DialUsageError, match="good for one dial"):
        requests.requests(Options("guest1", system="all"), outputs(users=users), never)


@pytest.mark.parametrize("protocol", ["l2tp", "sstp"])
def test_who_gives_a_code_behind_the_campuss_password_is_not_dialled_by_ppp(
    protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = {"guest1": {"radius": True, "secondFactor": True, "code": "key-canary"}}
    monkeypatch.setattr(requests, "stack_of", lambda _options: outputs(users=users))
    with pytest.raises(DialUsageError, match="dial by --protocol openvpn"):
        monitor.plan(Options("guest1"), protocol, (), False, (), never)


def test_windows_is_warned_of_a_server_behind_a_translation() -> None:
    for system in ("windows", "mac"):
        (request,) = requests.requests(Options("guest1", system=system), outputs(translated=True), never)
        outcome = run._noted(DialOutcome(Cause.CONNECTED, Stage.CONNECTED), request)
        assert [each.id for each in outcome.notes] == (["translated"] if system == "windows" else [])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"services": ("192.0.2.1",)}, "--service 192.0.2.1"),
        ({"closed": ("192.0.2.1:0",)}, "--closed 192.0.2.1:0"),
        ({"page": "https://example.org/"}, "--page"),
        ({"tcp": "443,x"}, "--tcp"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(DialUsageError, match=re.escape(said)):
        requests.requests(replace(Options("guest1"), **changed), outputs(), never)


def test_a_request_is_the_same_at_another_machine() -> None:
    (request,) = requests.requests(Options("guest1", page="http://192.0.2.1/"), outputs(), never)
    profile = OpenVpnProfile("tcp-443", "client\nremote vpn.lab.example 443\n")
    for way in (
        Way(ways.L2TP, request),
        Way(ways.OPENVPN, request, profile),
        Way(ways.SSTP, request, trust=Trust("a certificate", "private")),
    ):
        assert ways.from_json(ways.to_json(way)) == way
        assert "canary" not in repr(way)


def test_the_secrets_of_the_selected_stack_are_for_its_own_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_outputs, "outputs", lambda file: outputs())
    for host, is_its_own in ((None, True), ("vpn.lab.example", True), (SERVER, True), ("other.example", False)):
        assert (requests.stack_of(Options("guest1", host=host)) is not None) is is_its_own
    assert requests.stack_of(Options("guest1", host="other.example", outputs=Path("given"))) is not None


@pytest.mark.parametrize("text", ["campus", "=ssh x", "campus=", "campus=ssh x python3", "a b=ssh x", "campus='"])
def test_what_is_no_vantage_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="--vantage"):
        vantage.vantage(text)


@pytest.mark.parametrize("host", ["VPN.LAB.EXAMPLE", "vpn.lab.example.", "Vpn.Lab.Example."])
def test_the_stacks_own_name_is_known_as_the_dns_knows_it(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(stack_outputs, "outputs", lambda file: outputs())
    options = Options("guest1", host=host)
    (request,) = requests.requests(options, requests.stack_of(options), never)
    assert (request.password, request.host.endswith(".")) == ("word-canary", False)


@pytest.mark.parametrize("user", ["Guest1", "GUEST1@lab", "LAB\\guest1"])
def test_a_users_name_is_known_as_softether_knows_it(user: str) -> None:
    (request,) = requests.requests(Options(user), outputs(), never)
    assert (request.user, request.is_known, request.password) == (user, True, "word-canary")
    assert "192.168.31.1:8000" in {str(each) for each in request.services}


def test_a_user_whom_the_outputs_do_not_have_is_said_to_be_so() -> None:
    (request,) = requests.requests(Options("nosuch"), outputs(), lambda name: name)
    assert request.password == "Password (nosuch is not among the users of the outputs)"


@pytest.mark.parametrize(
    "page", ["http://h:99999/", "http://[::1", "http://", "http://h:0/", "http://h/a b", "http://h/\r\nX: y"]
)
def test_a_page_that_is_none_is_refused_before_the_dial(page: str) -> None:
    with pytest.raises(DialUsageError, match="--page"):
        requests.requests(Options("guest1", page=page), outputs(), never)
