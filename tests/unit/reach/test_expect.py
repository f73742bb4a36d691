"""Expectations in a configuration: two forms, and every mistake at once, with the name that was meant."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.model import expect
from labvpn.model.lab import Lab
from labvpn.model.problems import problems_of
from tests.unit.reach.labs import declared


def wrong(*given: Any, **changes: Any) -> list[str]:
    return [str(one) for one in expect.problems(declared(*given, **changes))]


@pytest.mark.parametrize(
    ("line", "sender", "target", "ports", "reach", "because"),
    [
        ("LAB reaches jupyterhub", "LAB", "jupyterhub", (), True, ""),
        ("guests reach 203.0.113.21:8000", "guests", "203.0.113.21", ("8000/tcp",), True, ""),
        ("campus does not reach vpn-host:22,500/udp", "campus", "vpn-host", ("22/tcp", "500/udp"), False, ""),
        ("internet cannot reach page:7000-7010/tcp, 22", "internet", "page", ("7000-7010/tcp", "22/tcp"), False, ""),
        ("my guests never reach internet because it is theirs", "my guests", "internet", (), False, "it is theirs"),
        ("203.0.113.128/25 do not reach workstation", "203.0.113.128/25", "workstation", (), False, ""),
    ],
)  # fmt: skip
def test_a_line_is_the_same_as_the_long_form(
    line: str, sender: str, target: str, ports: tuple[str, ...], reach: bool, because: str
) -> None:
    short = declared(line).expect[0]
    long = {"from": sender, "to": target, "ports": list(ports), "reach": reach, "because": because}
    assert short == declared(long).expect[0]


@pytest.mark.parametrize("line", ["guest1 jupyterhub", "reach x", "guest1 reach", "", "guest1 reaches x because"])
def test_a_line_that_does_not_say_who_reaches_what_is_refused_with_the_form(line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        declared(line)
    (problem,) = problems_of(caught.value, "", Lab)
    assert problem.place == ".expect[0]" or problem.place == "expect[0]"
    assert "guests reach workstation:8000/tcp" in problem.message


@pytest.mark.parametrize("ports", ["0", "65536", "9-8", "80/sctp", "http"])
def test_what_is_no_port_is_refused(ports: str) -> None:
    with pytest.raises(ValidationError) as caught:
        declared({"from": "guest1", "to": "jupyterhub", "ports": [ports], "reach": True})
    assert f"'{ports}' is not a port" in str(problems_of(caught.value, "", Lab)[0])


def test_every_mistake_comes_at_once_with_the_name_that_was_meant() -> None:
    lines = [
        "gest1 reaches jupyterhub",
        "guest1 reaches jupiterhub",
        "hub:LAD does not reach vpn-hosst",
        "campus reaches page",
    ]
    assert wrong(*lines) == [
        "expect[0].from: 'gest1': there is no such user, group, hub or interface; did you mean 'guest1'?",
        "expect[1].to: 'jupiterhub': there is no such service or host; did you mean 'jupyterhub'?",
        "expect[2].from: there is no such hub; did you mean 'LAB'?",
        "expect[2].to: 'vpn-hosst': there is no such service or host; did you mean 'vpn-host'?",
        "expect[3].from: 'campus' is fortigate.behindVpn.from, which is not given; write interface:NAME or a network",
    ]


def test_what_should_be_reached_needs_its_ports_unless_a_service_has_them() -> None:
    assert wrong("owner reaches workstation", closed=True) == [
        "expect[0].ports: is missing; name the ports of workstation that should be open"
    ]
    assert wrong("owner reaches 192.0.2.1") == [
        "expect[0].ports: is missing; name the ports of 192.0.2.1 that should be open"
    ]
    assert wrong("owner reaches jupyterhub", "owner does not reach 192.0.2.0/24") == []


def test_a_name_of_two_things_is_refused_with_the_words_that_tell_them_apart() -> None:
    twice: dict[str, Any] = {"hubs": {"LAB": {"groups": {"owner": {}}}}}
    assert wrong("owner reaches internet:443", **twice) == [
        "expect[0].from: 'owner' is the name of a user and a group; write user:owner"
    ]
    assert wrong("user:owner reaches internet:443", "group:owner reaches internet:443", **twice) == []


def test_expectations_that_contradict_each_other_are_refused() -> None:
    (sentence,) = wrong("owner reaches internet:443", "owner does not reach internet:443")
    assert sentence.startswith("expect[0]: owner and internet:443/tcp are given both")


@pytest.mark.parametrize("name", ["203.0.113.300", "203.0.113.128/24", "1.2.3"])
def test_what_is_nearly_an_address_is_said_to_be_none(name: str) -> None:
    assert wrong(f"{name} does not reach page") == [
        f"expect[0].from: '{name}' is neither an IPv4 address nor a network, such as 192.0.2.0/24"
    ]


def test_interfaces_and_countries_need_a_fortigate() -> None:
    kept = [
        "JP does not reach page",
        "interface:lab does not reach page",
        "wan1 does not reach page",
        "country:JP reaches page",
    ]
    assert wrong(*kept) == []
    alone = declared(*kept).model_copy(update={"fortigate": None})
    places = [one.place for one in expect.problems(alone)]
    assert places == [f"expect[{place}].from" for place in range(4)]
