"""The rehearsal's name servers: BIND for the root with its parent zone, the lab's primary and a resolver; and Knot.

The lab's TSIG key is `labvpn` (hmac-sha256); `labvpn-ALGORITHM` has the same secret and rights with another
algorithm, and `stranger` has the same secret and no rights. `challenge` has a secret of its own, and may change the TXT
records of ACME's challenges alone.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from rehearsal import zones
from rehearsal.network import KNOT, PRIMARY, RESOLVER, ROOT
from rehearsal.zones import ALGORITHMS, ON_BIND, ON_KNOT, ZONE

KEY = "labvpn"
STRANGER = "stranger"
CHALLENGE = "challenge"

_OPTIONS = """\
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile none;
    listen-on {{ {address}; }};
    listen-on-v6 {{ none; }};
    query-source address {address};
    notify-source {address};
    transfer-source {address};
    dnssec-validation no;
    recursion {recursion};
    allow-query {{ any; }};
    notify-delay 0;
}};
controls {{ }};
"""

_HINTS = f". 60 NS a.root.\na.root. 60 A {ROOT}\n"

_EVERYTHING = " ".join(f"grant {key} zonesub ANY;" for key in (KEY, *(f"{KEY}-{each}" for each in ALGORITHMS)))

_CHALLENGES = " ".join(f"grant {CHALLENGE} name _acme-challenge.{host}.{ZONE}. TXT;" for host in ("vpn", "one", "two"))

_GRANTED = {
    ZONE: f"update-policy {{ grant {KEY} name vpn.{ZONE}. A; {_CHALLENGES} }};",
    zones.ACME_ZONE: "",
    zones.CHALLENGES_ZONE: f"update-policy {{ grant {CHALLENGE} zonesub TXT; }};",
    zones.HIDDEN_ZONE: f"update-policy {{ {_EVERYTHING} }}; notify explicit; also-notify {{ {KNOT}; {ROOT}; }};",
    zones.SIGNED_ZONE: f"update-policy {{ {_EVERYTHING} }}; notify explicit; also-notify {{ {KNOT}; }};",
    zones.BROKEN_ZONE: f'update-policy {{ {_EVERYTHING} }}; journal "no-journal";',
}
"""What BIND lets the key change, where it is not everything."""


def challenge_secret(secret: str) -> str:
    """The secret of the challenge's key, which is another than the lab's."""
    return base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def _zone(name: str, file: str, extra: str = "") -> str:
    return f'zone "{name}" {{ type primary; file "{file}"; {extra} }};\n'


def _keys() -> list[tuple[str, str]]:
    """Every key's name and algorithm."""
    return [(KEY, "hmac-sha256"), (STRANGER, "hmac-sha256"), *((f"{KEY}-{each}", each) for each in ALGORITHMS)]


def _root(folder: Path) -> dict[str, str]:
    options = _OPTIONS.format(folder=folder, address=ROOT, recursion="no")
    hidden = f'zone "{zones.HIDDEN_ZONE}" {{ type secondary; primaries {{ {PRIMARY}; }}; file "hidden.zone"; }};\n'
    own = _zone(".", "root.zone") + _zone("example", "example.zone")
    return {"named.conf": options + own + hidden, "root.zone": zones.ROOT_FILE, "example.zone": zones.EXAMPLE_FILE}


def _primary(folder: Path, secret: str) -> dict[str, str]:
    options = _OPTIONS.format(folder=folder, address=PRIMARY, recursion="no")
    keys = "".join(f'key "{name}" {{ algorithm {how}; secret "{secret}"; }};\n' for name, how in _keys())
    keys += f'key "{CHALLENGE}" {{ algorithm hmac-sha256; secret "{challenge_secret(secret)}"; }};\n'
    everything = f"update-policy {{ {_EVERYTHING} }};"
    own = "".join(_zone(name, f"{name}.zone", _GRANTED.get(name, everything)) for name in ON_BIND)
    # A folder where a journal should be: updates of this zone fail, everything else works.
    files = {f"{name}.zone": text for name, text in ON_BIND.items()} | {"no-journal/keep": ""}
    return {"named.conf": options + keys + own, **files}


def _resolver(folder: Path) -> dict[str, str]:
    options = _OPTIONS.format(folder=folder, address=RESOLVER, recursion="yes")
    return {"named.conf": options + 'zone "." { type hint; file "hints"; };\n', "hints": _HINTS}


_KNOT = """\
server:
    rundir: "{folder}"
    listen: {address}@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "{folder}"
remote:
  - id: primary
    address: {primary}@53
key:
{keys}
acl:
  - id: change
    key: [{allowed}]
    action: update
    update-owner: name
    update-type: [A, AAAA, TXT, CNAME]
    update-owner-match: equal
    update-owner-name: [vpn, alias, _labvpn.vpn]
  - id: notified
    address: {primary}
    action: notify
template:
  - id: default
    storage: "{folder}"
    file: "%s.zone"
zone:
{zones}
  - domain: {hidden}
    file: hidden.zone
    master: primary
    acl: notified
  - domain: {signed}
    file: signed.zone
    master: primary
    acl: notified
    dnssec-signing: on
    serial-policy: unixtime
"""


def _knot(folder: Path, secret: str) -> dict[str, str]:
    keys = "\n".join(f'  - id: {name}\n    algorithm: {how}\n    secret: "{secret}"' for name, how in _keys())
    own = "\n".join(f"  - domain: {name}\n    acl: change" for name in ON_KNOT)
    allowed = ", ".join(name for name, _ in _keys() if name != STRANGER)
    places = {
        "folder": folder,
        "address": KNOT,
        "primary": PRIMARY,
        "hidden": zones.HIDDEN_ZONE,
        "signed": zones.SIGNED_ZONE,
    }
    settings = _KNOT.format(keys=keys, zones=own, allowed=allowed, **places)
    return {"knot.conf": settings, **{f"{name}.zone": text for name, text in ON_KNOT.items()}}


def place(folder: Path, secret: str) -> None:
    """Write the servers' folders `root`, `primary`, `resolver` and `knot`, with settings, zones and the TSIG secret."""
    made = {
        "root": _root(folder / "root"),
        "primary": _primary(folder / "primary", secret),
        "resolver": _resolver(folder / "resolver"),
        "knot": _knot(folder / "knot", secret),
    }
    for name, files in made.items():
        for file, text in files.items():
            (folder / name / file).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / name / file).write_text(text)
