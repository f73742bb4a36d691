"""The commands of the guide in both languages and of the README, and the tests that run them."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ENGLISH, JAPANESE = "docs/guide/en.md", "docs/guide/ja.md"
README, CONFIGURATION = "README.md", "docs/configuration.md"
TEXTS = {name: (PROJECT / name).read_text() for name in (ENGLISH, JAPANESE, README, CONFIGURATION)}

COMMAND = re.compile(r"[a-z][a-z0-9-]* \S.*")
"""A program and its arguments; a setting has a colon or a dot in its first word."""

REHEARSED = {
    "make lab",
    'eval "$(make -s env)"',
    "labvpn rehearsal exec server -- firewall-cmd --list-all",
    "labvpn rehearsal exec phone -- curl -m 3 http://203.0.113.21:8000/",
    "labvpn rehearsal exec phone -- labvpn probe vpn.lab.example",
    "labvpn dial --user guest1",
    "make stop",
}
"""Run on the example's lab, by `tests/rehearsal/test_lab.py`."""

ADMINISTERED = {
    "source .venv/bin/activate",
    "mkdir -p -m 700 /srv/labvpn-state",
    "pulumi login 'file:///srv/labvpn-state?metadata=skip'",
    "pulumi stack init mylab",
    "labvpn hostkey HOST",
    "pulumi config set --secret sshKey < ~/.ssh/id_ed25519",
    "pulumi config set --secret administratorPassword",
    "labvpn secret | pulumi config set --secret administratorPassword",
    "pulumi config set --secret presharedKey",
    "labvpn secret | pulumi config set --secret presharedKey",
    "labvpn authority vpn.mylab.example 203.0.113.20 | pulumi config set --secret authority",
    "labvpn secret | pulumi config set --secret userSecret",
    "pulumi config set --secret fortigateToken",
    "pulumi config set fortigateCa < ca.pem",
    "pulumi config set --secret dnsKey",
    "pulumi preview",
    "pulumi up",
    "pulumi config set protect true",
    "pulumi stack output --json > outputs.json",
    "labvpn probe vpn.lab.example --outputs outputs.json",
    "labvpn probe vpn.lab.example",
    "labvpn diagnose ppp.log",
    "labvpn diagnose ppp.log --lang ja",
    "labvpn check",
    "pulumi stack output users --show-secrets",
    "labvpn kit guest1",
    "labvpn kit NAME",
    "labvpn kit NAME --secrets",
    "labvpn reset-code NAME",
    "labvpn kit --all",
    "labvpn invite guests.csv",
    "labvpn status",
    "pulumi config set serverCertificate < server.pem",
    "pulumi config set --secret serverKey < server.key",
    "pulumi config rm authority",
    "pulumi cancel",
    "pulumi config set protect false",
    "pulumi destroy",
}
"""Run on the reader's own lab, by `tests/rehearsal/test_guide.py`."""

ADOPTING = {
    "labvpn adopt HOST --fortigate 203.0.113.129 --name vpn.lab.example --dns-server 198.51.100.53 --dns-key labvpn"
}
"""Run on a lab made by hand, by `tests/rehearsal/test_adopt.py`; the rehearsal's DNS has a root of its own."""

OUTSIDE = "the rehearsal cannot reach the makers' releases, and has an engine of its own"
SHARED = "it would disturb the lab that the other commands of the README are run on"

NOT_RUN = {
    "curl -fLO https://github.com/pulumi/pulumi/releases/download/v3.259.0/pulumi-v3.259.0-linux-x64.tar.gz": OUTSIDE,
    "curl -fLO https://github.com/pulumi/pulumi/releases/download/v3.259.0/pulumi-3.259.0-checksums.txt": OUTSIDE,
    "sha256sum --check --ignore-missing pulumi-3.259.0-checksums.txt": OUTSIDE,
    "tar -xzf pulumi-v3.259.0-linux-x64.tar.gz -C ~/.local": OUTSIDE,
    "pulumi plugin install resource command 1.2.1 --checksum SUM": OUTSIDE,
    "pulumi plugin install resource terraform-provider 1.1.3 --checksum SUM": OUTSIDE,
    "labvpn fortigate-provider upstream": "tests/rehearsal/test_fortigate_providers.py moves a stack of its own",
    "labvpn rehearsal guest": SHARED,
    "labvpn rehearsal break user|port|policy|name": SHARED,
    "labvpn reach --table": "tests/rehearsal/test_reach.py asks it of the whole lab",
    "pulumi up --refresh=false": "tests/rehearsal/test_fortigate_cut_off.py goes on so after a revoked token",
    "labvpn secret": "alone it only prints; it is run where it is piped",
    "make audit": "it asks a database outside",
    "make setup": "it made the Python that runs the tests",
    "make check": "it runs the tests",
    "make test": "it runs the tests",
    "pip install": "not a whole command: it depends on where the reader keeps the repository",
}
"""The reason why no test runs it."""


def commands(text: str) -> list[str]:
    """Every command of a text once, in the order of their last places."""
    found = [line for part in _parts(text) for line in part if COMMAND.fullmatch(line)]
    return list(dict.fromkeys(reversed(found)))[::-1]


def block(text: str, after: str) -> list[str]:
    """The lines of code between a text's words and the next heading."""
    section = text.partition(after)[2].partition("\n## ")[0]
    return [line for text in section.splitlines() for line in _code(text)]


def steps(text: str) -> dict[str, list[str]]:
    """The commands of each numbered step, by its words in bold."""
    found = re.findall(r"^\d+\. \*\*(.+?)\*\*(.*?)(?=^\d+\. |^$)", text, re.MULTILINE | re.DOTALL)
    return {title: commands(words) for title, words in found}


def rows(text: str, heading: str) -> dict[str, list[str]]:
    """The commands of a table's rows, by the row's first cell; rows without a command are left out."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ", 1) for line in section.splitlines() if line.startswith("| ")]
    return {title: found for title, words in cells if (found := commands(words))}


def _parts(text: str) -> list[list[str]]:
    """The code of each line; a fence without a language holds a drawing, and a row's first cell what people see."""
    lines = re.sub(r"```\n.*?```", "", text, flags=re.DOTALL).splitlines()
    return [_code(line) or _spans(line) for line in lines]


def _code(line: str) -> list[str]:
    found = re.fullmatch(r" {4,}(\S.*?)(?:\s{2,}#.*)?", line)
    return [found[1]] if found and COMMAND.fullmatch(found[1]) else []


def _spans(line: str) -> list[str]:
    cells = re.sub(r"^ *\|.*? \| ", "", line)
    return re.findall(r"`([^`]+)`", cells)
