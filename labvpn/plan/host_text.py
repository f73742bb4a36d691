"""What someone changed on the VPN host, in sentences that use its administrator's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from labvpn.state.document import Entry

TITLES = {
    "access": "access rule",
    "administration": "adminip.txt (who may administer SoftEther)",
    "administrator": "SoftEther's administrator",
    "agent": "labvpn's agent",
    "archive": "SoftEther's archive",
    "authority": "trusted CA",
    "bans": "login guard",
    "code": "code verifier's account of user",
    "log": "log of hub",
    "logs": "log keeper",
    "option": "hub option",
    "radius": "RADIUS of hub",
    "securenat": "SecureNAT of hub",
    "softether": "SoftEther",
    "verifier": "code verifier",
}
"""The name of a kind where its own word is not enough."""

OF_FIREWALLD = ("service", "zone", "source", "interface", "rich", "closed")
LISTS = {("service", "ports"), ("zone", "services"), ("zone", "ports"), ("zone", "protocols"), ("closed", "only")}
"""The lists whose entries are compared one by one."""

ENDS = {"": "", "(now)": " until its next reload", "(permanent)": " from its next reload on"}


def gone(entry: Entry) -> str:
    """Reports that something of ours is gone."""
    return f"{_thing(entry)} is gone from the server"


def added(entry: Entry) -> str:
    """Reports something where only ours may be."""
    if entry.kind == "wireguard":
        return "WireGuard is on, as SoftEther 5.02 has it by default, and the stack switches it off"
    return f"{_thing(entry)} was added on the server"


def changed(
    entry: Entry, name: str, now: str, here: str, by_hand: Callable[[str], bool] = lambda _one: True
) -> Iterator[str]:
    """Reports a different field: `now` on the machine, `here` as declared; of a list, the entries changed by hand."""
    if (entry.kind, name) in LISTS:
        whole, kind = f"{entry.kind} {entry.name}", "service " if name == "services" else ""
        yield from _entries(whole, kind, now, here, by_hand)
    elif (entry.kind, name, now) == ("bans", "active", "hindered"):
        yield f"{_thing(entry)} runs, but cannot ban everyone; labvpn status says why"
    elif (entry.kind, name, now) == ("verifier", "active", "hindered"):
        yield f"{_thing(entry)} runs, but lets nobody in; labvpn status says why"
    elif (entry.kind, name, now) == ("verifier", "active", "no"):
        yield f"{_thing(entry)} does not run, so nobody with a second factor gets in; labvpn status says why"
    elif (entry.kind, name) == ("verifier", "files"):
        yield f"{_thing(entry)}: its settings or program were changed, others may read them, or a later code was used"
    elif now == "differs":
        yield f"{_thing(entry)}: the {name} on the server differs from the configuration"
    else:
        yield f"{_thing(entry)}: {name} is {now or 'empty'} on the server, {here or 'empty'} here"


def _thing(entry: Entry) -> str:
    """`user guest1`, without the hub: a user's name is the lab's, not a hub's."""
    name = entry.name.partition("/")[2] if entry.kind not in OF_FIREWALLD and "/" in entry.name else entry.name
    if (entry.kind, name) == ("user", "*"):
        name = f"* (everyone whom RADIUS knows) of {entry.name.partition('/')[0]}"
    words = " ".join(filter(None, (TITLES.get(entry.kind, entry.kind), name)))
    return f"firewalld: {words}" if entry.kind in OF_FIREWALLD else words


def _entries(whole: str, kind: str, now: str, here: str, by_hand: Callable[[str], bool]) -> Iterator[str]:
    """What was added to a list of firewalld's, removed from it, or is not both permanent and in force."""
    there, desired = marks(now), list(marks(here))
    for entry in desired:
        if entry not in there and by_hand(entry):
            yield f"firewalld: {kind}{entry} was removed from {whole}"
        elif there.get(entry) and by_hand(entry):
            what = "is not permanent" if there[entry] == "(now)" else "is not in force before the next reload"
            yield f"firewalld: {kind}{entry} of {whole} {what}"
    for entry, mark in there.items():
        if entry not in desired and by_hand(entry):
            yield f"firewalld: {kind}{entry} was added to {whole}{ENDS[mark]}"


def marks(text: str) -> dict[str, str]:
    """A list as a document has it: the entries, each with the mark of where it is set."""
    words = [] if text in ("", "none", "unset") else text.split(",")
    return {entry: mark + rest for entry, mark, rest in (word.partition("(") for word in words)}
