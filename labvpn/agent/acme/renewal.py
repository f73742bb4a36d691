"""One run of the renewal: fetch a certificate where one is due, have the server show it, and write down how it went."""

import time
from typing import List

from labvpn.agent.acme.challenge import Challenge
from labvpn.agent.acme.client import AcmeClient
from labvpn.agent.acme.facts import Facts, blocks, facts_of, fingerprint_of
from labvpn.agent.acme.orders import Orders
from labvpn.agent.acme.report import RenewalReport
from labvpn.agent.acme.timing import moment_of
from labvpn.agent.core.errors import AgentError, sentence_of
from labvpn.agent.core.lock import held
from labvpn.agent.core.paths import ACME_CURRENT, ACME_NEXT, HOME
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.presented_certificate import (
    body,
    chain_digest,
    presented_chain,
    presented_fingerprint,
    set_certificate,
)

LOCK_SECONDS = 450.0


class Renewal:
    """The server's certificate of an ACME authority, as this host keeps it."""

    def __init__(self, softether: SoftEther) -> None:
        self.softether = softether
        self.machine = softether.machine
        self.report = RenewalReport(self.machine)

    def run(self) -> str:
        """Renew where it is due, and say what was done. AgentError, which is written down, where it failed."""
        with held(self.machine, HOME + "/acme.lock", "renew", LOCK_SECONDS):
            orders, now = Orders.of(self.machine), time.time()
            try:
                said = self.renewed(orders, now)
            except Exception as error:
                self.report.note(tried=now, failed=sentence_of(error), since=self.report.read().get("since") or now)
                raise
            self.report.note(tried=now, failed="", since=0)
            return said

    def renewed(self, orders: Orders, now: float) -> str:
        """Fetch where it is due, set where the server has another, and plan the next time."""
        challenge = Challenge(self.machine, orders)
        self.tidy(challenge)
        why = self.reason(orders, now)
        if why:
            try:
                text = AcmeClient(self.machine, orders).issue()
            except AgentError as error:
                trouble = str(challenge.known().get("trouble") or "")
                raise AgentError("{}; {}".format(error, trouble)) if trouble else error from None
            finally:
                self.tidy(challenge)
            self.keep(text, orders)
            self.report.note(directory=orders["directory"], renewed=now)
        self.install()
        facts = facts_of(self.machine, ACME_CURRENT)
        self.report.note(begins=facts.begins, ends=facts.ends)
        if why:
            self.plan(orders, facts)
        return why

    def tidy(self, challenge: Challenge) -> None:
        """Take our records away; one that cannot be is reported, and keeps nothing else from going on."""
        try:
            challenge.tidy()
        except AgentError as error:
            self.report.note(left=str(error))
        else:
            self.report.note(left="")

    def keep(self, text: str, orders: Orders) -> None:
        """Keep a key with its certificate and chain; AgentError for one that clients would not take."""
        self.machine.write(ACME_NEXT, text, 0o600)
        try:
            facts = facts_of(self.machine, ACME_NEXT)
        finally:
            self.machine.delete(ACME_NEXT)
        if facts.common != orders.names[0] or not set(facts.names).issuperset(orders.names):
            # OpenVPN's clients read the name from the subject alone, and refuse a certificate without one.
            raise AgentError(
                "{} gave a certificate whose common name is '{}' and not {}, which OpenVPN's clients refuse: "
                "have it issue by a profile with a common name".format(
                    orders["directory"], facts.common, orders.names[0]
                )
            )
        self.machine.write(ACME_CURRENT, text, 0o600)

    def reason(self, orders: Orders, now: float) -> str:
        """Why a new certificate is due, '' where none is."""
        if not self.chain():
            return "the first certificate"
        facts = facts_of(self.machine, ACME_CURRENT)
        if sorted(facts.names) != sorted(orders.names):
            return "other names: {}".format(", ".join(orders.names))
        if self.report.read().get("directory") != orders["directory"]:
            return "another authority: {}".format(orders["directory"])
        if self.plan(orders, facts) <= now:
            return "due by {}".format(
                "the word of its authority" if self.report.read()["by"] == "authority" else "its age"
            )
        return ""

    def plan(self, orders: Orders, facts: Facts) -> float:
        """Ask when the certificate is to be renewed, and write it down."""
        moment = moment_of(orders["directory"], facts)
        self.report.note(next=moment.at, by=moment.by)
        return moment.at

    def install(self) -> None:
        """Have the server show the current certificate with its chain; it keeps its sessions."""
        chain = self.chain()
        if not chain or (presented_fingerprint(self.softether) == fingerprint_of(chain[0]) and self.has_chain(chain)):
            return
        key = blocks(self.machine.read(ACME_CURRENT) or "", "KEY")[0]
        set_certificate(self.softether, key, chain)
        self.softether.flush()
        self.softether.refresh()

    def chain(self) -> List[str]:
        """The current certificate and those above it; none where there is none yet, or its file is damaged."""
        text = self.machine.read(ACME_CURRENT) or ""
        return blocks(text, "CERTIFICATE") if blocks(text, "KEY") else []

    def has_chain(self, chain: List[str]) -> bool:
        """Whether the server has this chain, by the way that its version takes; True where it cannot be asked."""
        return presented_chain(self.softether) in (None, chain_digest([body(one) for one in chain[1:]]))

    def fingerprint(self) -> str:
        """The current certificate's SHA-256, '' where there is none yet."""
        chain = self.chain()
        return fingerprint_of(chain[0]) if chain else ""
