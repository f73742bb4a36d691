"""Checks across users, hubs and credentials: mistakes that no single value can see, and warnings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address

from labvpn.model import second_factor
from labvpn.model.base import duplicates
from labvpn.model.credentials import DEFAULT_KEY, Credentials
from labvpn.model.hub import Hub
from labvpn.model.lab import Lab
from labvpn.model.problems import Problem, unknown
from labvpn.model.securenat import unusable
from labvpn.model.users import Auth, Client, User
from labvpn.model.wording import nearest

SHORT_KEY = 20
ANDROID_KEY = 9
"""Old Android clients fail where the key is longer."""

MOST_NAMES = 5
"""The most names in one message."""

OF_THE_RULES = frozenset({"", "securenat", "administrator"})
"""Names that have a meaning in access rules of ours: everyone, a hub's router, and whoever has the hub's password."""

BUILT_IN = {Client.OPENVPN, Client.L2TP, Client.OLD_ANDROID, Client.SSTP}
"""Clients whose packets carry a MAC address that the server makes up, so that no rule of devices can know them."""


def settled(users: Iterable[User], credentials: Credentials) -> tuple[User, ...]:
    """The users; a kept password ends with a new one, by the secret `passwords` or by a raised rotation."""
    return tuple(
        user.model_copy(update={"auth": Auth.PASSWORD})
        if user.auth is Auth.KEPT and (user.rotation or user.name in credentials.passwords)
        else user
        for user in users
    )


def problems(lab: Lab) -> Iterator[Problem]:
    """Users of hubs and groups that are not there, and logins that the hub cannot check."""
    yield from _of_own_hub(lab)
    for user in lab.users:
        hub = lab.all_hubs.get(lab.hub_of(user))
        if hub is None:
            yield Problem(f"user {user.name}: hub", unknown(str(user.hub), list(lab.all_hubs), "hub"))
        else:
            yield from _of_user(user, hub, lab.vpn.kept)
    yield from _of_fixed_addresses(lab)
    yield from second_factor.problems(lab)
    if "access" not in lab.vpn.kept:
        yield from _of_rule_names(lab)
    for hub_name in duplicates([lab.hub_of(user) for user in lab.users if user.is_wildcard]):
        yield Problem("user *: hub", f"{hub_name} has two lines for *; keep one")


def _of_own_hub(lab: Lab) -> Iterator[Problem]:
    """A name in `vpn.hub` that is most likely another of `hubs`: the same in another case, or one that nobody is in."""
    own, empty = lab.vpn.hub, lab.hubs.keys() - {lab.hub_of(user) for user in lab.users}
    if own in lab.hubs:
        return
    for name in (name for name in lab.hubs if name.lower() == own.lower()):
        yield Problem("vpn.hub", f"is {own}, and hubs has {name}, which is the same to SoftEther; write {name}")
        return
    if (near := nearest(own, lab.hubs)) in empty:
        why = f"is {own}, of which hubs has no settings, and nobody would be in {near}"
        yield Problem("vpn.hub", f"{why}; did you mean '{near}'? If not, add {own} to hubs, as `{own}: {{}}`")


def _of_user(user: User, hub: Hub, kept: Collection[str]) -> Iterator[Problem]:
    place = f"user {user.name}"
    if user.group is not None and user.group not in hub.groups:
        yield Problem(f"{place}: group", unknown(user.group, list(hub.groups), "group"))
    if user.name.lower() in {name.lower() for name in hub.groups} and "access" not in kept:
        yield Problem(f"{place}: name", "is the name of a group too, and an access rule would mean both; rename one")
    if user.auth is Auth.SIGNED and not hub.authorities and "authorities" not in hub.kept:
        yield Problem(f"{place}: auth", "is signed, but the hub trusts no CA; name one in the hub's authorities")
    if user.devices and "access" in kept:
        yield Problem(f"{place}: devices", "are access rules, which vpn.kept leaves as they are; keep one of them")
    if user.auth is Auth.RADIUS and hub.radius is None and "radius" not in hub.kept:
        yield Problem(f"{place}: auth", "is radius, but the hub has no RADIUS server; give the hub's radius")


def _of_fixed_addresses(lab: Lab) -> Iterator[Problem]:
    fixed: dict[tuple[str, IPv4Address], str] = {}
    for user in lab.users:
        hub = lab.all_hubs.get(lab.hub_of(user))
        if user.address is None or hub is None:
            continue
        place = f"user {user.name}: address"
        if why := unusable(hub.secure_nat, user.address):
            yield Problem(place, f"is {user.address}, {why}")
        if first := fixed.get((lab.hub_of(user), user.address)):
            yield Problem(place, f"is {user.address}, which {first} has too; give each their own")
        fixed.setdefault((lab.hub_of(user), user.address), user.name)


def known_to_rules(name: str) -> str:
    """What an access rule compares of a user's or a group's name: what is before an @, with case folded."""
    return name.partition("@")[0].lower()


def _of_rule_names(lab: Lab) -> Iterator[Problem]:
    """Names that an access rule takes for those of others, so that their users would have the others' rights."""
    sharing: dict[tuple[str, str], list[User]] = {}
    for user in lab.users:
        sharing.setdefault((lab.hub_of(user), known_to_rules(user.name)), []).append(user)
    for (_, known), users in sharing.items():
        if known in OF_THE_RULES:
            for user in users:
                yield Problem(f"user {user.name}: name", f"is {known or 'everyone'} to an access rule; rename the user")
        elif len(users) > 1 and any(user.reach == "free" or user.devices for user in users):
            names = ", ".join(user.name for user in users)
            yield Problem(
                f"user {users[0].name}: name", f"access rules know no difference between {names}; rename all but one"
            )
    for name, hub in lab.all_hubs.items():
        for group in hub.groups:
            if known_to_rules(group) in OF_THE_RULES:
                yield Problem(
                    f"hubs.{name}.groups.{group}", f"is a name by which access rules know {group}; rename the group"
                )


def warnings(lab: Lab, credentials: Credentials) -> Iterator[str]:
    """What works, but not as whoever wrote it may expect."""
    yield from _of_key(lab, credentials)
    yield from _of_secrets(credentials)
    yield from _of_ends(lab, datetime.now(UTC))
    yield from _of_radius_wildcard(lab)
    if credentials.hub_password is not None and len(lab.all_hubs) > 1:
        yield (
            f"hubPassword is one password for {len(lab.all_hubs)} hubs, so whoever learns one has them all; "
            "`pulumi config rm hubPassword` gives each a password of its own"
        )
    yield from _of_addresses(lab)
    offered = {
        Client.OPENVPN: lab.vpn.protocols.openvpn,
        Client.L2TP: lab.vpn.protocols.l2tp_ipsec,
        Client.OLD_ANDROID: lab.vpn.protocols.l2tp_ipsec,
        Client.SSTP: lab.vpn.protocols.sstp,
    }
    for user in lab.users:
        used = [client for client in user.clients or offered if client in BUILT_IN and offered[client]]
        if user.devices and used:
            yield (
                f"{user.name}: devices are known by MAC address to SoftEther's own client only; "
                f"by {', '.join(used)} this user cannot connect"
            )


def notes(lab: Lab, credentials: Credentials) -> Iterator[str]:
    """Who has no second factor where others have, and what works since an earlier version and could be better."""
    yield from second_factor.notes(lab)
    derived = [user for user in lab.users if user.auth is Auth.PASSWORD and user.name not in credentials.passwords]
    if credentials.version == 1 and derived:
        yield (
            "users' passwords are derived from userSecret without stretching it, as stacks did before, and stay as "
            "they are; `pulumi config set --path passwords.version 2` has it stretched and gives "
            f"{len(derived)} users new passwords, by new kits"
        )


def _of_secrets(credentials: Credentials) -> Iterator[str]:
    for key in credentials.weak:
        if key != "userSecret":
            yield f"{key} can be guessed; take one of `labvpn secret`"
        elif credentials.version == 1:
            yield (
                "userSecret can be guessed by anyone who has one derived password, and every user's password with it; "
                "set one of `labvpn secret` and passwords.version 2, and hand out new kits"
            )


def _of_ends(lab: Lab, now: datetime) -> Iterator[str]:
    """Accounts that are over, which may be what is meant, or a year that was mistyped."""
    over = [user for user in lab.users if user.expires and user.expires <= now]
    if over:
        listed = ", ".join(f"{user.name} (since {user.expires:%Y-%m-%d})" for user in over[:MOST_NAMES])
        more = f" and {len(over) - MOST_NAMES} more" if len(over) > MOST_NAMES else ""
        yield f"the accounts of {listed}{more} have expired; give a later date to whoever should dial in"


def _of_radius_wildcard(lab: Lab) -> Iterator[str]:
    """Users whom RADIUS also lets in beside the login of their own line, as measured on the server."""
    for name in [lab.hub_of(user) for user in lab.users if user.is_wildcard]:
        users = [user for user in lab.users if lab.hub_of(user) == name and not user.is_wildcard]
        either = [user.name for user in users if user.auth is not Auth.RADIUS or user.radius_name]
        if either:
            more = f" and {len(either) - MOST_NAMES} more" if len(either) > MOST_NAMES else ""
            yield (
                f"hub {name} has a line for *, so RADIUS lets these in as well, by the password that it has of the "
                f"same name: {', '.join(either[:MOST_NAMES])}{more}; keep the names out of RADIUS, or let "
                "the same people have them there"
            )
        free = [user.name for user in users if user.reach == "free"]
        if free and "access" not in lab.vpn.kept:
            yield (
                f"hub {name} has a line for *, and an access rule takes whoever RADIUS knows as {free[0]}@ANYTHING for "
                f"{free[0]}, who reaches everything; give users of `reach: free` another hub"
            )


def _of_addresses(lab: Lab) -> Iterator[str]:
    """Hubs with more users than addresses: docs/scale.md has what the server tells the one who comes too late."""
    for name, hub in lab.all_hubs.items():
        users = sum(lab.hub_of(user) == name for user in lab.users)
        if hub.secure_nat and users > hub.secure_nat.clients:
            yield (
                f"hub {name} has {users} users and addresses for {hub.secure_nat.clients} at once, and refuses whoever "
                "comes after them as by a wrong password; widen its secureNat by address, first and last"
            )


def _of_key(lab: Lab, credentials: Credentials) -> Iterator[str]:
    key = credentials.preshared_key
    if key is None or not lab.vpn.protocols.l2tp_ipsec:
        return
    length = len(key.get_secret_value())
    if key.get_secret_value().lower() == DEFAULT_KEY:
        yield "presharedKey is SoftEther's default, which everyone knows; take 20 or more characters"
    elif length < SHORT_KEY:
        yield f"presharedKey has {length} characters, and whoever records a login can guess it; take {SHORT_KEY}"
    old = [user.name for user in lab.users if Client.OLD_ANDROID in user.clients]
    if old and length > ANDROID_KEY:
        yield (
            f"presharedKey has {length} characters, and old Android clients ({', '.join(old)}) fail above "
            f"{ANDROID_KEY}; give them another way in, such as OpenVPN"
        )
