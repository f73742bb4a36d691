"""One run of the agent: what it observes of each concern, and what it does with one."""

import json
import time
from contextlib import suppress
from typing import Any, Dict, List

from labvpn.agent.acme.report import RenewalReport
from labvpn.agent.codes.health import CodesHealth
from labvpn.agent.core.concern import Concern, describe_all, observed_text
from labvpn.agent.core.document import parse, relative
from labvpn.agent.core.errors import AgentError, sentence_of
from labvpn.agent.core.lock import held
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import HOME
from labvpn.agent.core.secret_digests import SecretDigests, Secrets
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewall import FirewallConcern
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.rollback import Rollback
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.host import HostConcern
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.installations import installation
from labvpn.agent.softether.server import ServerConcern
from labvpn.agent.survey import Survey

CONCERNS = ("host", "server", "hub", "firewall")


class Session:
    """One run: the machine, the request that came by stdin, and one SoftEther for all concerns."""

    def __init__(self, machine: Machine, request: Dict[str, Any]) -> None:
        self.machine = machine
        self.request = request
        self.softether = SoftEther(machine, Secrets(request.get("secrets") or {}))

    def concern(self, name: str) -> Concern:
        """A concern by its name."""
        state = State(self.machine, name)
        # The host's document may place it elsewhere.
        self.softether.place = installation(self.machine)
        if name == "host":
            return HostConcern(state, self.softether, str(self.request.get("seed") or ""))
        if name == "server":
            return ServerConcern(state, self.softether)
        return HubConcern(state, self.softether) if name == "hub" else FirewallConcern(state)

    def observe(self) -> str:
        """Every concern of the request as the machine shows it; what cannot be read becomes a note.

        Where the request says `relative`, documents in the answer refer to the desired ones, which the asker has.
        """
        documents = self.request["documents"]
        answer = self.inspect_all(documents)
        for name, desired in documents.items() if self.request.get("relative") else ():
            part = answer[name]
            for key in ("observed", "applied", "begun"):
                part[key] = None if part.get(key) is None else relative(part[key], desired)
        return json.dumps(answer) + "\n"

    def check(self) -> str:
        """Every concern as the machine shows it, against the document that it was converged to; nothing is sent."""
        states = {name: State(self.machine, name) for name in CONCERNS}
        known = {name: one.applied for name, one in states.items() if one.applied is not None or one.lost or one.damage}
        return json.dumps(self.inspect_all({name: text or "" for name, text in known.items()})) + "\n"

    def inspect_all(self, documents: Dict[str, str]) -> Dict[str, Dict[str, Any]]:
        """The answer about some concerns; firewalld, the slowest to answer, is asked while the others are read."""
        # The concern itself says what cannot be read.
        with suppress(Exception):
            Firewalld(self.machine).read_ahead(parse(documents.get("firewall", "")))
        return {name: self.inspect(name, text) for name, text in documents.items()}

    def survey(self) -> str:
        """What the host has that was made by hand."""
        self.softether.place = installation(self.machine)
        return Survey(self.machine, self.softether).report()

    def inspect(self, name: str, desired: str) -> Dict[str, Any]:
        """One concern as the machine shows it; whatever keeps it from being read is a note, and stops no other."""
        state = State(self.machine, known(name))
        answer: Dict[str, Any] = {"observed": "", "applied": state.applied, "notes": [], "refusals": state.refusals()}
        answer["memory"] = [sentence for sentence in (state.lost, state.damage and str(state.damage)) if sentence]
        answer["warnings"] = [state.lost] if state.lost else []
        try:
            concern = self.concern(name)
            lines = parse(desired)
            digests = SecretDigests(self.machine, name)
            answer["begun"] = digests.begun()
            every = lines + list(concern.state.lines().values())
            # Without secrets, as in a check, a renewed one cannot be detected.
            answer["renewed"] = digests.renewed(every, self.softether.secrets) if self.request.get("secrets") else None
            answer["observed"] = observed_text(concern, desired)
            answer["notes"] = concern.notes(lines)
            answer["warnings"] = answer["warnings"] + concern.warnings(lines)
            answer["failing"] = self.failing(name)
            answer["refusals"] += concern.refusals(lines)
            answer.update(concern.software())
            answer["facts"] = concern.facts(lines)
            if name == "server" and "firewall" not in self.request.get("documents", {"firewall": ""}):
                firewall = FirewallConcern(State(self.machine, "firewall"))
                answer["warnings"] += firewall.prechecks.unopened(lines)
                answer["facts"] = firewall.facts(lines)
        except Exception as error:
            answer["notes"] = [sentence_of(error)]
        return answer

    def failing(self, name: str) -> List[str]:
        """What the host should do by itself, or for every login, and cannot."""
        if name == "hub":
            return CodesHealth(self.machine).warnings()
        return RenewalReport(self.machine).warnings(time.time()) if name == "server" else []

    def converge(self, name: str) -> str:
        """Apply a concern's document."""
        text = str(self.request.get("desired") or "")
        with self.lock(name, "converge"):
            concern, digests = self.concern(name), SecretDigests(self.machine, name)
            parse(text)
            digests.begin(text)
            done = concern.converge(text)
            digests.end(text, self.softether.secrets)
            return describe_all(done)

    def remove(self, name: str) -> str:
        """Return what a concern touched to what it was, and forget it."""
        with self.lock(name, "remove"):
            concern = self.concern(name)
            done = concern.remove()
            concern.state.clear()
            SecretDigests(self.machine, name).clear()
            return describe_all(done)

    def confirm(self, name: str) -> str:
        """Let the new firewall rules stay."""
        with self.lock(name, "confirm"):
            return describe_all(Rollback(State(self.machine, name)).confirm())

    def restore(self, name: str) -> str:
        """Return to the firewall rules before an unconfirmed change."""
        with self.lock(name, "restore"):
            return describe_all(Rollback(State(self.machine, name)).restore())

    def lock(self, name: str, action: str) -> Any:
        """The lock of a concern."""
        return held(self.machine, "{}/{}.lock".format(HOME, name), "{} {}".format(action, name))


def known(name: str) -> str:
    """A concern's name; AgentError for any other word."""
    if name not in CONCERNS:
        raise AgentError(
            "the agent on the VPN host does not know the concern {}: use one of {}".format(name, ", ".join(CONCERNS))
        )
    return name
