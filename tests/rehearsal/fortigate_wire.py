"""Three hosts around the FortiGate stand-in, in namespaces that end with this process, and probes between them."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal import images, system
from rehearsal.fortigate import certificates, control

TOKEN = "wire-token"
INTERNET, SERVER, CAMPUS = "198.51.100.10", "203.0.113.20", "203.0.113.140"
ROOT = Path(__file__).parents[2]
PATIENCE = 0.4
"""Seconds after which a probe counts as unanswered; the hosts are microseconds apart."""

LONG = 10.0
"""Seconds to wait for what must come, on a machine that is busy."""

_LINKS = (
    ("internet", f"{INTERNET}/24", "wan1", "198.51.100.1"),
    ("server", f"{SERVER}/28", "dmz", "203.0.113.17"),
    ("campus", f"{CAMPUS}/25", "campus", "203.0.113.129"),
)
_LENGTHS = {"wan1": 24, "dmz": 28, "campus": 25}
_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _setup() -> str:
    """The holder's shell script: private /run, namespaces, links; then it waits for its standard input to close."""
    # The rehearsal's tools lie beneath the system's own programs, which may lack nft.
    tools = f"mount -t overlay -o ro,lowerdir=/usr:{images.TOOLS.path}/usr overlay /usr"
    lines = ["set -e", tools, "mount -t tmpfs tmpfs /run", "mkdir /run/netns", "ip netns add fortigate"]
    for name, address, port, gateway in _LINKS:
        lines += [
            f"ip netns add {name}",
            f"ip -n fortigate link add {port} type veth peer name eth0 netns {name}",
            f"ip -n fortigate address add {gateway}/{_LENGTHS[port]} dev {port}",
            f"ip -n fortigate link set {port} up",
            f"ip -n {name} address add {address} dev eth0",
            f"ip -n {name} link set eth0 up",
            f"ip -n {name} link set lo up",
            f"ip -n {name} route add default via {gateway}",
        ]
    return "\n".join([*lines, "ip -n fortigate link set lo up", "echo ready", "exec cat"])


@dataclass
class Wire:
    """The namespaces, held by the process `holder`, and the FortiGate's state folder."""

    holder: int
    state: Path
    box: subprocess.Popen[bytes] | None = None

    def enter(self, name: str) -> list[str]:
        """The start of a command line that runs on a host."""
        return ["nsenter", "-t", str(self.holder), "-n", "-m", "-p", "ip", "netns", "exec", name]

    def run(self, name: str, *command: str, text: str = "") -> str:
        """What a command on a host prints; it must succeed."""
        done = subprocess.run([*self.enter(name), *command], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_box(self) -> None:
        """Start the FortiGate and wait until it answers."""
        command = [sys.executable, "-m", "rehearsal.fortigate", "--state", str(self.state)]
        with (self.state / "log").open("ab") as log:
            box = [*self.enter("fortigate"), *command]
            self.box = subprocess.Popen(box, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)})
        for _ in range(100):
            if self.box.poll() is not None:
                break
            try:
                control.policies(self.state)
                return
            except control.ControlError:
                time.sleep(0.1)
        raise AssertionError((self.state / "log").read_text())

    def kill_box(self) -> None:
        """End the FortiGate's process without a warning; its namespace and rules stay."""
        assert self.box
        children = Path(f"/proc/{self.box.pid}/task/{self.box.pid}/children").read_text().split()
        for pid in (*map(int, children), self.box.pid):
            os.kill(pid, 9)
        self.box.wait()

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """This thread's new sockets belong to the namespace of a host."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self.holder}/root/run/netns/{name}", os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(home)
            os.close(there)
            os.close(home)

    def dial(self, name: str, address: str, port: int) -> socket.socket:
        """A TCP connection from a host; TimeoutError where nothing answers.

        Its end is a reset: nothing is left that would be sent again and be counted in a later test.
        """
        with self.inside(name):
            made = socket.create_connection((address, port), timeout=PATIENCE)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.settimeout(LONG)
        return made

    def tcp(self, name: str, address: str, port: int) -> str:
        """What a TCP dial shows: `open`, `silent`, `refused` or `denied` (ICMP says prohibited)."""
        try:
            self.dial(name, address, port).close()
        except OSError as error:
            return _verdict(error)
        return "open"

    def udp(self, name: str, address: str, port: int) -> str:
        """What a datagram shows: `open` where it is echoed, else as `tcp`."""
        with self.inside(name), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
            probe.settimeout(PATIENCE)
            try:
                probe.connect((address, port))
                probe.send(b"probe")
                probe.recv(64)
            except OSError as error:
                return _verdict(error)
        return "open"

    def ping(self, name: str, address: str) -> bool:
        """Whether an ICMP echo is answered."""
        with self.inside(name), closing(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)) as probe:
            probe.settimeout(PATIENCE)
            probe.sendto(struct.pack("!BBHHH", 8, 0, 0xF7FD, 1, 1), (address, 0))
            try:
                return bool(probe.recv(256)[20] == 0)
            except TimeoutError:
                return False


def _verdict(error: OSError) -> str:
    known = {errno.ECONNREFUSED: "refused", errno.EHOSTUNREACH: "denied"}
    return "silent" if isinstance(error, TimeoutError) else known.get(error.errno or 0, str(error))


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def wire(state: Path) -> Iterator[Wire]:
    """The hosts and a running FortiGate; all of it ends with the block, or with this process."""
    system.ensure_programs(print)
    images.ensure(print)
    state.chmod(0o700)
    (state / "token").write_text(TOKEN + "\n")
    certificates.make(state)
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command = ["unshare", *flags, "sh", "-c", _setup()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as outer:
        assert outer.stdin
        assert outer.stdout
        assert outer.stdout.readline() == b"ready\n"
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        made = Wire(int(children[0]), state)
        try:
            made.start_box()
            yield made
        finally:
            outer.stdin.close()
            if made.box:
                made.box.wait(10)


class Echo:
    """A TCP and UDP echo on ports of a host; it tells a TCP caller the address that it saw."""

    def __init__(self, made: Wire, name: str, address: str, ports: tuple[int, ...]) -> None:
        self._sockets: list[socket.socket] = []
        for port in ports:
            with made.inside(name):
                self._sockets.append(socket.create_server((address, port)))
                self._sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._sockets[-1].bind((address, port))
            threading.Thread(target=_accept, args=(self._sockets[-2],), daemon=True).start()
            threading.Thread(target=_echo_datagrams, args=(self._sockets[-1],), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        for each in self._sockets:
            each.close()


def _accept(listener: socket.socket) -> None:
    while True:
        try:
            connection, peer = listener.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=(connection, peer[0]), daemon=True).start()


def _echo(connection: socket.socket, caller: str) -> None:
    with connection:
        try:
            connection.sendall(caller.encode() + b"\n")
            while received := connection.recv(1024):
                connection.sendall(received)
        except OSError:
            return


def _echo_datagrams(held: socket.socket) -> None:
    while True:
        try:
            received, peer = held.recvfrom(1024)
            held.sendto(received, peer)
        except OSError:
            return
