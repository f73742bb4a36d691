"""What is wrong with a name before anything is written: a look at it judged, one sentence each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labvpn.model.dns import DnsMode, DnsName
from labvpn.plan.dns_diff import drifted
from labvpn.state.dns import DelegationTrace, DnsSnapshot, ServerAnswer
from labvpn.state.records import Key, Sets


@dataclass(frozen=True)
class DnsFinding:
    """One sentence; one that refuses stands in the way of the change, another is a warning."""

    sentence: str
    refuses: bool = True

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def _dns_finding(who: str, what: str, remedy: str, refuses: bool = True) -> DnsFinding:
    return DnsFinding(f"{who} {what}; {remedy}", refuses)


def find_problems(name: DnsName, sight: DnsSnapshot) -> list[DnsFinding]:
    """Everything that stands in the way, and what could not be seen."""
    return [*_primary(sight), *_walk(name, sight.walk), *_sides(name, sight), *_holders(name, sight)]


def _primary(sight: DnsSnapshot) -> Iterator[DnsFinding]:
    if sight.refusal and sight.walk.end == "intercepted":
        yield DnsFinding(f"Not verified, for port 53 is intercepted here: {sight.refusal}", refuses=False)
    elif sight.refusal:
        yield DnsFinding(sight.refusal)
    if sight.unverified:
        yield DnsFinding(f"Not verified: {sight.unverified}", refuses=False)


def _walk(name: DnsName, walk: DelegationTrace) -> Iterator[DnsFinding]:
    zone, by = name.apex, ", ".join(walk.by)
    who = f"The zone {zone}"
    if walk.end == "absent":
        remedy = f"have the NS records of {zone} entered in {walk.at}, at its registrar, or correct dns.zone"
        yield _dns_finding(who, f"is not delegated: the servers of {walk.at} ({by}) know nothing of it", remedy)
    elif walk.end == "deeper":
        yield _dns_finding(
            f"The name {name.fqdn}", f"lies in {walk.at}, a zone of its own", f"set dns.zone to {walk.at}"
        )
    elif walk.end == "lame":
        remedy = f"have the owner of {walk.at} name servers that serve it"
        yield _dns_finding(
            who, f"cannot be reached: {walk.at}, above it, is delegated to {by}, which does not serve it", remedy
        )
    elif walk.end == "intercepted":
        what = f"the delegation of {zone}: {by} answers like a resolver, so something on the way intercepts port 53"
        yield _dns_finding("Not verified:", what, "ask for port 53 to be left alone from here, or set dns.roots", False)
    elif walk.end == "unseen":
        what = f"the delegation of {zone}: no server of {walk.at} ({by}) answers from here"
        yield _dns_finding(
            "Not verified:", what, "UDP and TCP port 53 must be open to the outside, or set dns.roots", False
        )
    yield from _servers(zone, walk)


def _servers(zone: str, walk: DelegationTrace) -> Iterator[DnsFinding]:
    good = [server for server in walk.servers if not server.trouble]
    for server in walk.servers:
        if server.silent:
            what = f"{server}, a server of {zone}, which does not answer from here"
            yield _dns_finding("Not verified:", what, "look at that server, and whether port 53 is open to it", False)
        elif server.trouble and walk.end == "unasked":
            yield _dns_finding(
                f"The zone {zone}", f"should stand at {server}, which {server.trouble}", "correct dns.server"
            )
        elif server.trouble:
            remedy = "have that server serve it, or have the parent name another one"
            what = f"is delegated to {server}, which {server.trouble}: a lame delegation"
            others_may = bool(good) or any(other.silent for other in walk.servers)
            yield _dns_finding(f"The zone {zone}", what, remedy, refuses=not others_may)


def _sides(name: DnsName, sight: DnsSnapshot) -> Iterator[DnsFinding]:
    """The server that we would update against those that the world asks."""
    if name.mode is DnsMode.MANUAL or not sight.walk.servers:
        return
    if any(server.address == str(name.server) for server in sight.walk.servers):
        return
    serving = [server for server in sight.walk.servers if server.soa]
    zone, target = name.apex, f"the updates would go to {name.server}"
    if not serving or sight.primary is None or sight.primary.soa is None:
        if not sight.refusal:
            what = f"whether the world would see the record: {target}, which is not among the servers of {zone}"
            yield _dns_finding("Not verified:", what, "look at the name once it is set", refuses=False)
        return
    primary = sight.primary
    others = [server for server in serving if not _is_copy(server, primary)]
    if others:
        what = (
            f"is delegated to {', '.join(map(str, others))}, but {target}, a server that nobody asks and that"
            " holds another zone of that name: the record would be written and never seen"
        )
        remedy = (
            f"have the registrar delegate {zone} to {name.server}, or set dns.server to the primary of those servers"
        )
        yield _dns_finding(f"The zone {zone}", what, remedy)


def _is_copy(secondary: ServerAnswer, primary: ServerAnswer) -> bool:
    """Whether a server has its zone from the primary: it is of the same origin and contact, or shows records of ours.

    A serial that is ahead is another zone's (RFC 1982), unless the copy is signed on its way: who signs counts anew.
    """
    if any(primary.records.get(key) == one for key, one in secondary.records.items()):
        return True
    theirs, own = secondary.soa, primary.soa
    if theirs is None or own is None or (theirs.mname, theirs.rname) != (own.mname, own.rname):
        return False
    return (own.serial - theirs.serial) % 2**32 < 2**31 or (theirs.signed and not own.signed)


def _holders(name: DnsName, sight: DnsSnapshot) -> Iterator[DnsFinding]:
    """What stands at the name and cannot stand beside ours, or would be dialled instead of it."""
    shown = sight.primary or next((server for server in sight.walk.servers if server.soa), None)
    if shown is None:
        return
    alias = shown.records.get(Key(name.fqdn, "CNAME"))
    # One that is updated may be our own from before; whose it is, the records' own state knows.
    if alias and name.mode is DnsMode.MANUAL:
        remedy = "remove that alias there, or choose another dns.host"
        what = f"is an alias ({alias.shown}) at {shown}, and no address can stand beside one"
        yield _dns_finding(f"The name {name.fqdn}", what, remedy)
    yield from _redirected(name, shown)
    sixth = shown.records.get(Key(name.fqdn, "AAAA"))
    if sixth and name.ipv6 == "closed":
        what = f"also has {sixth.shown} at {shown}, which is dialled first and which no hop lets in"
        yield _dns_finding(f"The name {name.fqdn}", what, "have it removed there", refuses=False)
    yield from _wildcards(name, shown)


def _redirected(name: DnsName, shown: ServerAnswer) -> Iterator[DnsFinding]:
    """A redirection above the name: what stands below one is never seen (RFC 6672, section 2.4)."""
    for above in (one for key, one in shown.records.items() if key.kind == "DNAME"):
        what = f"lies below {above.key.name}, and all names there are those of another ({above.shown}) at {shown}"
        yield _dns_finding(f"The name {name.fqdn}", what, "remove that redirection there, or choose another dns.host")


def _wildcards(name: DnsName, shown: ServerAnswer) -> Iterator[DnsFinding]:
    """Whose answers end once a name of several labels stands (RFC 4592, section 2.2.2): every name above it exists."""
    _, _, above = name.relative(name.host).partition(".")
    answered = next((one for key, one in shown.answered.items() if key.name == name.fqdn), None)
    if answered and above:
        what = f"for {above}.{name.apex} and the names below it a wildcard answers now ({answered.shown})"
        remedy = f"once {name.fqdn} stands it does not: look whether anybody needs that, or choose a host without dots"
        yield _dns_finding("Not verified:", what, remedy, refuses=False)


def by_hand(sight: DnsSnapshot, wanted: Sets) -> list[str]:
    """What a person has still to enter, as each server of the zone shows it."""
    return [
        sentence
        for server in sight.walk.servers
        if server.soa
        for sentence in drifted(server.fits(wanted), wanted, f"at {server}")
    ]
