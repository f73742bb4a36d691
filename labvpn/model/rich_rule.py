"""What is wrong with a rich rule, as far as firewalld itself would refuse it (Rich_Rule.check of firewalld 1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

from labvpn.agent.firewalld.rich_rule import ACTIONS, ELEMENTS, SETTINGS_OF, words_of
from labvpn.model.base import shortened
from labvpn.model.wording import nearest

EXAMPLE = "rule family=ipv4 source address=192.0.2.7 service name=ssh accept"
NETWORKS = {"ipv4": IPv4Network, "ipv6": IPv6Network}
PORTS = ("port", "source-port", "forward-port")
BY_THEMSELVES = ("icmp-block", "forward-port", "masquerade", "tcp-mss-clamp")
"""Elements that say themselves what happens; they go with no action."""

NEEDED = {
    "service": ("name",),
    "protocol": ("value",),
    "icmp-block": ("name",),
    "icmp-type": ("name",),
    "limit": ("value",),
    "mark": ("set",),
    **dict.fromkeys(PORTS, ("port", "protocol")),
}
"""What a word cannot be without."""

Parts = dict[str, dict[str, str]]


def rich_rule(text: str) -> str:
    """A rule without its quotation marks. Raises ValueError for one that firewalld would refuse."""
    words = words_of(text)
    if len(words) == 1 and '"' in words[0]:
        raise ValueError("has a quotation mark that is not closed; close it, or leave the marks out")
    if any(" " in word for word in words):
        raise ValueError("has a blank inside quotation marks, which the stack cannot pass on: remove the blank")
    plain = " ".join(words)
    for sentence in _mistakes(words):
        raise ValueError(f"{sentence} (man firewalld.richlanguage), as in `{EXAMPLE}`")
    if found := re.search(r"[^ -~]|[\"'\\$`]", plain):
        raise ValueError(f"has {found[0]!r} in it, which the stack cannot pass on; remove it")
    return plain


def _mistakes(words: list[str]) -> Iterator[str]:
    """What is wrong, the first of which is told: others often follow from it."""
    if words[:1] != ["rule"]:
        yield "must begin with `rule` and be one of firewalld's rich rules"
    parts: Parts = {}
    at = ""
    for word in words:
        key, mark, value = word.partition("=")
        if not mark and key in SETTINGS_OF:
            if key in parts and key != "limit":
                yield f"has `{key}` twice; keep one"
            at = key
            parts.setdefault(at, {})
        elif mark and key in SETTINGS_OF.get(at, ()):
            if not value or "=" in value:
                yield f"`{shortened(word)}` has no value, or two; write one behind `{key}=`"
            parts[at][key] = value
        elif not (key.lower() == "not" and at in ("source", "destination")):
            yield _unknown(word, at)
    yield from _of_parts(parts)
    yield from _of_family(parts)


def _unknown(word: str, at: str) -> str:
    """What to say of a word that has no meaning where it is."""
    key, mark, _ = word.partition("=")
    settings = SETTINGS_OF.get(at, ())
    near = nearest(key, settings if mark else SETTINGS_OF)
    said = f"`{shortened(word)}` has no meaning {f'behind `{at}`' if at else 'there'}"
    if near:
        return f"{said}; did you mean `{near}{mark}`?"
    return f"{said}; write {' or '.join(f'{name}=...' for name in settings) or 'a word of the language'}"


def _of_parts(parts: Parts) -> Iterator[str]:
    """What each part lacks, and parts that do not go together."""
    for name, settings in parts.items():
        for key in NEEDED.get(name, ()):
            if key not in settings:
                yield f"`{name}` lacks its {key}; write `{name} {key}=...`"
        if name in ("source", "destination") and len(settings.keys() & {"address", "mac", "ipset"}) != 1:
            yield f"`{name}` names nothing, or two things; write one, such as `{name} address=192.0.2.7`"
        if name in PORTS:
            yield from _of_port(settings)
    elements = [name for name in (*ELEMENTS, "tcp-mss-clamp") if name in parts]
    actions = [name for name in ACTIONS if name in parts]
    logs = [name for name in ("log", "nflog") if name in parts]
    for several in (elements, actions, logs):
        if len(several) > 1:
            yield f"has both `{several[0]}` and `{several[1]}`; write a rule for each"
    alone = [name for name in elements if name in BY_THEMSELVES]
    if alone and actions:
        yield f"has both `{alone[0]}`, which says what happens, and `{actions[0]}`; leave `{actions[0]}` out"
    ordered = parts.get("rule", {}).get("priority", "0") != "0"
    if "audit" in parts and actions in ([], ["mark"]):
        yield "has `audit`, which needs accept, reject or drop behind it"
    if not actions and not alone and not (logs and (elements or ordered)):
        yield "says nothing that should happen; end it with accept, reject or drop"
    if not elements and not parts.keys() & {"source", "destination"} and not ordered:
        yield "is for no source, destination, service or port; name one"


def _of_port(settings: dict[str, str]) -> Iterator[str]:
    for key in ("port", "to-port"):
        first, _, last = settings.get(key, "1").partition("-")
        numbers = [int(number) for number in (first, last) if number.isdecimal()]
        if any(number > 65535 for number in numbers) or numbers != sorted(numbers):
            yield f"`{key}={settings[key]}` is not a port, or a range from its end; write 1 to 65535, or 8000-8010"
    if settings.get("protocol") not in ("tcp", "udp", "sctp", "dccp"):
        yield f"`protocol={settings.get('protocol')}` has no ports; write tcp, udp, sctp or dccp"


def _of_family(parts: Parts) -> Iterator[str]:
    rule = parts.get("rule", {})
    family, priority = rule.get("family"), rule.get("priority", "0")
    if not re.fullmatch(r"-?\d{1,5}", priority) or not -32768 <= int(priority) <= 32767:
        yield f"`priority={priority}` is not a number of -32768 to 32767"
    if family is not None and family not in NETWORKS:
        yield f"`family={shortened(family)}` is neither ipv4 nor ipv6"
    places = (("source", "address"), ("destination", "address"), ("forward-port", "to-addr"))
    addresses = [(key, parts[name][key]) for name, key in places if key in parts.get(name, {})]
    if family is None and (addresses or "forward-port" in parts or "type" in parts.get("reject", {})):
        yield "needs its family; begin it with `rule family=ipv4` or `rule family=ipv6`"
    for key, address in addresses:
        try:
            NETWORKS[family or ""](address, strict=False)
        except ValueError:
            yield f"`{key}={shortened(address)}` is not an address or network of {family}; write one"
