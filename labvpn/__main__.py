"""The command `labvpn`: a short path for commands on the rehearsal's machines, the parser for all others."""

import io
import sys
from contextlib import suppress


def main() -> None:
    """Run the command. A command on a machine of the rehearsal skips the parser, which takes longer."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or a pipe that knows only ASCII gets a question mark for what it cannot print, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    from labvpn import cli

    cli.find_checkout()
    if sys.argv[1:2] == ["rehearsal"]:
        with suppress(ModuleNotFoundError):
            from rehearsal import run

            status = run.quick(sys.argv[2:])
            if status is not None:
                sys.exit(status)
    cli.main()


if __name__ == "__main__":
    main()
