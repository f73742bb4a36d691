"""The login guard as a service of the host: its unit, its orders, and whether it runs."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import time
from typing import List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.lists import entries
from labvpn.agent.core.paths import BAN_LIST, BAN_LIST_NOW, BAN_ORDERS, GUARD_HEALTH
from labvpn.agent.core.service import AgentService
from labvpn.agent.daemons.ban_takeover import BanTakeover
from labvpn.agent.firewalld.ban_list import ban_orders, guard_file, guard_trouble
from labvpn.agent.firewalld.ban_table import BanTable
from labvpn.agent.firewalld.firewalld import Firewalld

LOGIN_GUARD_UNIT = "labvpn-bans"
HINDERED = "hindered"
"""The state of a guard that runs but cannot ban every source."""


class LoginGuardService(Handler):
    """`bans slow=5 pause=15 most=10 seconds=600 exempt=none hubs=LAB zones=public from=vpnserver active=yes`."""

    kind = "bans"

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld
        self.machine = firewalld.machine
        self.service = AgentService(
            self.machine, LOGIN_GUARD_UNIT, "Bans sources of many failed logins from the VPN for a while", "ban"
        )
        # Whether this run started it: if anything hinders it then, such as a full disk, the run has not failed.
        self.started = False

    def read(self, line: Line) -> Optional[Values]:
        active = self.service.active()
        if not active:
            return None
        if active == "yes" and not self.started and guard_trouble(self.machine, time.time()):
            active = HINDERED
        values = dict(ban_orders(self.machine), active=active)
        return {key: str(values.get(key, "none")) for key in line.values}

    def warnings(self) -> List[str]:
        """What stops the guard."""
        trouble = guard_trouble(self.machine, time.time()) if self.service.active() == "yes" else ""
        return ["the login guard cannot ban every source: {}".format(trouble)] if trouble else []

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            orders = {key: value for key, value in change.line.values.items() if key != "active"}
            guard_file(self.machine, BAN_ORDERS).write(orders)
        self.machine.delete(GUARD_HEALTH)
        self.service.start()
        self.started = True

    def remove(self, lines: List[Line]) -> None:
        self.service.stop()
        BanTable(self.machine).drop()
        BanTakeover(self.firewalld, entries(ban_orders(self.machine).get("zones", ""))).lift()
        self.service.forget(BAN_ORDERS, BAN_LIST, BAN_LIST_NOW, GUARD_HEALTH)
