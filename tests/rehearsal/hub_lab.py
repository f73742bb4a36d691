"""A VPN host with a hub with every kind of user, and the certificates that some of them log in with."""

from __future__ import annotations

import json
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labvpn.model import accounts
from labvpn.model.lab import Lab
from labvpn.model.users import User
from labvpn.render.agent_request import secrets
from labvpn.render.documents import Concern, documents
from rehearsal import dial
from rehearsal.dial import Dialled, Login
from tests.rehearsal.agent_host import AGENT, SECRETS, AgentHost
from tests.unit.samples import credentials, lab

SERVER, WEB, WORKSTATION = "203.0.113.20", "http://198.51.100.10/", "http://203.0.113.21:8000/"
SERVICES = [{"name": name, "to": "198.51.100.10", "port": port} for name, port in (("web", 80), ("iperf", 5201))]
MAC = "00-AC-11-22-33-44"


class HubHost(AgentHost):
    """The host, converged to documents that a lab makes."""

    radius_secret = "radius-canary"

    def secrets_of(self, one: Lab) -> dict[str, Any]:
        """The secrets of a lab, with what the server and its administrator are sent in this rehearsal."""
        known = dict(secrets(one, credentials(radiusSecrets=dict.fromkeys(one.all_hubs, self.radius_secret))))
        return {**known, "administrator": SECRETS["administrator"], "ipsec": SECRETS["ipsec"]}

    def apply(self, one: Lab) -> list[str]:
        """Apply a lab to the hubs, and return the changes."""
        request = {"desired": documents(one, "")[Concern.HUB], "secrets": self.secrets_of(one)}
        return self.agent("converge hub", json.dumps(request)).splitlines()

    def snapshot(self, one: Lab) -> dict[str, Any]:
        """The hubs as the host reports them, compared with a lab."""
        question = {"documents": {"hub": documents(one, "")[Concern.HUB]}, "secrets": self.secrets_of(one)}
        answer: dict[str, Any] = json.loads(self.ssh(f"{AGENT} observe", json.dumps(question)).stdout)["hub"]
        return answer

    def differs(self, one: Lab) -> set[str]:
        """The lines of the actual hubs that differ from a lab."""
        desired = documents(one, "")[Concern.HUB].splitlines()
        return set(self.snapshot(one)["observed"].splitlines()) - set(desired)

    def fetch(self, machine: str, address: str) -> bool:
        """Whether a page opens from a machine."""
        return self.run(machine, "curl", "-s", "-m", "3", "-o", "/dev/null", address).returncode == 0


@dataclass
class Given:
    """The host, the certificates, and the lab that it was brought to."""

    host: HubHost
    folder: Path
    lab: Lab

    def login(self, user: str, identity: Path | None = None, hub: str = "LAB") -> Login:
        name = user if hub == "LAB" else f"{user}@{hub}"
        secrets = self.host.secrets_of(self.lab)["users"]
        return Login(SERVER, name, secrets.get(f"{hub}/{user}", "none-of-ours"), identity=identity)

    def users(self) -> list[dict[str, Any]]:
        return [user.model_dump(by_alias=True, exclude_defaults=True) for user in self.lab.users]


def pem(file: Path) -> str:
    return Path(f"{file}.crt").read_text()


def dialled(
    given: Given, user: str, identity: str | None = None, place: str = "campus", hub: str = "LAB"
) -> AbstractContextManager[Dialled]:
    return dial.dialled(place, given.login(user, given.folder / identity if identity else None, hub))


def beside(given: Given, user: dict[str, Any]) -> Lab:
    """The lab with one more user; a kept password ends as the settings end it."""
    users = accounts.settled([*given.lab.users, User.model_validate(user)], credentials())
    return given.lab.model_copy(update={"users": users})


def lets_in(login: Login) -> bool:
    with dial.dialled("campus", login) as client:
        return client.address is not None


def authority(folder: Path, name: str) -> Path:
    """A CA's certificate and key in one file."""
    file = folder / f"{name}.pem"
    made = _openssl("req", "-x509", *_new(), "-subj", f"/CN={name}", "-keyout", f"{file}.key", "-out", f"{file}.crt")
    assert made == ""
    file.write_text(Path(f"{file}.crt").read_text() + Path(f"{file}.key").read_text())
    return file


def signed(folder: Path, by: Path, user: str, file: str) -> Path:
    """A user's certificate that a CA signed, with its key, in one file."""
    out = folder / file
    _openssl(
        *("req", "-x509", *_new(), "-subj", f"/CN={user}", "-keyout", f"{out}.key", "-out", f"{out}.crt"),
        *("-CA", str(by), "-CAkey", str(by), "-addext", "basicConstraints=critical,CA:FALSE"),
    )
    out.write_text(Path(f"{out}.crt").read_text() + Path(f"{out}.key").read_text())
    return out


def _new() -> tuple[str, ...]:
    return ("-newkey", "rsa:2048", "-nodes", "-days", "30")


def _openssl(*words: str) -> str:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def whole(users: list[dict[str, Any]], authorities: list[str], **hub: Any) -> Lab:
    """A lab with two services, a hub for guests and one for the owner."""
    own = {"services": SERVICES, "authorities": authorities, **hub}
    nat: dict[str, Any] = {"secureNat": {"routes": []}}
    hubs = {"LAB": own, "OWNER": {"secureNat": {"address": "192.168.32.1/24"}}}
    return lab(users=users, hubs=hubs, vpn=nat)
