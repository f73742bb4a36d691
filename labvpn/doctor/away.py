"""The probe where no labvpn is installed: its words in, one view as JSON out; the standard library alone."""

from __future__ import annotations

import argparse
import json

from labvpn.doctor import views
from labvpn.doctor.targets import targets


def main(words: list[str]) -> None:
    """Probe and print; the words are those of `labvpn doctor probe`."""
    parser = argparse.ArgumentParser(prog="probe")
    parser.add_argument("host")
    for option in ("--address", "--tcp", "--udp", "--closed"):
        parser.add_argument(option)
    asked = parser.parse_args(words)
    wanted = targets(asked.host, None, asked.tcp, asked.udp, asked.closed, asked.address)
    print(json.dumps(views.to_json(views.look("away", "outside", asked.address, wanted))))
