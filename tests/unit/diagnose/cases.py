"""The log cases: a head of `cause:` and `stage:`, a line `---`, the text, and optionally `--- server` and its log."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.verdict import Verdict

ROOT = Path(__file__).parents[2] / "cases" / "logs"
SERVER = "\n--- server\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One text with its true cause."""

    name: str
    cause: str
    stage: str
    text: str
    server: str | None = None


def load(part: str) -> list[Case]:
    """The cases of one part: `heldout`, written before the rules, `working`, or `measured`, of real programs."""
    return [_case(path) for path in sorted((ROOT / part).glob("*.case"))]


def _case(path: Path) -> Case:
    head, _, body = path.read_text(encoding="utf-8").partition("---\n")
    fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
    text, mark, server = body.partition(SERVER)
    return Case(path.stem, fields["cause"], fields["stage"], text, server if mark else None)


ALL = load("heldout") + load("working") + load("measured")


@cache
def diagnosed(case: Case) -> Verdict:
    """The verdict on a case as it is, which many tests ask for."""
    return diagnose([case.text], case.server)
