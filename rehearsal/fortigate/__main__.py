"""Run the box: `python -m rehearsal.fortigate --state FOLDER`, inside its network namespace."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import ssl
import sys
from pathlib import Path

from aiohttp import web

from rehearsal.fortigate import certificates, control, kernel, rest
from rehearsal.fortigate.gate import Admission
from rehearsal.fortigate.refusals import Refused

PORT = 443


def main() -> int:
    """Serve until stopped; a state that it cannot start from gives one sentence and exit status 1.

    The address is bound before anything is changed: a machine without it is not the rehearsal's FortiGate,
    and keeps its own firewall.
    """
    arguments = _arguments()
    try:
        with socket.create_server((arguments.listen, PORT)) as listener:
            kernel.forward()
            asyncio.run(_serve(Admission.start(arguments.state, kernel.Kernel()), listener))
    except (OSError, Refused) as error:
        at = f"at {arguments.listen} with the state in {arguments.state}"
        print(f"the FortiGate cannot start {at}: {error}; is this its network namespace?", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rehearsal.fortigate", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, metavar="FOLDER", help="token, certificate.pem, key.pem")
    parser.add_argument(
        "--listen", default=certificates.ADDRESS, metavar="ADDRESS", help="address of the administration"
    )
    return parser.parse_args()


async def _serve(gate: Admission, listener: socket.socket) -> None:
    """Serve REST over https and the control socket until SIGTERM or SIGINT; reports when both answer."""
    apps = (rest.application(gate), control.application(gate))
    runners = [web.AppRunner(app, access_log=None, shutdown_timeout=1.0) for app in apps]
    for runner in runners:
        await runner.setup()
    await web.UnixSite(runners[1], str(gate.folder / control.SOCKET)).start()
    await web.SockSite(runners[0], listener, ssl_context=_tls(gate.folder)).start()
    print(f"the FortiGate answers at https://{listener.getsockname()[0]}", file=sys.stderr, flush=True)
    await _ended_by_signal()
    for runner in runners:
        await runner.cleanup()


def _tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / certificates.CERTIFICATE, folder / certificates.KEY)
    return context


async def _ended_by_signal() -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


if __name__ == "__main__":
    sys.exit(main())
