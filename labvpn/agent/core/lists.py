"""Lists in a document, with a mark where an entry is only permanent or holds only now."""

from typing import Iterable, List, Optional, Set


def entries(value: str) -> List[str]:
    """A list in a document; `none` is empty, and a mark says where an entry is missing."""
    return [] if value in ("", "none") else [entry.partition("(")[0] for entry in value.split(",")]


def listed(wanted: Iterable[str], permanent: Iterable[str], now: Optional[Iterable[str]]) -> str:
    """A list as the machine has it, in the wanted order: what is only permanent, or holds only now, is marked."""
    lasting = set(permanent)
    current: Set[str] = lasting if now is None else set(now)
    known = [entry for entry in wanted if entry in lasting | current]
    order = known + sorted((lasting | current) - set(known), key=by_number)
    return ",".join(entry + mark(entry in lasting, entry in current) for entry in order) or "none"


def mark(lasting: bool, current: bool) -> str:
    """Where an entry is, if not in both."""
    return "" if lasting and current else "(permanent)" if lasting else "(now)"


def by_number(entry: str) -> List[object]:
    """Ports by their number, services by name."""
    number, _, rest = entry.partition("/")
    return [int(number) if number.isdigit() else 0, rest, entry]


def covers(entry: str, port: str) -> bool:
    """Whether a port entry (`8000/tcp`, `7000-9000/tcp`) holds a port (`8000/tcp`)."""
    numbers, _, transport = entry.partition("/")
    first, _, last = numbers.partition("-")
    number, _, wanted = port.partition("/")
    numeric = first.isdigit() and number.isdigit() and (last or first).isdigit()
    return transport == wanted and numeric and int(first) <= int(number) <= int(last or first)


def held_among(entry: str, there: Iterable[str]) -> bool:
    """Whether an entry is in a list, if only within a range: firewalld joins ports that lie side by side."""
    return any(one == entry or covers(one, entry) for one in there)
