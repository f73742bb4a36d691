"""The second factor across hubs, users and credentials: whom it cannot cover and why, and who stays without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labvpn.model import campus_radius
from labvpn.model.hub import Hub, SecondFactor
from labvpn.model.lab import Lab
from labvpn.model.problems import Problem, unknown
from labvpn.model.users import Auth, User

MOST_NAMES = 10
"""The most names in one message."""

WITHOUT_PASSWORD = {
    Auth.CERTIFICATE: "logs in by certificate, and gives no password that a code could follow",
    Auth.SIGNED: "logs in by certificate, and gives no password that a code could follow",
    Auth.KEPT: "has a password from before the stack, of which only the server's hash is known",
}
"""Why a login cannot have a code; the verifier, or the campus's RADIUS behind it, has to know the password itself."""

REMEDIES = {Auth.KEPT: "set one: `pulumi config set --secret --path passwords.NAME`"}


def problems(lab: Lab) -> Iterator[Problem]:
    """Names that the hub does not have, a RADIUS that cannot be asked behind codes, and logins without a password."""
    for name, hub in lab.all_hubs.items():
        if hub.second_factor:
            yield from _of_hub(f"hubs.{name}.secondFactor", name, hub, hub.second_factor, lab)


def _of_hub(place: str, name: str, hub: Hub, factor: SecondFactor, lab: Lab) -> Iterator[Problem]:
    if "radius" in hub.kept:
        yield Problem(
            place,
            f"hub {name} keeps the RADIUS server that somebody set, whose secret is not known here, so that the code "
            "verifier cannot ask it; take radius out of kept, and give the hub's radius and its secret",
        )
    if any(user.is_wildcard and lab.hub_of(user) == name for user in lab.users):
        yield Problem(
            "user *: hub",
            f"{name} has a second factor, and whoever gives a code could dial as NAME@ANYTHING without one; give the "
            "line of * another hub",
        )
    users = [user for user in lab.users if lab.hub_of(user) == name and not user.is_wildcard]
    known = [user.name for user in users]
    for key, listed in (("users", factor.users), ("exempt", factor.exempt)):
        for missing in _unknown(listed, known):
            yield Problem(f"{place}.{key}", unknown(missing, known, "user of this hub"))
    for group in _unknown(factor.groups, list(hub.groups)):
        yield Problem(f"{place}.groups", unknown(group, list(hub.groups), "group"))
    covered = [user for user in users if factor.covers(user.name, user.group)]
    for user in covered:
        if why := WITHOUT_PASSWORD.get(user.auth):
            remedy = REMEDIES.get(user.auth, "name the user in exempt").replace("NAME", user.name)
            yield Problem(f"user {user.name}: auth", f"{why}, so {place} cannot cover this user; {remedy}")


def _unknown(listed: tuple[str, ...], known: list[str]) -> list[str]:
    folded = {name.lower() for name in known}
    return [name for name in listed if name.lower() not in folded]


def notes(lab: Lab) -> Iterator[str]:
    """Who dials in without a code where others need one, the exempt first, then whole hubs; who cannot dial by what."""
    if not lab.code_hubs:
        return
    if len(lab.servers) > 1:
        count = len(lab.servers)
        yield f"the {count} servers do not share which codes were used: a code is good once at each of them"
    for name in lab.all_hubs:
        without = [user for user in lab.users if lab.hub_of(user) == name and _is_without(lab, user)]
        if without:
            verb = "logs" if len(without) == 1 else "log"
            yield f"without a second factor: {_names(without)} of hub {name} {verb} in by the password alone"
    if users := campus_radius.without_ppp(lab):
        yield (
            f"not by L2TP or SSTP: {_names(users)} can dial by OpenVPN and SoftEther's client alone, since no server "
            "knows their password at the campus's RADIUS together with the code, as MS-CHAPv2 needs it"
        )


def _names(users: Sequence[User]) -> str:
    more = f" and {len(users) - MOST_NAMES} more" if len(users) > MOST_NAMES else ""
    return ", ".join(user.name for user in users[:MOST_NAMES]) + more


def _is_without(lab: Lab, user: User) -> bool:
    return not lab.needs_code(user) and user.auth in (Auth.PASSWORD, Auth.KEPT, Auth.RADIUS)
