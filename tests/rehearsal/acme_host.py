"""A VPN host whose certificate comes from the rehearsal's ACME authority."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import Any

import yaml

from labvpn.model.lab import Lab
from labvpn.render.documents import Concern, documents
from rehearsal import names, network
from tests.rehearsal.acme_authority import DIRECTORY, Authority
from tests.rehearsal.agent_host import AGENT, SECRETS, SOURCE, AgentHost
from tests.unit.samples import lab

NAME = "vpn.lab.example"
LATER = """
import sys, time
now, moved = time.time, float(sys.argv[1])
time.time = lambda: now() + moved
agent, sys.argv[:] = sys.argv[2], sys.argv[2:]
exec(compile(open(agent).read(), agent, "exec"))
"""
SHOWN = f"""
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
with socket.create_connection(("{network.SERVER}", 443), 10) as plain:
    with context.wrap_socket(plain, server_hostname=sys.argv[2]) as secure:
        print(ssl.DER_cert_to_PEM_cert(secure.getpeercert(True)))
"""
DAY = 86400


def ordered(fqdn: str = NAME, key: str = names.CHALLENGE, **changes: Any) -> Lab:
    """The worked example with a certificate of the rehearsal's authority."""
    host, _, zone = fqdn.partition(".")
    dns = {"zone": zone, "host": host, "server": network.PRIMARY, "key": {"name": "labvpn"}}
    acme = {"directory": DIRECTORY, "contact": "admin@lab.example", "key": {"name": key}, "wait": 10, **changes}
    return lab(dns=dns, certificate={"acme": acme}, firewall=None)


class AcmeHost(AgentHost):
    """The host, and what it is asked about its certificate."""

    def prepare(self, authority: Authority) -> None:
        """SoftEther and its hub, what the client needs, and the authority's web root among the trusted ones."""
        self.begin()
        secret = yaml.safe_load((self.state / "values.yaml").read_text())["dnsKey"]
        SECRETS["acme"] = names.challenge_secret(secret)
        place = "cat >/usr/local/share/ca-certificates/lab.crt && update-ca-certificates"
        self.output("server", "sh", "-c", place, input=authority.web_root)

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

    def shown(self, root: str, name: str = NAME) -> str:
        """The certificate that a client sees who trusts the authority's root alone, in PEM."""
        file = self.state / "root.pem"
        file.write_text(root)
        return self.output("admin", "python3", "-c", SHOWN, str(file), name)

    def kept(self, name: str) -> Any:
        """What a state file of the host holds."""
        return json.loads(self.output("server", "cat", f"/var/lib/labvpn/{name}"))["value"]

    def in_zone(self, name: str = f"_acme-challenge.{NAME}") -> str:
        return self.output("admin", "dig", "+short", "TXT", name, f"@{network.PRIMARY}")

    def secrets_seen(self, *secrets: str) -> list[str]:
        """The secrets that the journal, or the files that others can read, show."""
        text = self.output("server", "sh", "-c", "journalctl --no-pager -o cat; cat /etc/systemd/system/labvpn-*")
        return [one for one in secrets if one in text or base64.b64encode(one.encode()).decode() in text]
