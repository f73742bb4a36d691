"""The reaper as a service of the host: its unit, its orders, and that it runs."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import time
from typing import Any, Dict, List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line, current
from labvpn.agent.core.paths import CRASHES, LOCKOUTS, REAPER_ORDERS
from labvpn.agent.core.service import AgentService
from labvpn.agent.daemons.session_reaper import RULES, orders_file
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.lockouts import Lockouts
from labvpn.agent.softether.session_ages import ages_file

REAPER_UNIT = "labvpn-reaper"


class ReaperService(Handler):
    """`reaper hubs=LAB interval=5 hold=60 grace=30 keep=newest password=current active=yes`, and perhaps `idle=900`."""

    kind = "reaper"

    def __init__(self, softether: SoftEther) -> None:
        self.softether = softether
        self.machine = softether.machine
        self.service = AgentService(
            self.machine, REAPER_UNIT, "Ends the sessions of the VPN at their users' limits", "reap"
        )

    def orders(self) -> Dict[str, Any]:
        """The reaper's orders, whoever wrote them; empty where the file is damaged, so that they are written again."""
        return dict(orders_file(self.machine).read_unchecked() or {})

    def read(self, line: Line) -> Optional[Values]:
        active = self.service.active()
        if not active:
            return None
        orders = self.orders()
        hubs = orders.get("hubs", {})
        values = {name: str(orders.get(name, "none")) for name in (*RULES, "idle")}
        values["hubs"] = ",".join(hubs)
        values["password"] = current(all(self.softether.secrets.hubs.get(hub) == word for hub, word in hubs.items()))
        values["active"] = active
        return {key: values[key] for key in line.values if key in values}

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
                self.order(change.want.values)
        self.service.start()

    def order(self, values: Values) -> None:
        """Write the reaper's orders; root alone may read the hubs' passwords in them."""
        hubs = {hub: self.softether.secrets.hubs.get(hub, "") for hub in values["hubs"].split(",")}
        orders: Dict[str, Any] = {name: values[name] for name in (*RULES, "idle") if name in values}
        orders_file(self.machine).write(dict(orders, hubs=hubs))

    def remove(self, lines: List[Line]) -> None:
        hubs = list(self.orders().get("hubs", {}))
        self.service.stop()
        for hub in hubs:
            # Without the reaper they would stay locked out.
            lockouts = Lockouts(self.machine, hub)
            lockouts.end_all()
            lockouts.lift(self.softether.call, time.time())
        self.service.forget(REAPER_ORDERS, LOCKOUTS, CRASHES, *(ages_file(hub) for hub in hubs))
