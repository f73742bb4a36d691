"""Where SoftEther may be installed on a host, and which of these places it is."""

from typing import Dict, Iterable, NamedTuple

from labvpn.agent.core.machine import Machine


class Installation(NamedTuple):
    """Where one way of installing SoftEther puts its things."""

    program: str
    folder: str
    unit: str

    @property
    def config(self) -> str:
        """The file that holds everything."""
        return self.folder + "/vpn_server.config"

    @property
    def adminip(self) -> str:
        """The file that says from where the server may be administered."""
        return self.folder + "/adminip.txt"

    @property
    def logs(self) -> str:
        """The folder of the logs: Debian's package has it elsewhere."""
        return self.folder.replace("/var/lib/", "/var/log/")


UNPACKED = Installation("/usr/local/vpnserver/vpnserver", "/usr/local/vpnserver", "vpnserver")
PACKAGED = Installation("/usr/libexec/softether/vpnserver/vpnserver", "/var/lib/softether", "softether-vpnserver")
UPSTREAMS = PACKAGED._replace(folder="/usr/libexec/softether/vpnserver")
"""Upstream's own package: its program is at Debian's path and keeps its state beside itself."""
INSTALLATIONS = (
    UNPACKED,
    PACKAGED,
    # What others than we install: by the upstream's own build, unit and init script.
    Installation(
        "/usr/local/libexec/softether/vpnserver/vpnserver",
        "/usr/local/libexec/softether/vpnserver",
        "softether-vpnserver",
    ),
    Installation("/opt/vpnserver/vpnserver", "/opt/vpnserver", "softether-vpnserver"),
    Installation("/usr/vpnserver/vpnserver", "/usr/vpnserver", "vpnserver"),
)
UNIT_PATHS = (
    "/etc/systemd/system/{}.service",
    "/usr/lib/systemd/system/{}.service",
    "/lib/systemd/system/{}.service",
    "/etc/init.d/{}",
)


def starters(machine: Machine, names: Iterable[str]) -> Dict[str, str]:
    """The text of each unit or init script of these names that the host has."""
    found = [(name, machine.read(form.format(name))) for name in names for form in UNIT_PATHS]
    # The later wins, so the paths are in the reverse of the order in which systemd prefers them.
    return {name: text for name, text in reversed(found) if text is not None}


def unit_of(machine: Machine, place: Installation) -> str:
    """The unit that starts an installation: one that names its program, else one of a usual name; '' where none is."""
    usual = starters(machine, dict.fromkeys([place.unit, "vpnserver", "softether-vpnserver"]))
    naming = [name for name, text in usual.items() if place.program in text]
    return ([name for name in naming if name == place.unit] + naming + list(reversed(list(usual))) + [""])[0]


def installation(machine: Machine) -> Installation:
    """The installation on this host; where there is none yet, the one that a package will make."""
    found = [place for place in INSTALLATIONS if machine.path(place.program).exists()]
    texts = "".join(starters(machine, ["vpnserver", "softether-vpnserver"]).values()) if len(found) > 1 else ""
    place = ([one for one in found if one.program in texts] + found + [PACKAGED])[0]
    if place == PACKAGED and found and is_upstreams(machine):
        place = UPSTREAMS
    return place._replace(unit=unit_of(machine, place) or place.unit)


def is_upstreams(machine: Machine) -> bool:
    """Whether the program at Debian's path is of upstream's package: by its state, else by the unit that it brings."""
    for place in (UPSTREAMS, PACKAGED):
        if machine.path(place.config).exists():
            return place == UPSTREAMS
    return any("execsvc" in text for text in starters(machine, [PACKAGED.unit]).values())
