"""The libraries that a program of an archive lacks on this host, and where they come from."""

import re
from typing import List, Optional, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.packages import install_lines

# A library's name without its version: the package of Debian and Ubuntu (`{}` is the version), that of RPM systems.
PACKAGES = {
    "libcrypto": ("libssl{}", "openssl-libs"),
    "libncurses": ("libncurses{}", "ncurses-libs"),
    "libncursesw": ("libncursesw{}", "ncurses-libs"),
    "libreadline": ("libreadline{}", "readline"),
    "libsodium": ("libsodium{}", "libsodium"),
    "libssl": ("libssl{}", "openssl-libs"),
    "libtinfo": ("libtinfo{}", "ncurses-libs"),
    "libz": ("zlib1g", "zlib"),
}
OWN = ("libcedar.so", "libmayaqua.so")
"""What a build of SoftEther 5 has beside its program."""


def missing_libraries(machine: Machine, program: str) -> List[str]:
    """The names of the libraries that the loader does not find, each once."""
    output = machine.run(["ldd", program]).output
    return list(dict.fromkeys(re.findall(r"^\s*(\S+) => not found", output, re.MULTILINE)))


def libraries_remedy(names: List[str]) -> str:
    """What to do about missing libraries, in words."""
    own = [name for name in names if name in OWN]
    system = [name for name in names if name not in OWN]
    remedies = []
    if own:
        remedies.append(
            "pack {} beside vpnserver, built so that they are found there (`patchelf --set-rpath '$ORIGIN'` for each "
            "program and library)".format(" and ".join(OWN))
        )
    found = [packages for packages in map(package_of, system) if packages]
    if found:
        apt, rpm = dict.fromkeys(pair[0] for pair in found), dict.fromkeys(pair[1] for pair in found)
        remedies.append(install_lines(" ".join(apt), " ".join(rpm)))
    others = [name for name in system if package_of(name) is None]
    if others:
        remedies.append("install the package that holds {}".format(" and ".join(others)))
    return "; ".join(remedies)


def package_of(name: str) -> Optional[Tuple[str, str]]:
    """The packages that hold a library such as `libncurses.so.6`, None where they are not known."""
    stem, _, version = name.partition(".so.")
    apt, rpm = PACKAGES.get(stem, ("", ""))
    return (apt.format(version), rpm) if apt else None
