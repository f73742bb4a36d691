"""Who wrote a text: a VPN's programs or others, a client or a server; and what of a line may be repeated. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from labvpn.diagnose.event import WEAK, Cause, Event, Family, Kind, Stage
from labvpn.diagnose.lines import Line

_OF_ONE_PEER = re.compile(
    r"\"[^\"]+\"\[\d+\] \S+ #\d+:|LNS session is|responding to (?:Main|Aggressive) Mode|"
    r"is initiating an? (?:Main Mode |Aggressive Mode )?IKE_SA|"
    r"parsed (?:ID_PROT|IKE_SA_INIT|IKE_AUTH|QUICK_MODE) request"
)
"""Lines that only a Linux server of L2TP/IPsec writes; what stands around them is its own too."""
_OF_OPENVPN_SERVER = re.compile(
    r"^(?:\w[\w.-]*\[\d+\]: )?(?:[\w.@-]+/)?(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[\da-f:]{4,}\]?|x+|[A-Z.X]+):\d{2,5} [\[A-Z]|"
    r"\bMULTI: |client-instance|Auth Username/Password was not provided by peer|"
    r"SENT CONTROL \[[^\]]*\]: '(?:PUSH_REPLY|AUTH_FAILED)"
)
_VPN = re.compile(
    r"vpn|l2tp|sstp|ikev[12]|ipsec|softether|rasclient|rasdial|\bppp\d?\b|pppd|\b(?:charon|pluto|racoon|iked)\b|swan\b|"
    r"connection to gateway",
    re.IGNORECASE,
)
_OWN_PROGRAM = re.compile(
    r"\b(?:pluto|charon\S*|sstpc|xl2tpd|openvpn|ovpn-\S+|racoon|mtpd|nm-l2tp-service|nm-sstp-service)(?:\[\d+\]|\s*):|"
    r"\[IKE\] |^\d{3} \"[^\"]+\" #\d+: |^\*\*Error: "
)
_FAILS = re.compile(
    r"\b(failed|failure|error|could not|cannot|unable to|rejected|refused|denied|"
    r"abort(?:ed|ing)?|timed? ?out)\b",
    re.IGNORECASE,
)
_BENIGN = re.compile(
    r"\[(?:CFG|LIB|DMN|KNL|JOB|MGR)\]|ignor|warning|deprecated|plugin|\bload(?:ed|ing)?\b|note:", re.IGNORECASE
)
"""Complaints of a start, and what a program itself passes over."""

_SUBJECTS: tuple[tuple[str, Stage, tuple[Cause, ...]], ...] = (
    (r"proposal|transform|cipher|algorithm|unsupported|protocol", Stage.PHASE_1, (Cause.PROPOSAL,)),
    (r"pre-?shared|\bpsk\b|shared (?:secret|key)", Stage.PHASE_1, (Cause.PSK,)),
    (r"certificate|x\.?509|signature|issuer", Stage.TLS, (Cause.CERTIFICATE,)),
    (r"resolv|host ?name|getaddrinfo|unknown host", Stage.NAME, (Cause.NAME,)),
    (r"password|user ?name|credential|log-?in|\bauth(?:entication)?\b", Stage.AUTHENTICATION, (Cause.CREDENTIALS,)),
    (r"\btun\b|\btap\b|adapter|permission|permitted|\bbind\b|in use", Stage.TRANSPORT, (Cause.CLIENT,)),
    (r"too many|maximum|limit reached", Stage.AUTHENTICATION, (Cause.FULL,)),
    (r"dhcp|ipcp|(?:ip|local|remote) address|address pool", Stage.ADDRESS, (Cause.NO_ADDRESS,)),
)
"""What a complaint is about, where it says no more than that."""

_QUOTES = re.compile(r"\"[^\"]*\"|'[^']*'")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


def of_a_vpn(lines: Sequence[Line]) -> bool:
    """Whether a text names a VPN or a protocol of one."""
    return any(_VPN.search(line.text) for line in lines)


def whose(found: Sequence[Event], lines: Sequence[Line]) -> tuple[Event, ...]:
    """The events with their family: in the log of a Linux server the lines around its own are its own too."""
    libreswan = any(_OF_ONE_PEER.search(line.text) for line in lines)
    openvpn_server = any(_OF_OPENVPN_SERVER.search(line.text) for line in lines)
    servers = ((Family.LINUX,) if libreswan else ()) + ((Family.OPENVPN,) if openvpn_server else ())
    # A server that has started says the same as a client that has connected.
    kept = [event for event in found if not (openvpn_server and event.excerpt.startswith("Initialization Sequence"))]
    return tuple(replace(event, family=Family.SERVER) if event.family in servers else event for event in kept)


def complaint(line: Line) -> Event | None:
    """A failure in the words of a VPN's program that no table knows: it only says that the attempt ended here."""
    found = _FAILS.search(line.text) if _OWN_PROGRAM.search(line.text) and not _BENIGN.search(line.text) else None
    if found is None:
        return None
    event = Event(Family.LINUX, Kind.COMPLAINT, line.number, found[1], line.at)
    for subject, stage, causes in _SUBJECTS:
        if about := re.search(subject, line.text, re.IGNORECASE):
            # Only these two words are quoted: what stands around them may be a name.
            return replace(event, excerpt=f"{about[0]} … {found[1]}", stage=stage, causes=causes, weight=WEAK)
    return event


def redacted(text: str) -> str:
    """The recognised text without names and addresses, at most 70 characters."""
    return _ADDRESS.sub("…", _QUOTES.sub("“…”", text)).strip()[:70]
