"""FreeRADIUS on a machine of the rehearsal, with accounts of its own and nothing else."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.rehearsal.conftest import Rehearsal

SECONDS = 20
SETTINGS = """
prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = {folder}
logdir = {folder}
run_dir = {folder}
client lab {{
    ipaddr = {client}
    secret = '{secret}'
}}
modules {{
    mschap {{
    }}
    pap {{
    }}
    files {{
        filename = {folder}/accounts
        usersfile = {folder}/accounts
    }}
}}
server lab {{
    listen {{
        type = auth
        ipaddr = *
        port = 1812
    }}
    authorize {{
        files
        mschap
        pap
    }}
    authenticate {{
        mschap
        pap
    }}
}}
"""


def _quoted(word: str) -> str:
    """A password in single quotes, where nothing is expanded."""
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


@contextmanager
def answering(
    machines: Rehearsal, machine: str, folder: Path, client: str, secret: str, accounts: Mapping[str, str]
) -> Iterator[Path]:
    """Have it answer a client until the block ends; yields the file of what it says."""
    files = {
        "radiusd.conf": SETTINGS.format(folder=folder, client=client, secret=secret.replace("'", "\\'")),
        "accounts": "".join(f"{user} Cleartext-Password := {_quoted(word)}\n" for user, word in accounts.items()),
    }
    for name, text in files.items():
        (folder / name).touch(0o600)
        (folder / name).write_text(text)
    said = folder / "said"
    line = machines.line("exec", machine, "--", "freeradius", "-X", "-d", str(folder), "-D", "/usr/share/freeradius")
    with said.open("w") as log:
        server = subprocess.Popen(line, env=machines.environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + SECONDS
            while "Ready to process requests" not in said.read_text():
                assert server.poll() is None and time.monotonic() < until, said.read_text()[-2000:]
                time.sleep(0.1)
            yield said
        finally:
            server.terminate()
            server.wait(10)
