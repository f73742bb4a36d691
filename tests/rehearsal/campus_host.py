"""A VPN host on which some users give a code behind a password that the campus's own RADIUS has."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from labvpn.model.lab import Lab
from rehearsal.network import WHOAMI
from tests.rehearsal.code_host import CodeHost
from tests.rehearsal.guarded_host import eventually
from tests.rehearsal.hub_lab import SERVER
from tests.rehearsal.radius import answering
from tests.unit.samples import lab

COVERED = (
    "aki",
    "ben",
    "chie",
    "dai",
    "emi",
    "fumi",
    "gen",
    "hana",
    "oki",
    "pia",
    "iori",
    "jun",
    "kei",
    "leo",
    "mia",
    "nao",
)
"""Users with a password at the campus and a code; each test has users of its own, since a code is good once."""

AT_CAMPUS = {"aki": "a.tanaka", "vera": "v.real"}
"""Whose name is another one there."""

DEAN, VERA, OWN, BOSS, STRANGER = "dean", "vera", "own", "boss", "stranger"
"""Of the campus and exempt, or in no group; with a password of ours, covered and not; of the campus without a line."""

ODD = {"chie": "p\\a\"s%{User-Name}'日 `id`\\"}
"""A password in which every character counts."""


def campus(server: str = WHOAMI, without: str = "", exempt: tuple[str, ...] = (DEAN, BOSS)) -> Lab:
    """The hub with a group whose users give a code, most of them with their password at the campus."""
    of_campus = [name for name in (*COVERED, DEAN, VERA) if name != without]
    users: list[dict[str, Any]] = [
        {"name": name, "auth": "radius", "radiusName": AT_CAMPUS.get(name, ""), "group": "staff", "MultiLogins": 0}
        for name in of_campus
    ]
    users += [{"name": name, "group": "staff", "MultiLogins": 0} for name in (OWN, BOSS)]
    users = [{**user, "group": None} if user["name"] == VERA else user for user in users]
    factor = {"groups": ["staff"], "exempt": [*exempt]}
    hub = {"groups": {"staff": {}}, "secondFactor": factor, "radius": {"server": server}}
    return lab(users=users, hubs={"LAB": hub}, vpn={"secureNat": {"routes": []}, "sessions": {"enforced": False}})


class CampusHost(CodeHost):
    """The host, and the campus's RADIUS on another machine, which can be stopped and started."""

    lab = campus()
    radius_secret = "radius'canary \"${x} #Ω"

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self.folder, self.runs = folder, 0
        self.running = ExitStack()
        self.said = Path()

    def campus_up(self, secret: str = "") -> None:
        self.runs += 1
        folder = self.folder / str(self.runs)
        folder.mkdir()
        people = (*COVERED, DEAN, VERA, OWN, BOSS, STRANGER)
        accounts = {AT_CAMPUS.get(user, user): self.password(user) for user in people}
        served = answering(self, "internet", folder, SERVER, secret or self.radius_secret, accounts)
        self.said = self.running.enter_context(served)

    def campus_down(self) -> None:
        self.running.close()

    def password(self, user: str) -> str:
        """What the campus's RADIUS has of a user."""
        return ODD.get(user, f"campus-of-{user}")

    def status_of_silence(self) -> dict[str, Any]:
        """The status once the verifier has given up: SoftEther refuses after 15 s, and it waits a little longer."""
        eventually(lambda: self.status_now()["campus"], 30)
        return self.status_now()

    def asked(self) -> int:
        """How many questions the campus's RADIUS has got."""
        return self.said.read_text().count("Received Access-Request")
