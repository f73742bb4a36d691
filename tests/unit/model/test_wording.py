"""Whatever is written for a setting: it is understood, or told in this project's words with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from labvpn.model.base import Value
from labvpn.model.credentials import Credentials
from labvpn.model.lab import Lab
from labvpn.model.problems import Problem, problems_of
from labvpn.model.users import User
from labvpn.model.users_file import UsersFile
from tests.unit.samples import FULL, lab

VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        70_000,
        10**12,
        1.5,
        1e300,
        float("inf"),
        "",
        " ",
        "x y",
        "yes",
        "off",
        "08",
        "1_000",
    ),
    *("1e3", "12:30", "2027/3/31", "ｘ", "x" * 300, "a\nb", '"', "203.0.113.256", "203.0.113.1/24", "gss-tsig", "All"),
    *([], [None], [True], [1], ["x y"], [[]], [{}], ["192.0.2.1", "192.0.2.1"], {}, {"x y": None}, {"a": 1}),
    *({"a": "x y"}, {"a": {}}, {"a": [1]}, date(2027, 3, 31)),
)
"""What YAML makes of what people write, and what people write."""

FOREIGN = re.compile(
    r"pydantic|input should|\bvalid (tuple|string|dict|integer|boolean|list|number|ipv)|constrained|lax|strict\[|"
    r"unable to|instance of|pattern|validat|\btuple\b|\bboolean\b|\binteger\b|\bdictionary\b|got a number|items? after|"
    r"type=|extra inputs|field required|NoneType|Error\b",
    re.IGNORECASE,
)
REMEDY = re.compile(r"[;:,] |did you mean|\bmust\b|\bneeds?\b|\badd\b|\bgive\b|\bwrite\b|\bset it\b|choose|such as")


def inner(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from inner(part)


def models(*roots: type[BaseModel]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    waiting = list(roots)
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.append(model)
            waiting += [each for field in model.model_fields.values() for each in inner(field.annotation)]
    return found


def said(model: type[BaseModel], values: dict[str, Any]) -> list[Problem]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return problems_of(error, "", model)
    return []


@pytest.mark.parametrize("model", models(Lab, Credentials, User, UsersFile), ids=lambda model: model.__name__)
def test_no_word_of_the_checker_reaches_a_reader_and_every_sentence_says_what_to_do(model: type[BaseModel]) -> None:
    names = [field.alias or name for name, field in model.model_fields.items()]
    found = {problem for name in names for value in VALUES for problem in said(model, {name: value})}
    assert [problem for problem in found if FOREIGN.search(problem.message) or FOREIGN.search(problem.place)] == []
    assert [problem for problem in found if not REMEDY.search(problem.message) or "\n" in problem.message] == []


def at(path: str, value: Any) -> list[str]:
    """What is said of the whole lab with a value at this place."""
    whole: Any = {**FULL}
    current, (*way, last) = whole, path.split(".")
    for part in way:
        current[part] = {**current.get(part, {})}
        current = current[part]
    current[last] = value
    try:
        lab(**whole)
    except ValidationError as error:
        return [str(problem).removeprefix(".") for problem in problems_of(error, "", Lab)]
    return []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("vpn.listeners", 443, "443 is given where a list belongs; write [443]"),
        ("fortigate.outside", "wan1", "'wan1' is given where a list belongs; write [wan1]"),
        ("fortigate.outside", "wan1; port 2", "write [wan1, 'port 2']"),
        ("vpn.listeners", "443, 992", "'443, 992' is given where a list belongs; write [443, 992]"),
        ("vpn.listeners", "443 992", "write [443, 992]"),
        ("vpn.listeners", "[443, 992]", "write [443, 992]"),
        ("firewall.closed", "22/tcp,8000/tcp", "write [22/tcp, 8000/tcp]"),
        ("expect", "guests reach server:22,80", "write ['guests reach server:22,80']"),
        ("server.acceptKnownHoles", "all", "'all' is neither yes nor no; write true or false, or a list"),
        ("server.acceptKnownHoles", None, "nothing is neither yes nor no; write true or false, or a list"),
        ("server.acceptKnownHoles", ["CVE-1"], "server.acceptKnownHoles[0]: 'CVE-1' is not a hole that is known"),
        ("server.acceptKnownHoles", [5], "server.acceptKnownHoles[0]: 5 is a number and a text belongs here"),
        ("dns.addresses", ["ns1"], "dns.addresses[0]: 'ns1' is not an IP address"),
        ("fortigate.before", ["deny"], "must be the name of a policy, or its id"),
        ("fortigate.outside", [], "has 0 entries and needs 1; add what is meant"),
        ("server.address", True, "'true' is not an IPv4 address; write one, such as 192.0.2.1"),
        ("server.address", 1, "'1' is not an IPv4 address; write one, such as 192.0.2.1"),
        ("dns.server", "ns1", "'ns1' is not an IP address; write one, such as 192.0.2.1 or 2001:db8::1"),
        ("dns.ttl", True, "'true' is not a whole number; write its digits alone, such as 60"),
        ("dns.ttl", "5 min", "'5 min' is not a whole number; write its digits alone, such as 60"),
        ("dns.host", False, "false is yes or no, as YAML reads yes, no, on, off, true and false; put quotation marks"),
        ("vpn.hub", 10, "10 is a number and a text belongs here; put quotation marks around it"),
        ("vpn.hub", "my hub", "'my hub' is not a name for a new hub; take up to 32 letters, digits and _ - of ASCII"),
        ("server.install", "Tarball", "'Tarball' is not a valid choice; did you mean 'tarball'?"),
        ("server.generation", "six", "'six' is not a valid choice; write 4 or 5"),
        ("server.ssh", None, "nothing is given where settings belong; write them below it, one a line, such as user,"),
        ("server.ssh", "root", "'root' is given where settings belong; write them below it, one a line, such as user,"),
        ("vpn.secureNat.address", "192.168.30.1", "is too small for clients"),
        ("vpn.secureNat.routes", ["2001:db8::/32"], "is IPv6, and only IPv4 is taken here; write an IPv4 network or"),
        ("hubs.LAB.services", [{"name": "x", "to": "2001:db8::1"}], "is IPv6, and only IPv4 is taken here"),
        ("hubs.LAB.services", [{"name": "x", "to": "10.0.0.1/8"}], "write 10.0.0.0/8 for the network, or 10.0.0.1"),
        ("vpn.secureNat.routes", "10.0.0.0/255.0.0.0/192.168.30.1", "write [10.0.0.0/255.0.0.0]"),
        ("vpn.secureNat.routes", ["10.0.0.0/8/192.168.30.1"], "has a router behind the network, as SoftEther has it; "),
        ("fortigate.sources", ["Japan"], "'Japan' is not a source; write an IPv4 network, a country's code of two"),
        ("fortigate.sources", ["jp"], "'jp' is not a country's code; write JP if that is meant"),
        ("fortigate.sources", ["All"], "'All' is not written like that; write all"),
        ("fortigate.sources", ["10.0.0.1/8"], "write 10.0.0.0/8 for the network, or 10.0.0.1 for the address"),
        ("fortigate.sources", ["2001:db8::/32"], "is IPv6, and only IPv4 is taken here"),
        ("fortigate.sources", ["300.0.0.1"], "'300.0.0.1' is neither an IPv4 network nor an address"),
        ("firewall.closed", [8000], "'8000' is not a port such as 22/tcp or 500/udp; write 8000/tcp or 8000/udp"),
        ("firewall.closed", ["8000"], "write 8000/tcp or 8000/udp"),
        ("server.ssh.prot", 22, "there is no such setting; did you mean 'port'?"),
    ],
)
def test_a_value_of_another_kind_is_told_by_its_place_and_its_remedy(path: str, value: Any, sentence: str) -> None:
    lines = at(path, value)
    assert len(lines) == 1, lines
    assert sentence in lines[0]


def test_what_a_sentence_tells_to_write_is_understood() -> None:
    route = "10.0.0.0/255.0.0.0/192.168.30.1"
    for routes in (route, "10.0.0.0/8", [route]):
        (line,) = at("vpn.secureNat.routes", routes)
        meant = yaml.safe_load(line.rpartition("write ")[2])
        assert at("vpn.secureNat.routes", meant if isinstance(meant, list) else [meant]) == []
    for written in ("443, 992", "443 992", "[443, 992]", 443, "443"):
        (line,) = at("vpn.listeners", written)
        assert at("vpn.listeners", yaml.safe_load(line.rpartition("write ")[2])) == []


def test_a_secret_that_is_too_short_is_told_by_its_characters_with_the_way_to_another() -> None:
    lines = [str(problem) for problem in said(Credentials, {"userSecret": "short"})]
    assert ".userSecret: has 5 characters and needs 16; take one of `labvpn secret`" in lines


@pytest.mark.parametrize("text", ["9" * 400 + " bps", "9" * 5_000, "9" * 5_000 + ".5 Mbps"])
def test_a_number_of_any_length_is_told_in_a_sentence(text: str) -> None:
    for key in ("MaxUpload", "AutoDisconnect", "MultiLogins", "rotation"):
        problems = said(User, {"name": "a", key: text})
        assert [problem.place for problem in problems] == [f".{key}"]
        assert not FOREIGN.search(problems[0].message)
        assert len(problems[0].message) < 200
    assert said(User, {"name": "a", "note": "9" * 500}) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("vpn.tls", {"minimum": 1.2}),
        ("server.generation", "4"),
        ("protect", "yes"),
        ("protect", "off"),
        ("dns.ttl", "08"),
        ("dns.ttl", "1_000"),
        ("dns.ttl", 1e3),
        ("vpn.listeners", ["443", 992]),
    ],
)
def test_what_yaml_takes_for_another_kind_is_understood(path: str, value: Any) -> None:
    assert at(path, value) == []


def test_the_names_in_a_place_are_those_of_the_file() -> None:
    behind = {"from": [""], "before": "x", "hosts": {"a b": "192.0.2.1"}}
    lines = at("fortigate.behindVpn", behind)
    assert [line.partition(": ")[0] for line in lines] == [
        "fortigate.behindVpn.from[0]",
        "fortigate.behindVpn.hosts.a b",
    ]


def test_a_value_that_fits_none_of_several_types_is_one_mistake() -> None:
    (line,) = at("dns.key", {"name": "a b"})
    assert line.startswith("dns.key.name: 'a b' is not valid here; write a name of letters, digits and -")


def test_every_model_is_tried() -> None:
    tried = models(Lab, Credentials, User, UsersFile)
    ours = {each for each in Value.__subclasses__() if each.__module__ != "labvpn.model.outputs"}
    assert {each.__name__ for each in ours if each.__module__.startswith("labvpn.model")} <= {
        each.__name__ for each in tried
    } | {"Policies"}
