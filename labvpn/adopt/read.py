"""Reads every hop of a lab made by hand; nothing is changed on any."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from labvpn.adopt.firewalld import firewall
from labvpn.adopt.fortigate import fortigate
from labvpn.adopt.found import Found
from labvpn.adopt.name import dns
from labvpn.adopt.securenat import keep_what_contradicts
from labvpn.adopt.server import server
from labvpn.connect import fortigate as fortigate_api
from labvpn.connect.errors import HopError
from labvpn.connect.inspect import ask_agent, unreadable
from labvpn.model.credentials import KEPT_AS, unfit
from labvpn.model.fortigate import FortiGate
from labvpn.model.lab import Lab
from labvpn.model.server import Server
from labvpn.parse.inventory import HostInventory, read_inventory

Known = Callable[[str], str | None]
"""A setting or secret of the stack by its key."""


@dataclass(frozen=True)
class Hops:
    """Where the lab is: the sections `server` and `dns` as far as they are given, and the FortiGate's address."""

    server: dict[str, Any]
    fortigate: str | None = None
    vdom: str = "root"
    dns: dict[str, Any] = field(default_factory=dict)


def read(hops: Hops, known: Known, say: Callable[[str], None]) -> Found:
    """What the hops have. Raises HopError, or ValueError with a sentence for wrong settings."""
    found = Found()
    host = Server.model_validate({**hops.server, "install": "present"})
    say(f"reading the VPN host {host.ssh_host}")
    survey = _survey(host, known)
    found.sections["server"] = {**hops.server, "install": "present"}
    administrator = known("administratorPassword")
    if administrator is None:
        found.remarks.append("administratorPassword is not set, so the server's file was read, which may be 5 min old")
    server(found, survey)
    if administrator and (why := unfit("administratorPassword", SecretStr(administrator))):
        found.sections["vpn"]["kept"].append(KEPT_AS["administratorPassword"])
        found.remarks.append(f"The administrator's password stays as it is (vpn.kept), though it {why}")
    lab = _lab(found)
    firewall(found, survey, lab.vpn)
    if hops.fortigate:
        say(f"reading the FortiGate {hops.fortigate}")
        _fortigate(found, hops, known, lab)
        keep_what_contradicts(found)
    if hops.dns:
        say("reading the name")
        dns(found, hops.dns, known("dnsKey"), str(host.address))
    return found


def _survey(host: Server, known: Known) -> HostInventory:
    hop = f"The VPN host {host.ssh_host}"
    host_key = known("hostKey")
    if host_key is None:
        raise HopError(hop, "has no recorded key", f"record it: labvpn hostkey {host.ssh_place}")
    ways = {"key": ("private_key", known("sshKey")), "password": ("password", known("sshPassword"))}
    name, secret = ways.get(host.ssh.login, ("", None))
    request = json.dumps({"secrets": {"administrator": known("administratorPassword") or ""}})
    answer = asyncio.run(ask_agent(host, {name: secret} if secret else {}, host_key, "survey", request))
    try:
        survey = read_inventory(answer)
    except ValueError:
        raise HopError(hop, *unreadable(answer)) from None
    if survey is None or not survey.hubs:
        raise HopError(
            hop, "has no SoftEther with a hub", "there is nothing to adopt: let `pulumi up` install SoftEther"
        )
    return survey


def _lab(found: Found) -> Lab:
    """The lab so far, for what is derived from it."""
    if why := found.trouble(Lab, found.sections):
        raise ValueError(f"The server has settings that the stack cannot express: {why}")
    return Lab.model_validate(found.sections, context={"files": found.files.get})


def _fortigate(found: Found, hops: Hops, known: Known, lab: Lab) -> None:
    token, authority = known("fortigateToken"), known("fortigateCa")
    hop = f"The FortiGate {hops.fortigate}"
    if token is None or authority is None:
        raise HopError(hop, "needs fortigateToken and fortigateCa", "set both by `pulumi config set` (README)")
    # Reading only needs the address; the rest of the section is what is to be found.
    where = FortiGate.model_validate(
        {"host": hops.fortigate, "vdom": hops.vdom, "outside": ["out"], "inside": "in", "before": "any"}
    )
    fortigate(found, where.host, where.vdom, asyncio.run(fortigate_api.read(where, token, authority)), lab)
