"""The ports on which the host listens to the outside, with the programs behind them: /proc alone, no command needed."""

import os
from typing import Dict, Iterator, List, Set, Tuple

from labvpn.agent.core.machine import Machine

# State of a listening TCP socket, and of an unconnected UDP socket (include/net/tcp_states.h).
STATES = {"tcp": "0A", "udp": "07"}
# DHCP clients: their answers come by raw sockets or by connections that they began.
OWN_CLIENTS = {"68/udp", "546/udp"}
EPHEMERAL = (32768, 60999)


def listening(machine: Machine) -> List[Tuple[str, str]]:
    """(`8000/tcp`, `python3, jupyterhub.service`) for each port that more than this host itself could reach."""
    inodes: Dict[str, Set[str]] = {}
    for port, inode in sockets(machine):
        inodes.setdefault(port, set()).add(inode)
    owners = holders(machine, {inode for found in inodes.values() for inode in found})
    ports = sorted(inodes, key=lambda port: (int(port.partition("/")[0]), port))
    return [(port, next((owners[inode] for inode in inodes[port] if inode in owners), "?")) for port in ports]


def owners_of(machine: Machine, ports: Set[str]) -> Dict[str, List[Tuple[str, str]]]:
    """Who holds each of these ports (`8000/tcp`), loopback included: table and program, `?` for one that is unknown."""
    found = [(table, port, inode) for table, _, port, inode in waiting(machine) if port in ports]
    owners = holders(machine, {inode for _, _, inode in found})
    programs: Dict[str, List[Tuple[str, str]]] = {}
    for table, port, inode in found:
        programs.setdefault(port, []).append((table, owners.get(inode, "?")))
    return programs


def sockets(machine: Machine) -> Iterator[Tuple[str, str]]:
    """(port, inode) of every socket that waits for others on an address beyond loopback."""
    return ((port, inode) for _, address, port, inode in waiting(machine) if not is_loopback(address))


def waiting(machine: Machine) -> Iterator[Tuple[str, str, str, str]]:
    """(table, address, port, inode) of every socket that waits for others; the table is of /proc/net."""
    low, high = local_range(machine)
    for name in ("tcp", "tcp6", "udp", "udp6"):
        transport = name[:3]
        for line in (machine.read("/proc/net/" + name) or "").splitlines()[1:]:
            words = line.split()
            address, _, number = words[1].partition(":")
            port = int(number, 16)
            client = transport == "udp" and low <= port <= high
            text = "{}/{}".format(port, transport)
            if words[3] == STATES[transport] and not client and text not in OWN_CLIENTS:
                yield name, address, text, words[9]


def local_range(machine: Machine) -> Tuple[int, int]:
    """The ports that clients get: an unconnected UDP socket there waits for answers only."""
    words = (machine.read("/proc/sys/net/ipv4/ip_local_port_range") or "").split()
    return (int(words[0]), int(words[1])) if len(words) == 2 else EPHEMERAL


def is_loopback(address: str) -> bool:
    """Whether an address, as /proc/net writes it (words in the host's order), is 127.0.0.0/8 or ::1."""
    return address.endswith("7F") if len(address) == 8 else address == "0" * 24 + "01000000"


def holders(machine: Machine, inodes: Set[str]) -> Dict[str, str]:
    """The program and its unit by inode."""
    found = {}
    for process in machine.path("/proc").glob("[0-9]*"):
        try:
            links = [os.readlink(str(link)) for link in (process / "fd").iterdir()]  # noqa: PTH115
            held = inodes.intersection(link[len("socket:[") : -1] for link in links if link.startswith("socket:["))
            found.update(dict.fromkeys(held, program_of(process / "comm", process / "cgroup") if held else ""))
        except OSError:
            # It ended while we looked, or a link did.
            continue
    return found


def program_of(comm: "os.PathLike[str]", cgroup: "os.PathLike[str]") -> str:
    """`python3, jupyterhub.service`; the program alone where no unit holds it."""
    with open(comm, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        name = file.read().strip()
    with open(cgroup, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        units = [part for part in file.read().replace("\n", "/").split("/") if part.endswith(".service")]
    # A program names itself as it likes.
    return printable(", ".join([name, *units[-1:]]))


def printable(text: str) -> str:
    """Someone else's text on one line, with a question mark for each unprintable character."""
    return "".join(character if character.isprintable() else "?" for character in text)
