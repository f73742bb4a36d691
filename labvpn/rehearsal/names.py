"""The rehearsal's name servers, each a BIND of its own: root with parent zone, the lab's primary, and a resolver."""

from __future__ import annotations

from pathlib import Path

from labvpn.rehearsal.network import PRIMARY, RESOLVER, ROOT

ZONE = "lab.example"
KEY = "labvpn"

_OPTIONS = """\
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile none;
    listen-on {{ {address}; }};
    listen-on-v6 {{ none; }};
    query-source address {address};
    dnssec-validation no;
    recursion {recursion};
    allow-query {{ any; }};
}};
controls {{ }};
"""

_SOA = "$TTL 60\n@ SOA {name} hostmaster.{zone} 1 3600 600 86400 5\n@ NS {name}\n"

_ROOT_ZONE = (
    _SOA.format(name="a.root.", zone="") + f"a.root. A {ROOT}\nexample. NS a.nic.example.\na.nic.example. A {ROOT}\n"
)
_EXAMPLE_ZONE = (
    _SOA.format(name="a.nic.example.", zone="example.")
    + f"a.nic A {ROOT}\nlab NS ns1.lab.example.\nns1.lab A {PRIMARY}\n"
)
_LAB_ZONE = _SOA.format(name=f"ns1.{ZONE}.", zone=f"{ZONE}.") + f"ns1 A {PRIMARY}\n"
_HINTS = f". 60 NS a.root.\na.root. 60 A {ROOT}\n"


def _zone(name: str, file: str, extra: str = "") -> str:
    return f'zone "{name}" {{ type primary; file "{file}"; {extra} }};\n'


def _root(folder: Path) -> dict[str, str]:
    options = _OPTIONS.format(folder=folder, address=ROOT, recursion="no")
    zones = _zone(".", "root.zone") + _zone("example", "example.zone")
    return {"named.conf": options + zones, "root.zone": _ROOT_ZONE, "example.zone": _EXAMPLE_ZONE}


def _primary(folder: Path, secret: str) -> dict[str, str]:
    options = _OPTIONS.format(folder=folder, address=PRIMARY, recursion="no")
    key = f'key "{KEY}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'
    granted = f"update-policy {{ grant {KEY} name vpn.{ZONE}. A; }};"
    return {"named.conf": options + key + _zone(ZONE, "lab.zone", granted), "lab.zone": _LAB_ZONE}


def _resolver(folder: Path) -> dict[str, str]:
    options = _OPTIONS.format(folder=folder, address=RESOLVER, recursion="yes")
    return {"named.conf": options + 'zone "." { type hint; file "hints"; };\n', "hints": _HINTS}


def place(folder: Path, secret: str) -> None:
    """Write the servers' folders `root`, `primary` and `resolver`, each with its named.conf and the TSIG secret."""
    made = {
        "root": _root(folder / "root"),
        "primary": _primary(folder / "primary", secret),
        "resolver": _resolver(folder / "resolver"),
    }
    for name, files in made.items():
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        for file, text in files.items():
            (folder / name / file).write_text(text)
