"""The ACME client of the distribution, dehydrated: an account, and a new key with a certificate for it."""

import hashlib
import json
import re
import shlex
from contextlib import ExitStack
from typing import List

from labvpn.agent.acme.facts import blocks
from labvpn.agent.acme.orders import Orders
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine, Outcome
from labvpn.agent.core.paths import ACME_CLIENT, ACME_HOOK
from labvpn.agent.softether.peer import listener_of

ISSUE_SECONDS = 400
"""The longest that one certificate may take: every challenge waits for the zone's servers."""

HTTP = 80
UNIT = "labvpn-renew"
"""The service of the host that renews, and its timer."""

NO_ACCOUNT = "accountDoesNotExist"
"""What is said of an account that the authority does not know (any more)."""


class AcmeRefusal(AgentError):
    """The authority gave no certificate; `kind` is its own word for the reason, '' where it said none."""

    def __init__(self, sentence: str, kind: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind


class AcmeClient:
    """The client with a folder and a configuration of its own for each authority."""

    def __init__(self, machine: Machine, orders: Orders) -> None:
        self.machine = machine
        self.orders = orders
        authority = hashlib.sha256(orders["directory"].encode()).hexdigest()[:12]
        self.folder = "{}/{}".format(ACME_CLIENT, authority)
        self.noted = self.folder + "/account"
        self.answers = self.folder + "/answers"

    def issue(self) -> str:
        """A new key and the certificate for it with its chain, in PEM. AcmeRefusal says why there is none."""
        self.register()
        made = "{}/certs/{}".format(self.folder, self.orders.names[0])
        # A key of its own for each certificate: one that was revoked may be refused for ever.
        self.machine.delete(made)
        with ExitStack() as answering:
            if self.orders.by_http:
                self.answer(answering)
            outcome = self.order()
        if outcome.status != 0:
            raise self.refusal(outcome)
        key, chain = (self.machine.read("{}/{}.pem".format(made, name)) or "" for name in ("privkey", "fullchain"))
        if not blocks(key, "KEY") or not blocks(chain, "CERTIFICATE"):
            raise AcmeRefusal("dehydrated on the VPN host left no certificate: see its folder {}".format(self.folder))
        return "".join(blocks(key, "KEY") + blocks(chain, "CERTIFICATE"))

    def answer(self, while_it_lasts: ExitStack) -> None:
        """Have the authority answered on port 80."""
        # An HTTP server takes long to import, and few runs of the agent need one.
        from labvpn.agent.acme.responder import Responder

        try:
            while_it_lasts.enter_context(Responder(self.machine.path(self.answers)))
        except OSError as error:
            raise AgentError(
                "port 80 of the VPN host, where HTTP-01 is answered, cannot be listened on ({}): stop {} there, or "
                "use challenge: dns-01".format(error.strerror, http_holder(self.machine) or "what has it")
            ) from None

    def order(self) -> Outcome:
        """Have the client order; with another account where the authority has forgotten the one that we had."""
        words = ["--cron", "--force", *(word for name in self.orders.names for word in ("--domain", name))]
        outcome = self.run(words)
        if outcome.status != 0 and NO_ACCOUNT in outcome.errors:
            self.machine.delete(self.noted)
            self.machine.delete(self.folder + "/accounts")
            self.register()
            outcome = self.run(words)
        return outcome

    def register(self) -> None:
        """Have an account with the contact that is ordered; its key stays in the client's folder."""
        for folder in (self.folder, self.answers):
            self.machine.path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.machine.write(self.folder + "/config", self.configuration(), 0o600)
        known, contact = self.machine.read(self.noted), self.orders["contact"]
        if known == contact:
            return
        # Whoever orders a certificate has agreed to the authority's terms.
        outcome = self.run(["--register", "--accept-terms"] if known is None else ["--account"])
        if outcome.status != 0:
            raise self.refusal(outcome)
        self.machine.write(self.noted, contact, 0o600)

    def configuration(self) -> str:
        """The client's configuration, which is text of a shell."""
        values = {
            "CA": self.orders["directory"],
            "BASEDIR": str(self.machine.path(self.folder)),
            "CONTACT_EMAIL": self.orders["contact"],
            "CHALLENGETYPE": self.orders["challenge"],
            "HOOK": "" if self.orders.by_http else ACME_HOOK,
            "WELLKNOWN": str(self.machine.path(self.answers)),
            "HOOK_CHAIN": "no",
            "KEY_ALGO": "rsa",
            "KEYSIZE": "2048",
            "PRIVATE_KEY_RENEW": "yes",
        }
        return "".join("{}={}\n".format(name, shlex.quote(value)) for name, value in values.items())

    def run(self, words: List[str]) -> Outcome:
        """Run the client; its own lock would outlast a run that was killed, and the agent's is held."""
        config = str(self.machine.path(self.folder + "/config"))
        return self.machine.run(["dehydrated", "--config", config, "--no-lock", *words], ISSUE_SECONDS)

    def refusal(self, outcome: Outcome) -> AcmeRefusal:
        """Why there is no certificate, in the authority's words where it said any."""
        text = outcome.errors + outcome.output
        kinds = re.findall(r"urn:ietf:params:acme:error:(\w+)", text)
        details = re.findall(r'"detail"\]?[:\s]*"((?:[^"\\]|\\.)*)"', text)
        lines = [line.strip(" +") for line in text.splitlines() if "ERROR: " in line]
        why = plain(details[-1]) if details else (lines or text.strip().splitlines() or ["it said nothing"])[-1]
        kind = kinds[-1] if kinds else ""
        sentence = "{} gave no certificate: {}".format(self.orders["directory"], why[:300])
        return AcmeRefusal("{} ({})".format(sentence, kind) if kind else sentence, kind)


def http_holder(machine: Machine) -> str:
    """The program that listens on port 80, '' where none does, or where it is the renewal that is answering."""
    holder = listener_of(machine, HTTP)
    return "" if UNIT + ".service" in holder else holder


def plain(quoted: str) -> str:
    """The text between the quotes of a JSON string, as it is where it cannot be read."""
    try:
        return str(json.loads('"{}"'.format(quoted)))
    except ValueError:
        return quoted
