"""Where the stack's outputs come from: a file, or the engine itself."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from labvpn.model.encoding import decoded
from labvpn.model.outputs import Outputs, OutputsError, read

COMMAND = ("pulumi", "stack", "output", "--json", "--show-secrets")
SECONDS = 10


def outputs(file: Path | None) -> Outputs:
    """The outputs of a file (`-` is the standard input), or of the stack selected here. Raises OutputsError."""
    return read(text(file))


def text(file: Path | None) -> str:
    """The same as the engine's JSON."""
    return _text(file) if file else _printed()


def served_certificate(stack: Outputs) -> str:
    """The certificate that the server shows now, in PEM; nobody vouches for it. Raises OutputsError.

    Several servers without an authority of the stack's show the same one, so the first that answers is enough.
    """
    ports, silent = stack.ports.get("tcp"), []
    if not ports:
        raise OutputsError("The stack's outputs name no TCP port that could show a certificate; run `pulumi up` once")
    port = ports[0]
    for server in stack.every:
        try:
            return current_certificate(str(server.address), port)
        except OSError as error:
            silent.append(f"{server.address} port {port} ({error})")
    where = "; ".join(silent)
    raise OutputsError(f"The server shows no certificate at {where}; is it up, and open to here?")


def current_certificate(host: str, port: int) -> str:
    """The certificate that a port of a host shows now, in PEM; nobody vouches for it. Raises OSError."""
    # It is fetched to be trusted from now on, so there is nothing to verify it by.
    context = ssl._create_unverified_context()  # noqa: S323
    with socket.create_connection((host, port), SECONDS) as plain, context.wrap_socket(plain) as secure:
        return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True) or b"")


def _text(file: Path) -> str:
    try:
        # A shell on Windows writes UTF-16.
        return decoded(sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()).body
    except OSError as error:
        raise OutputsError(f"{file} cannot be read: {error.strerror}; give the file of the stack's outputs") from None
    except ValueError:
        raise OutputsError(f"{file} is not text; give what `pulumi stack output --json` prints") from None


def _printed() -> str:
    if shutil.which(COMMAND[0]) is None:
        raise OutputsError("pulumi is not on PATH here; give the stack's outputs by --outputs FILE")
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise OutputsError(f"`{' '.join(COMMAND)}` failed: {last}; run it where the stack is, or give --outputs FILE")
    return done.stdout
