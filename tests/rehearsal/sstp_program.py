"""A server that speaks SSTP, for dials of the rehearsal: SoftEther 5.01.9674 takes the request and never answers it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from labvpn.kit.request import Trust
from tests.unit.dial.sstp_server import SstpServer, context_of, own_certificate, serve_one


def main() -> None:
    """Serve connections at a port, one after the other; its certificate is ca.pem in the folder."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    file, pem = own_certificate(folder)
    (folder / "ca.pem").write_text(pem)
    with socket.create_server(("", port)) as ear:
        print("ready", flush=True)
        while True:
            serve_one(SstpServer(certificate=Trust(pem).der), ear, context_of(file))


if __name__ == "__main__":
    main()
