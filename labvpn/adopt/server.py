"""SoftEther's own settings and its hubs, from the lines that the host shows to the sections `vpn` and `hubs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from labvpn.adopt.found import Found
from labvpn.adopt.securenat import OFF, keep_what_contradicts, secure_nat
from labvpn.adopt.users import Files, policies, users
from labvpn.model import ports
from labvpn.model.credentials import unfit
from labvpn.model.hub import NAME, Hub
from labvpn.model.keys import path_below
from labvpn.model.policies import UNLIMITED
from labvpn.model.ports import Protocols
from labvpn.model.server import Ssh
from labvpn.parse.inventory import HostInventory

SWITCHES = ("dynamic-dns", "azure", "nat-traversal", "keep-alive", "aggressive-mode")
"""What the stack switches off, unless it is kept as it is."""

ALWAYS_KEPT = ("access", "administration", "hub-password")
"""What the stack would change in every lab made by hand."""


def server(found: Found, survey: HostInventory) -> None:
    """Add the sections `vpn` and `hubs`, the users and the secrets. Raises ValueError where nothing can be adopted."""
    named = [name for name in survey.hubs if not _misnamed(name)]
    for name in sorted(set(survey.hubs) - set(named)):
        found.remarks.append(f"The hub {name} is left alone, since {_misnamed(name)}")
    if not named:
        raise ValueError("No hub of the server has a name that the stack accepts; rename one")
    own = own_hub(survey, named)
    with_users = [name for name in named if name != own and survey.within("user", name)]
    found.sections["vpn"] = vpn(found, survey, own)
    files = Files(found, survey)
    found.sections["hubs"] = {name: hub(found, files, name, name == own) for name in (own, *with_users)}
    keep_what_contradicts(found)
    for name in (own, *with_users):
        users(found, files, name, name == own)
    for name in sorted(set(named) - {own, *with_users}):
        found.remarks.append(f"The hub {name} has no user, so the stack leaves it alone")
    found.remarks += survey.notes


def _misnamed(name: str) -> str:
    return "" if NAME.fullmatch(name) else "SoftEther itself no longer accepts such a name"


def own_hub(survey: HostInventory, names: list[str] | None = None) -> str:
    """The hub that users reach without naming it: L2TP's, or the one with most users."""
    known = survey.hubs if names is None else names
    default = [name for name in known if name.lower() == survey.default_hub.lower()]
    return default[0] if default else max(known, key=lambda name: len(survey.within("user", name)))


def vpn(found: Found, survey: HostInventory, own: str) -> dict[str, Any]:
    """The section `vpn`."""
    protocols = {
        "l2tpIpsec": survey.one("ipsec").get("l2tp") == "yes",
        "openvpn": survey.one("protocol", "openvpn").get("enabled") == "yes",
        "sstp": survey.one("protocol", "sstp").get("enabled") == "yes",
    }
    section: dict[str, Any] = {
        "hub": own,
        **_listeners(found, survey),
        "protocols": protocols,
        "sessions": {"enforced": False},
        "kept": [
            *ALWAYS_KEPT,
            *_of_ipsec(found, survey, own),
            *_kept(survey, Protocols.model_validate(protocols)),
        ],
    }
    section |= _openvpn_ports(found, survey, section["listeners"])
    minimum = survey.one("tls").get("minimum", "")
    if minimum in ("1.0", "1.1"):
        section["tls"] = {"minimum": minimum}
    elif minimum != "1.2":
        section["kept"].append("tls")
    nat = secure_nat(found, survey, own)
    # What cannot be expressed is kept by the hub, and as far as the stack knows there is none.
    section["secureNat"] = OFF if nat is None else nat
    if nat is OFF:
        found.remarks.append(f"SecureNAT of {own} is switched off and stays so (vpn.secureNat)")
    return section


def _listeners(found: Found, survey: HostInventory) -> dict[str, list[int]]:
    states = {int(line.name): line.fields["enabled"] for line in survey.lines if line.kind == "listener"}
    ssh = Ssh.model_validate(found.sections.get("server", {}).get("ssh", {}))
    of_ssh = ssh.port if ssh.host is None else None
    opened = sorted(port for port, enabled in states.items() if enabled == "yes" and port != of_ssh)
    if not opened:
        raise ValueError("SoftEther listens on no TCP port, and the stack reaches it by one; enable a listener there")
    kept = sorted(states.keys() - opened)
    whys = {"no": "is switched off", "yes": "has the port by which the stack comes, SSH's"}
    for port in kept:
        why = whys.get(states[port], "cannot listen, because another program has that port")
        found.remarks.append(f"The listener {port} {why}; it stays so, and no hop opens it (vpn.keptListeners)")
    return {"listeners": opened, **({"keptListeners": kept} if kept else {})}


def _kept(survey: HostInventory, protocols: Protocols) -> Iterator[str]:
    """What the stack would otherwise change."""
    # What could not be read also stays as it is.
    yield from (name for name in SWITCHES if survey.one(name).get("enabled") != "no")
    # A new server accepts OpenVPN over UDP at the port number of every listener.
    if survey.one("wireguard").get("enabled") == "yes":
        yield "wireguard"
    if survey.one("udp").get("ports") != (",".join(map(str, ports.openvpn_udp(protocols))) or "none"):
        yield "udp"


def _openvpn_ports(found: Found, survey: HostInventory, listeners: list[int]) -> dict[str, list[int]]:
    """The UDP ports by which OpenVPN is dialled, where they are not 1194: a new server has its listeners' numbers."""
    words = survey.one("udp").get("ports", "")
    numbers = [int(word) for word in words.split(",") if word.isdecimal() and 0 < int(word) <= 65535]
    dialled = [number for number in dict.fromkeys(numbers) if number == ports.OPENVPN_UDP or number not in listeners]
    if survey.one("protocol", "openvpn").get("enabled") != "yes" or not words or dialled == [ports.OPENVPN_UDP]:
        return {}
    if dialled or not numbers:
        named = f"by UDP {', '.join(map(str, dialled))}" if dialled else "by TCP alone"
        found.remarks.append(f"OpenVPN is dialled {named} (vpn.openvpnPorts); the server's list stays as it is")
    return {"openvpnPorts": dialled}


def _of_ipsec(found: Found, survey: HostInventory, own: str) -> Iterator[str]:
    """The settings of IPsec that stay as they are; the key becomes a secret, for the kits."""
    for part, key, words in (("raw", "l2tp-raw", "L2TP without IPsec"), ("etherip", "etherip", "EtherIP")):
        if survey.one("ipsec").get(part) == "yes":
            found.remarks.append(f"{words} is on, which no hop opens for it; it stays so (vpn.kept: {key})")
            yield key
    if survey.one("ipsec").get("l2tp") != "yes":
        return
    if survey.default_hub.lower() != own.lower():
        named = f"the hub '{survey.default_hub}', which is not there" if survey.default_hub else "no hub"
        found.remarks.append(f"L2TP's default hub is {named}; that stays as it is (vpn.kept: l2tp-hub)")
        yield "l2tp-hub"
    if survey.preshared_key:
        found.secrets["presharedKey"] = survey.preshared_key
    if why := unfit("presharedKey", SecretStr(survey.preshared_key)):
        found.remarks.append(f"The pre-shared key stays as it is (vpn.kept: preshared-key), though it {why}")
        yield "preshared-key"


def hub(found: Found, files: Files, name: str, own: bool) -> dict[str, Any]:
    """One hub's section; `kept` names what the configuration cannot express."""
    survey = files.survey
    section: dict[str, Any] = {"kept": []}
    if survey.one("hub", name).get("online") == "no":
        section["online"] = False
    _take(found, section, name, "log", _log(survey.one("log", name)))
    _take(found, section, name, "radius", _radius(found, survey, name))
    if "radius" not in section:
        found.secrets.pop(path_below("radiusSecrets", name), None)
    nat = found.sections["vpn"]["secureNat"] if own else secure_nat(found, survey, name)
    if not own and nat:
        section["secureNat"] = nat
    elif not nat and survey.one("securenat", name).get("enabled") != "no":
        section["kept"].append("securenat")
    if groups := dict(_groups(found, survey, name)):
        section["groups"] = groups
    section |= _authorities(found, files, name, section["kept"])
    if rules := survey.rules.get(name):
        found.remarks.append(f"The access rules of {name} stay as they are ({', '.join(rules)}): vpn.kept")
    return {key: value for key, value in section.items() if key != "kept" or value}


def _take(found: Found, section: dict[str, Any], name: str, key: str, part: dict[str, Any] | None) -> None:
    """Add a part of a hub; one that cannot be expressed, or whose secret is unknown (None), is kept."""
    why = "its secret cannot be read" if part is None else found.trouble(Hub, {key: part}) if part else ""
    if why:
        section["kept"].append(key)
        found.keeps(f"The {key} of {name}", why, f"hubs.{name}.kept")
    elif part:
        section[key] = part


def _log(fields: Mapping[str, str]) -> dict[str, Any]:
    packets = fields.get("packets", "none")
    return {
        "security": fields.get("security") == "yes",
        "securitySwitch": fields.get("security-switch"),
        "packet": fields.get("packet") == "yes",
        "packetSwitch": fields.get("packet-switch"),
        "packets": {} if packets == "none" else dict(word.split(":") for word in packets.split(",")),
    }


def _radius(found: Found, survey: HostInventory, name: str) -> dict[str, Any] | None:
    """The RADIUS server of a hub, empty where it has none, None where its secret is unknown."""
    fields, secret = survey.one("radius", name), survey.radius_secrets.get(name)
    if not fields:
        return {}
    if not secret:
        return None
    found.secrets[path_below("radiusSecrets", name)] = secret
    numbers = {key: int(fields[key]) if fields.get(key, "").isdigit() else fields.get(key) for key in ("port", "retry")}
    return {"server": fields.get("server"), **numbers}


def _groups(found: Found, survey: HostInventory, hub: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The groups; a policy of the group's own states every limit, so that no default of the lab overrides it."""
    for name, fields in survey.within("group", hub).items():
        stated = policies(fields)
        limits = UNLIMITED if stated or fields.get("policies") == "own" else {}
        group = {"realName": fields["realname"], "note": fields["note"], "policies": {**limits, **stated}}
        if why := found.trouble(Hub, {"groups": {name: group}}):
            found.remarks.append(f"The group {name} of {hub} is left as it is, since {why}")
        else:
            yield name, group


def _authorities(found: Found, files: Files, name: str, kept: list[str]) -> dict[str, list[str]]:
    """The trusted CAs that can be read; any other is kept, and so are the users whom it signs."""
    paths = []
    for digest in files.survey.within("authority", name):
        path = files.certificate(digest, f"ca-{digest[:8]}")
        if path is None or found.trouble(Hub, {"authorities": [path]}):
            found.keeps(f"A trusted CA of {name}", "it is not a readable certificate", f"hubs.{name}.kept")
            kept += [] if "authorities" in kept else ["authorities"]
        else:
            paths.append(path)
    return {"authorities": paths} if paths else {}
