"""The SSH connection that this run came over."""

import os
from typing import List, Optional

from labvpn.agent.core.machine import Machine

VARIABLE = b"SSH_CONNECTION="
SSH_PORT = 22


def connection() -> Optional[str]:
    """`CLIENT PORT SERVER PORT`, None without SSH; sudo hides it, so the processes above are asked too."""
    if os.environ.get("SSH_CONNECTION"):
        return os.environ["SSH_CONNECTION"]
    process = os.getppid()
    while process > 1:
        try:
            with open("/proc/{}/environ".format(process), "rb") as file:  # noqa: PTH123
                found = [word for word in file.read().split(b"\0") if word.startswith(VARIABLE)]
            if found:
                return found[0][len(VARIABLE) :].decode("ascii", "replace")
            process = parent(process)
        except OSError:
            return None
    return None


def parent(process: int) -> int:
    """The process above another."""
    with open("/proc/{}/stat".format(process), encoding="ascii", errors="replace") as file:  # noqa: PTH123
        return int(file.read().rpartition(")")[2].split()[1])


def ssh_ports(machine: Machine) -> List[int]:
    """The ports by which this host is reached: that of this connection, and those that sshd is set to."""
    words = (connection() or "").split()
    ports = {int(words[3])} if len(words) == 4 else set()
    settings = machine.run(["sshd", "-T"]).output.splitlines()
    ports.update(int(line.split()[1]) for line in settings if line.startswith("port "))
    return sorted(ports or {SSH_PORT})
