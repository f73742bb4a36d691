"""The probe where no labvpn is installed: its words in, one view as JSON out; the standard library alone."""

from __future__ import annotations

import argparse
import json
import sys

from labvpn.probe import scan
from labvpn.probe.targets import targets


def main() -> None:
    """Probe and print; the arguments are those of `labvpn probe`."""
    parser = argparse.ArgumentParser(prog="probe")
    parser.add_argument("host")
    for option in ("--address", "--tcp", "--udp", "--closed"):
        parser.add_argument(option)
    asked = parser.parse_args(sys.argv[1:])
    wanted = targets(asked.host, None, asked.tcp, asked.udp, asked.closed, asked.address)
    print(json.dumps(scan.to_json(scan.scan("away", "outside", asked.address, wanted))))
