"""One check of a living lab: the doctor's probe from here, and the host's own view by SSH, at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labvpn.doctor import promises, run, targets
from labvpn.doctor.promises import Broken
from labvpn.model.outputs import Outputs, read
from labvpn.model.server import Server, Ssh
from labvpn.observe.host import read_answer
from labvpn.remote import ssh
from labvpn.remote.errors import HopError

AGENT = "/usr/local/lib/labvpn/agent check"
SECONDS = 120

CLOSED = "8000,8443,1701/udp"
"""Ports that no lab of this stack opens to the outside."""


def check(text: str, here: str, key: Path | None, resolver: str | None) -> list[Broken]:
    """Every promise that is not kept; `text` is the outputs' JSON, `here` the place this machine stands at.

    Raises OutputsError or TargetError if the text is no outputs of a stack.
    """
    outputs = read(text)
    with ThreadPoolExecutor(max_workers=2) as pool:
        host = pool.submit(lambda: list(_inside(outputs, key)))
        wanted = targets.targets(None, text, closed=CLOSED if here == "outside" else None)
        probed = list(promises.outside(run.probe(wanted, run.place(here, ()), (), resolver)))
        return [*probed, *host.result()]


def _inside(outputs: Outputs, key: Path | None) -> Iterator[Broken]:
    login = outputs.ssh
    server = Server(address=outputs.address, ssh=Ssh(user=login.user, port=login.port, host=login.host))
    try:
        text = key.expanduser().read_text() if key else None
        answer = asyncio.run(ssh.run(server, text, login.host_key, AGENT, "{}", SECONDS))
    except HopError as error:
        yield Broken("SSH", str(error), "the promises on the host itself were not checked")
        return
    except OSError as error:
        yield Broken("SSH", f"the key {key} cannot be read: {error.strerror}", "name the file of an SSH key by --key")
        return
    yield from promises.inside(read_answer(answer))
