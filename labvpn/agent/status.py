"""What is happening on the server now, for its administrators: read only, without secrets in the answer."""

import json
import ssl
import time
from typing import Any, Dict, Iterator, List, Tuple

from labvpn.agent.acme.report import RenewalReport
from labvpn.agent.codes.health import CodesHealth
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.core.times import NEVER, moment
from labvpn.agent.firewalld.ban_list import bans_of, guard_state
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.crashes import crashes_of
from labvpn.agent.softether.login_reader import LoginReader
from labvpn.agent.softether.login_records import Grammars
from labvpn.agent.softether.message_tables import messages_of
from labvpn.agent.softether.radius_wildcard import WILDCARD
from labvpn.agent.softether.rpc import OBJECT_NOT_FOUND, Answer, RpcError
from labvpn.agent.softether.security_log import SecurityLog, newest_lines
from labvpn.agent.softether.session_limits import is_users

LOG_FILES = 25
LOG_BYTES = 8 << 20
FAILURES_SECONDS = 24 * 3600
MOST_FAILURES = 200


class Status:
    """One reading of the server, by calls that get and enumerate and by its log."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.softether = SoftEther(machine, Secrets({}))

    def report(self) -> str:
        """The answer of `agent status`: one JSON object, times in seconds since 1970."""
        if not self.softether.installed:
            raise AgentError("there is no SoftEther on the VPN host yet: run `pulumi up`")
        hubs = [str(hub["HubName_str"]) for hub in self.softether.call("EnumHub").get("HubList", [])]
        now = moment(self.softether.call("GetServerStatus")["CurrentTime_dt"]) or time.time()
        answer = {
            "at": now,
            "sessions": [session for hub in hubs for session in self.sessions(hub)],
            "accounts": [account for hub in hubs for account in self.accounts(hub)],
            "failures": [failure for hub in hubs for failure in self.failures(hub)],
            "barred": [
                {"source": source, "until": ban.until, "failures": ban.failures}
                for source, ban in bans_of(self.machine).items()
                if ban.until > time.time()
            ],
            "crashes": [{"at": crash.at, "sources": crash.sources} for crash in crashes_of(self.machine)],
            "guard": guard_state(self.machine, time.time()),
            "certificate": self.certificate(),
            "renewal": RenewalReport(self.machine).status(),
            "secondFactor": CodesHealth(self.machine).status(),
        }
        # Lone surrogates, which no text has, would be no JSON to others.
        return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8") + "\n"

    def sessions(self, hub: str) -> Iterator[Dict[str, Any]]:
        """The users' sessions, without the hub's own, of its router and its bridges."""
        for session in self.softether.call("EnumSession", HubName_str=hub).get("SessionList", []):
            if is_users(session):
                yield from self.session(hub, session)

    def session(self, hub: str, listed: Answer) -> Iterator[Dict[str, Any]]:
        """One session, unless it has just ended."""
        try:
            found = self.softether.call("GetSessionStatus", HubName_str=hub, Name_str=listed["Name_str"])
        except RpcError as error:
            if error.code != OBJECT_NOT_FOUND:
                raise
            return
        yield {
            "hub": hub,
            "name": listed["Name_str"],
            "user": listed["Username_str"],
            "everybody": found.get("RealUsername_str") == WILDCARD,
            "source": listed["ClientIP_ip"],
            "since": moment(listed["CreatedTime_dt"]),
            "limit": int(found.get("policy:AutoDisconnect_u32") or 0),
            "protocol": str(found.get("UnderlayProtocol_str") or "").rpartition(" - ")[2],
            "received": int(found.get("TotalRecvSize_u64") or 0),
            "sent": int(found.get("TotalSendSize_u64") or 0),
        }

    def accounts(self, hub: str) -> Iterator[Dict[str, Any]]:
        """The users whose account ends one day."""
        for user in self.softether.call("EnumUser", HubName_str=hub).get("UserList", []):
            expires = moment(str(user.get("Expires_dt") or NEVER))
            if expires is not None:
                yield {"hub": hub, "user": user["Name_str"], "expires": expires}

    def failures(self, hub: str) -> List[Dict[str, Any]]:
        """The logins that failed within the last day, by user and source."""
        found: Dict[Tuple[str, str], Dict[str, Any]] = {}
        now = time.time()
        lines = newest_lines(SecurityLog(self.machine, hub).folder, LOG_FILES, LOG_BYTES)
        for failure in LoginReader(Grammars(messages_of(self.machine))).events(lines, now):
            if failure.at >= now - FAILURES_SECONDS:
                user, source = failure.user, failure.source
                entry = found.setdefault((user, source), {"hub": hub, "user": user, "source": source, "count": 0})
                entry.update(count=entry["count"] + 1, last=failure.at)
        # Whoever tries names at random must not make the answer endless.
        return sorted(found.values(), key=lambda entry: -int(entry["count"]))[:MOST_FAILURES]

    def certificate(self) -> str:
        """The certificate that the server shows, as PEM; taken from a handshake, since the call returns the key too."""
        try:
            return ssl.get_server_certificate(("127.0.0.1", self.softether.ports()[0]))
        except (OSError, ValueError):
            return ""
