"""An order for a certificate as a host in a folder has it, and a client that issues."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.machine import Outcome
from tests.unit.agent.fakes import FakeMachine

DIRECTORY = "https://ca.example/dir"
LINE = (
    f"acme directory={DIRECTORY} names=vpn.lab.example contact=none challenge=dns-01 primary=198.51.100.53 port=53 "
    "zone=lab.example keyname=challenge algorithm=hmac-sha256 wait=0 key=current active=yes"
)
KEY = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"
DAY = 86400.0
NOW = 1_800_000_000.0


def certificate(word: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{word}\n-----END CERTIFICATE-----\n"


LEAF, ABOVE = certificate("bGVhZg=="), certificate("YWJvdmU=")


def text_of(
    begins: str = "Jan  1 00:00:00 2027 GMT", ends: str = "Apr  1 00:00:00 2027 GMT", serial: str = "8701"
) -> str:
    return (
        "        Subject: CN = vpn.lab.example\n        X509v3 extensions:\n"
        "            X509v3 Authority Key Identifier: \n"
        "                69:88:5B:6B:87:46:40:41:E1:B3:7B:84:7B:A0:AE:2C:DE:01:C8:D4\n"
        "            X509v3 Subject Alternative Name: \n                DNS:vpn.lab.example\n"
        f"serial={serial}\nnotBefore={begins}\nnotAfter={ends}\n"
    )


def issues(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch, *lasting: Outcome) -> list[str]:
    """Have the client issue; `lasting` are the outcomes of its first tries. Returns what was run."""
    outcomes = list(lasting)
    plain = machine.run

    def run(command: Any, seconds: float = 60, environment: Any = None) -> Outcome:
        if command[0] == "dehydrated" and "--cron" in command:
            machine.ran.append(" ".join(command))
            if outcomes:
                return outcomes.pop(0)
            folder = Path(command[command.index("--config") + 1]).parent
            for place, text in (("privkey.pem", KEY), ("fullchain.pem", LEAF + ABOVE)):
                path = folder / "certs/vpn.lab.example" / place
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return Outcome(0)
        return plain(command, seconds, environment)

    monkeypatch.setattr(machine, "run", run)
    return machine.ran


def at(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr(time, "time", lambda: now)
