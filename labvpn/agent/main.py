"""The agent's commands: observe, survey, check, status, reap, ban, logs, renew, converge, remove, confirm, restore."""

import json
import os
import sys
from typing import Any, Callable, Dict, List, Optional, TextIO

from labvpn.agent.acme.challenge import Challenge
from labvpn.agent.acme.orders import Orders
from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.acme.service import NEXT_TRY
from labvpn.agent.core.errors import AgentError, harmless, sentence_of
from labvpn.agent.core.inspection import Inspection
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import AGENT
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.daemons.log_keeper import keep_logs
from labvpn.agent.daemons.login_guard import guard_logins
from labvpn.agent.daemons.session_reaper import reap_sessions
from labvpn.agent.session import Session, known
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.status import Status

USAGE = (
    "usage: agent observe | survey | check | status | reap | ban | logs | renew [first] | (converge | remove) CONCERN "
    "| (confirm | restore) firewall | challenge (tidy | ACTION NAME TOKEN PROOF)"
)
ENDLESS = {"reap": reap_sessions, "ban": guard_logins, "logs": keep_logs}


def read_request(stream: TextIO) -> Dict[str, Any]:
    """The JSON request; a terminal, or nothing, is an empty one."""
    text = "" if stream.isatty() else stream.read()
    try:
        request = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        # The text holds secrets, so nothing of it may show.
        raise AgentError("the request to the agent on the VPN host is not a JSON object: send all of it to stdin")
    return request


def work(words: List[str], stream: TextIO) -> str:
    """Carry out a command and return what it prints."""
    action, name, *_ = [*words, "", ""]
    if action == "observe":
        request = read_request(stream)
        return inspecting(request, Session.observe) if "documents" in request else "{}\n"
    if action == "survey":
        return inspecting(read_request(stream), Session.survey)
    if action == "check":
        return inspecting({}, Session.check)
    if action == "status":
        return Status(Machine()).report()
    if action == "renew":
        return renew(is_first=name == "first")
    if action == "challenge":
        challenge(Machine(), words[1:])
        return ""
    if action in ENDLESS:
        ENDLESS[action](Machine())
        # The new ones take over without an end that would show as a service that does not run.
        os.execv(AGENT, [AGENT, action])  # noqa: S606
        return ""
    if action in ("confirm", "restore") and name == "firewall":
        session = Session(Machine(), {})
    elif action in ("converge", "remove"):
        session = Session(Machine(), dict(read_request(stream), concern=known(name)))
    else:
        raise AgentError(USAGE)
    method: Callable[[str], str] = getattr(session, action)
    return method(name)


def inspecting(request: Dict[str, Any], question: Callable[[Session], str]) -> str:
    """The answer to a question that changes nothing."""
    machine = Inspection()
    try:
        return question(Session(machine, request))
    finally:
        machine.end()


def renew(is_first: bool) -> str:
    """Renew the certificate where it is due; the first one is fetched by a run that goes on without it."""
    try:
        done = Renewal(SoftEther(Machine(), Secrets({}))).run()
    except Exception as error:
        if not is_first:
            raise
        return "! {}; {}\n".format(sentence_of(error), NEXT_TRY)
    return "renewed: {}\n".format(done) if done else "nothing is due\n"


def challenge(machine: Machine, words: List[str]) -> None:
    """What the ACME client asks of its hook, or `tidy`, which takes away what a run that was cut off has left."""
    if words != ["tidy"] and len(words) != 4:
        raise AgentError(USAGE)
    found = Challenge(machine, Orders.of(machine))
    if words == ["tidy"]:
        found.tidy()
    else:
        action, name, _, proof = words
        found.answer(action, name, proof)


def complain(sentence: str) -> int:
    """Write what failed to stderr, in any locale, and return the exit status."""
    sys.stderr.buffer.write((harmless(sentence) + "\n").encode("utf-8"))
    return 1


def main(words: Optional[List[str]] = None) -> int:
    """Run a command: its output on stdout, or one sentence on stderr and exit status 1."""
    try:
        output = work(sys.argv[1:] if words is None else words, sys.stdin)
    except Exception as error:
        return complain(sentence_of(error))
    sys.stdout.buffer.write(output.encode("utf-8", "replace"))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    # Whatever mode the login gives to new files and folders.
    os.umask(0o022)
    sys.exit(main())
