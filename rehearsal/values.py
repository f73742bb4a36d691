"""The values that a rehearsal makes for itself: keys, tokens and passwords, kept in its state folder alone."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MARK = ".labvpn-rehearsal"
"""The file by which a folder is known as a rehearsal's; it is the first one in it."""

MARKED = "This folder belongs to the rehearsal of labvpn: `labvpn rehearsal stop` deletes all of it.\n"
NAMES = ("administratorPassword", "fortigateToken", "hostKey", "presharedKey", "userSecret")


def are_in(state: Path) -> bool:
    """Whether a folder is a rehearsal's: by its mark, or by the values of one that was started before there was one."""
    return not state.is_symlink() and (_has(state / MARK, (MARKED,)) or _has(state / "values.yaml", NAMES))


def _has(path: Path, words: tuple[str, ...]) -> bool:
    there = path.is_file() and not path.is_symlink()
    return there and all(word in path.read_text("utf-8", "replace") for word in words)


def ensure(state: Path) -> None:
    """Make the rehearsal's values unless they exist, readable only by their owner.

    They are `ssh/admin` and `ssh/host` (each with .pub), `fortigate` (what the box starts from), `passphrase` and
    `values.yaml`, which holds the secrets under the names that the stack's configuration gives them. It is written
    last, so if it exists, the others do too.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    write(state / MARK, MARKED)
    (state / "ssh").mkdir(exist_ok=True, mode=0o700)
    if not (state / "values.yaml").exists():
        _make(state)


def read(state: Path) -> dict[str, str]:
    """The values of `values.yaml`; FileNotFoundError before they are made."""
    import yaml

    values: dict[str, str] = yaml.safe_load((state / "values.yaml").read_text())
    return values


def _make(state: Path) -> None:
    import yaml

    from rehearsal.fortigate import certificates

    token = secrets.token_hex(15)
    box = state / "fortigate"
    box.mkdir(exist_ok=True, mode=0o700)
    write(box / "token", token)
    values = {
        "hostKey": _key_pair(state / "ssh/host"),
        "fortigateToken": token,
        "fortigateCa": certificates.make(box).read_text(),
        "dnsKey": base64.b64encode(secrets.token_bytes(32)).decode(),
        **{name: secrets.token_urlsafe(24) for name in ("administratorPassword", "presharedKey")},
        "userSecret": secrets.token_urlsafe(32),
    }
    _key_pair(state / "ssh/admin")
    values["sshKey"] = (state / "ssh/admin").read_text()
    write(state / "passphrase", secrets.token_urlsafe(24))
    write(state / "values.yaml", yaml.safe_dump(values, default_style="|"))


def _key_pair(path: Path) -> str:
    """Write a new pair as OpenSSH keeps it; returns the public line."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption()).decode()
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()
    write(path, private)
    write(path.with_suffix(".pub"), public + "\n")
    return public


def write(path: Path, text: str) -> None:
    """Write a secret atomically into a file that only its owner can read."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.rename(path)
