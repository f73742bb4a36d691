"""A connected client: `python -m rehearsal.soak.connected_client` dials from the campus and waits.

It is a separate process because its environment selects the rehearsal that it works on. It prints its address inside
the VPN once it is connected, and disconnects when its input ends. It dials by TCP, so its session ends with it.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from rehearsal import lab
from rehearsal.dial import dialled


def main() -> None:
    """Dial in, print the address, and wait."""
    login = replace(lab.outputs().login("owner"), port=443, transport="tcp")
    with dialled("campus", login) as dial:
        if dial.address is None:
            sys.exit(f"the campus could not dial in: {dial.log[-2000:]}")
        print(dial.address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
