"""The groups of a hub, each with its security policy."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict, List, Optional

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.softether.accounts import hub_block
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.policies import DEFAULTS, policy_parameters, policy_value, unstated_policies
from labvpn.agent.softether.rpc import GROUP_EXISTS, OBJECT_NOT_FOUND, RpcError
from labvpn.agent.softether.server_settings import Setting
from labvpn.agent.softether.users import TEXTS


class Groups(Setting):
    """`group LAB/students realname="" note="" MaxDownload=8000000`; a policy that is not named is the default."""

    kind = "group"

    def read(self, line: Line) -> Optional[Values]:
        block = self.find(line.name)
        if block is None:
            return None
        policy = block.get("Policy", {})
        values = {
            key: str(block.get(TEXTS[key][0], "")) if key in TEXTS else policy_value(policy, key) for key in line.values
        }
        values.update(unstated_policies(policy, values))
        return values

    def find(self, name: str) -> Optional[Tree]:
        """A group's configuration by `HUB/GROUP`."""
        hub, _, group = name.partition("/")
        groups: Dict[str, Tree] = (
            (hub_block(self.softether, hub) or {}).get("SecurityAccountDatabase", {}).get("GroupList", {})
        )
        return next((block for own, block in groups.items() if own.lower() == group.lower()), None)

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
                self.put(change.want, "SetGroup" if change.have else "CreateGroup")

    def put(self, want: Line, method: str) -> None:
        """Write a group whole; one that a run cut off has made already is set."""
        policies = {key: value for key, value in want.values.items() if key not in TEXTS}
        parameters: Dict[str, Any] = {TEXTS[key][1]: want.values.get(key, "") for key in TEXTS}
        parameters.update(group_target(want.name), **policy_parameters(dict(DEFAULTS, **policies)))
        # A group that has no policy stays so, while none is wanted that is not the usual one.
        there = self.find(want.name)
        usual = all(value == DEFAULTS.get(key) for key, value in policies.items())
        parameters["UsePolicy_bool"] = not (usual and there is not None and "Policy" not in there)
        try:
            self.call(method, **parameters)
        except RpcError as error:
            if error.code != GROUP_EXISTS:
                raise
            self.call("SetGroup", **parameters)

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            try:
                self.call("DeleteGroup", **group_target(line.name))
            except RpcError as error:
                if error.code != OBJECT_NOT_FOUND:
                    raise


def group_target(name: str) -> Dict[str, Any]:
    """The parameters that name a group."""
    hub, _, group = name.partition("/")
    return {"HubName_str": hub, "Name_str": group}
