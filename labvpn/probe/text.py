"""The findings in plain words: what a vantage point sees, which hop closes a port, and what to do. Pure."""

from __future__ import annotations

from labvpn.probe.fault_localisation import CAMPUS, FIREWALLD, FORTIGATE, SERVER, TUNNEL, WAY, FaultLocation, Hop
from labvpn.probe.observation import DROPPED, OPEN, Observation, Refusal, cause

_NAMES = {
    WAY: "the network between {of} and the lab",
    CAMPUS: "the campus network, or the FortiGate's policy for it",
    TUNNEL: "the tunnel of {of}",
    FORTIGATE: "the FortiGate",
    FIREWALLD: "the host's firewall (firewalld)",
    SERVER: "the VPN server",
}
_PLACES = {"outside": "outside", "campus": "on the campus", "vpn": "in the VPN", "host": "the server itself"}
_REASONS = {
    "no listener": "nothing listens",
    "firewall:server": "its own firewall",
    "firewall:fortigate": "the FortiGate",
    "firewall:elsewhere": "a firewall on the way",
}
_LOST = {"unreachable": "no way there", "no host": "no machine at that address"}
_REMEDIES = {
    WAY: (
        "Try another network; where only web traffic is let out, TCP 443 gets through. "
        "If that network is yours, let these ports out."
    ),
    CAMPUS: "Let the campus reach these ports in the FortiGate's policy for it, or in the campus's own firewall.",
    TUNNEL: "Dial in again there; if that changes nothing, the hub's access lists and SecureNAT decide what passes.",
    FORTIGATE: (
        "A policy from outside to the server must allow these ports, above the policy that denies the rest: "
        "`pulumi preview` shows what differs, `pulumi up` repairs it."
    ),
    FIREWALLD: (
        "`firewall-cmd --list-all` on the server shows what it lets in; these ports belong into the service vpnserver: "
        "`pulumi up` repairs it."
    ),
    SERVER: (
        "`systemctl status softether-vpnserver` on the server (`vpnserver` where it came from an archive) must say "
        "running; if it does, no listener or protocol is set for these ports: `pulumi up` repairs it."
    ),
}


def hop_name(hop: Hop) -> str:
    """The hop as a sentence names it."""
    return _NAMES[hop.kind].format(of=hop.of)


def hop_id(hop: Hop) -> str:
    """The hop as JSON and metrics name it: fortigate, firewalld, server, way:NAME or campus:NAME."""
    return f"{hop.kind}:{hop.of}" if hop.of else hop.kind


def server(host: str, address: str) -> str:
    """A server as a sentence names it: what leads to it, with its address where that differs."""
    return host if address in ("", host) else f"{host} ({address})"


def place(name: str, kind: str) -> str:
    """A vantage point with where it is, as a heading."""
    return name if name == kind else f"{name} ({_PLACES[kind]})"


def seen(observation: Observation, address: str, fortigate: tuple[str, ...] = ()) -> str:
    """What one vantage point sees of a port, in a few words."""
    if observation.state == OPEN:
        return _open(observation)
    if observation.state == DROPPED:
        return f"dropped: no answer to {observation.tries} tries"
    return _rejected(cause(observation, address, fortigate), observation.refusal or Refusal("?"), address)


def brief(observation: Observation, address: str, fortigate: tuple[str, ...] = ()) -> str:
    """The same in a word or two, for a table with many columns; the findings have the rest."""
    why = cause(observation, address, fortigate)
    return observation.state + (f": {_REASONS[why]}" if why in _REASONS else "")


def witnessed(observation: Observation, address: str, fortigate: tuple[str, ...] = ()) -> str:
    """The same as a reason for a verdict: which services answer does not matter there."""
    return "open" if observation.services else seen(observation, address, fortigate)


def verdict(blamed: FaultLocation) -> str:
    """Which hop closes the port, and how sure that is."""
    if blamed.hop is None:
        return "closed, but the vantage points contradict each other"
    text = f"closed by {hop_name(blamed.hop)}" + ("" if blamed.certain else ", most likely")
    if blamed.hop.kind == SERVER:
        text += ": nothing answers there"
    if blamed.behind:
        text += "; then also by " + " and ".join(map(hop_name, blamed.behind))
    return text


def advice(blamed: FaultLocation, places: frozenset[str] = frozenset()) -> str:
    """What to do about it: the repair at the hop, and from where a probe that is still missing would remove a doubt."""
    if blamed.hop is None:
        return "The network changed while it was probed, or answers get lost: run the same probe again."
    return " ".join(filter(None, (_REMEDIES[blamed.hop.kind], _distinguishing(blamed, places))))


def _distinguishing(blamed: FaultLocation, places: frozenset[str]) -> str:
    """The vantage point that would distinguish the rivals, unless there is one already."""
    if not blamed.rivals:
        return ""
    kinds = {hop.kind for hop in (blamed.hop, *blamed.rivals) if hop}
    place, where = "host", "on the server itself"
    if FORTIGATE in kinds and FIREWALLD in kinds:
        place, where = "campus", "on the campus"
    if CAMPUS in kinds and FIREWALLD in kinds:
        place, where = "outside", "from outside"
    if kinds <= {WAY, FORTIGATE}:
        place, where = "elsewhere", "in another network outside"
    others = ", ".join(map(hop_name, blamed.rivals))
    more = "" if place in places else f": a second probe {where} (--vantage) would show which"
    return f"It may also be {others}{more}."


def _open(observation: Observation) -> str:
    if not observation.services:
        return f"open, but {observation.detail or 'nothing speaks TLS'}"
    spoken = ", ".join(observation.services)
    return f"open: {spoken} ({observation.detail})" if observation.detail else f"open: {spoken}"


def _rejected(why: str, refusal: Refusal, address: str) -> str:
    by = refusal.offender or address
    if why in _LOST:
        return f"{_LOST[why]} ({refusal.error}" + (f", says {refusal.offender})" if refusal.offender else ")")
    if why == "firewall:unseen":
        return "rejected by a firewall; this system does not show which"
    icmp = f", ICMP 3/{refusal.code}" if refusal.code is not None else ""
    return f"rejected by {by}: {_REASONS[why]}{icmp}"
