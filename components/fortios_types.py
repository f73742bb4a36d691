"""The types of the FortiOS package that a lab uses, loaded without its hundreds of others.

`pulumiverse_fortios.firewall` loads every type below it, which takes longer than the rest of a run. So it is an empty
package while these few modules load, and complete again for whoever imports it afterwards.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pulumi
import pulumiverse_fortios

PACKAGES = ("pulumiverse_fortios.firewall", "pulumiverse_fortios.firewall.service")


@contextmanager
def _empty(home: Path) -> Iterator[None]:
    """Have modules of the packages found in their folders, without running the packages' own code."""
    kept = {name: sys.modules.pop(name, None) for name in PACKAGES}
    for name in PACKAGES:
        module = ModuleType(name)
        module.__path__ = [str(home.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module
    try:
        yield
    finally:
        for name, module_before in kept.items():
            del sys.modules[name]
            if module_before is not None:
                sys.modules[name] = module_before


with _empty(Path(str(pulumiverse_fortios.__file__)).parent):
    from pulumiverse_fortios.firewall._inputs import (
        AddrgrpMemberArgs,
        PolicyDstaddrArgs,
        PolicyDstintfArgs,
        PolicyServiceArgs,
        PolicySrcaddrArgs,
        PolicySrcintfArgs,
        VipMappedipArgs,
    )
    from pulumiverse_fortios.firewall.address import Address
    from pulumiverse_fortios.firewall.addrgrp import Addrgrp
    from pulumiverse_fortios.firewall.policy import Policy
    from pulumiverse_fortios.firewall.policy_move import PolicyMove
    from pulumiverse_fortios.firewall.service.custom import Custom
    from pulumiverse_fortios.firewall.vip import Vip

Provider = pulumiverse_fortios.Provider

_NOT_PROPERTIES = ("opts", "resource_name", "name", "dynamic_sort_subtable", "get_all_tables", "vdomparam")


def properties(kind: type[pulumi.CustomResource]) -> Mapping[str, str]:
    """The properties that a type takes, by their Python names, as the engine names them."""
    known = inspect.signature(kind._internal_init).parameters  # type: ignore[attr-defined]
    names = (name for name in known if not name.startswith("__") and name not in _NOT_PROPERTIES)
    return {name: camel(name) for name in names}


def camel(name: str) -> str:
    """`srcaddr_negate` as the engine has it: `srcaddrNegate`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


__all__ = [
    "Address",
    "Addrgrp",
    "AddrgrpMemberArgs",
    "Custom",
    "Policy",
    "PolicyDstaddrArgs",
    "PolicyDstintfArgs",
    "PolicyMove",
    "PolicyServiceArgs",
    "PolicySrcaddrArgs",
    "PolicySrcintfArgs",
    "Provider",
    "Vip",
    "VipMappedipArgs",
    "camel",
    "properties",
]
