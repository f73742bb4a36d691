"""firewalld over the system's bus, by systemd's busctl: it answers in a tenth of the time of firewall-cmd."""

import shlex
from typing import List, Optional, Tuple

BUS, OBJECT = "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1"
METHODS = {
    "service": "Service",
    "port": "Port",
    "protocol": "Protocol",
    "source-port": "SourcePort",
    "forward-port": "ForwardPort",
    "icmp-block": "IcmpBlock",
    "rich-rule": "RichRule",
    "masquerade": "Masquerade",
    "icmp-block-inversion": "IcmpBlockInversion",
    "interface": "Interface",
    "source": "Source",
}
"""What of a zone a method of the bus changes, by its option; the same from 0.6 to 2.3 (server/firewalld.py)."""

WITHOUT_END = ("icmp-block-inversion", "interface", "source")
"""What cannot be added for a time alone; the others take seconds, of which 0 has no end."""


def bus_call(call: str, *words: str, signature: str = "") -> List[str]:
    """The command of a call `INTERFACE METHOD`; its words are texts unless the signature says otherwise."""
    interface, method = call.split(" ")
    whole = BUS + ("." + interface if interface else "")
    given = signature or "s" * len(words)
    return ["busctl", "call", BUS, OBJECT, whole, method, *([given] if given else []), *words]


def quick(words: List[str]) -> Optional[List[str]]:
    """The call that does what these words of firewall-cmd do, None for what is left to firewall-cmd."""
    place, option = words[0], words[1]
    scope, _, name = place.partition("=")
    verb, _, rest = option[2:].partition("-")
    kind, _, entry = rest.partition("=")
    if scope == "--ipset":
        return bus_call("ipset {}Entry".format(verb), name, entry)
    if scope != "--zone" or kind not in METHODS or len(words) > len((place, option)):
        return None
    if verb == "change":
        return bus_call("zone changeZoneOf" + METHODS[kind], name, entry)
    given = [name, *arguments(kind, entry)]
    if verb == "add" and kind not in WITHOUT_END:
        return bus_call("zone add" + METHODS[kind], *given, "0", signature="s" * len(given) + "i")
    return bus_call("zone {}{}".format(verb, METHODS[kind]), *given)


def arguments(kind: str, entry: str) -> List[str]:
    """An entry as the bus takes it."""
    if kind in ("port", "source-port"):
        return list(entry.partition("/")[::2])
    if kind == "forward-port":
        values = dict(pair.partition("=")[::2] for pair in entry.split(":", 3))
        return [values.get(key, "") for key in ("port", "proto", "toport", "toaddr")]
    return [entry] if entry else []


def entries_of(text: str) -> List[str]:
    """The entries of an answer of busctl's: of `as 2 "a" "b"` each word, of `b true` or `s "public"` the one."""
    signature, *words = shlex.split(text) if text.strip() else [""]
    if not signature.startswith("a"):
        return words[:1]
    count, rest = int(words[0]), words[1:]
    found = []
    for _ in range(count):
        entry, rest = entry_of(signature[1:].strip("()"), rest)
        found.append(entry)
    return found


def entry_of(signature: str, words: List[str]) -> Tuple[str, List[str]]:
    """One entry as firewall-cmd takes it, and the words after it."""
    taken: List[str] = []
    inner = signature
    while inner:
        if inner.startswith("as"):
            count = int(words[0])
            taken, words, inner = taken + words[1 : count + 1], words[count + 1 :], inner[2:]
        else:
            taken, words, inner = [*taken, words[0]], words[1:], inner[1:]
    return " ".join(map(shlex.quote, taken)) if len(signature) > 1 else taken[0], words
