"""Run on a machine of the rehearsal: asks a host for its agent's answer, as every inspection does, and prints it.

Input is JSON (`server`, `opens`, `hostKey`, `seconds`); the output is the answer, or the error.
"""

from __future__ import annotations

import asyncio
import json
import sys

from labvpn.connect import inspect
from labvpn.connect.errors import HopError
from labvpn.model.server import Server


def main() -> None:
    given = json.load(sys.stdin)
    inspect.OBSERVE_SECONDS = given["seconds"]
    server = Server.model_validate(given["server"])
    try:
        answer = asyncio.run(inspect.ask_agent(server, given["opens"], given["hostKey"], "observe", "{}"))
    except HopError as error:
        answer = str(error)
    print(answer)


if __name__ == "__main__":
    main()
