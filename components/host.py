"""The VPN host: one look at every hop, then commands, one for each concern of the agent, everything by stdin."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pulumi
from pulumi_command import remote

from components.drift import Drift
from components.host_hooks import explained
from labvpn.agent import bundle
from labvpn.connect import inspect as hops
from labvpn.connect.errors import HopErrors
from labvpn.connect.inspect import Snapshot
from labvpn.connect.ssh import AGENT, RUN_AGENT, STATE, as_root
from labvpn.model.credentials import Credentials
from labvpn.model.lab import Lab
from labvpn.model.problems import ConfigurationError
from labvpn.model.server import Jump, Server
from labvpn.model.untrusted import for_engine
from labvpn.parse.host import NOTHING, HostState
from labvpn.plan import ipsec, losses
from labvpn.plan.host import drifted, planned
from labvpn.render import certificate
from labvpn.render.agent_request import Secrets, question, request, secrets
from labvpn.render.certificate import server_certificate
from labvpn.render.documents import Concern, documents, origin

PLACE = (
    "d={folder}; mkdir -p $d; cd $d; read -r h; rm -rf agent.new; head -n -1 >agent.new; "
    'echo "$h agent.new" | sha256sum -c --quiet; chmod 755 agent.new; [ -f agent ] || rm -rf agent; '
    "mv -T agent.new agent"
)
"""Puts the agent in its place in one step, and only as a whole: its SHA-256 comes before it, a line that is none of it
behind."""

PROTECTED = (Concern.HOST, Concern.SERVER, Concern.HUB)
"""Without which nobody can dial in."""

APPLY_SECONDS = 900
"""The longest that one concern may take on the host: a package installation over a slow line."""

APPLY = f"/usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin timeout {APPLY_SECONDS} {RUN_AGENT}"
"""The agent with that limit, by a path that the login's start files have no part in."""


@dataclass(frozen=True)
class Host:
    """The host that commands run on: how to reach it, what it shows, and the secrets that it is sent.

    `protected` keeps from deletion what users would miss. `told` are the notes that one concern has said already, so
    that another does not say them again.
    """

    server: Server
    credentials: Credentials
    seen: Mapping[str, HostState]
    secrets: Secrets
    protected: bool = False
    told: set[str] = field(default_factory=set)

    @cached_property
    def _explained(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(hooks=explained(f"vpn-host-unreached{self.server.suffix}", self.server))

    @property
    def connection(self) -> remote.ConnectionArgs:
        """The command plugin's connection; without a host key it would verify nothing, so one always stands here."""
        ssh = self.server.ssh
        return remote.ConnectionArgs(
            host=self.server.ssh_host,
            port=ssh.port,
            user=ssh.user,
            host_key=self.credentials.host_key_of(self.server),
            proxy=self._proxy(ssh.jump) if ssh.jump else None,
            dial_error_limit=3,
            per_dial_timeout=15,
            **self._opens,
        )

    def _proxy(self, jump: Jump) -> remote.ProxyConnectionArgs:
        return remote.ProxyConnectionArgs(
            host=jump.host,
            port=jump.port,
            user=jump.user,
            host_key=jump.host_key,
            dial_error_limit=3,
            per_dial_timeout=15,
            **self._opens,
        )

    @property
    def _opens(self) -> dict[str, pulumi.Output[str]]:
        """The key or password as a secret; with neither the plugin asks the SSH agent."""
        return {name: pulumi.Output.secret(text) for name, text in self.credentials.login(self.server.ssh).items()}

    def command(
        self, name: str, create: str, delete: str | None, stdin: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> remote.Command:
        """A command run as root. Its text holds no data: that would stand in `ps`, in errors and in the preview."""
        return remote.Command(
            name,
            connection=self.connection,
            create=self._told(create),
            delete=self._told(delete) if delete else None,
            stdin=stdin,
            add_previous_output_in_env=False,
            logging=remote.Logging.STDOUT_AND_STDERR,
            opts=pulumi.ResourceOptions.merge(opts, self._explained),
        )

    def _told(self, command: str) -> str:
        """The command as root, with a comment for its reader: all that the plugin says of a cut is this text."""
        return f"{as_root(self.server, command)} # on the VPN host; if this was cut off, run pulumi up again"

    def install_agent(self, name: str, desired: str, opts: pulumi.ResourceOptions) -> remote.Command:
        """Put the agent on the host, again whenever it is another there; on destroy it goes last, with its memory.

        `desired` is the host's document, which has the agent's digest. The first line of the stdin is that too, so what
        was cut on its way is never put in place. The last line is the generation, without which the command would not
        run again.
        """
        folder = AGENT.rpartition("/")[0]
        digest = hashlib.sha256(bundle.source().encode()).hexdigest()
        shown = self.seen.get(Concern.HOST, NOTHING).document
        drift = Drift(f"{name}-state", _of_agent(desired), _of_agent(shown), opts)
        sent = f"{digest}\n{bundle.source()}"
        stdin = drift.generation.apply(lambda generation: f"{sent}# generation {int(generation)}\n")
        return self.command(name, f"sh -ec '{PLACE.format(folder=folder)}'", f"rm -rf {folder} {STATE}", stdin, opts)

    def bring_archive(self, name: str, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        """Put an archive of SoftEther that is a file of the project's where the agent fetches it, and takes it away."""
        tarball = self.server.tarball
        if tarball is None or tarball.file is None:
            return []
        # A name alone is one in the home of the user that the connection logs in as.
        source, place = pulumi.FileAsset(tarball.file), origin(self.server).rpartition("/")[2]
        copied = remote.CopyToRemote(name, connection=self.connection, source=source, remote_path=place, opts=opts)
        return [copied]

    def converge(
        self,
        name: str,
        concern: Concern,
        desired: str,
        parent: pulumi.Resource,
        after: Sequence[pulumi.Resource],
        seed: str = "",
    ) -> remote.Command:
        """Bring one concern to its document, again whenever the host shows something else."""
        observed = self.seen.get(concern, NOTHING)
        self._tell(parent, observed, desired)
        shown = "\n".join((observed.document, *observed.memory)) if observed.memory else observed.document
        drift = Drift(f"{name}-state", desired, shown, pulumi.ResourceOptions(parent=parent))
        stdin = drift.generation.apply(lambda generation: request(int(generation), desired, self.secrets, seed))
        return self.command(
            name,
            f"{APPLY} converge {concern}",
            f"{APPLY} remove {concern}",
            pulumi.Output.secret(stdin),
            pulumi.ResourceOptions(parent=parent, depends_on=[drift, *after], protect=self._protects(concern)),
        )

    def _protects(self, concern: Concern) -> bool | None:
        return True if self.protected and concern in PROTECTED else None

    def _tell(self, parent: pulumi.Resource, observed: HostState, desired: str) -> None:
        for sentence in drifted(observed, desired):
            pulumi.warn(for_engine(f"changed by hand: {sentence}"), parent)
        for sentence in observed.warnings:
            pulumi.warn(for_engine(f"VPN host: {sentence}"), parent)
        for sentence in planned(observed, desired):
            pulumi.info(for_engine(sentence), parent)
        for note in observed.notes:
            if note not in self.told:
                pulumi.info(for_engine(note), parent)
        self.told.update(observed.notes)


def _of_agent(document: str) -> str:
    """The document's line of the agent itself."""
    return "".join(f"{line}\n" for line in document.split("\n") if line.startswith("agent "))


class HostPlan(NamedTuple):
    """One server of the lab, and what it is told: its documents, and the secrets that they stand for."""

    server: Server
    desired: dict[Concern, str]
    secrets: Secrets


def host_plans(lab: Lab, credentials: Credentials) -> list[HostPlan]:
    """Every server of the lab. Raises RunError with what is wrong with the parts of their certificate."""
    return [_host_plan(lab.at(server), credentials) for server in lab.servers]


def _host_plan(lab: Lab, credentials: Credentials) -> HostPlan:
    try:
        shown = server_certificate(lab, credentials)
    except ConfigurationError as error:
        raise pulumi.RunError(str(error)) from None
    desired = documents(lab, bundle.source(), shown and shown.fingerprint)
    return HostPlan(lab.server, desired, secrets(lab, credentials))


def inspect(lab: Lab, credentials: Credentials, told: Sequence[HostPlan]) -> Snapshot:
    """What every hop shows before anything is changed. Raises RunError with the failure of every hop, a line each."""
    for sentence in ipsec.warnings(lab):
        pulumi.warn(sentence)
    for sentence in (*ipsec.notes(lab), *certificate.notes(lab, credentials)):
        pulumi.info(sentence)
    try:
        seen = hops.inspect_hops(lab, credentials, [question(site.desired, site.secrets) for site in told])
    except HopErrors as error:
        raise pulumi.RunError(str(error)) from None
    if refused := [*_losses(lab, told, seen)]:
        raise pulumi.RunError("\n".join(refused))
    return seen


def _losses(lab: Lab, told: Sequence[HostPlan], seen: Snapshot) -> Iterator[str]:
    """Why the users' list may not be applied: it takes away more than anyone said."""
    for site, shown in zip(told, seen.hosts, strict=True):
        observed, desired = shown.get(Concern.HUB, NOTHING), site.desired[Concern.HUB]
        if sentence := losses.refusal(site.server.ssh_host, observed, desired, lab.may_remove, lab.protect):
            yield sentence
