"""What a FortiGate refused in the middle of a run: from the provider's error to hop, cause and remedy."""

from __future__ import annotations

import re

PATIENCE = 30
"""Seconds of silence after which a run is ended: the provider would wait for up to 17 times 250 s."""

SLOW = 3
"""Seconds for one answer that are worth a sentence: a run asks some hundred questions of a large FortiGate."""

AGAIN = "what is done stays done, so run `pulumi up` again afterwards"


def _status(number: int, meaning: str) -> str:
    """How both packages write a status: `(403)`, `status 403`, or as a page, JSON or the HTTP reply itself has it."""
    named = rf"(?:status|code|\bhttp(?:/[\d.]+)?)[\"']?\s*[:=]?\s*[\"']?{number}\b"
    return rf"(?i)\({number}\)|{named}|\b{number}:? {meaning}|<title>\s*{number}\b"


_CAUSES = (
    (
        _status(401, "(?:Authorization Required|Unauthorized|Not Authorized)"),
        "refused the token (401)",
        "set fortigateToken to the REST administrator's current token, and look at its trusted hosts",
    ),
    (
        _status(403, "Forbidden"),
        "does not let this token write (403)",
        "give its profile read-write rights on the firewall",
    ),
    (
        _status(404, "Not Found"),
        "no longer has it (404): someone deleted it meanwhile",
        "check who else is changing the FortiGate",
    ),
    (
        _status(429, "Too Many Requests"),
        "blocks this address for a while after failed logins (429)",
        "wait a minute",
    ),
    (
        r"error reading from server: EOF|Plugin did not respond",
        "gave an answer that the provider does not survive",
        "look for what it made on the FortiGate, and name its FortiOS in a report",
    ),
    (
        r"lost connection|Cannot send request|context canceled",
        "stopped answering",
        "check that it is up and can be reached from here",
    ),
    (r"x509|certificate", "presents a different certificate than before", "correct fortigateCa"),
)


def refusal_text(host: str, name: str, error: str) -> str:
    """One sentence about the failure of an object; `error` is the provider's own text."""
    what, remedy = _cause(error)
    return f"The FortiGate {host} {what}, at {name}; {remedy}; {AGAIN}"


def waiting(failure: str) -> str:
    """The sentence for a FortiGate that keeps a run waiting."""
    return f"{failure}; this run waits for it, and ends if it stays silent for {PATIENCE} s; {AGAIN}"


def slow(host: str, seconds: float) -> str:
    """The sentence for a FortiGate that answers, and takes its time."""
    return (
        f"The FortiGate {host} took {seconds:.0f} s for one answer, so this run takes long; it goes on as long as "
        "answers come: look at the FortiGate's load, and who else is asking it"
    )


def ended(host: str) -> str:
    """The sentence for a run that is ended since its FortiGate stayed silent."""
    return (
        f"The FortiGate {host} has not answered for {PATIENCE} s, so this run is ended; check that it is up and can be "
        f"reached from here; {AGAIN}"
    )


def _cause(error: str) -> tuple[str, str]:
    for pattern, what, remedy in _CAUSES:
        if re.search(pattern, error):
            return what, remedy
    said = re.search(r"Cli response:\s*(\S.*)", error)
    if said:
        return f"refused it ({said[1].strip()})", "fix that on the FortiGate or in the configuration"
    return "did not do it", "see its answer above or below this line"
