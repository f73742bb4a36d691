"""SoftEther's own settings and its hubs, from the lines that the host shows to the sections `vpn` and `hubs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labvpn.adopt.found import Found
from labvpn.adopt.users import Files, policies, users
from labvpn.model import ports
from labvpn.model.ports import Protocols
from labvpn.model.securenat import Mode
from labvpn.observe.survey import Survey

SWITCHES = ("dynamic-dns", "azure", "nat-traversal", "keep-alive", "aggressive-mode")
"""What the stack switches off, unless it is kept as somebody made it."""

ALWAYS_KEPT = ("access", "administration", "hub-password")
"""What the stack would make otherwise in every lab made by hand."""


def server(found: Found, survey: Survey) -> None:
    """Add the sections `vpn` and `hubs`, the users and the secrets."""
    own = own_hub(survey)
    with_users = [name for name in survey.hubs if name != own and survey.within("user", name)]
    found.sections["vpn"] = vpn(found, survey, own)
    files = Files(found, survey)
    found.sections["hubs"] = {name: hub(found, files, name, name == own) for name in (own, *with_users)}
    for name in (own, *with_users):
        users(found, files, name, name == own)
    for name in sorted(set(survey.hubs) - {own, *with_users}):
        found.remarks.append(f"The hub {name} has no user, so the stack leaves it alone")
    found.remarks += survey.notes


def own_hub(survey: Survey) -> str:
    """The hub that users reach without naming it: L2TP's, or the one with most users."""
    if survey.default_hub in survey.hubs:
        return survey.default_hub
    return max(survey.hubs, key=lambda name: len(survey.within("user", name)))


def vpn(found: Found, survey: Survey, own: str) -> dict[str, Any]:
    """The section `vpn`."""
    protocols = {
        "l2tpIpsec": survey.one("ipsec").get("l2tp") == "yes",
        "openvpn": survey.one("protocol", "openvpn").get("enabled") == "yes",
        "sstp": survey.one("protocol", "sstp").get("enabled") == "yes",
    }
    found.remarks += _of_ipsec(survey)
    if protocols["l2tpIpsec"] and survey.preshared_key:
        found.secrets["presharedKey"] = survey.preshared_key
    section: dict[str, Any] = {
        "hub": own,
        "listeners": _listeners(found, survey),
        "protocols": protocols,
        "sessions": {"enforced": False},
        "kept": [*ALWAYS_KEPT, *_kept(survey, Protocols.model_validate(protocols))],
    }
    minimum = survey.one("tls").get("minimum", "")
    if minimum in ("1.0", "1.1"):
        section["tls"] = {"minimum": minimum}
    elif minimum != "1.2":
        section["kept"].append("tls")
    if nat := secure_nat(found, survey, own):
        section["secureNat"] = nat
    else:
        found.remarks.append(f"SecureNAT of {own} is switched off; the first `pulumi up` switches it on")
    return section


def _listeners(found: Found, survey: Survey) -> list[int]:
    listeners = {line.name: line.fields["enabled"] == "yes" for line in survey.lines if line.kind == "listener"}
    for port in (port for port, enabled in listeners.items() if not enabled):
        found.remarks.append(f"The listener {port} is switched off; the first `pulumi up` removes it")
    return sorted(int(port) for port, enabled in listeners.items() if enabled)


def _kept(survey: Survey, protocols: Protocols) -> Iterator[str]:
    """What the stack would set otherwise than it is."""
    yield from (name for name in SWITCHES if survey.one(name).get("enabled") == "yes")
    # A fresh server speaks OpenVPN by UDP at the number of every listener.
    if survey.one("udp").get("ports") != (",".join(map(str, ports.openvpn_udp(protocols))) or "none"):
        yield "udp"


def _of_ipsec(survey: Survey) -> Iterator[str]:
    for key, words in (("raw", "L2TP without IPsec"), ("etherip", "EtherIP")):
        if survey.one("ipsec").get(key) == "yes":
            yield f"{words} is on, which the stack does not have; the first `pulumi up` switches it off"


def hub(found: Found, files: Files, name: str, own: bool) -> dict[str, Any]:
    """One hub's section."""
    survey = files.survey
    section: dict[str, Any] = {"log": _log(survey.one("log", name))}
    if survey.one("hub", name).get("online") == "no":
        section["online"] = False
    if not own and (nat := secure_nat(found, survey, name)):
        section["secureNat"] = nat
    if groups := survey.within("group", name):
        section["groups"] = {group: _group(fields) for group, fields in groups.items()}
    if radius := survey.one("radius", name):
        retry = max(1000, int(radius["retry"]))
        section["radius"] = {"server": radius["server"], "port": int(radius["port"]), "retry": retry}
        found.secrets[f"radiusSecrets.{name}"] = survey.radius_secrets.get(name, "")
    if authorities := survey.within("authority", name):
        section["authorities"] = [files.certificate(digest, f"ca-{digest[:8]}") for digest in authorities]
    if rules := survey.rules.get(name):
        found.remarks.append(f"The access rules of {name} stay as they are ({', '.join(rules)}): vpn.kept")
    return section


def _log(fields: Mapping[str, str]) -> dict[str, Any]:
    packets = [] if fields["packets"] == "none" else [word.split(":") for word in fields["packets"].split(",")]
    return {
        "security": fields["security"] == "yes",
        "securitySwitch": fields["security-switch"],
        "packet": fields["packet"] == "yes",
        "packetSwitch": fields["packet-switch"],
        "packets": dict(packets),
    }


def _group(fields: Mapping[str, str]) -> dict[str, Any]:
    return {"realName": fields["realname"], "note": fields["note"], "policies": policies(fields)}


def secure_nat(found: Found, survey: Survey, name: str) -> dict[str, Any] | None:
    """SecureNAT of a hub, None where it is switched off."""
    fields = survey.one("securenat", name)
    if fields.get("enabled") != "yes":
        return None
    router, mask = fields["address"], fields["mask"].partition(",")[0]
    section: dict[str, Any] = {
        "address": f"{router}/{mask}",
        "first": fields["first"],
        "last": fields["last"],
        "lease": int(fields["lease"]),
        "routes": _routes(fields["routes"]),
        "mode": fields["mode"] if fields["mode"] in set(Mode) else Mode.AUTO.value,
    }
    if fields["dns"] not in ("none", router):
        section["dns"] = fields["dns"].partition(",")[0]
    if fields["domain"] != "none":
        section["domain"] = fields["domain"]
    if odd := list(_oddities(fields)):
        told = ", ".join(odd)
        found.remarks.append(f"SecureNAT of {name}: {told}; the preview shows what the first `pulumi up` makes of it")
    return section


def _oddities(fields: Mapping[str, str]) -> Iterator[str]:
    """What of SecureNAT no configuration says."""
    gives_router, pushes = fields["gateway"] == fields["address"], fields["routes"] != "none"
    odd = {
        "DHCP hands out another mask than the router's": "," in fields["mask"],
        "DHCP is off": fields["dhcp"] != "yes",
        "NAT is off": fields["nat"] != "yes",
        "its way out is a mixture": fields["mode"] not in set(Mode),
        "it names no DNS server, or two": fields["dns"] == "none" or "," in fields["dns"],
        "it names another router than itself": fields["gateway"] not in ("none", fields["address"]),
        "it names a router although it pushes routes, or pushes none and names none": gives_router == pushes,
    }
    return (words for words, is_so in odd.items() if is_so)


def _routes(text: str) -> list[str]:
    """The networks of pushed routes, each `network/mask/router`."""
    return [] if text == "none" else [route.rpartition("/")[0] for route in text.split(",")]
