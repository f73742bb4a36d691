"""A bare VPN host driven by the agent over SSH, as the stack does it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import Any

import yaml

from labvpn.agent import bundle
from rehearsal import network
from rehearsal.places import PROJECT
from tests.rehearsal.conftest import Rehearsal

SOURCE = bundle.source()
"""One source for a whole run, whatever becomes of the files meanwhile."""

AGENT = "/usr/local/lib/labvpn/agent"
CASES = PROJECT / "tests" / "cases" / "documents"
SECRETS: dict[str, Any] = {
    "administrator": "administrator-canary-Ω",
    "ipsec": "preshared-canary-0123456789",
    "hubs": {"LAB": "hub-canary"},
    "users": {"LAB/owner": "owner-canary", "LAB/guest1": "guest1-canary"},
}
LISTING = (
    "find /etc /usr /opt /root /var/lib /run/systemd/system -xdev ! -path '/var/lib/dpkg/*' ! -path '/var/lib/apt/*' "
    "! -path '/var/lib/systemd/*' ! -name '*.pyc' ! -name __pycache__ | sort; "
    "dpkg-query -W -f '${Package} ${db:Status-Status}\\n'; ss -Hlntu | awk '{print $1, $5}' | sort"
)
"""What a machine has: its files, its packages, its listening sockets."""


class AgentHost(Rehearsal):
    """The rehearsal's VPN host, with the documents of the worked example."""

    def documents(self) -> dict[str, str]:
        texts = {name: (CASES / f"{name}.txt").read_text() for name in ("host", "server", "hub", "firewall")}
        digest = hashlib.sha256(SOURCE.encode()).hexdigest()
        others = [line for line in texts["host"].splitlines() if not line.startswith("agent ")]
        texts["host"] = "\n".join([f"agent digest={digest} mode=755", *others]) + "\n"
        return texts

    def ssh(self, command: str, stdin: str = "", user: str = "root") -> subprocess.CompletedProcess[str]:
        state = self.state
        known = state / "known"
        known.write_text(f"{network.SERVER} {yaml.safe_load((state / 'values.yaml').read_text())['hostKey']}\n")
        options = ["-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes", "-i", str(state / "ssh/admin")]
        return self.run("admin", "ssh", *options, f"{user}@{network.SERVER}", command, input=stdin)

    def agent(self, words: str, stdin: str = "", before: str = "") -> str:
        """Run an agent's command that has to succeed."""
        done = self.ssh(f"{before}{AGENT} {words}", stdin)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    def begin(self) -> None:
        """Start the machines anew, with the agent on a host that knows its packages."""
        self.stop()
        self.start()
        self.output("server", "apt-get", "update", "-q")
        self.install()

    def begin_with_server(self) -> None:
        """The same, with SoftEther installed and set, and no hub of ours."""
        self.begin()
        self.converge("host")
        self.converge("server")

    def install(self) -> None:
        folder = AGENT.rpartition("/")[0]
        place = f"mkdir -p {folder} && cat >{AGENT}.new && chmod 0755 {AGENT}.new && mv {AGENT}.new {AGENT}"
        assert self.ssh(place, SOURCE).returncode == 0

    def request(self, concern: str, desired: str | None = None) -> str:
        documents = self.documents()
        text = documents[concern] if desired is None else desired
        return json.dumps({"generation": 1, "desired": text, "secrets": SECRETS, "seed": documents["server"]})

    def converge(self, concern: str, desired: str | None = None) -> list[str]:
        return self.agent(f"converge {concern}", self.request(concern, desired)).splitlines()

    def remove(self, concern: str) -> list[str]:
        return self.agent(f"remove {concern}", self.request(concern)).splitlines()

    def confirm(self) -> list[str]:
        return self.agent("confirm firewall").splitlines()

    def converge_all(self) -> list[str]:
        said = [line for concern in ("host", "server", "hub", "firewall") for line in self.converge(concern)]
        return said + self.confirm()

    def observe(self) -> dict[str, Any]:
        """As a look does it: the agent's source by standard input, then the question."""
        question = json.dumps({"documents": self.documents(), "secrets": SECRETS})
        bootstrap = "python3 -c 'import sys;n=int(sys.stdin.readline());exec(sys.stdin.read(n))' observe"
        done = self.ssh(bootstrap, f"{len(SOURCE)}\n{SOURCE}{question}")
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def drift(self) -> dict[str, set[str]]:
        """By concern, the lines in which the host differs from what is desired, as it shows them."""
        desired = self.documents()
        lines = {
            name: set(one["observed"].splitlines()) ^ set(desired[name].splitlines())
            for name, one in self.observe().items()
        }
        return {name: differing for name, differing in lines.items() if differing}

    def listing(self) -> list[str]:
        return self.output("server", "sh", "-c", LISTING).splitlines()

    def rpc(self, *calls: tuple[str, dict[str, Any]], password: str = str(SECRETS["administrator"])) -> None:
        """Change the server by hand, as somebody with its manager would."""
        self.output("server", "python3", "-c", BY_HAND, input=json.dumps([password, *calls]))


BY_HAND = """
import http.client, json, ssl, sys
password, *calls = json.load(sys.stdin)
connection = http.client.HTTPSConnection("127.0.0.1", 5555, context=ssl._create_unverified_context(), timeout=20)
for method, parameters in calls:
    body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": parameters})
    connection.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password.encode()})
    answer = json.loads(connection.getresponse().read())
    assert "error" not in answer, (method, answer)
"""
