"""What is wrong with a name before anything is written: one sentence for each problem, with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labvpn.model.dns import DnsMode, DnsName
from labvpn.plan.dns_diff import drifted
from labvpn.state.dns import DelegationTrace, DnsSnapshot, ServerAnswer
from labvpn.state.records import Key, Sets


@dataclass(frozen=True)
class DnsFinding:
    """One sentence; one that refuses prevents the change, any other is a warning."""

    sentence: str
    refuses: bool = True

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def _dns_finding(who: str, what: str, remedy: str, refuses: bool = True) -> DnsFinding:
    return DnsFinding(f"{who} {what}; {remedy}", refuses)


def find_problems(name: DnsName, snapshot: DnsSnapshot) -> list[DnsFinding]:
    """Everything that prevents the change, and what could not be verified."""
    return [*_primary(snapshot), *_walk(name, snapshot.walk), *_sides(name, snapshot), *_holders(name, snapshot)]


def _primary(snapshot: DnsSnapshot) -> Iterator[DnsFinding]:
    if snapshot.refusal and snapshot.walk.end == "intercepted":
        yield DnsFinding(f"Not verified, because port 53 is intercepted here: {snapshot.refusal}", refuses=False)
    elif snapshot.refusal:
        yield DnsFinding(snapshot.refusal)
    if snapshot.unverified:
        yield DnsFinding(f"Not verified: {snapshot.unverified}", refuses=False)


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
            yield _dns_finding("Not verified:", what, "check that server, and that port 53 to it is open", False)
        elif server.trouble and walk.end == "unasked":
            yield _dns_finding(
                f"The zone {zone}", f"should be served by {server}, which {server.trouble}", "correct dns.server"
            )
        elif server.trouble:
            remedy = "have that server serve it, or have the parent name another one"
            what = f"is delegated to {server}, which {server.trouble}: a lame delegation"
            others_may = bool(good) or any(other.silent for other in walk.servers)
            yield _dns_finding(f"The zone {zone}", what, remedy, refuses=not others_may)


def _sides(name: DnsName, snapshot: DnsSnapshot) -> Iterator[DnsFinding]:
    """The server that we would update against those that the world asks."""
    if name.mode is DnsMode.MANUAL or not snapshot.walk.servers:
        return
    if any(server.address == str(name.server) for server in snapshot.walk.servers):
        return
    serving = [server for server in snapshot.walk.servers if server.soa]
    zone, target = name.apex, f"the updates would go to {name.server}"
    if not serving or snapshot.primary is None or snapshot.primary.soa is None:
        if not snapshot.refusal:
            what = f"whether the world would see the record: {target}, which is not among the servers of {zone}"
            yield _dns_finding("Not verified:", what, "check the name once it is set", refuses=False)
        return
    primary = snapshot.primary
    others = [server for server in serving if not _is_copy(server, primary)]
    if others:
        what = (
            f"is delegated to {', '.join(map(str, others))}, but {target}, a server that nobody asks and that"
            " has another zone of that name: the record would be written and never seen"
        )
        remedy = (
            f"have the registrar delegate {zone} to {name.server}, or set dns.server to the primary of those servers"
        )
        yield _dns_finding(f"The zone {zone}", what, remedy)


def _is_copy(secondary: ServerAnswer, primary: ServerAnswer) -> bool:
    """Whether a server has its zone from the primary: it is of the same origin and contact, or shows records of ours.

    A serial that is ahead is another zone's (RFC 1982), unless the copy is signed on its way: signers count again.
    """
    if any(primary.records.get(key) == one for key, one in secondary.records.items()):
        return True
    theirs, own = secondary.soa, primary.soa
    if theirs is None or own is None or (theirs.mname, theirs.rname) != (own.mname, own.rname):
        return False
    return (own.serial - theirs.serial) % 2**32 < 2**31 or (theirs.signed and not own.signed)


def _holders(name: DnsName, snapshot: DnsSnapshot) -> Iterator[DnsFinding]:
    """What exists at the name and cannot coexist with our records, or would be dialled instead."""
    server = snapshot.primary or next((server for server in snapshot.walk.servers if server.soa), None)
    if server is None:
        return
    alias = server.records.get(Key(name.fqdn, "CNAME"))
    # One that is updated may be our own from before; the state of the records knows whose it is.
    if alias and name.mode is DnsMode.MANUAL:
        remedy = "remove that alias there, or choose another dns.host"
        what = f"is an alias ({alias.text}) at {server}, and no address can exist beside one"
        yield _dns_finding(f"The name {name.fqdn}", what, remedy)
    yield from _redirected(name, server)
    sixth = server.records.get(Key(name.fqdn, "AAAA"))
    if sixth and name.ipv6 == "closed":
        what = f"also has {sixth.text} at {server}, which is dialled first and which no hop lets in"
        yield _dns_finding(f"The name {name.fqdn}", what, "have it removed there", refuses=False)
    yield from _wildcards(name, server)


def _redirected(name: DnsName, server: ServerAnswer) -> Iterator[DnsFinding]:
    """A redirection above the name: records below one are never seen (RFC 6672, section 2.4)."""
    for above in (one for key, one in server.records.items() if key.kind == "DNAME"):
        what = f"lies below {above.key.name}, and all names there are redirected ({above.text}) at {server}"
        yield _dns_finding(f"The name {name.fqdn}", what, "remove that redirection there, or choose another dns.host")


def _wildcards(name: DnsName, server: ServerAnswer) -> Iterator[DnsFinding]:
    """Wildcards that stop answering once a name of several labels exists, since every name above it then exists
    (RFC 4592, section 2.2.2)."""
    _, _, above = name.relative(name.host).partition(".")
    answered = next((one for key, one in server.answered.items() if key.name == name.fqdn), None)
    if answered and above:
        what = f"for {above}.{name.apex} and the names below it a wildcard answers now ({answered.text})"
        remedy = f"once {name.fqdn} exists it does not: check that nobody needs that, or choose a host without dots"
        yield _dns_finding("Not verified:", what, remedy, refuses=False)


def by_hand(snapshot: DnsSnapshot, desired: Sets) -> list[str]:
    """What a person still has to enter, for each server of the zone."""
    return [
        sentence
        for server in snapshot.walk.servers
        if server.soa
        for sentence in drifted(server.fits(desired), desired, f"at {server}")
    ]
