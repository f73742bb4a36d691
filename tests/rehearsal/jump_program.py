"""An SSH server that lets connections through and runs nothing: `python jump_program.py HOST_KEY AUTHORIZED_KEYS`.

OpenSSH's own would need a system user that the light machines of the rehearsal do not have.
"""

from __future__ import annotations

import asyncio
import sys

import asyncssh


class Door(asyncssh.SSHServer):
    """One client of the jump host."""

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        """Go on to wherever the client wants."""
        return True


async def main(host_key: str, authorized_keys: str) -> None:
    """Listen until ended."""
    listener = await asyncssh.listen(
        "0.0.0.0",  # noqa: S104 -- on a machine of the rehearsal
        22,
        server_factory=Door,
        server_host_keys=[host_key],
        authorized_client_keys=authorized_keys,
    )
    print("ready", flush=True)
    await listener.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
