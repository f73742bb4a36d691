"""A VPN host whose certificate comes from the rehearsal's ACME authority."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from labvpn.kit.build import kit
from labvpn.kit.request import KitRequest, Trust
from labvpn.model.lab import Lab
from labvpn.model.outputs import read as read_outputs
from labvpn.render import outputs
from labvpn.render.documents import Concern, documents
from rehearsal import names, network
from rehearsal.places import PROJECT
from tests.rehearsal import softether_client
from tests.rehearsal.acme_authority import DIRECTORY, Authority
from tests.rehearsal.agent_host import AGENT, SECRETS, SOURCE, AgentHost
from tests.rehearsal.kit_lab import Dial
from tests.unit.samples import credentials, lab

NAME = "vpn.lab.example"
USER = "owner"
ROOT = (PROJECT / "tests/cases/kit/authority.pem").read_text()
LATER = """
import sys, time
now, moved = time.time, float(sys.argv[1])
time.time = lambda: now() + moved
agent, sys.argv[:] = sys.argv[2], sys.argv[2:]
exec(compile(open(agent).read(), agent, "exec"))
"""
PRESENTED = f"""
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
with socket.create_connection(("{network.SERVER}", 443), 10) as plain:
    with context.wrap_socket(plain, server_hostname=sys.argv[2]) as secure:
        print(ssl.DER_cert_to_PEM_cert(secure.getpeercert(True)))
"""
CHECKED = """
import json, sys
from labvpn.connect.dns import challenge
from labvpn.connect.errors import HopErrors
from labvpn.model.acme import Acme
from labvpn.model.dns import DnsName
one = json.loads(sys.argv[1])
name = DnsName.model_validate(one["dns"])
try:
    print(challenge.check(Acme.model_validate(one["certificate"]["acme"]), name, [name.fqdn], sys.stdin.read()))
except HopErrors as error:
    print(error)
"""
DAY = 86400


def ordered(fqdn: str = NAME, key: str = names.CHALLENGE, **changes: Any) -> Lab:
    """The worked example with a certificate of the rehearsal's authority."""
    host, _, zone = fqdn.partition(".")
    dns = {"zone": zone, "host": host, "server": network.PRIMARY, "key": {"name": "labvpn"}, "roots": [network.ROOT]}
    order = {"directory": DIRECTORY, "root": ROOT, "contact": "admin@lab.example", "key": {"name": key}, "wait": 10}
    acme = {**order, **changes}
    return lab(dns=dns, certificate={"acme": acme}, firewall=None)


def stays(client: Dial) -> bool:
    """Whether a connected client has said nothing of a restart."""
    return client.client.poll() is None and "SIGUSR1" not in client.said.read_text()


class AcmeHost(AgentHost):
    """The host, and what it is asked about its certificate."""

    def prepare(self, authority: Authority) -> None:
        """SoftEther and its hub, what the client needs, and the authority's web root among the trusted ones."""
        self.begin()
        SECRETS["acme"] = names.challenge_secret(self.dns_key)
        authority.be_trusted()

    @property
    def dns_key(self) -> str:
        """The secret of the lab's own key."""
        return str(yaml.safe_load((self.state / "values.yaml").read_text())["dnsKey"])

    def point_to_server(self) -> None:
        """Have the name that people dial."""
        self.update(f"add {NAME} 60 A {network.SERVER}", names.KEY, self.dns_key)

    def update(self, what: str, key: str = names.CHALLENGE, secret: str = "") -> None:
        """Change the lab's zone by one of its keys."""
        known = f"key hmac-sha256:{key} {secret or SECRETS['acme']}"
        lines = f"server {network.PRIMARY}\nzone lab.example.\n{known}\nupdate {what}\nsend\n"
        self.output("admin", "nsupdate", "-v", input=lines)

    def revoke(self) -> None:
        """Revoke the current certificate, by the account that ordered it."""
        script = (
            "openssl x509 -in /var/lib/labvpn/acme.pem -out /tmp/revoked.pem && "
            "dehydrated --config /var/lib/labvpn/acme/*/config --revoke /tmp/revoked.pem"
        )
        self.output("server", "sh", "-c", script)

    def kit(self, one: Lab, folder: Path) -> Path:
        """A user's kit of a lab in a folder, and a file with the login beside it."""
        stack = read_outputs(json.dumps(outputs.stack_outputs(one, credentials(dnsKey=None), str)))
        trust = Trust(stack.certificate or "", stack.acme)
        for name, content in kit(KitRequest(stack, USER, trust)).files.items():
            (folder / name).write_bytes(content)
        (folder / "login").touch(0o600)
        (folder / "login").write_text(f"{USER}\n{SECRETS['users'][f'LAB/{USER}']}\n")
        return folder

    def openvpn(self, kits: Path) -> list[str]:
        """OpenVPN's client with a kit, on the administrator's machine."""
        profile = ["--config", str(kits / "openvpn-udp-1194.ovpn"), "--auth-user-pass", str(kits / "login")]
        return self.line("exec", "admin", "--", "openvpn", *profile)

    def softether_account(self, kits: Path, authority: Authority) -> tuple[str, ...]:
        """The kit's setting; a client before 5.02 verifies no chain, so it is given what signs as well."""
        signs = kits / "intermediate.crt"
        signs.write_text(authority.intermediate)
        return (*softether_client.by_setting(kits / "softether.vpn"), f"CertAdd /{signs}")

    def sessions(self) -> set[str]:
        """The users' sessions."""
        return {one["name"] for one in json.loads(self.agent("status"))["sessions"]}

    def failure(self, days: float) -> str:
        """What a run of the renewal says that fails, with the host's clock moved."""
        done = self.renew(days)
        assert done.returncode == 1, done.stdout
        return done.stderr

    def apply(self, one: Lab, *concerns: Concern) -> list[str]:
        """Converge to what a lab declares."""
        texts = documents(one, SOURCE)
        return [line for concern in concerns or (Concern.SERVER,) for line in self.converge(concern, texts[concern])]

    def snapshot(self, one: Lab) -> dict[str, Any]:
        """The server as a preview reads it."""
        bootstrap = "python3 -c 'import sys;n=int(sys.stdin.readline());exec(sys.stdin.read(n))' observe"
        question = json.dumps({"documents": {"server": documents(one, SOURCE)[Concern.SERVER]}, "secrets": SECRETS})
        done = self.ssh(bootstrap, f"{len(SOURCE)}\n{SOURCE}{question}")
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)["server"]
        return answer

    def is_settled(self, one: Lab) -> bool:
        return bool(self.snapshot(one)["observed"] == documents(one, SOURCE)[Concern.SERVER])

    def renew(self, days: float = 0) -> subprocess.CompletedProcess[str]:
        """One run of the renewal, with the host's clock moved."""
        return self.run("server", "python3", "-c", LATER, str(days * DAY), AGENT, "renew")

    def presented(self, root: str, name: str = NAME) -> str:
        """The certificate that a client sees who trusts the authority's root alone, in PEM."""
        file = self.state / "root.pem"
        file.write_text(root)
        return self.output("admin", "python3", "-c", PRESENTED, str(file), name)

    def kept(self, name: str) -> Any:
        """What a state file of the host holds."""
        return json.loads(self.output("server", "cat", f"/var/lib/labvpn/{name}"))["value"]

    def in_zone(self, name: str = f"_acme-challenge.{NAME}") -> str:
        return self.output("admin", "dig", "+short", "TXT", name, f"@{network.PRIMARY}")

    def checked(self, one: Lab, secret: str) -> str:
        """What a preview on the administrator's machine finds of the challenge's key."""
        question = one.model_dump_json(by_alias=True, include={"dns", "certificate"})
        return self.output("admin", sys.executable, "-c", CHECKED, question, input=secret)

    def secrets_seen(self, *secrets: str) -> list[str]:
        """The secrets that the journal, or the files that others can read, show."""
        text = self.output("server", "sh", "-c", "journalctl --no-pager -o cat; cat /etc/systemd/system/labvpn-*")
        return [one for one in secrets if one in text or base64.b64encode(one.encode()).decode() in text]
