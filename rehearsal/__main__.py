"""Run the rehearsal's command as `python -m rehearsal`."""

import sys

from rehearsal import run


def main() -> None:
    """Run it, a machine's command without delay."""
    status = run.quick(sys.argv[1:])
    if status is not None:
        sys.exit(status)
    from rehearsal.cli import app

    app(prog_name="labvpn rehearsal")


if __name__ == "__main__":
    main()
