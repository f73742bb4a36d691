"""The name that users dial: its records kept by dynamic update, or checked where a person sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.dns_records import SECRET, Records
from labvpn.connect.dns import inspect
from labvpn.connect.dns.inspect import NameRefused
from labvpn.connect.dns.ipv6 import tried
from labvpn.model.dns import DnsMode
from labvpn.model.dns import DnsName as Wanted
from labvpn.plan.dns_checks import by_hand, find_problems
from labvpn.plan.dns_diff import drifted
from labvpn.render import dns as render
from labvpn.state.dns import DnsSnapshot
from labvpn.state.records import Sets, read, write


@dataclass(frozen=True)
class NameArgs:
    """Which name, and the addresses that it points to where `wanted` itself has none.

    `tsig` is the configuration's key of the TSIG secret. `sight` is a look at the name made before; without it the
    component looks itself and refuses by `pulumi.RunError` what would not be seen. `ports` are the TCP ports by which
    an IPv6 address must be open from here before it is written. `protected` keeps the records from deletion.
    """

    wanted: Wanted
    addresses: Sequence[pulumi.Input[str]] = ()
    tsig: str = SECRET
    sight: DnsSnapshot | None = None
    ports: Sequence[int] = (443,)
    protected: bool = False


class Name(pulumi.ComponentResource):
    """The name of a server in a zone that takes updates, or whose owner sets records by hand."""

    fqdn: pulumi.Output[str]
    """The whole name, known when its records stand."""

    def __init__(self, name: str, args: NameArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:Name", name, {}, opts)
        wanted, sight = args.wanted, args.sight or _look(args)
        for finding in find_problems(wanted, sight):
            pulumi.warn(str(finding), self)
        given: Sequence[pulumi.Input[str]] = [*map(str, wanted.addresses)] or args.addresses
        lines = pulumi.Output.all(*given).apply(lambda addresses: _lines(wanted, addresses))
        if wanted.ipv6 == "open" and pulumi.runtime.is_dry_run():
            lines.apply(lambda goal: _try_ipv6(read(goal), args.ports))
        if wanted.mode is DnsMode.MANUAL:
            self.fqdn = lines.apply(lambda goal: _by_hand(wanted, sight, read(goal)))
        else:
            lines.apply(lambda goal: self._tell(sight, read(goal)))
            inside = pulumi.ResourceOptions(parent=self, protect=args.protected or None)
            records = Records(f"{name}-records", wanted, lines, args.tsig, args.ports, inside)
            self.fqdn = records.records.apply(lambda _lines: wanted.fqdn)
        self.register_outputs({"fqdn": self.fqdn})

    def _tell(self, sight: DnsSnapshot, goal: Sets) -> None:
        """Say how the name server differs from what is declared."""
        if sight.primary is not None:
            shown = {key: sight.primary.records[key] for key in goal if key in sight.primary.records}
            for sentence in drifted(shown, goal):
                pulumi.info(sentence, self)


def _by_hand(wanted: Wanted, sight: DnsSnapshot, goal: Sets) -> str:
    """Say what is to be entered where, as long as it is not there; returns the whole name."""
    missing, seen = by_hand(sight, goal), any(server.soa for server in sight.walk.servers)
    wrong = any(finding.refuses for finding in find_problems(wanted, sight))
    if seen and not missing and not wrong:
        return wanted.fqdn
    entries = "; ".join(render.by_hand(wanted, goal))
    told = "is not there as yet" if missing or wrong else "could not be looked for (not verified)"
    where = f"{wanted.fqdn} {told}: enter in the control panel of {wanted.apex}: {entries}"
    # Said without a resource, for what is said of one may come too late for the end of the program.
    for sentence in (*missing, where):
        pulumi.warn(sentence)
    if wanted.missing == "fail" and (missing or wrong) and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"{where}; then run this again")
    return wanted.fqdn


def _try_ipv6(goal: Sets, ports: Sequence[int]) -> None:
    """Warn in a preview of what an `up` would not write, unless the hops are opened by then."""
    for finding in tried(goal, ports):
        pulumi.warn(str(finding))


def _lines(wanted: Wanted, addresses: Sequence[str]) -> list[str]:
    try:
        return write(render.records(wanted, addresses, f"{pulumi.get_project()}/{pulumi.get_stack()}"))
    except ValueError as error:
        raise pulumi.RunError(f"{wanted.fqdn}: {error}") from None


def _look(args: NameArgs) -> DnsSnapshot:
    try:
        return inspect.check(args.wanted, pulumi.Config().get(args.tsig))
    except NameRefused as error:
        raise pulumi.RunError(str(error)) from None
