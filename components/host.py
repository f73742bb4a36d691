"""The VPN host: commands, one for each concern of the agent, everything by stdin."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pulumi
from pulumi_command import remote

from components.drift import Drift
from components.host_hooks import explained
from labvpn.agent import bundle
from labvpn.connect.ssh import AGENT, RUN_AGENT, STATE, as_root
from labvpn.model.credentials import Credentials
from labvpn.model.server import Jump, Server
from labvpn.model.untrusted import for_engine
from labvpn.parse.host import NOTHING, HostState
from labvpn.plan import release
from labvpn.plan.host import drifted, planned
from labvpn.render.agent_request import Secrets, request
from labvpn.render.documents import Concern, origin

PLACE = (
    "d={folder}; mkdir -p $d; cd $d; read -r h; rm -rf new; head -n -1|base64 -d|zcat >new; "
    'echo "$h new" | sha256sum -c --quiet; chmod 755 new; [ -f agent ] || rm -rf agent; '
    "mv -T new agent"
)
"""Installs the agent in one step, and only as a whole: its SHA-256 comes before it, and a line that is not part of it
after it. It is sent compressed: the engine writes all that is sent into its state, at every step of a run."""

PROTECTED = (Concern.HOST, Concern.SERVER, Concern.HUB)
"""Without these nobody can dial in."""

APPLY_SECONDS = 900
"""The longest that one concern may take on the host: a package installation over a slow line."""

APPLY = f"/usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin timeout {APPLY_SECONDS} {RUN_AGENT}"
"""The agent with that limit, by a PATH that the login's start files do not set."""


@dataclass(frozen=True)
class Host:
    """The host that commands run on: how to reach it, its actual state, and the secrets that it is sent.

    `protected` keeps from deletion what users would miss. `reported` are the notes that one concern has reported, so
    that another does not repeat them.
    """

    server: Server
    credentials: Credentials
    actual: Mapping[str, HostState]
    secrets: Secrets
    protected: bool = False
    reported: set[str] = field(default_factory=set)

    @cached_property
    def _explained(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(hooks=explained(f"vpn-host-unreached{self.server.suffix}", self.server))

    @property
    def connection(self) -> remote.ConnectionArgs:
        """The command plugin's connection; without a host key it would verify nothing, so it always has one."""
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
        """A command run as root. Its text has no data, which `ps`, errors and the preview would show."""
        return remote.Command(
            name,
            connection=self.connection,
            create=self._annotated(create),
            delete=self._annotated(delete) if delete else None,
            stdin=stdin,
            add_previous_output_in_env=False,
            logging=remote.Logging.STDOUT_AND_STDERR,
            opts=pulumi.ResourceOptions.merge(opts, self._explained),
        )

    def _annotated(self, command: str) -> str:
        """The command as root, with a comment for its reader: where it is cut off, the plugin prints only this."""
        return f"{as_root(self.server, command)} # on the VPN host; if this was cut off, run pulumi up again"

    def install_agent(self, name: str, desired: str, opts: pulumi.ResourceOptions) -> remote.Command:
        """Install the agent, again whenever the host has another one; on destroy it goes last, with its memory.

        `desired` is the host's document, which has the agent's digest. The first line of the stdin is that too, so an
        agent that was cut off on its way is never installed. The last line is the generation, without which the command
        would not run again.
        """
        folder = AGENT.rpartition("/")[0]
        source = bundle.source().encode()
        digest, packed = hashlib.sha256(source).hexdigest(), gzip.compress(source, 6, mtime=0)
        actual = self.actual.get(Concern.HOST, NOTHING).document
        drift = Drift(f"{name}-state", _of_agent(desired), _of_agent(actual), opts)
        sent = f"{digest}\n{base64.b64encode(packed).decode()}\n"
        stdin = drift.generation.apply(lambda generation: f"{sent}# generation {int(generation)}\n")
        return self.command(name, f"sh -ec '{PLACE.format(folder=folder)}'", f"rm -rf {folder} {STATE}", stdin, opts)

    def bring_archive(self, name: str, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        """Copy an archive of SoftEther that is a file of the project to where the agent fetches it and removes it."""
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
        initial_server: str = "",
    ) -> remote.Command:
        """Converge one concern to its document, again whenever the host differs."""
        observed = self.actual.get(concern, NOTHING)
        self._report(parent, observed, desired)
        actual = "\n".join((observed.document, *observed.memory)) if observed.memory else observed.document
        drift = Drift(f"{name}-state", desired, actual, pulumi.ResourceOptions(parent=parent))
        stdin = drift.generation.apply(
            lambda generation: request(int(generation), desired, self.secrets, initial_server)
        )
        return self.command(
            name,
            f"{APPLY} converge {concern}",
            f"{APPLY} remove {concern}",
            pulumi.Output.secret(stdin),
            pulumi.ResourceOptions(parent=parent, depends_on=[drift, *after], protect=self._protects(concern)),
        )

    def fetch_certificate(self, name: str, desired: str, opts: pulumi.ResourceOptions) -> remote.Command:
        """Fetch the first certificate of an authority that asks on port 80, when every hop has it open.

        It runs again when the order in the server's document changes. A failure stops nothing: the host tries again.
        """
        order = "".join(f"{line}\n" for line in desired.splitlines() if line.startswith("acme "))
        return self.command(name, f"{APPLY} renew first", None, order, opts)

    def generation(self, step: remote.Command, desired: str) -> pulumi.Output[int | None]:
        """The generation of the SoftEther that runs after the host's step."""
        running = self.actual.get(Concern.SERVER, NOTHING).release
        applies = self.actual.get(Concern.HOST, NOTHING).document != desired
        # What the step prints counts as a secret, since its stdin is one; kits have to read this.
        said = pulumi.Output.unsecret(step.stdout)
        return said.apply(lambda text: release.generation(text or "", running, applies))

    def _protects(self, concern: Concern) -> bool | None:
        return True if self.protected and concern in PROTECTED else None

    def _report(self, parent: pulumi.Resource, observed: HostState, desired: str) -> None:
        for sentence in drifted(observed, desired):
            pulumi.warn(for_engine(f"changed by hand: {sentence}"), parent)
        for sentence in observed.warnings:
            pulumi.warn(for_engine(f"VPN host: {sentence}"), parent)
        for sentence in planned(observed, desired):
            pulumi.info(for_engine(sentence), parent)
        for note in observed.notes:
            if note not in self.reported:
                pulumi.info(for_engine(note), parent)
        self.reported.update(observed.notes)


def _of_agent(document: str) -> str:
    """The document's line of the agent itself."""
    return "".join(f"{line}\n" for line in document.split("\n") if line.startswith("agent "))
