"""SecureNAT of a hub, from its line to the section `secureNat`; what the configuration cannot express is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Network
from typing import Any

from pydantic import ValidationError

from labvpn.adopt.found import Found
from labvpn.model.lab import Lab
from labvpn.model.securenat import Mode, SecureNat
from labvpn.parse.inventory import HostInventory

OFF = False
"""How the configuration switches SecureNAT of a hub off."""


def secure_nat(found: Found, survey: HostInventory, name: str) -> dict[str, Any] | bool | None:
    """SecureNAT of a hub, `OFF` where it is switched off, None where it cannot be expressed and is kept."""
    fields = survey.one("securenat", name)
    if fields.get("enabled") == "no":
        return OFF
    if not fields:
        found.keeps(f"SecureNAT of {name}", "it cannot be read", f"hubs.{name}.kept")
        return None
    section = _section(fields)
    odd = dict(_oddities(fields, section))
    section = {key: value for key, value in section.items() if key not in odd}
    if found.trouble(SecureNat, section) and not found.trouble(SecureNat, _without_range(section)):
        odd |= {"first": "its range of addresses is unusual", "last": ""}
        section = _without_range(section)
    if "routes" in odd:
        section["routes"] = []
    if odd:
        section["kept"] = sorted(odd)
        oddities = ", ".join(filter(None, odd.values()))
        found.remarks.append(f"SecureNAT of {name}: {oddities}; that stays as it is (secureNat.kept)")
    if why := found.trouble(SecureNat, section):
        found.keeps(f"SecureNAT of {name}", why, f"hubs.{name}.kept")
        return None
    return section


def keep_what_contradicts(found: Found) -> None:
    """Keep SecureNAT of each hub that the rest of the lab contradicts: another hub or a machine has its addresses."""
    vpn, hubs = found.sections["vpn"], found.sections["hubs"]
    places = {name: vpn if name == vpn["hub"] else section for name, section in hubs.items()}
    nats = {name: place.pop("secureNat") for name, place in places.items() if place.get("secureNat")}
    vpn.setdefault("secureNat", OFF)
    known = _contradictions(found)
    for name, nat in nats.items():
        places[name]["secureNat"] = nat
        new = [sentence for sentence in _contradictions(found) if sentence not in known]
        if new:
            del places[name]["secureNat"]
            vpn.setdefault("secureNat", OFF)
            hubs[name]["kept"] = [*hubs[name].get("kept", []), "securenat"]
            found.keeps(f"SecureNAT of {name}", new[0].partition(";")[0], f"hubs.{name}.kept")


def _contradictions(found: Found) -> list[str]:
    """What the parts that were found so far contradict one another in."""
    across = list[str]()
    with suppress(ValidationError):
        Lab.model_validate(found.sections, context={"files": found.files.get, "across": across})
    return across


def _without_range(section: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in section.items() if key not in ("first", "last")}
    return {**rest, "kept": ["first", "last"]}


def _section(fields: Mapping[str, str]) -> dict[str, Any]:
    router, mask = fields.get("address", ""), fields.get("mask", "").partition(",")[0]
    section: dict[str, Any] = {
        "address": f"{router}/{mask}",
        "first": fields.get("first", ""),
        "last": fields.get("last", ""),
        "lease": fields.get("lease", ""),
        "routes": list(_routes(fields)),
        "mode": fields.get("mode", ""),
    }
    if section["lease"].isdigit():
        section["lease"] = int(section["lease"])
    if fields.get("dns") not in ("none", router):
        section["dns"] = fields.get("dns", "")
    if fields.get("domain", "none") != "none":
        section["domain"] = fields["domain"]
    return section


def _oddities(fields: Mapping[str, str], section: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the configuration cannot express, by its key, in words."""
    routed = all(map(_is_network, section["routes"])) and not _foreign(fields)
    pushes = bool(section["routes"]) and routed
    gateway, router = fields.get("gateway", ""), fields.get("address", "")
    lease = section["lease"]
    odd = {
        "mask": ("DHCP hands out another mask than the router's", "," in fields.get("mask", "")),
        "dhcp": ("DHCP is off", fields.get("dhcp") != "yes"),
        "nat": ("NAT is off", fields.get("nat") != "yes"),
        "mode": ("its mode is a mixture", section["mode"] not in set(Mode)),
        "dns": ("it names no DNS server, or two", fields.get("dns", "none") == "none" or "," in fields["dns"]),
        "routes": ("it pushes routes by other routers, or of no network", not routed),
        "lease": ("its leases are unusual", not isinstance(lease, int) or lease < 15),
        "gateway": (_of_gateway(gateway, router), gateway != ("none" if pushes else router)),
    }
    return ((key, words) for key, (words, is_so) in odd.items() if is_so)


def _of_gateway(gateway: str, router: str) -> str:
    if gateway not in ("none", router):
        return "it names another router than itself"
    return "it names a router although it pushes routes, or pushes none and names none"


def _routes(fields: Mapping[str, str]) -> Iterator[str]:
    """The networks of pushed routes, each `network/mask/router`."""
    text = fields.get("routes", "none")
    yield from () if text == "none" else (route.rpartition("/")[0] for route in text.split(","))


def _foreign(fields: Mapping[str, str]) -> bool:
    """Whether a route uses another router than SecureNAT's own."""
    text = fields.get("routes", "none")
    return text != "none" and any(route.rpartition("/")[2] != fields.get("address") for route in text.split(","))


def _is_network(text: str) -> bool:
    try:
        return bool(IPv4Network(text))
    except ValueError:
        return False
