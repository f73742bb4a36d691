"""The hunt for secrets: everything readable while the stack works is searched for each of them."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labvpn.model.passwords import derive, derive_for_hub
from rehearsal import values
from rehearsal.fortigate import control
from rehearsal.fortigate.gate import Faults
from rehearsal.machine import line
from rehearsal.places import PROJECT
from rehearsal.soak import canaries
from rehearsal.soak.engine import Engine
from rehearsal.soak.watch import Leak

PROGRAM = r"environment .*(toolchain/program\.py|pulumi-language-python-exec).*"
OWN = r"0600 STATE/(\.?values\.yaml(\.new)?|passphrase|ssh/\w+)"

MAY_HOLD = {
    "the program's own environment, where Pulumi puts the configuration": PROGRAM,
    "the administrator's password, for the agent's own use": r"0600 .*/upper/var/lib/labvpn/administrator",
    "the hubs' passwords, for the reaper": r"0600 .*/upper/var/lib/labvpn/reaper\.json",
    "SoftEther's configuration, with hashes": r"0600 .*/upper/var/lib/softether/vpn_server\.config",
    "SoftEther's own backups of it": r"0600 .*/upper/var/lib/softether/backup\.vpn_server\.config/.*",
    "the rehearsal's own secrets, which stand for the administrator's vault": OWN,
    "the FortiGate's token on its own disk": r"0600 STATE/fortigate/token",
    "the stack's outputs, read for the proofs": r"0600 STATE/outputs\.json",
}
"""Where a secret may be, each place with its reason; a file must be readable only by its owner."""

JOURNALS = "journalctl --no-pager -o export; cat /var/log/apt/*.log /root/.*history 2>/dev/null"


@dataclass
class Hunt:
    """A hunt on a running rehearsal; the engine's output is stored by command."""

    state: Path
    outputs: dict[str, bytes] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def run(self, *words: str) -> bool:
        """Run the engine and keep its output; returns whether it succeeded."""
        done = Engine(self.state).run(*words)
        name = " ".join(words)
        self.outputs[name] = self.outputs.get(name, b"") + done.output.encode()
        return done.good

    def needles(self) -> dict[bytes, str]:
        """Every form of every secret, with its name."""
        known = values.read(self.state)
        with (PROJECT / "users.csv").open() as file:
            users = {
                row["name"]: derive(known["userSecret"], row["name"], int(row["rotation"]), version=2)
                for row in csv.DictReader(file)
            }
        hubs = {
            f"password of hub {hub}": derive_for_hub(known["userSecret"], hub, version=2) for hub in ("LAB", "OWNER")
        }
        return canaries.forms({**known, **hubs, "passphrase": (self.state / "passphrase").read_text()}, users)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Scan every process and file of the rehearsal during the block."""
        asked = {form.hex(): name for form, name in self.needles().items()}
        folders = [str(self.state), "/tmp", str(Path.home() / ".pulumi"), "/run/labvpn/log", "/.changes"]  # noqa: S108
        module = [sys.executable, "-m", "rehearsal.soak.watch"]
        watch = subprocess.Popen(
            [sys.executable, "-m", "rehearsal.run", str(self.state), *module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        assert watch.stdin is not None and watch.stdout is not None  # noqa: S101  (they were asked for)
        watch.stdin.write(json.dumps({"needles": asked, "folders": folders}) + "\n")
        watch.stdin.flush()
        watch.stdout.readline()
        try:
            yield
        finally:
            report, _ = watch.communicate()
            self.seen = json.loads(report)

    def leaks(self) -> list[str]:
        """Every secret found where it must not be, one per line."""
        needles = self.needles()
        journal = subprocess.run(line("server", ["sh", "-c", JOURNALS]), capture_output=True, check=False).stdout
        texts = {**self.outputs, "the VPN host's journal and histories": journal}
        printed = {
            Leak(needles[found], "output", name)
            for name, text in texts.items()
            for found in canaries.occurring(needles, text)
        }
        stood = {Leak(**each) for each in self.seen["findings"]}
        return sorted(f"{each.secret}: {self._place(each)}" for each in stood | printed if not self._may_hold(each))

    def kept(self) -> dict[str, bool]:
        """For each place that may contain a secret, whether one was found there."""
        places = [self._place(Leak(**each)) for each in self.seen["findings"]]
        return {reason: any(re.fullmatch(each, place) for place in places) for reason, each in MAY_HOLD.items()}

    def _may_hold(self, finding: Leak) -> bool:
        return any(re.fullmatch(each, self._place(finding)) for each in MAY_HOLD.values())

    def _place(self, finding: Leak) -> str:
        return f"{finding.kind} {finding.place}".replace(str(self.state), "STATE")

    def refuse_writing(self, refused: bool) -> None:
        """Make the FortiGate refuse changes from now on, or accept them again."""
        control.set_faults(self.state / "fortigate", Faults(rights="read" if refused else "write"))
