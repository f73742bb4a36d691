"""SELinux on a host: which of our files systemd may execute.

The policy of CentOS, Rocky and Alma lets systemd execute what is labelled `bin_t`. What is renamed out of /var keeps
the label of its old folder, and then ends with 203/EXEC. chcon is in coreutils, so it is there wherever SELinux is.
"""

from labvpn.agent.core.machine import Machine

SWITCH = "/sys/fs/selinux/enforce"
"""It exists where SELinux is on, whether it enforces or only reports."""


def let_systemd_execute(machine: Machine, folder: str) -> None:
    """Label a folder of programs and what is in it, and what will be put into it; without SELinux nothing happens."""
    if machine.path(SWITCH).exists():
        machine.run(["chcon", "-R", "-t", "bin_t", folder])
