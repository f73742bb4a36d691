"""A rich rule of firewalld, read by its grammar (man firewalld.richlanguage); what is not known of it is said so."""

import shlex
from functools import lru_cache
from typing import Dict, List, NamedTuple

# What each word begins, and the settings that may follow it.
SETTINGS_OF = {
    "rule": ("family", "priority"),
    "source": ("address", "mac", "ipset", "invert"),
    "destination": ("address", "ipset", "invert"),
    "service": ("name",),
    "port": ("port", "protocol"),
    "protocol": ("value",),
    "source-port": ("port", "protocol"),
    "forward-port": ("port", "protocol", "to-port", "to-addr"),
    "icmp-block": ("name",),
    "icmp-type": ("name",),
    "masquerade": (),
    "tcp-mss-clamp": ("value",),
    "log": ("prefix", "level"),
    "nflog": ("group", "prefix", "queue-size", "threshold"),
    "audit": (),
    "accept": (),
    "reject": ("type",),
    "drop": (),
    "mark": ("set",),
    "limit": ("value", "burst"),
}
ELEMENTS = ("service", "port", "protocol", "source-port", "forward-port", "icmp-block", "icmp-type", "masquerade")
ICMP = ("icmp-block", "icmp-type")
ACTIONS = ("accept", "reject", "drop", "mark")


class RichRule(NamedTuple):
    """The parts of a rule: `source` and `destination` are '' for all, else with `NOT` before what they leave out."""

    family: str
    priority: int
    source: str
    destination: str
    element: str
    values: Dict[str, str]
    action: str
    limited: bool
    unknown: List[str]

    @property
    def lets_in(self) -> bool:
        """Whether packets to a port may come in by it; without an action, that is by a forward port alone."""
        if self.action:
            return self.action == "accept" and self.element not in ICMP
        return self.element == "forward-port" or bool(self.unknown)


@lru_cache(maxsize=None)
def read_rule(text: str) -> RichRule:
    """Read a rule in either spelling, quoted or not."""
    parts: Dict[str, Dict[str, str]] = {}
    unknown: List[str] = []
    at, acted, limited = "", "", False
    for word in words_of(text):
        key, mark, value = word.partition("=")
        if not mark and key in SETTINGS_OF:
            at = key
            parts.setdefault(at, {})
            acted = at if at in ACTIONS else acted
            # A limit behind the action is the action's; one before is that of a log.
            limited = limited or bool(at == "limit" and acted)
        elif key.lower() == "not" and at in ("source", "destination"):
            parts[at]["invert"] = "yes"
        elif mark and key in SETTINGS_OF.get(at, ()):
            parts[at][key] = value
        else:
            unknown.append(word)
    elements = [name for name in ELEMENTS if name in parts]
    priority = parts.get("rule", {}).get("priority", "0")
    numeric = priority.lstrip("-").isdigit()
    return RichRule(
        parts.get("rule", {}).get("family", ""),
        int(priority) if numeric else 0,
        whom(parts.get("source", {})),
        whom(parts.get("destination", {})),
        elements[0] if elements else "",
        parts[elements[0]] if elements else {},
        acted,
        limited,
        unknown + elements[1:] + ([] if numeric else [priority]),
    )


def words_of(text: str) -> List[str]:
    """The words of a rule; one with an unclosed quote is a single unknown word."""
    try:
        return shlex.split(text)
    except ValueError:
        return [text]


def whom(values: Dict[str, str]) -> str:
    """A source or destination in words."""
    named = values.get("address") or values.get("mac")
    named = named or ("ipset:" + values["ipset"] if "ipset" in values else "")
    inverted = values.get("invert", "").lower() in ("yes", "true", "1")
    if named.endswith("/0") and not inverted:
        return ""
    return ("NOT " if inverted and named else "") + (named or "")
