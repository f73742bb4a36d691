"""The model of the lab as it is now: its configuration from the engine, and every hop read; nothing is changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from labvpn.agent import bundle
from labvpn.connect.inspect import inspect_hops
from labvpn.plan.fortigate.plan import FortiGatePlan
from labvpn.reach.model import ReachModel
from labvpn.reach.table import Reached, of_outputs
from labvpn.render import fortigate as render
from labvpn.render.agent_request import question
from labvpn.render.documents import documents
from labvpn.settings import Settings, load_given

CONFIG = ("pulumi", "config", "--json", "--show-secrets")
OUTPUTS = ("pulumi", "stack", "output", "--json")


class SourceError(Exception):
    """The engine does not give the configuration or the outputs; the message says why and what to do."""


def settings(folder: Path) -> Settings:
    """The configuration of the stack that is selected in a folder. Raises SourceError and ConfigurationError."""
    held: dict[str, Any] = json.loads(_printed(CONFIG, folder))
    values = {key: str(one.get("value", "")) for key, one in held.items()}
    return load_given(values, [key for key, one in held.items() if one.get("secret")], folder)


def models(given: Settings) -> tuple[ReachModel, ReachModel]:
    """The lab now, and as it would be after `up`. Raises HopErrors with every hop that cannot be read."""
    lab, credentials = given
    desired = [documents(lab.at(server), bundle.source()) for server in lab.servers]
    # The names decide about no packet.
    unnamed = lab.model_copy(update={"dns": None})
    snapshot = inspect_hops(unnamed, credentials, [question(one, {}) for one in desired]).result()
    compared = None
    if lab.fortigate and snapshot.fortigate:
        plan = FortiGatePlan.of(lab, lab.fortigate, render.wanted(lab, lab.fortigate), snapshot.fortigate)
        compared = plan.compared
    texts = [{str(concern): text for concern, text in one.items()} for one in desired]
    now = ReachModel.before(lab, snapshot.hosts, compared)
    return now, ReachModel.after(lab, texts, snapshot.hosts, compared)


def last(folder: Path) -> list[Reached] | None:
    """The table that the last `up` recorded; None where there was none. Raises SourceError."""
    held: dict[str, Any] = json.loads(_printed(OUTPUTS, folder))
    found = held.get("reach")
    return None if found is None else of_outputs(found)


def _printed(command: tuple[str, ...], folder: Path) -> str:
    if shutil.which(command[0]) is None:
        raise SourceError("pulumi is not on PATH here; run this where the stack is")
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        word = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise SourceError(f"`{' '.join(command)}` failed: {word}; run it in the stack's folder, with a stack selected")
    return done.stdout
