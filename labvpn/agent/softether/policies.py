"""The security policies of SoftEther by their documented names, with their defaults."""

from functools import lru_cache
from typing import Any, Dict, List, Tuple

from labvpn.agent.core.errors import AgentError
from labvpn.agent.softether.config_file import Tree

NUMBERS = frozenset(
    "AutoDisconnect MaxConnection MaxDownload MaxIP MaxIPv6 MaxMac MaxUpload MultiLogins TimeOut VLanId".split()  # noqa: SIM905
)
SWITCHES = frozenset(
    [
        "Access",
        "ArpDhcpOnly",
        "CheckIP",
        "CheckIPv6",
        "CheckMac",
        "DHCPFilter",
        "DHCPForce",
        "DHCPNoServer",
        "DHCPv6Filter",
        "DHCPv6NoServer",
        "FilterIPv4",
        "FilterIPv6",
        "FilterNonIP",
        "FixPassword",
        "MonitorPort",
        "NoBridge",
        "NoBroadcastLimiter",
        "NoIPv6DefaultRouterInRA",
        "NoIPv6DefaultRouterInRAWhenIPv6",
        "NoQoS",
        "NoRouting",
        "NoRoutingV6",
        "NoSavePassword",
        "NoServer",
        "NoServerV6",
        "PrivacyFilter",
        "RAFilter",
        "RSandRAFilter",
    ]
)
# The defaults; a call that leaves a policy out sets it to zero, which would deny access.
DEFAULTS: Dict[str, str] = dict(
    {**dict.fromkeys(NUMBERS, "0"), **dict.fromkeys(SWITCHES, "no")},
    Access="yes",
    MaxConnection="32",
    TimeOut="20",
)


# A document's value for a user without a policy of their own.
INHERITED = "inherited"


def policy_value(policy: Dict[str, Any], name: str) -> str:
    """One policy as a document has it, of a block of the configuration."""
    word = str(policy.get(name, DEFAULTS.get(name, "")))
    return {"true": "yes", "false": "no"}.get(word, word)


def unstated_policies(policy: Dict[str, Any], asked: Dict[str, str]) -> Dict[str, str]:
    """The policies that the document does not state and that differ from their defaults."""
    return {name: value for name, value in unusual(tuple(policy.items())) if name not in asked}


@lru_cache(64)
def unusual(policy: Tuple[Tuple[str, Any], ...]) -> List[Tuple[str, str]]:
    """What differs from its default, by name; most users of a hub have one and the same policy."""
    known = dict(policy)
    values = {name: policy_value(known, name) for name in known if name in DEFAULTS}
    return [(name, value) for name, value in sorted(values.items()) if value != DEFAULTS[name]]


def policy_parameters(policies: Dict[str, str]) -> Dict[str, Any]:
    """Policies as the parameters of CreateUser and SetUser; AgentError for a name that is not a policy."""
    parameters: Dict[str, Any] = {}
    for name, value in policies.items():
        if name in NUMBERS:
            parameters["policy:{}_u32".format(name)] = int(value)
        elif name in SWITCHES:
            parameters["policy:{}_bool".format(name)] = value == "yes"
        else:
            raise AgentError("SoftEther has no security policy {}: see the list in the guide".format(name))
    return parameters


def group_policy(hub: Tree, group: str) -> Tree:
    """The policy of a hub's group, empty where there is no such group or it has none."""
    groups = hub.get("SecurityAccountDatabase", {}).get("GroupList", {}).items()
    found: Tree = next((block for name, block in groups if name.lower() == group.lower()), {})
    return dict(found.get("Policy", {}))


def set_policy(record: Dict[str, Any], want: Dict[str, str], have: Dict[str, str]) -> None:
    """Prepare GetUser's record for what a line states: without a policy where none is wanted, or none differs."""
    if want.get("policies") == INHERITED:
        record["UsePolicy_bool"] = False
    elif not record.get("UsePolicy_bool") and any(have.get(key) != want.get(key) for key in DEFAULTS):
        record.update(policy_parameters(DEFAULTS), UsePolicy_bool=True)
    left_out = {key: DEFAULTS[key] for key in have if key not in want and key in DEFAULTS}
    record.update(policy_parameters(left_out))
