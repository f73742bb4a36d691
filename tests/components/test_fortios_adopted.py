"""What is shown of an adopted object and not declared is left alone, and of an object of ours it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from labvpn.model.fortios_provider import Provider
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.state.fortigate import COMMENT
from rehearsal.fortigate import box as boxes
from rehearsal.fortigate.initial import initial
from tests.components.engine import plain
from tests.components.test_fortios import CLOSED, build
from tests.unit.boxes import policy, read

THEIRS = [
    ("firewall.service/custom", {"name": "their-vpn", "tcp-portrange": "443", "comment": "by hand"}),
    policy("their-allow", "wan1", "dmz", "accept", service="their-vpn"),
]


def ignored(monkeypatch: pytest.MonkeyPatch, provider: Provider, **fortigate: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    init = pulumi.CustomResource.__init__

    def noting(self: Any, kind: str, name: str, props: Any = None, opts: Any = None, *rest: Any, **more: Any) -> None:
        found[name] = list((opts and opts.ignore_changes) or [])
        init(self, kind, name, props, opts, *rest, **more)

    monkeypatch.setattr(pulumi.CustomResource, "__init__", noting)
    adopt = {"policies": {"vpn-allow": "their-allow"}, "services": {"SoftEther": "their-vpn"}}
    build(provider, THEIRS, **{"adopt": adopt, **fortigate})
    return found


@pytest.mark.parametrize("provider", Provider)
def test_all_that_the_box_shows_of_an_adopted_object_and_the_program_does_not_state_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    of_policy = ignored(monkeypatch, provider)["fortigate-their-allow"]
    assert {"avProfile", "globalLabel", "sessionTtl", "internetService6SrcNames", "portRandom"} <= set(of_policy)
    assert not {"srcintfs", "action", "schedule", "services", "name", "comments", "id"} & set(of_policy)


MAPPED = {"range": "10.0.0.2"}
OF_EVERY_KIND: list[tuple[str, dict[str, Any]]] = [
    ("firewall/address", {"name": "their-office", "subnet": "198.51.100.0 255.255.255.0"}),
    ("firewall/addrgrp", {"name": "their-group", "member": [{"name": "their-office"}]}),
    THEIRS[0],
    (
        "firewall/vip",
        {"name": "their-vip", "extip": "198.51.100.9", "extintf": "wan1", "mappedip": [{"range": "10.0.0.2"}]},
    ),
    policy("their-allow", "wan1", "dmz", "accept", srcaddr="their-group", dstaddr="their-vip", service="their-vpn"),
]
ADOPT = {
    "addresses": {"vpn-from-198.51.100.0-24": "their-office"},
    "groups": {"vpn-sources": "their-group"},
    "services": {"SoftEther": "their-vpn"},
    "vips": {"vpn-vip": "their-vip"},
    "policies": {"vpn-allow": "their-allow"},
}


@pytest.mark.parametrize("provider", Provider)
def test_of_every_kind_of_adopted_object_what_a_later_fortios_adds_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    stored = replace(initial(), version="v9.0.0")
    for path, fields in OF_EVERY_KIND:
        stored, _ = boxes.create(stored, path, fields)
    snapshot = FortiGateSnapshot(replace(read(stored), version="v7.4.4"))
    monkeypatch.setattr("tests.components.test_fortios.FortiGateSnapshot", lambda _inventory: snapshot)
    sources, vip = ["198.51.100.0/24", "192.0.2.0/24"], {"mapped": "10.0.0.2"}
    found = ignored(monkeypatch, provider, sources=sources, vip=vip, adopt=ADOPT)
    for _path, fields in OF_EVERY_KIND:
        name = next(name for name in found if name.endswith(str(fields["name"])))
        assert {"unheardOfMode", "unheardOfLists", "unheardOfMap"} <= set(found[name]), name
    assert "unheardOfMode" not in found["fortigate-from-192.0.2.0-24"]


@pytest.mark.parametrize("provider", Provider)
def test_nothing_of_an_object_of_ours_is_ignored_but_what_is_no_difference(
    monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    found = ignored(monkeypatch, provider)["fortigate-udp"]
    assert found == (["sessionTtl"] if provider is Provider.UPSTREAM else [])


def test_what_somebody_wrote_on_the_box_stays_on_its_line_and_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, *_resource: said.append(text))
    path, fields = policy("vpn-allow", "wan1", "dmz", "accept", dstaddr="vpn-server")
    comment = "by\nhand \x1b[31mred <{%x%}> 家"
    server = {"name": "vpn-server", "subnet": "203.0.113.20 255.255.255.255", "comment": comment}
    build(Provider.UPSTREAM, [("firewall/address", server), (path, {**fields, "comments": COMMENT})])
    (sentence,) = [one for one in said if one.startswith("FortiGate: address vpn-server: comment")]
    assert "by?hand ?[31mred <{ %x%}> 家 on the box" in sentence
    assert not any(char in text for text in said for char in "\n\r\x1b")


def test_adopted_objects_may_have_the_names_of_other_objects_of_ours_without_their_prefix() -> None:
    made = [
        ("firewall/address", {"name": "workstation", "subnet": "203.0.113.20 255.255.255.255"}),
        policy("dial", "wan1", "dmz", "accept", dstaddr="workstation"),
    ]
    adopt = {"addresses": {"vpn-server": "workstation"}, "policies": {"vpn-allow": "dial"}}
    seen = build(Provider.UPSTREAM, made, behindVpn=CLOSED, adopt=adopt)
    registered = [(one.typ, one.name) for one in seen.resources]
    assert len(registered) == len(set(registered))
    # Ours keep the names that they have in a state.
    labels = {plain(one.inputs.get("name")): one.name for one in seen.resources if "irewall" in one.typ}
    assert (labels["vpn-dial"], labels["dial"]) == ("fortigate-dial", "fortigate-dial-other")
    assert (labels["vpn-workstation"], labels["workstation"]) == (
        "fortigate-workstation",
        "fortigate-workstation-other",
    )
