"""Run the box: `python -m labvpn.rehearsal.fortigate --state FOLDER`, inside its network namespace."""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl
import sys
from pathlib import Path

from aiohttp import web

from labvpn.rehearsal.fortigate import certificates, control, kernel, rest
from labvpn.rehearsal.fortigate.gate import Gate
from labvpn.rehearsal.fortigate.refusals import Refused

PORT = 443


def main() -> int:
    """Serve until told to end; a state that it cannot start from is one sentence and exit status 1."""
    arguments = _arguments()
    try:
        kernel.forward()
        gate = Gate.start(arguments.state, kernel.Kernel())
        asyncio.run(_serve(gate, arguments.listen))
    except (OSError, Refused, kernel.EnforcementError) as error:
        print(f"the FortiGate of {arguments.state} cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="labvpn.rehearsal.fortigate", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, metavar="FOLDER", help="token, certificate.pem, key.pem")
    parser.add_argument("--listen", default=certificates.ADDRESS, metavar="ADDRESS", help="of the administration")
    return parser.parse_args()


async def _serve(gate: Gate, address: str) -> None:
    """Serve REST over https and the control socket until SIGTERM or SIGINT; says when both answer."""
    apps = (rest.application(gate), control.application(gate))
    runners = [web.AppRunner(app, access_log=None, shutdown_timeout=1.0) for app in apps]
    for runner in runners:
        await runner.setup()
    await web.UnixSite(runners[1], str(gate.folder / control.SOCKET)).start()
    await web.TCPSite(runners[0], address, PORT, ssl_context=_tls(gate.folder)).start()
    print(f"the FortiGate answers at https://{address}", file=sys.stderr, flush=True)
    await _told_to_end()
    for runner in runners:
        await runner.cleanup()


def _tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / certificates.CERTIFICATE, folder / certificates.KEY)
    return context


async def _told_to_end() -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


if __name__ == "__main__":
    sys.exit(main())
