"""What is wrong with a value, in this project's words: the type checker's own never reach a reader."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_interface
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from labvpn.model.base import Mistakes, shortened
from labvpn.model.forms import described
from labvpn.model.keys import misplaced_secret
from labvpn.model.places import is_secret, kinds_of, model_of, names, place_of

NEAR = 0.6
"""How alike two names have to be for one to be meant by the other (difflib's own measure)."""


def unknown(name: str, known: Iterable[str], what: str = "setting") -> str:
    """What to say of a name that is none of those known."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    remedy = f"did you mean '{near}'?" if near else f"remove it; known here: {', '.join(names) or 'none'}"
    return f"there is no such {what}; {remedy}"


def nearest(name: str, known: Iterable[str], cutoff: float = NEAR) -> str | None:
    """The known name that is most like this one, whatever their case and the characters between their words."""
    folded = {_folded(each): each for each in reversed(list(known))}
    near = difflib.get_close_matches(_folded(name), folded, n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


def messages(details: ErrorDetails, model: type[BaseModel]) -> list[str]:
    """What is wrong, and what to do; a secret is not repeated."""
    kind, (place, wanted) = details["type"], place_of(details["loc"], model)
    if kind == "extra_forbidden":
        owner = model_of(place_of(place[:-1], model)[1] if place[:-1] else model)
        secret = misplaced_secret(".".join(map(str, place)))
        return [secret or unknown(str(place[-1]), names(owner) if owner else [])]
    if kind in ("value_error", "assertion_error"):
        error = (details.get("ctx") or {}).get("error")
        said = error.sentences if isinstance(error, Mistakes) else [str(error)]
        return [" ".join(sentence.split()) for sentence in said]
    given = details["loc"][-2] if details["loc"][-1:] == ("[key]",) else details["input"]
    write = SENTENCES.get(kind, _other)
    return [write(_Finding(given, wanted, details.get("ctx") or {}, is_secret(place, model)))]


class _Finding:
    """A value, the type that belongs there, what the checker knows of the limit, and how the value is shown."""

    def __init__(self, given: Any, wanted: Any, limits: dict[str, Any], secret: bool) -> None:
        self.given, self.wanted, self.limits, self.secret = given, wanted, limits, secret

    @property
    def entries(self) -> Any:
        """The type of the entries where a list may be given, else None."""
        lists = [kind for kind in kinds_of(self.wanted) if get_origin(kind) in (tuple, list)]
        return get_args(lists[0])[0] if lists else None

    @property
    def quoted(self) -> str:
        """The value as a sentence begins with it."""
        if self.secret:
            return "the value here"
        if isinstance(self.given, bool):
            return "true" if self.given else "false"
        if isinstance(self.given, dict | list | tuple | None):
            return {dict: "a block of settings", type(None): "nothing"}.get(type(self.given), "a list")
        return shortened(repr(self.given))


def _truth(finding: _Finding) -> str:
    also = ", or a list" if finding.entries is not None else ""
    return f"{finding.quoted} is neither yes nor no; write true or false{also}"


def _whole(finding: _Finding) -> str:
    return f"{finding.quoted} is not a whole number; write its digits alone, such as 60"


def _text(finding: _Finding) -> str:
    if isinstance(finding.given, bool):
        return (
            f"{finding.quoted} is yes or no, as YAML reads yes, no, on, off, true and false; "
            "put quotation marks around it if it is a name"
        )
    if isinstance(finding.given, int | float):
        return f'{finding.quoted} is a number and a text belongs here; put quotation marks around it, as in "10"'
    return f"{finding.quoted} is given where a text belongs; write one, or remove the line"


def _form(finding: _Finding) -> str:
    return f"{finding.quoted} is not valid here; write {described(str(finding.limits.get('pattern', '')))}"


def _too_long(finding: _Finding) -> str:
    return f"has {len(str(finding.given))} characters and {finding.limits.get('max_length')} fit; shorten it"


def _too_short(finding: _Finding) -> str:
    if not isinstance(finding.given, str):
        return f"has {len(finding.given)} entries and needs {finding.limits.get('min_length', 1)}; add what is meant"
    longer = "take one of `labvpn secret`" if finding.secret else "write a longer one"
    return f"has {len(finding.given)} characters and needs {finding.limits.get('min_length')}; {longer}"


def _block(finding: _Finding) -> str:
    model = model_of(finding.wanted)
    example = f", such as {', '.join(names(model)[:3])}" if model else ", each with its name"
    return f"{finding.quoted} is given where settings belong; write them below it, one a line{example}, or take it out"


def _list(finding: _Finding) -> str:
    if isinstance(finding.given, str | int | float) and not finding.secret:
        return f"{finding.quoted} is given where a list belongs; write [{', '.join(map(_plain, _entries(finding)))}]"
    return f"{finding.quoted} is given where a list belongs; write one, [] for none, or remove the line"


def _entries(finding: _Finding) -> list[str]:
    """What may be meant by a text in the place of a list: `443, 992`; a sentence may have commas of its own."""
    text = str(finding.given)
    if model_of(finding.entries):
        return [text]
    return [word for word in re.split(r"\s*[,;]\s*|(?<=\d)\s+(?=\d)", text.strip("[] ")) if word] or [text]


WITH_ROUTER = re.compile(r"(\d[\d.]+/\d[\d.]*)/\d[\d.]+")
"""A pushed route as SoftEther's own settings have it: network, mask, router."""


def _plain(word: str) -> str:
    """An entry of a list as YAML has it, a route without SoftEther's router."""
    if found := WITH_ROUTER.fullmatch(word):
        return found[1]
    return word if re.fullmatch(r"[\w./-]+", word) else shortened(repr(word))


def _small(finding: _Finding) -> str:
    least = finding.limits.get("ge", finding.limits.get("gt"))
    return f"{finding.quoted} is too small; write {least} or more"


def _large(finding: _Finding) -> str:
    most = finding.limits.get("le", finding.limits.get("lt"))
    return f"{finding.quoted} is too large; write {most} or less"


def _address(finding: _Finding) -> str:
    sixth = IPv6Address in kinds_of(finding.wanted)
    example = "192.0.2.1 or 2001:db8::1" if sixth else "192.0.2.1"
    return f"{finding.quoted} is not an {'IP' if sixth else 'IPv4'} address; write one, such as {example}"


def _router(finding: _Finding) -> str:
    return f"{finding.quoted} is not an address with a prefix length; write one, such as 192.168.30.1/24"


def _network(finding: _Finding) -> str:
    given = finding.given if isinstance(finding.given, str) else ""
    if WITH_ROUTER.fullmatch(given):
        return f"{finding.quoted} has a router behind the network, as SoftEther has it; write {_plain(given)}"
    return f"{finding.quoted} {of_no_network(given)}"


def of_no_network(given: str) -> str:
    """Why a text is not an IPv4 network, with what to write."""
    try:
        inside = ip_interface(given)
    except ValueError:
        return "is neither an IPv4 network nor an address; write one, such as 192.0.2.0/24"
    if inside.version != 4:
        return "is IPv6, and only IPv4 is taken here; write an IPv4 network or address, such as 192.0.2.0/24"
    own = given.partition("/")[0]
    return f"is an address inside a network; write {inside.network} for the network, or {own} for the address"


def _choice(finding: _Finding) -> str:
    known = [word.strip("'") for word in re.split(r", | or ", str(finding.limits.get("expected", "")))]
    near = nearest(str(finding.given), known) if isinstance(finding.given, str) else None
    if near:
        return f"{finding.quoted} is not a valid choice; did you mean '{near}'?"
    # YAML would read these as something else than a text.
    choices = [f'"{word}"' if re.fullmatch(r"[\d.]+\.[\d.]+|yes|no|on|off|null", word) else word for word in known]
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
    return f"{finding.quoted} is not a valid choice; write {listed}"


def _other(finding: _Finding) -> str:
    return f"{finding.quoted} does not fit here; write it as docs/ has it for this setting"


SENTENCES: dict[str, Callable[[_Finding], str]] = {
    "missing": lambda _: "is missing; add it",
    **dict.fromkeys(("bool_parsing", "bool_type"), _truth),
    **dict.fromkeys(
        ("int_parsing", "int_type", "int_from_float", "int_parsing_size", "finite_number", "float_parsing"), _whole
    ),
    **dict.fromkeys(("string_type", "string_sub_type", "string_unicode", "bytes_type"), _text),
    "string_pattern_mismatch": _form,
    **dict.fromkeys(("string_too_long", "too_long"), _too_long),
    **dict.fromkeys(("string_too_short", "too_short"), _too_short),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), _block),
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type", "iterable_type"), _list),
    **dict.fromkeys(("greater_than_equal", "greater_than"), _small),
    **dict.fromkeys(("less_than_equal", "less_than"), _large),
    **dict.fromkeys(("ip_v4_address", "ip_v6_address", "ip_any_address"), _address),
    "ip_v4_interface": _router,
    "ip_v4_network": _network,
    **dict.fromkeys(("literal_error", "enum"), _choice),
}
"""By the checker's name of a finding (pydantic.dev/errors); a test feeds every setting with every kind of value."""
