"""One check of a living lab: the doctor's probe from here and from the host, and the host's own view, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from labvpn.doctor import promises, run, targets
from labvpn.doctor.onhost import OnHost
from labvpn.doctor.promises import Broken
from labvpn.model.outputs import Outputs, read
from labvpn.observe.host import read_answer
from labvpn.remote.errors import HopError

AGENT = "/usr/local/lib/labvpn/agent check"
SECONDS = 120

NEVER = ("8000/tcp", "8443/tcp", "1701/udp")
"""Ports that no lab of this stack opens to the outside."""
PROTOCOLS = ("500/udp", "4500/udp", "1194/udp")
"""Ports of protocols: closed on every hop where the stack does not offer the protocol."""


def check(text: str, here: str, key: Path | None, resolver: str | None) -> list[Broken]:
    """Every promise that is not kept; `text` is the outputs' JSON, `here` the place this machine stands at.

    Raises OutputsError or TargetError if the text is no outputs of a stack.
    """
    outputs = read(text)
    wanted = targets.targets(None, text, closed=",".join(_closed(outputs)) if here == "outside" else None)
    try:
        host = OnHost(outputs, key.expanduser().read_text() if key else None)
    except OSError as error:
        return [Broken("SSH", f"the key {key} cannot be read: {error.strerror}", "name an SSH key's file by --key")]
    # The host's public address leads out again where the FortiGate holds it.
    there = () if outputs.translated else (host,)
    with ThreadPoolExecutor(max_workers=2) as pool:
        inside = pool.submit(lambda: list(_inside(host)))
        made = run.probe(wanted, run.place(here, there), there, resolver)
        # A login that fails is told once, by the look inside.
        heard = tuple(view for view in made.views if view.name != host.name or not view.trouble)
        protocols = {"SSTP": outputs.protocols.sstp, "OpenVPN": outputs.protocols.openvpn}
        seen = (*promises.outside(replace(made, views=heard)), *promises.offered(made, protocols))
        return [*seen, *inside.result()]


def _closed(outputs: Outputs) -> Iterator[str]:
    opened = {f"{number}/{protocol}" for protocol, numbers in outputs.ports.items() for number in numbers}
    yield from NEVER
    yield from (port for port in PROTOCOLS if port not in opened)


def _inside(host: OnHost) -> Iterator[Broken]:
    try:
        answer = host.run(AGENT, "{}", SECONDS)
    except HopError as error:
        yield Broken("SSH", str(error), "the promises on the host itself were not checked")
        return
    yield from promises.inside(read_answer(answer))
