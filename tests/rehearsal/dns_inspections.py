"""Run on a machine of the rehearsal: inspects the names declared on standard input, and prints the findings.

Input is JSON, `{"secret": ..., "names": {LABEL: declaration}}`; output is JSON,
`{LABEL: {"end": ..., "seconds": ..., "refuses": [sentences], "warns": [sentences], "missing": [sentences]}}`.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any
from unittest.mock import patch

from labvpn.connect.dns.inspect import inspect
from labvpn.model.dns import DnsName
from labvpn.plan.dns_checks import by_hand, find_problems
from labvpn.render.dns import records


def seen(name: DnsName, secret: str) -> dict[str, Any]:
    began = time.monotonic()
    snapshot = inspect(name, secret)
    found = find_problems(name, snapshot)
    return {
        "end": snapshot.walk.end,
        "servers": [str(server) for server in snapshot.walk.servers],
        "seconds": time.monotonic() - began,
        "refuses": [str(finding) for finding in found if finding.refuses],
        "warns": [str(finding) for finding in found if not finding.refuses],
        "missing": by_hand(snapshot, records(name, ["203.0.113.20"], "tests/tests")),
    }


def main() -> None:
    given = json.load(sys.stdin)
    real = time.time
    with patch("time.time", lambda: real() + given.get("ahead", 0)):
        names = {label: DnsName.model_validate(name) for label, name in given["names"].items()}
        print(json.dumps({label: seen(name, given["secret"]) for label, name in names.items()}))


if __name__ == "__main__":
    main()
