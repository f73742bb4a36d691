"""When a certificate is renewed: as its authority suggests (ARI, RFC 9773), else at two thirds of its life."""

import calendar
import hashlib
import json
import re
import socket
import ssl
import time
from typing import Any, Dict, NamedTuple, Optional
from urllib.error import URLError
from urllib.request import Request, urlopen

from labvpn.agent.acme.facts import Facts

SECONDS = 20
MOST_BYTES = 1 << 16
SHARE, SPREAD = 2 / 3, 1 / 30
"""Without a suggestion: the part of its life after which it is renewed, and over which part hosts are spread."""


class Moment(NamedTuple):
    """When it is renewed, in seconds since 1970, and by whose word: `authority` or `life`."""

    at: float
    by: str


def moment_of(directory: str, facts: Facts) -> Moment:
    """When this certificate is renewed; each host has its own moment, so that not all come at once."""
    place = fraction(facts)
    window = suggested(directory, facts)
    if window is not None:
        begin, end = window["start"], max(window["start"], window["end"])
        return Moment(begin + place * (end - begin), "authority")
    return Moment(facts.begins + facts.life * (SHARE + place * SPREAD), "life")


def fraction(facts: Facts) -> float:
    """A number from 0 to 1 that is this host's and this certificate's, and stays so."""
    seed = "{} {}".format(socket.gethostname(), facts.identifier).encode()
    return int(hashlib.sha256(seed).hexdigest()[:8], 16) / 0xFFFFFFFF


def suggested(directory: str, facts: Facts) -> Optional[Dict[str, float]]:
    """The window that the authority suggests; None where it offers none, or does not answer."""
    if not facts.authority:
        return None
    offered = fetched(directory).get("renewalInfo")
    if not isinstance(offered, str):
        return None
    window = fetched("{}/{}".format(offered.rstrip("/"), facts.identifier)).get("suggestedWindow")
    if not isinstance(window, dict):
        return None
    times = {name: instant(window.get(name)) for name in ("start", "end")}
    known = {name: at for name, at in times.items() if at is not None}
    return known if len(known) == len(times) else None


def fetched(address: str) -> Dict[str, Any]:
    """A JSON object of the authority's, empty where there is none; the address is https alone."""
    if not address.startswith("https://"):
        return {}
    request = Request(address, headers={"User-Agent": "labvpn", "Accept": "application/json"})  # noqa: S310
    try:
        with urlopen(request, timeout=SECONDS, context=ssl.create_default_context()) as answer:  # noqa: S310
            found = json.loads(answer.read(MOST_BYTES).decode("utf-8"))
    except (URLError, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def instant(text: Any) -> Optional[float]:
    """A time of RFC 3339 in seconds since 1970, None for any other text."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$", str(text))
    if found is None:
        return None
    day, clock, sign, hours, minutes = found.groups()
    try:
        seconds = calendar.timegm(time.strptime(day + clock, "%Y-%m-%d%H:%M:%S"))
    except ValueError:
        return None
    ahead = (int(hours) * 60 + int(minutes)) * 60 if sign else 0
    return float(seconds - ahead if sign == "+" else seconds + ahead)
