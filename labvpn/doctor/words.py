"""The findings in plain words: what a vantage point sees, which hop closes a port, and what to do. Pure."""

from __future__ import annotations

from labvpn.doctor.blame import FIREWALLD, FORTIGATE, SERVER, WAY, Blame, Hop, Witness
from labvpn.doctor.sighting import DROPPED, OPEN, Refusal, Sighting, cause
from labvpn.doctor.targets import Port

_NAMES = {FORTIGATE: "the FortiGate", FIREWALLD: "the host's firewall (firewalld)", SERVER: "the VPN server"}
_PLACES = {
    "outside": "outside",
    "campus": "the campus",
    "vpn": "inside the VPN",
    "host": "the server itself",
}
_VOICES = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times"}


def hop_name(hop: Hop) -> str:
    """The hop as a sentence names it."""
    return f"the way from {hop.of}" if hop.kind == WAY else _NAMES[hop.kind]


def hop_id(hop: Hop) -> str:
    """The hop as JSON and metrics name it: fortigate, firewalld, server, or way:NAME."""
    return f"{hop.kind}:{hop.of}" if hop.of else hop.kind


def place(name: str, kind: str) -> str:
    """A vantage point with where it stands, as a heading."""
    return name if name == kind else f"{name} ({_PLACES[kind]})"


def seen(sighting: Sighting, address: str) -> str:
    """What one vantage point sees of a port, in a few words."""
    if sighting.state == OPEN:
        return _open(sighting)
    if sighting.state == DROPPED:
        return f"no answer, asked {_VOICES.get(sighting.tries, f'{sighting.tries} times')}"
    return _refused(cause(sighting, address), sighting.refusal or Refusal("?"), address)


def verdict(port: Port, blamed: Blame) -> str:
    """Which hop closes the port, and how sure that is."""
    if blamed.hop is None:
        return f"{port} is closed, but the vantage points contradict each other; probe again"
    sure = "" if blamed.certain else "most likely "
    text = f"{port} is closed for {blamed.witness} by {sure}{hop_name(blamed.hop)}"
    if blamed.behind:
        text += "; closed as well: " + _listed(blamed.behind)
    return text


def advice(port: Port, blamed: Blame) -> str:
    """What to do about it: the repair at the hop, and the probe that would remove a doubt."""
    if blamed.hop is None:
        return "The network changed while it was probed, or answers are lost; run the same probe again."
    doubt = _telling(blamed)
    return _REMEDIES[blamed.hop.kind].format(port=port, protocol=port.protocol.upper(), number=port.number) + (
        f" {doubt}" if doubt else ""
    )


def because(
    port: Port, witnesses: tuple[Witness, ...], sightings: tuple[Sighting, ...], address: str
) -> tuple[str, ...]:
    """What speaks for the verdict: one line for each vantage point."""
    pairs = zip(witnesses, sightings, strict=True)
    return tuple(f"{place(witness.name, witness.place)}: {seen(sighting, address)}" for witness, sighting in pairs)


_REMEDIES = {
    WAY: (
        "Try another network; where only web traffic is let out, TCP 443 gets through. "
        "If that network is yours, let {protocol} {number} out."
    ),
    FORTIGATE: (
        "A policy from outside to the server must allow {protocol} {number}, above the policy that denies: "
        "pulumi preview shows what differs, pulumi up repairs it."
    ),
    FIREWALLD: (
        "On the server, firewall-cmd --list-all shows what is let in; {port} must be in service vpnserver: "
        "pulumi up repairs it."
    ),
    SERVER: (
        "On the server, systemctl status softether-vpnserver must say running; if it does, nothing is set to listen on "
        "{port}: pulumi up repairs it."
    ),
}


def _telling(blamed: Blame) -> str:
    """The vantage point that would tell the rivals apart."""
    kinds = {hop.kind for hop in (blamed.hop, *blamed.rivals) if hop}
    if len(kinds) == 1 or not blamed.rivals:
        return ""
    names = ", ".join(dict.fromkeys(hop_name(hop) for hop in blamed.rivals))
    where = "the campus, or on the server," if FORTIGATE in kinds and FIREWALLD in kinds else "the server itself"
    if kinds == {WAY, FORTIGATE}:
        where = "another network outside"
    return f"It may also be {names}: a probe from {where} (--vantage) tells them apart."


def _open(sighting: Sighting) -> str:
    if not sighting.services:
        return sighting.detail or "accepts, but speaks no TLS"
    spoken = ", ".join(sighting.services)
    return f"{spoken} ({sighting.detail})" if sighting.detail else spoken


def _refused(why: str, refusal: Refusal, address: str) -> str:
    by = refusal.offender or "an unknown address"
    icmp = f", ICMP 3/{refusal.code}" if refusal.code is not None else ""
    return {
        "no listener": f"refused by {refusal.offender or address}: nothing listens (or a firewall says so in its name)"
        if refusal.code is None
        else f"refused by {by}: nothing listens{icmp}",
        "firewall:server": f"refused by the firewall of the server ({by}{icmp})",
        "firewall:elsewhere": f"refused by a firewall at {by}{icmp}",
        "firewall:unseen": "refused by a firewall; this system does not say which",
    }.get(why, f"no way there: {refusal.error}" + (f", says {by}{icmp}" if refusal.offender else ""))


def _listed(hops: tuple[Hop, ...]) -> str:
    return ", ".join(hop_name(hop) for hop in hops)
