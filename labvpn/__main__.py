"""Run the command `labvpn` as `python -m labvpn`."""

from labvpn.cli import main

if __name__ == "__main__":
    main()
