"""Beside a mistake nothing false is said of what refers to it, and every other mistake comes in the same run."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pulumi
import pytest

from labvpn import settings
from tests.unit.test_settings import SECRETS, _project, configure, example, given  # noqa: F401

USERS = """name,hub,group,reach,auth,address
owner,OWNER,,free,,
guest1,,guests,,,192.168.30.220
guest2,,guests,,,
"""
SERVICE = {"name": "jupyterhub", "to": "203.0.113.21", "port": 8000}
CERTIFIED = "owner,OWNER,,free,signed,\n"
BY_RADIUS = "owner,OWNER,,free,radius,\n"


def places(folder: Path, values: dict[str, Any], users: str = USERS) -> list[str]:
    """The places of everything that is said of a stack."""
    (folder / "users.csv").write_text(users)
    configure(values, secret=(*SECRETS, "passwords", "radiusSecrets", "acmeKey"))
    with pytest.raises(pulumi.RunError) as caught:
        settings.load(folder)
    lines = str(caught.value).splitlines()[1:]
    assert not [line for line in lines if "placeholder" in line or "tand-in" in line or "vpn-host, server, vpn" in line]
    return [line.removeprefix("  - ").partition(": ")[0] for line in lines]


def stack(path: str, value: Any) -> dict[str, Any]:
    """The worked example with another value at one place; a number is the position in a list."""
    whole: Any = copy.deepcopy({**example(), **given()})
    whole["passwords"]["guest1"] = "of-guest1-alone"
    current, (*way, last) = whole, [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in way:
        current = current[part]
    current[last] = value
    return dict(whole)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("hubs/LAB/services/0", {**SERVICE, "prot": 8000}, "hubs.LAB.services[0].prot"),
        ("hubs/LAB/services/0", {"name": "jupyterhub", "to": "203.0.113.300"}, "hubs.LAB.services[0].to"),
        ("hubs/LAB/services/0", {"name": "jupyterhub", "port": 8000}, "hubs.LAB.services[0].to"),
        ("hubs/LAB/services/0", {"name": "jupyter hub", "to": "203.0.113.21"}, "hubs.LAB.services[0].name"),
        ("hubs/LAB/services/0", "jupyterhub", "hubs.LAB.services[0]"),
        ("hubs/LAB/services", 5, "hubs.LAB.services"),
        ("hubs/LAB/services", [SERVICE, SERVICE], "hubs.LAB"),
        ("hubs/LAB/groups/guests", None, "hubs.LAB.groups.guests"),
        ("hubs/LAB/groups/guests/policies", {"MaxUplod": 1}, "hubs.LAB.groups.guests.policies.MaxUplod"),
        ("hubs/LAB/groups", ["guests"], "hubs.LAB.groups"),
        ("hubs/LAB/groups", {"guests": {}, "Guests": {}}, "hubs.LAB"),
        ("hubs/OWNER", None, "hubs.OWNER"),
        ("hubs/OWNER/secureNat/address", "192.168.32.1/33", "hubs.OWNER.secureNat.address"),
        ("hubs", ["LAB"], "hubs"),
        ("hubs", None, "hubs"),
        ("vpn/hub", "my hub", "vpn.hub"),
        ("vpn/hub", "lab", "vpn.hub"),
        ("vpn/hub", "LABB", "vpn.hub"),
        ("vpn/listeners", [443, 0], "vpn.listeners[1]"),
        ("vpn/keptListeners", [443], "vpn"),
        ("vpn/kept", ["acess"], "vpn.kept[0]"),
        ("vpn/secureNat/address", "192.168.30.1/33", "vpn.secureNat.address"),
        ("vpn/protocols/l2tpIpsec", "perhaps", "vpn.protocols.l2tpIpsec"),
        ("fortigate/behindVpn/hosts/workstation", "203.0.113.21/32", "fortigate.behindVpn.hosts.workstation"),
        ("fortigate/behindVpn/hosts", {"work station": "203.0.113.21"}, "fortigate.behindVpn.hosts.work station"),
        ("fortigate/behindVpn/from", "campus", "fortigate.behindVpn.from"),
        ("fortigate/behindVpn/from", ["dmz"], "fortigate"),
        ("fortigate/behindVpn/before", None, "fortigate.behindVpn.before"),
        (
            "fortigate/behindVpn",
            {"from": ["campus"], "hosts": {"workstation": "203.0.113.9"}},
            "fortigate.behindVpn.before",
        ),
        ("fortigate/behindVpn/exceptions", [{"name": "only", "sources": ["JP"]}], "fortigate.behindVpn"),
        ("fortigate/behindVpn", "campus", "fortigate.behindVpn"),
        ("fortigate/outside", "wan1", "fortigate.outside"),
        ("fortigate/inside", None, "fortigate.inside"),
        ("fortigate", "203.0.113.129", "fortigate"),
        ("server/ssh/login", "pasword", "server.ssh.login"),
        ("server", "203.0.113.20", "server"),
        ("dns/mode", "manul", "dns.mode"),
        ("users/file", "nobody.csv", "users.file"),
        ("expect/2", "guests reachs internet", "expect[2]"),
    ],
)
def test_a_mistake_makes_none_of_what_refers_to_it(path: str, value: Any, place: str, tmp_path: Path) -> None:
    values = stack(path, value)
    values["expect"] += [
        "wan1 does not reach jupyterhub:22",
        "guest2 does not reach server",
        "OWNER reaches internet:443",
    ]
    assert places(tmp_path, values) == [place]


def test_a_hub_of_the_stack_that_is_most_likely_another_is_told_with_that_one(tmp_path: Path) -> None:
    def said(hub: str, **more: Any) -> list[str]:
        values = stack("vpn/hub", hub)
        values["hubs"] = {"LAB": {"services": [SERVICE]}, "OWNER": values["hubs"]["OWNER"], **more}
        del values["expect"]
        (tmp_path / "users.csv").write_text("name,hub\nowner,OWNER\nguest1,\n")
        configure(values, secret=(*SECRETS, "passwords"))
        try:
            settings.load(tmp_path)
        except pulumi.RunError as error:
            return str(error).splitlines()[1:]
        return []

    assert said("lab") == ["  - vpn.hub: is lab, and hubs has LAB, which is the same to SoftEther; write LAB"]
    (line,) = said("LABB")
    assert line.endswith("did you mean 'LAB'? If not, add LABB to hubs, as `LABB: {}`")
    assert said("LABB", LABB={}) == []
    assert said("OWNER2") == []
    assert said("GUESTS") == []
    assert said("LAB") == []


def test_where_the_name_of_the_hub_is_not_read_none_is_called_its_other_spelling(tmp_path: Path) -> None:
    values = stack("hubs", {"lab": {}, "LABX": {}})
    del values["expect"]
    values["vpnx"] = values.pop("vpn")
    assert places(tmp_path, values, "name\nguest1\n") == ["labvpn:vpnx"]


@pytest.mark.parametrize("key", ["hubs", "fortigate", "users", "vpn", "dns"])
def test_a_misspelt_key_makes_no_mistake_of_what_refers_to_its_settings(key: str, tmp_path: Path) -> None:
    values = stack("protect", True)
    values[f"{key}x"] = values.pop(key)
    secrets = {"fortigate": ["fortigateToken", "fortigateCa"], "dns": ["dnsKey"]}
    assert set(places(tmp_path, values)) <= {f"labvpn:{key}x", *secrets.get(key, [])}


@pytest.mark.parametrize(
    "users",
    ["name,group\nguest1,guests\nguest2,guests,x\n", "nam\n", "name,expires\nowner,\nguest1,soon\nguest2,\n"],
)
def test_a_mistake_of_a_user_makes_none_of_what_names_users(users: str, tmp_path: Path) -> None:
    values = stack("expect", ["guest1 reaches jupyterhub", "user:guest2 does not reach internet"])
    values["hubs"]["LAB"]["secondFactor"] = {"users": ["guest1"], "exempt": ["guest2"]}
    assert {place.partition(":")[0] for place in places(tmp_path, values, users)} == {"users.csv"}


@pytest.mark.parametrize(
    ("users", "hub", "place"),
    [
        (CERTIFIED, {"authorities": ["nothing.pem"]}, "hubs.OWNER.authorities[0]"),
        (CERTIFIED, {"kept": ["authorites"]}, "hubs.OWNER.kept[0]"),
        (BY_RADIUS, {"radius": {"port": 1812}}, "hubs.OWNER.radius.server"),
        (BY_RADIUS, {"radius": {"server": "198.51.100.9", "prot": 1}}, "hubs.OWNER.radius.prot"),
        (BY_RADIUS, {"radius": "198.51.100.9"}, "hubs.OWNER.radius"),
    ],
)
def test_a_mistake_of_a_hub_makes_none_of_its_users_logins(
    users: str, hub: dict[str, Any], place: str, tmp_path: Path
) -> None:
    values = stack("hubs/OWNER", hub)
    if users == BY_RADIUS:
        values["radiusSecrets"] = {"OWNER": "a-secret-of-radius"}
    header, _, *others = USERS.splitlines(keepends=True)
    assert places(tmp_path, values, "".join([header, users, *others])) == [place]


def test_what_is_wrong_all_the_same_comes_in_the_same_run(tmp_path: Path) -> None:
    values = stack("hubs/LAB/services/0/prot", 8000)
    values["fortigate"]["behindVpn"]["exceptions"] = [{"name": "x", "sources": ["Japan"]}]
    values["expect"] += ["gests reach jupyterhub", "guests do not reach jupiterhub"]
    found = places(tmp_path, values, USERS + "anna,,gests,,,\nben,OWNR,,,,\n")
    assert found == [
        "hubs.LAB.services[0].prot",
        "fortigate.behindVpn.exceptions[0].sources[0]",
        "user anna",
        "user ben",
        "expect[6].from",
        "expect[7].to",
    ]


def test_a_fixed_address_that_dhcp_may_give_to_others_is_a_mistake_of_the_users_file(tmp_path: Path) -> None:
    assert places(tmp_path, stack("protect", True), USERS.replace(".220", ".100")) == ["user guest1"]
