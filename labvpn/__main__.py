"""The command `labvpn`: a short path for commands on the rehearsal's machines, the parser for all others."""

import errno
import io
import os
import sys
from contextlib import suppress

INTERRUPTED = 130
"""The exit status of a shell's command that SIGINT ended."""


def main() -> None:
    """Run the command; an interrupt while it is still loaded, and a full disk behind its output, show no traceback."""
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.stderr.write(f"labvpn: what it prints cannot be written: {error.strerror}\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python writes the rest when it ends
        sys.exit(1)


def _run() -> None:
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
