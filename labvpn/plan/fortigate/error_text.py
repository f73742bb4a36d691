"""What a FortiGate refused in the middle of a run: from the provider's error to hop, cause and remedy."""

from __future__ import annotations

import re

AGAIN = "what is done stays done, so run `pulumi up` again afterwards"

_CAUSES = (
    (r"\(401\)", "refused the token (401)", "set fortigateToken to the REST administrator's current token"),
    (r"\(403\)", "does not let this token write (403)", "give its profile read-write rights on the firewall"),
    (r"\(404\)", "no longer has it (404): someone deleted it meanwhile", "check who else is changing the FortiGate"),
    (r"\(429\)", "blocks this address for a while after failed logins (429)", "wait a minute"),
    (r"lost connection|Cannot send request", "stopped answering", "check that it is up and can be reached from here"),
    (r"x509|certificate", "presents a different certificate than before", "correct fortigateCa"),
)


def refusal_text(host: str, name: str, error: str) -> str:
    """One sentence about the failure of an object; `error` is the provider's own text."""
    what, remedy = _cause(error)
    return f"The FortiGate {host} {what}, at {name}; {remedy}; {AGAIN}"


def waiting(failure: str) -> str:
    """The sentence for a FortiGate that keeps a run waiting."""
    return f"{failure}; this run waits for it, for minutes: wait too, or press Ctrl-C twice; {AGAIN}"


def _cause(error: str) -> tuple[str, str]:
    for pattern, what, remedy in _CAUSES:
        if re.search(pattern, error):
            return what, remedy
    said = re.search(r"Cli response:\s*(\S.*)", error)
    if said:
        return f"refused it ({said[1].strip()})", "fix that on the FortiGate or in the configuration"
    return "did not do it", "see its answer above or below this line"
