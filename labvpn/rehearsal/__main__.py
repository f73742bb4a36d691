"""Run the rehearsal's command as `python -m labvpn.rehearsal`."""

from labvpn.rehearsal.cli import app

if __name__ == "__main__":
    app(prog_name="labvpn rehearsal")
