"""The second factor across hubs, users and credentials: whom it cannot cover and why, and who stays without one."""

from __future__ import annotations

from collections.abc import Iterator

from labvpn.model.hub import Hub, SecondFactor
from labvpn.model.lab import Lab
from labvpn.model.problems import Problem, unknown
from labvpn.model.users import Auth, User

MOST_NAMES = 10
"""The most names in one message."""

WITHOUT_PASSWORD = {
    Auth.CERTIFICATE: "logs in by certificate, and gives no password that a code could follow",
    Auth.SIGNED: "logs in by certificate, and gives no password that a code could follow",
    Auth.RADIUS: "has the password at another RADIUS server, which alone can check it",
    Auth.KEPT: "has a password from before the stack, of which only the server's hash is known",
}
"""Why a login cannot have a code; the verifier has to know the password itself."""

REMEDIES = {
    Auth.KEPT: "set one: `pulumi config set --secret --path passwords.NAME`",
    Auth.RADIUS: "let the user have a password of the stack's, or make the user exempt",
}


def problems(lab: Lab) -> Iterator[Problem]:
    """Names that the hub does not have, a RADIUS server that is there already, and logins without a password."""
    for name, hub in lab.all_hubs.items():
        if hub.second_factor:
            yield from _of_hub(f"hubs.{name}.secondFactor", name, hub, hub.second_factor, lab)


def _of_hub(place: str, name: str, hub: Hub, factor: SecondFactor, lab: Lab) -> Iterator[Problem]:
    if hub.radius or "radius" in hub.kept:
        yield Problem(
            place,
            f"hub {name} asks a RADIUS server already, a hub asks only one, and nobody but that server can check its "
            "passwords, so that no code could be checked with them (phones' MS-CHAPv2 hands on neither in clear); "
            "give users of a second factor a hub of their own, or let that server ask for the code itself",
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
    """Who dials in without a code in a lab where others need one: the exempt first, then whole hubs."""
    if not lab.code_hubs:
        return
    if len(lab.servers) > 1:
        count = len(lab.servers)
        yield f"the {count} servers do not share which codes were used: a code is good once at each of them"
    for name in lab.all_hubs:
        without = [user for user in lab.users if lab.hub_of(user) == name and _is_without(lab, user)]
        if without:
            more = f" and {len(without) - MOST_NAMES} more" if len(without) > MOST_NAMES else ""
            names = ", ".join(user.name for user in without[:MOST_NAMES])
            verb = "logs" if len(without) == 1 else "log"
            yield f"without a second factor: {names}{more} of hub {name} {verb} in by the password alone"


def _is_without(lab: Lab, user: User) -> bool:
    return not lab.needs_code(user) and user.auth in (Auth.PASSWORD, Auth.KEPT)
