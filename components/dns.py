"""The name that users dial: its records kept by dynamic update, or checked where a person sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.dns_records import SECRET, Records
from labvpn.connect.dns import inspect
from labvpn.connect.dns.inspect import NameRefused
from labvpn.connect.dns.ipv6 import tried
from labvpn.model.dns import DnsMode, DnsName
from labvpn.plan.dns_checks import by_hand, find_problems
from labvpn.plan.dns_diff import drifted
from labvpn.render import dns as render
from labvpn.state.dns import DnsSnapshot
from labvpn.state.records import Sets, read, write


@dataclass(frozen=True)
class NameArgs:
    """Which name, and the addresses that it points to where `desired` itself has none.

    `tsig` is the configuration's key of the TSIG secret. `snapshot` is an inspection of the name made before; without
    it the component inspects the name itself and raises `pulumi.RunError` for what stands in the way. `ports` are the
    TCP ports by which an IPv6 address must be open from here before it is written. `protected` keeps the records from
    deletion.
    """

    desired: DnsName
    addresses: Sequence[pulumi.Input[str]] = ()
    tsig: str = SECRET
    snapshot: DnsSnapshot | None = None
    ports: Sequence[int] = (443,)
    protected: bool = False


class Name(pulumi.ComponentResource):
    """The name of a server in a zone that takes updates, or whose owner sets records by hand."""

    fqdn: pulumi.Output[str]
    """The whole name, known when its records are in place."""

    def __init__(self, name: str, args: NameArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:Name", name, {}, opts)
        desired, snapshot = args.desired, args.snapshot or _inspect(args)
        for finding in find_problems(desired, snapshot):
            pulumi.warn(str(finding), self)
        given: Sequence[pulumi.Input[str]] = [*map(str, desired.addresses)] or args.addresses
        lines = pulumi.Output.all(*given).apply(lambda addresses: _lines(desired, addresses))
        if desired.ipv6 == "open" and pulumi.runtime.is_dry_run():
            lines.apply(lambda goal: _try_ipv6(read(goal), args.ports))
        if desired.mode is DnsMode.MANUAL:
            self.fqdn = lines.apply(lambda goal: _by_hand(desired, snapshot, read(goal)))
        else:
            lines.apply(lambda goal: self._report(snapshot, read(goal)))
            inside = pulumi.ResourceOptions(parent=self, protect=args.protected or None)
            records = Records(f"{name}-records", desired, lines, args.tsig, args.ports, inside)
            self.fqdn = records.records.apply(lambda _lines: desired.fqdn)
        self.register_outputs({"fqdn": self.fqdn})

    def _report(self, snapshot: DnsSnapshot, goal: Sets) -> None:
        """Report how the name server differs from the configuration."""
        if snapshot.primary is not None:
            actual = {key: snapshot.primary.records[key] for key in goal if key in snapshot.primary.records}
            for sentence in drifted(actual, goal):
                pulumi.info(sentence, self)


def _by_hand(desired: DnsName, snapshot: DnsSnapshot, goal: Sets) -> str:
    """Report which records to enter where, as long as they are not there; returns the whole name."""
    missing, seen = by_hand(snapshot, goal), any(server.soa for server in snapshot.walk.servers)
    wrong = any(finding.refuses for finding in find_problems(desired, snapshot))
    if seen and not missing and not wrong:
        return desired.fqdn
    entries = "; ".join(render.by_hand(desired, goal))
    found = "is not there yet" if missing or wrong else "could not be looked up (not verified)"
    where = f"{desired.fqdn} {found}: enter in the control panel of {desired.apex}: {entries}"
    # Without a resource: a message about one may arrive after the program has ended.
    for sentence in (*missing, where):
        pulumi.warn(sentence)
    if desired.missing == "fail" and (missing or wrong) and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"{where}; then run this again")
    return desired.fqdn


def _try_ipv6(goal: Sets, ports: Sequence[int]) -> None:
    """Warn in a preview of what an `up` would not write unless the hops are open by then."""
    for finding in tried(goal, ports):
        pulumi.warn(str(finding))


def _lines(desired: DnsName, addresses: Sequence[str]) -> list[str]:
    try:
        return write(render.records(desired, addresses, f"{pulumi.get_project()}/{pulumi.get_stack()}"))
    except ValueError as error:
        raise pulumi.RunError(f"{desired.fqdn}: {error}") from None


def _inspect(args: NameArgs) -> DnsSnapshot:
    try:
        return inspect.check(args.desired, pulumi.Config().get(args.tsig))
    except NameRefused as error:
        raise pulumi.RunError(str(error)) from None
