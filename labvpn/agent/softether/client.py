"""The SoftEther server of this host: how to log in, what it has configured, how it is restarted."""

import contextlib
import json
import time
from typing import Any, Callable, List, Optional, cast

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import HOME, KEPT_PASSWORD
from labvpn.agent.core.reading import opened_text
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.softether.config_file import Edits, Tree, edit, head, is_port, listeners_of, load
from labvpn.agent.softether.installations import installation
from labvpn.agent.softether.peer import Impostor, Peer
from labvpn.agent.softether.rpc import CALL_SECONDS, Answer, Rpc, Unreachable, WrongPassword

READY_SECONDS = 60.0
ANY_ADDRESS = ("0.0.0.0", "::", "127.0.0.1")  # noqa: S104 -- how the configuration says where the server listens


class SoftEther:
    """The running server, logged in to at first need; its configuration is read once and kept until `refresh`."""

    def __init__(self, machine: Machine, secrets: Secrets) -> None:
        self.machine = machine
        self.secrets = secrets
        self.place = installation(machine)
        self.connection: Optional[Rpc] = None
        self.config: Optional[Tree] = None
        self.edits: Edits = {}
        # Why the configuration was read from the file and not from the server.
        self.trouble: Optional[AgentError] = None

    @property
    def generation(self) -> int:
        """4 or 5, as the running server says: their calls differ."""
        return int(self.call("GetServerInfo").get("ServerVerInt_u32", 500)) // 100

    def release(self) -> Optional[List[int]]:
        """The running server's version (444 is 4.44) and build, None where it cannot be asked."""
        with contextlib.suppress(AgentError):
            found = self.call("GetServerInfo")
            if "ServerVerInt_u32" in found and "ServerBuildInt_u32" in found:
                return [int(found["ServerVerInt_u32"]), int(found["ServerBuildInt_u32"])]
        return None

    @property
    def installed(self) -> bool:
        """Whether the program is on this host."""
        return self.machine.path(self.place.program).exists()

    def passwords(self) -> List[str]:
        """The administrator passwords to try: the wanted one, then the one set last."""
        return [word for word in dict.fromkeys([self.secrets.administrator, self.kept()]) if word]

    def kept(self) -> str:
        """The password set last, '' where it was not kept or its file is damaged."""
        text = self.machine.read(KEPT_PASSWORD) or ""
        return "" if "\ufffd" in text else text

    def keep_password(self) -> None:
        """Keep the wanted administrator password: status, check and the next rotation find their way in by it."""
        if not self.secrets.administrator or self.kept() == self.secrets.administrator:
            return
        self.machine.write(KEPT_PASSWORD, self.secrets.administrator, 0o600)

    @property
    def forgot(self) -> bool:
        """Whether a stack was applied here and its password was not kept, by which status and check log in."""
        wanted = self.secrets.administrator or self.kept() or None
        return self.kept() != wanted and self.machine.path(HOME + "/server.applied").exists()

    def ports(self) -> List[int]:
        """The listeners by which the server may be reached, as its file names them."""
        path = self.machine.path(self.place.config)
        if not path.exists():
            return [5555]
        with opened_text(path, "utf-8-sig") as file:
            listeners = listeners_of(head(file))
        return [int(port) for port, enabled in listeners.items() if enabled and is_port(port)] or [5555]

    def call(self, method: str, **parameters: Any) -> Answer:
        """Call the server as its administrator."""
        if self.connection is None:
            self.connection = self.log_in()
        return self.connection.call(method, **parameters)

    @property
    def peer(self) -> Peer:
        """How the server is distinguished from other programs on its ports."""
        return Peer(self.machine, self.place.config)

    def rpc(self, port: int, password: str, seconds: float = CALL_SECONDS, hub: str = "") -> Rpc:
        """A connection to one listener, by which a password goes to the server alone."""
        return Rpc(port, password, self.peer.prove, seconds, hub)

    def taken_ports(self) -> List[str]:
        """Which listeners of the server another program holds, in words."""
        return self.peer.foreign_listeners(self.ports()) if self.installed else []

    def log_in(self) -> Rpc:
        """A connection whose password the server takes."""
        return self.first_listener(self.log_in_at)

    def first_listener(self, connect: Callable[[int], Rpc]) -> Rpc:
        """The connection to the first listener that answers; a port of another program is reported first."""
        trouble: AgentError = Unreachable("SoftEther on the VPN host has no listener: give the server at least one")
        for port in self.ports():
            try:
                return connect(port)
            except Unreachable as error:
                trouble = trouble if isinstance(trouble, Impostor) else error
        raise trouble

    def log_in_at(self, port: int) -> Rpc:
        """Try the passwords at one listener; a server that has none takes any that is not empty."""
        for password in self.passwords() or ["none"]:
            rpc = self.rpc(port, password)
            with contextlib.suppress(WrongPassword):
                rpc.call("GetServerInfo")
                return rpc
        raise WrongPassword(
            "SoftEther on the VPN host did not accept the administrator password: "
            "set it there to the one of this stack (vpncmd, ServerPasswordSet) and run again"
        )

    def tree(self) -> Tree:
        """The running configuration; that of its file where the server is down or refuses us."""
        if self.config is None:
            try:
                self.call("GetServerInfo")
                self.config = load(cast(Rpc, self.connection).config_lines())
                self.trouble = None
            except (Unreachable, WrongPassword) as error:
                self.trouble = error
                self.config = self.filed()
        return self.config

    @property
    def locked_out(self) -> bool:
        """Whether the running server refused the administrator."""
        return isinstance(self.trouble, WrongPassword)

    def notes(self) -> List[str]:
        """A note where the server itself could not be asked."""
        return ["{}; the values come from its file".format(self.trouble)] if self.trouble and self.installed else []

    def inaccessible(self) -> List[List[str]]:
        """Why the agent cannot ask the server on the loopback: pairs of what is wrong and what to do."""
        settings = self.tree().get("ServerConfiguration", {}) if self.installed else {}
        address = str(settings.get("ListenIP", "")) or ANY_ADDRESS[0]
        wrong = {
            "bool DisableJsonRpcWebApi false": settings.get("DisableJsonRpcWebApi") == "true",
            "string ListenIP 0.0.0.0": address not in ANY_ADDRESS,
        }
        return [
            [
                "has a SoftEther that the agent cannot reach on 127.0.0.1, by {}".format(self.place.config),
                "stop its unit, write `{}` there, start it; adminip.txt and firewalld keep others out".format(setting),
            ]
            for setting, is_so in wrong.items()
            if is_so
        ]

    def filed(self) -> Tree:
        """The configuration as the file has it."""
        path = self.machine.path(self.place.config)
        if not path.exists():
            return {}
        with opened_text(path, "utf-8-sig") as file:
            return load(file)

    def refresh(self) -> None:
        """Drop the configuration, so that it is read again."""
        self.config = None

    def move_to(self, port: int) -> None:
        """Go on over another listener, since the one in use may close."""
        if self.connection is not None and self.connection.port != port:
            password = self.connection.password
            self.connection.close()
            self.connection = self.rpc(port, password)

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until a listener answers over TLS; a port accepts half a second before that."""
        end = time.monotonic() + seconds
        self.close()
        while True:
            troubles = [self.trouble_at(port) for port in self.ports()]
            if not all(troubles):
                return
            if time.monotonic() > end:
                raise AgentError(
                    "{} was started on the VPN host but answered on no listener within {:.0f} s ({}): "
                    "see `journalctl -u {}`".format(self.place.unit, seconds, "; ".join(troubles), self.place.unit)
                )
            time.sleep(0.1)

    def trouble_at(self, port: int) -> str:
        """Why a listener does not answer calls yet, '' where it does."""
        try:
            self.rpc(port, "none", 1.0).call("GetServerInfo")
        except WrongPassword:
            return ""
        except (Unreachable, json.JSONDecodeError) as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Forget the connection and what was read."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.refresh()

    def running(self) -> bool:
        """Whether the unit is active."""
        return self.machine.run(["systemctl", "is-active", "--quiet", self.place.unit]).status == 0

    def start(self, seconds: float = READY_SECONDS) -> None:
        """Start the unit where it does not run, and wait until it answers."""
        if not self.running():
            self.machine.must(["systemctl", "start", self.place.unit], 90)
            self.wait_ready(seconds)

    def edit_stopped(self, edits: Edits) -> None:
        """Set what no call can set: stop the server (it saves itself), edit its file, start it again."""
        self.close()
        self.machine.must(["systemctl", "stop", self.place.unit], 90)
        try:
            with opened_text(self.machine.path(self.place.config), errors="surrogateescape", newline="") as file:
                self.machine.write(self.place.config, edit(file, edits), 0o600)
        finally:
            self.machine.must(["systemctl", "start", self.place.unit], 90)
        self.wait_ready()

    def flush(self) -> None:
        """Save the configuration now; by itself the server does so every five minutes, and a crash would undo us."""
        self.call("Flush")
        if self.edits:
            edits, self.edits = self.edits, {}
            self.edit_stopped(edits)
