"""The plan of every server, and one inspection of every hop before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

import pulumi

from components import known_holes
from labvpn.agent import bundle
from labvpn.connect import inspect as connect
from labvpn.connect.errors import HopErrors
from labvpn.connect.inspect import Snapshot
from labvpn.model.credentials import Credentials
from labvpn.model.lab import Lab
from labvpn.model.problems import ConfigurationError
from labvpn.model.server import Server
from labvpn.model.untrusted import for_engine
from labvpn.parse.host import NOTHING
from labvpn.plan import ipsec, losses
from labvpn.render import certificate
from labvpn.render.agent_request import Secrets, question, secrets
from labvpn.render.certificate import server_certificate
from labvpn.render.documents import Concern, documents


class HostPlan(NamedTuple):
    """One server of the lab with its desired documents, and the secrets that these name."""

    server: Server
    desired: dict[Concern, str]
    secrets: Secrets


def host_plans(lab: Lab, credentials: Credentials) -> list[HostPlan]:
    """Every server of the lab. Raises RunError with what is wrong with the parts of their certificate."""
    return [_host_plan(lab.at(server), credentials) for server in lab.servers]


def _host_plan(lab: Lab, credentials: Credentials) -> HostPlan:
    try:
        signed = server_certificate(lab, credentials)
    except ConfigurationError as error:
        raise pulumi.RunError(str(error)) from None
    desired = documents(lab, bundle.source(), signed and signed.fingerprint, signed and signed.chain)
    return HostPlan(lab.server, desired, secrets(lab, credentials))


@dataclass(frozen=True)
class Inspection:
    """An inspection of every hop that is under way."""

    lab: Lab
    plans: Sequence[HostPlan]
    pending: Future[Snapshot]

    def result(self) -> Snapshot:
        """The actual state of every hop. Raises RunError with all failures, a line each."""
        try:
            snapshot = self.pending.result()
        except HopErrors as error:
            raise pulumi.RunError(str(error)) from None
        for sentence in snapshot.unverified:
            pulumi.warn(for_engine(sentence))
        if refused := [*_losses(self.lab, self.plans, snapshot)]:
            raise pulumi.RunError("\n".join(refused))
        known_holes.report_all(self.lab, [plan.server for plan in self.plans], snapshot.hosts)
        return snapshot


def inspect(lab: Lab, credentials: Credentials, plans: Sequence[HostPlan]) -> Inspection:
    """Begin to inspect every hop, before anything is changed, while the caller goes on."""
    requests = [question(plan.desired, plan.secrets) for plan in plans]
    begun = Inspection(lab, plans, connect.inspect_hops(lab, credentials, requests))
    for sentence in ipsec.warnings(lab):
        pulumi.warn(sentence)
    for sentence in (*ipsec.notes(lab), *certificate.notes(lab, credentials)):
        pulumi.info(sentence)
    return begun


def _losses(lab: Lab, plans: Sequence[HostPlan], snapshot: Snapshot) -> Iterator[str]:
    """Why the users' list may not be applied: it removes more users than the configuration allows."""
    for plan, actual in zip(plans, snapshot.hosts, strict=True):
        observed, desired = actual.get(Concern.HUB, NOTHING), plan.desired[Concern.HUB]
        if sentence := losses.refusal(plan.server.ssh_host, observed, desired, lab.may_remove, lab.protect):
            yield sentence
