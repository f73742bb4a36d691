"""The name's records at their primary name server as one resource, changed in one update or not at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from components.dns_keeper import Keeper, OccupiedError
from labvpn.connect.dns.tsig import Signer, Unreachable, Zone
from labvpn.connect.errors import HopError
from labvpn.state.records import Sets, read, write

if TYPE_CHECKING:
    from labvpn.model.dns import DnsName

SECRET = "dnsKey"  # noqa: S105  (the key's name in the configuration, not the secret)
"""The configuration's key of the TSIG secret: read where it is used, so that no resource's state has it."""

OURS = ("applied", "found")
"""What the state has beside the inputs: the records that we wrote last, and those that were there before us."""


class RecordsProvider(ResourceProvider):
    """Keeps record sets at the primary name server."""

    def __init__(self, secret: str = SECRET) -> None:
        super().__init__()
        self.named = secret
        self.secret = ""

    def configure(self, req: ConfigureRequest) -> None:
        """Take the TSIG secret from the stack's configuration; print our own messages without a traceback."""
        self.secret = req.config.get(self.named) or ""
        logging.getLogger("grpc._server").addFilter(_adds_something)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse in the preview already what is in the place of ours and is not ours."""
        if not isinstance(news.get("records"), list):
            return CheckResult(news, [])
        return CheckResult(news, _refusals(self._keeper(news), _olds.get("records") or [], news["records"]))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Put the records where there are none."""
        goal = read(props["records"])
        before = self._keeper(props).bring({}, goal)
        found = was_there(before, goal, bool(props["adopt"]))
        ours = {"applied": props["records"], "found": write(found)}
        return CreateResult(str(props["name"]), {**props, **ours})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The records as the server has them; as they were last read where it cannot be reached."""
        inputs = {key: value for key, value in props.items() if key not in OURS}
        try:
            keys = read([*props["applied"], *props["records"]])
            actual = {key: found for key, found in self._keeper(props).read(keys).items() if key in keys}
        except Unreachable as error:
            _say(str(props["name"]), f"not verified: {error}")
            return ReadResult(id_, props, inputs)
        return ReadResult(id_, {**props, "records": write(actual)}, {**inputs, "records": write(actual)})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another zone is a replacement; everything else is changed in place."""
        changes = any(_olds.get(key) != value for key, value in _news.items() if key not in (*OURS, "records"))
        changes = changes or _differ(_olds["records"], _news["records"])
        return DiffResult(changes=changes, replaces=["zone"] if _olds["zone"] != _news["zone"] else [])

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Replace the records that were read last by the new ones, all at once."""
        self._keeper(_news).bring(read(_olds["records"]), read(_news["records"]))
        return UpdateResult({**_news, "applied": _news["records"], "found": _olds["found"]})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove our records; those of others stay, and what was there before us comes back."""
        self._keeper(_props).leave(read(_props["applied"]), read(_props["found"]))

    def _keeper(self, props: Mapping[str, Any]) -> Keeper:
        signer = Signer(str(props["key_name"]), str(props["algorithm"]), self.secret)
        zone = Zone(str(props["zone"]), str(props["server"]), int(props["port"]), signer)
        roots = None if props["roots"] is None else [str(root) for root in props["roots"]]
        name = str(props["name"])
        ports = [int(port) for port in props.get("ports") or ()]
        wait = float(props["wait"])
        return Keeper(zone, name, bool(props["adopt"]), roots, wait, lambda words: _say(name, words), ports)


class Records(Resource):
    """The resource; `records` are lines such as `vpn.lab.example 300 A 203.0.113.20`."""

    records: pulumi.Output[list[str]]

    def __init__(
        self,
        name: str,
        desired: DnsName,
        lines: pulumi.Input[list[str]],
        secret: str = SECRET,
        ports: Sequence[int] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if desired.key is None:
            raise ValueError("this name is set by hand, not by update")
        props = {
            "records": lines,
            "name": desired.fqdn,
            "zone": desired.apex,
            "server": str(desired.server),
            "port": desired.port,
            "key_name": desired.key.name,
            "algorithm": desired.key.algorithm.value,
            "adopt": desired.adopt,
            "roots": None if desired.delegation == "private" else [str(root) for root in desired.roots],
            "wait": desired.wait,
            "ports": list(ports) if desired.ipv6 == "open" else [],
        }
        super().__init__(RecordsProvider(secret), name, {**props, "applied": None, "found": None}, opts)


def was_there(before: Sets, goal: Sets, adopt: bool) -> Sets:
    """What is restored on destroy. Equal records may be ours, of a run that was cut off, unless they are adopted.

    Where our marker is, they are ours even then.
    """
    marked = any(key.kind == "TXT" and key in goal for key in before)
    kept = adopt and not marked
    return {key: there for key, there in before.items() if key in goal and (kept or there.values != goal[key].values)}


def _refusals(keeper: Keeper, olds: Sequence[str], news: Sequence[str]) -> list[CheckFailure]:
    seen, goal = read(olds), read(news)
    try:
        keeper.claim(keeper.read([*seen, *goal]), seen, goal)
    except OccupiedError as error:
        return [CheckFailure("records", str(error))]
    except HopError:
        # Reported by the inspection before, or not visible from here.
        pass
    return []


def _differ(old: list[str], new: Any) -> bool:
    return not isinstance(new, list) or read(old) != read(new)


def _adds_something(record: logging.LogRecord) -> bool:
    """Whether a log line of the provider's server has anything to add: the engine itself reports a HopError."""
    return not (record.exc_info and isinstance(record.exc_info[1], HopError))


def _say(name: str, words: str) -> None:
    # A provider has no way to the run's own log; what it prints, the engine shows at once.
    print(f"{name}: {words}", flush=True)
