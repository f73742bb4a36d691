"""The renewal as a service of the host: its orders, its unit and the timer, and their end."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Dict, List, Optional

from labvpn.agent.acme.challenge import Challenge
from labvpn.agent.acme.client import UNIT, http_holder
from labvpn.agent.acme.orders import RULES, Orders, orders_file
from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line, current, yes
from labvpn.agent.core.errors import sentence_of
from labvpn.agent.core.paths import (
    ACME_CLIENT,
    ACME_CURRENT,
    ACME_HOOK,
    ACME_KEY,
    ACME_NEXT,
    ACME_ORDERS,
    ACME_RECORDS,
    ACME_REPORT,
    ACME_UPDATE,
    AGENT,
    HOME,
    UNIT_FILE,
)
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.presented_certificate import set_chain_files

NEXT_TRY = "the next try is within six hours"
SERVICE_TEXT = """[Unit]
Description=Renews the certificate of the VPN
After=network-online.target softether-vpnserver.service vpnserver.service

[Service]
Type=oneshot
ExecStart={agent} renew
ExecStopPost={agent} challenge tidy
TimeoutStartSec=1200
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes
""".format(agent=AGENT)
# AccuracySec moves each host to a place of its own within the six hours.
TIMER_TEXT = """[Unit]
Description=Renews the certificate of the VPN

[Timer]
OnCalendar=*-*-* 00/6:00:00
AccuracySec=6h
Persistent=true

[Install]
WantedBy=timers.target
"""
HOOK_TEXT = '#!/bin/sh\ncase $1 in deploy_challenge | clean_challenge) exec {} challenge "$@" ;; esac\n'.format(AGENT)
KEY_TEXT = 'key "{}" {{\n    algorithm {};\n    secret "{}";\n}};\n'
ALL = (ACME_ORDERS, ACME_KEY, ACME_REPORT, ACME_RECORDS, ACME_CURRENT, ACME_NEXT, ACME_UPDATE, ACME_CLIENT, ACME_HOOK)


class RenewalService(Handler):
    """`acme directory=https://... names=vpn.lab.example challenge=dns-01 ... key=current active=yes`."""

    kind = "acme"

    def __init__(self, softether: SoftEther) -> None:
        self.softether = softether
        self.machine = softether.machine
        self.trouble = ""

    @property
    def files(self) -> Dict[str, str]:
        """The files that no secret is in, by their names."""
        timer = UNIT_FILE.format(UNIT).replace(".service", ".timer")
        return {UNIT_FILE.format(UNIT): SERVICE_TEXT, timer: TIMER_TEXT}

    def read(self, line: Line) -> Optional[Values]:
        found = orders_file(self.machine).read_unchecked()
        if found is None:
            return None
        orders = Orders(found)
        values = dict(orders.values, key=current(self.machine.read(ACME_KEY) == self.key_text(orders)))
        values["active"] = self.active()
        return {key: values[key] for key in line.values if key in values}

    def active(self) -> str:
        """`yes` where the timer runs and will after the next boot, `changed` where a file of it differs."""
        same = all(self.machine.read(name) == text for name, text in self.files.items())
        if not same or self.machine.read(ACME_HOOK) != HOOK_TEXT:
            return "changed"
        words = ("is-active", "is-enabled")
        return yes(all(self.machine.run(["systemctl", word, "-q", UNIT + ".timer"]).status == 0 for word in words))

    def key_text(self, orders: Orders) -> str:
        """The challenge's key as nsupdate reads it."""
        return KEY_TEXT.format(orders["keyname"], orders["algorithm"], self.softether.secrets.acme)

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
                self.order(change.want.values)
        for name, text in self.files.items():
            self.machine.write(name, text)
        self.machine.write(ACME_HOOK, HOOK_TEXT, 0o755)
        self.machine.must(["systemctl", "daemon-reload"])
        self.machine.must(["systemctl", "enable", "--quiet", UNIT + ".timer"])
        self.machine.must(["systemctl", "restart", UNIT + ".timer"])
        renewal = Renewal(self.softether)
        if Orders.of(self.machine).by_http and not renewal.chain():
            # No hop lets the authority in yet: the last step of the run fetches the first one.
            return
        try:
            renewal.run()
        except Exception as error:
            # The rest goes on: the server shows what it has, and the timer tries again.
            self.trouble = "! {}; {}".format(sentence_of(error), NEXT_TRY)

    def order(self, values: Values) -> None:
        """Write the orders, and the key that root alone may read; one that nothing needs any more is deleted."""
        orders_file(self.machine).write({name: values.get(name, "none") for name in RULES})
        orders = Orders.of(self.machine)
        if not orders.by_http:
            self.machine.write(ACME_KEY, self.key_text(orders), 0o600)
        elif not Challenge(self.machine, orders).records():
            self.machine.delete(ACME_KEY)

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        """Why the authority could not ask on port 80: pairs of what is wrong and what to do."""
        asked = any(line.kind == self.kind and line.values.get("challenge") == "http-01" for line in desired)
        holder = http_holder(self.machine) if asked else ""
        if not holder:
            return []
        return [["has {} on port 80, where HTTP-01 is answered".format(holder), "stop it, or use challenge: dns-01"]]

    def remove(self, lines: List[Line]) -> None:
        for word in ("disable", "stop"):
            self.machine.run(["systemctl", "--quiet", word, UNIT + ".timer"])
        self.machine.run(["systemctl", "--quiet", "stop", UNIT])
        if orders_file(self.machine).read_unchecked() is not None:
            Challenge(self.machine, Orders.of(self.machine)).tidy()
        set_chain_files(self.softether, [])
        for name in (*ALL, *self.files, HOME + "/acme.lock"):
            self.machine.delete(name)
        self.machine.must(["systemctl", "daemon-reload"])
