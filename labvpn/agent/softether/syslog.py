"""Where the server sends its logs by syslog, and that it goes on doing so.

SoftEther 5 sends nothing after a start, though its file and GetSysLog still name the target, until the target is set
again (measured on 5.01 and 5.02; 4.44 goes on). The session reaper does that, since it sees every start.
"""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import List

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import SYSLOG_SET
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.core.state_file import StateFile
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.server_settings import Setting

FORGETFUL = 5
"""The first generation that loses the target."""

# What of the logs is sent on: the number in the call and in the file.
SENT_ON = {"none": "0", "server": "1", "security": "2", "packet": "3"}


class SyslogSetting(Setting):
    """`syslog send=security host=10.98.0.2 port=514`: each word takes in the one before it; `none` is off."""

    kind = "syslog"

    def values(self, line: Line) -> Values:
        block = self.branch("ServerConfiguration", "SyslogSettings")
        words = {number: word for word, number in SENT_ON.items()}
        return {
            "send": words.get(str(block.get("SaveType", "0")), "unknown"),
            "host": str(block.get("HostName", "")) or "none",
            "port": str(block.get("Port", "514")),
        }

    def set(self, want: Line) -> None:
        values = want.values
        host = values.get("host", "none")
        self.call(
            "SetSysLog",
            SaveType_u32=int(SENT_ON[values["send"]]),
            Hostname_str="" if host == "none" else host,
            Port_u32=int(values.get("port", "514")),
        )


def set_since(machine: Machine) -> StateFile:
    """Which start of the server the target was set after; without it it is set once more."""
    return StateFile(machine, SYSLOG_SET, "", lambda value: isinstance(value, str), legacy_text=True)


def set_again(machine: Machine, started: str) -> List[str]:
    """Set the target again, once for each start of the server, and report that; `started` names the start."""
    if not started or set_since(machine).found()[0] == started:
        return []
    softether = SoftEther(machine, Secrets({}))
    try:
        found = softether.release()
        settings = softether.call("GetSysLog") if found and found[0] // 100 >= FORGETFUL else {}
        if settings.get("SaveType_u32"):
            softether.call("SetSysLog", **settings)
    finally:
        softether.close()
    set_since(machine).write(started)
    return ["the syslog target was set again after SoftEther's start"] if settings.get("SaveType_u32") else []


def silent_syslog(softether: SoftEther, desired: List[Line]) -> List[str]:
    """The warning where the target was not set again since the server's start."""
    sends = [line for line in desired if line.kind == "syslog" and line.values.get("send") != "none"]
    found = softether.release() if sends and softether.installed else None
    if found is None or found[0] // 100 < FORGETFUL:
        return []
    started = str(softether.call("GetServerStatus").get("StartTime_dt", ""))
    if set_since(softether.machine).found()[0] == started:
        return []
    return [
        "SoftEther has sent nothing by syslog since it was started at {}: the session reaper sets the target again "
        "within seconds of a start, so see `journalctl -u labvpn-reaper`".format(started)
    ]
