"""The section `expect` of a lab that was found: the obvious expectations that hold there, and no other."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter, ValidationError

from labvpn.adopt.found import Found
from labvpn.adopt.obvious import candidates, narrower
from labvpn.adopt.project import Project
from labvpn.connect.errors import HopErrors
from labvpn.model.expect import Expectation, Expected
from labvpn.model.problems import ConfigurationError
from labvpn.reach import live
from labvpn.reach.expectations import Decider, Outcome, State
from labvpn.reach.model import ReachModel
from labvpn.reach.sentences import what_decides
from labvpn.settings import Settings, load_given

LATER = "labvpn:expect is not written, since the lab cannot be read as the stack would: "
THEIRS = "labvpn:expect stays as it is in the stack's configuration; remove it to have it written from the lab"
_FORM: TypeAdapter[Expectation] = TypeAdapter(Expected)


def expectations(found: Found, project: Project) -> None:
    """Add the section `expect`: the hops are read again, as a preview of what was found reads them.

    Whatever prevents that is a remark, and the rest is written all the same.
    """
    if project.value("expect") is not None:
        found.remarks.append(THEIRS)
        return
    try:
        models = live.models(_settings(found, project))
    except (ConfigurationError, HopErrors, live.SourceError) as error:
        found.remarks.append(LATER + "; ".join(str(error).splitlines()))
        return
    written, remarks = decided(models)
    found.remarks += remarks
    if written:
        found.sections["expect"] = [form(one) for one in written]


def _settings(found: Found, project: Project) -> Settings:
    """The configuration as it will be: what the stack has, and what was found."""
    values = {**project.texts, **{key: json.dumps(section) for key, section in project.sections(found).items()}}
    secrets = set(project.secrets)
    for path, text in found.secrets.items():
        top = path.partition(".")[0].partition("[")[0]
        key, below = f"{project.name}:{top}", path.removeprefix(top).strip('.["]')
        values[key] = json.dumps({**json.loads(values.get(key) or "{}"), below: text}) if below else text
        secrets.add(key)
    with TemporaryDirectory(prefix="labvpn-adopt-") as folder, redirect_stderr(io.StringIO()):
        project.write_files(found, Path(folder))
        return load_given(values, secrets, Path(folder))


def decided(models: Sequence[ReachModel]) -> tuple[list[Expectation], list[str]]:
    """The candidates that hold on every model, and remarks on those that do not, or cannot be told."""
    deciders = [Decider(model) for model in models]
    written: list[Expectation] = []
    broken: list[str] = []
    unclear: dict[str, list[str]] = {}
    for one in candidates(models[-1]):
        worst = _worst(deciders, one)
        if worst.state is State.KEPT:
            written.append(one)
            continue
        kept = [part for part in narrower(one, models[-1].lab) if _worst(deciders, part).state is State.KEPT]
        written += _as_one(one, kept)
        if worst.state is State.UNCLEAR:
            unclear.setdefault(what_decides(worst), []).append(str(one))
        else:
            broken.append(f"labvpn:expect does not say that {one}, since it is not so: {what_decides(worst)}")
    doubts = (f"labvpn:expect leaves out what cannot be told ({why}): {_some(said)}" for why, said in unclear.items())
    return _once(written), [*broken, *doubts]


def _worst(deciders: Sequence[Decider], one: Expectation) -> Outcome:
    """What the model says that is furthest from keeping it."""
    order = (State.BROKEN, State.UNCLEAR, State.KEPT)
    return min((decider.decide(0, one) for decider in deciders), key=lambda found: order.index(found.state))


def _as_one(whole: Expectation, parts: Sequence[Expectation]) -> list[Expectation]:
    """Parts that hold, as one expectation about their ports."""
    ports = tuple(port for part in parts for port in part.ports)
    return [whole.model_copy(update={"ports": ports})] if ports else []


def _once(found: list[Expectation]) -> list[Expectation]:
    kinds: dict[object, Expectation] = {}
    for one in found:
        kinds.setdefault((one.from_, one.to, one.ports, one.reach), one)
    return list(kinds.values())


def _some(said: Sequence[str]) -> str:
    more = f" and {len(said) - 3} more" if len(said) > 3 else ""
    return "; ".join(said[:3]) + more


def form(one: Expectation) -> str | dict[str, Any]:
    """An expectation as a person writes it: a line, or in full where a line would be read as something else."""
    verb = "reaches" if one.reach else "does not reach"
    ports = f":{','.join(one.ports)}" if one.ports else ""
    line = f"{one.from_} {verb} {one.to}{ports}" + (f" because {one.because}" if one.because else "")
    try:
        if _FORM.validate_python(line) == one:
            return line
    except ValidationError:
        pass
    whole = one.model_dump(by_alias=True, exclude_defaults=True)
    return {**whole, **({"ports": list(one.ports)} if one.ports else {}), "reach": one.reach}
