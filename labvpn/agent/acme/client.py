"""The ACME client of the distribution, uacme: an account, and a new key with a certificate for it."""

import hashlib
import re
from typing import List

from labvpn.agent.acme.facts import blocks
from labvpn.agent.acme.orders import Orders
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine, Outcome
from labvpn.agent.core.paths import ACME_CLIENT, ACME_HOOK

ISSUE_SECONDS = 400
"""The longest that one certificate may take: every challenge waits for the zone's servers."""

NO_ACCOUNT = ("accountDoesNotExist", "no account exists")
"""What is said of an account that the authority does not know (any more)."""


class AcmeRefusal(AgentError):
    """The authority gave no certificate; `kind` is its own word for the reason, '' where it said none."""

    def __init__(self, sentence: str, kind: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind


class AcmeClient:
    """Uacme with a folder of its own for each authority."""

    def __init__(self, machine: Machine, orders: Orders) -> None:
        self.machine = machine
        self.orders = orders
        authority = hashlib.sha256(orders["directory"].encode()).hexdigest()[:12]
        self.folder = "{}/{}".format(ACME_CLIENT, authority)
        self.noted = self.folder + "/account"

    def issue(self) -> str:
        """A new key and the certificate for it with its chain, in PEM. AcmeRefusal says why there is none."""
        self.register()
        first = self.orders.names[0]
        # A key of its own for each certificate: one that was revoked may be refused for ever.
        for place in ("private/{}".format(first), first):
            self.machine.delete("{}/{}".format(self.folder, place))
        order = ["-t", "RSA", "-b", "2048", "-h", ACME_HOOK, "-f", "issue", *self.orders.names]
        outcome = self.run(order)
        if outcome.status != 0 and any(word in outcome.errors for word in NO_ACCOUNT):
            self.machine.delete(self.noted)
            self.register()
            outcome = self.run(order)
        if outcome.status != 0:
            raise self.refusal(outcome)
        key = self.machine.read("{}/private/{}/key.pem".format(self.folder, first)) or ""
        chain = self.machine.read("{}/{}/cert.pem".format(self.folder, first)) or ""
        if not blocks(key, "KEY") or not blocks(chain, "CERTIFICATE"):
            raise AcmeRefusal("uacme on the VPN host left no certificate: see its folder {}".format(self.folder))
        return "".join(blocks(key, "KEY") + blocks(chain, "CERTIFICATE"))

    def register(self) -> None:
        """Have an account with the contact that is ordered; its key stays in the client's folder."""
        self.machine.path(self.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        known, contact = self.machine.read(self.noted), self.orders["contact"]
        if known == contact:
            return
        outcome = self.run(["new" if known is None else "update", *([contact] if contact else [])])
        if outcome.status != 0 and "already exists" not in outcome.errors:
            raise self.refusal(outcome)
        self.machine.write(self.noted, contact, 0o600)

    def run(self, words: List[str]) -> Outcome:
        """Run the client; whoever orders a certificate has agreed to the authority's terms."""
        folder = str(self.machine.path(self.folder))
        return self.machine.run(["uacme", "-y", "-c", folder, "-a", self.orders["directory"], *words], ISSUE_SECONDS)

    def refusal(self, outcome: Outcome) -> AcmeRefusal:
        """Why there is no certificate, in the authority's words where it said any."""
        text = outcome.errors + outcome.output
        kind = re.search(r"urn:ietf:params:acme:error:(\w+)", text)
        details = re.findall(r'"detail": *"((?:[^"\\]|\\.)*)"', text)
        lines = [line.strip() for line in text.splitlines() if line.startswith("uacme: ")]
        why = details[-1] if details else (lines or [text.strip() or "it said nothing"])[-1]
        word = " ({})".format(kind.group(1)) if kind else ""
        return AcmeRefusal(
            "{} gave no certificate: {}{}".format(self.orders["directory"], why[:300], word),
            kind.group(1) if kind else "",
        )
