"""A local user of the VPN host who takes SoftEther's ports while it is down, and waits to be sent a password."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.rehearsal.agent_host import AGENT, AgentHost
from tests.rehearsal.hub_lab import authority

UNIT = "softether-vpnserver"
USER = "mallory"
HEARD = "/tmp/mallory"  # noqa: S108 -- the user's own file, on the rehearsal's machine

# A server of HTTPS that answers as SoftEther would, and writes down all that it is sent; `relay` passes connections on
# to the real server, as a program between would.
IMPOSTOR = """
import http.server, os, socket, ssl, sys, threading
what, *ports = sys.argv[1:]
os.umask(0o077)
os.makedirs("HEARD", exist_ok=True)
with open("HEARD/pem", "w") as file:
    file.write(PEM)
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if what == "six" else socket.AF_INET
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        with open("HEARD/sent", "a") as file:
            file.write(str(self.headers) + "\\n")
        body = b'{"jsonrpc": "2.0", "id": "1", "result": {"ServerVerInt_u32": 501}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
def pump(one, other):
    while data := one.recv(65536):
        other.sendall(data)
    other.shutdown(socket.SHUT_WR)
def relay(port):
    waiting = socket.create_server(("127.0.0.1", port))
    while True:
        one, _ = waiting.accept()
        other = socket.create_connection(("127.0.0.1", 443))
        for pair in ((one, other), (other, one)):
            threading.Thread(target=pump, args=pair, daemon=True).start()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("HEARD/pem")
for port in map(int, ports):
    if what == "relay":
        threading.Thread(target=relay, args=(port,), daemon=True).start()
        continue
    server = Server(("::" if what == "six" else "127.0.0.1", port), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
print("listening", flush=True)
sys.stdin.read()
""".replace("HEARD", HEARD)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate of the impostor's own, for the server's name, with its key."""
    return authority(tmp_path_factory.mktemp("impostor"), "server").read_text()


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    host = AgentHost("attack-impostor")
    host.begin_with_server()
    host.converge("hub")
    host.output("server", "useradd", "--system", "--no-create-home", USER)
    yield host
    host.stop()


@contextmanager
def impostor(host: AgentHost, pem: str, what: str, *ports: int) -> Iterator[None]:
    """The user's program on these ports, as soon as they are free."""
    host.output("server", "rm", "-rf", HEARD)
    program = (
        "setpriv",
        "--reuid",
        USER,
        "--regid",
        USER,
        "--clear-groups",
        "python3",
        "-c",
        IMPOSTOR.replace("PEM", repr(pem)),
        what,
    )
    line = host.line("exec", "server", "--", *program, *map(str, ports))
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=host.environment
    ) as running:
        assert running.stdin is not None and running.stdout is not None
        try:
            assert running.stdout.readline() == "listening\n"
            yield
        finally:
            running.stdin.close()


def heard(host: AgentHost) -> str:
    return host.run("server", "cat", f"{HEARD}/sent").stdout


@pytest.fixture
def stopped(host: AgentHost) -> Iterator[None]:
    """SoftEther does not run; the reaper goes on looking for it."""
    host.output("server", "systemctl", "stop", UNIT)
    yield
    host.output("server", "systemctl", "restart", UNIT)
    is_as_before(host)


def is_as_before(host: AgentHost) -> None:
    """All listeners are back."""
    until = time.monotonic() + 20
    while time.monotonic() < until and host.observe()["server"]["warnings"]:
        time.sleep(0.5)
    host.converge("server")
    assert not {"host", "server", "hub"} & host.drift().keys()


@pytest.mark.parametrize("what", ["four", "six"])
@pytest.mark.usefixtures("stopped")
def test_whoever_takes_the_ports_is_sent_no_password(host: AgentHost, pem: str, what: str) -> None:
    with impostor(host, pem, what, 1194, 5555):
        observed = json.dumps(host.observe())
        host.ssh(f"{AGENT} status")
        host.ssh(f"{AGENT} check")
        # The reaper of the hub looks for the server at least every five seconds.
        time.sleep(11)
        # The server has two of its four ports now, and a run is refused that cannot give it the others.
        document = host.documents()["server"].replace("minimum=1.2", "minimum=1.1")
        refused = host.ssh(f"{AGENT} converge server", host.request("server", document))
        sent = heard(host)
    assert refused.returncode != 0
    assert "has python3 on TCP port" in refused.stderr
    assert "canary" not in sent
    assert "PASSWORD" not in sent
    assert "held by python3" in observed
    assert "not by SoftEther" in observed


def test_a_port_that_somebody_has_taken_is_told_and_the_others_are_used(host: AgentHost, pem: str) -> None:
    host.output("server", "systemctl", "stop", UNIT)
    with impostor(host, pem, "four", 5555):
        host.output("server", "systemctl", "start", UNIT)
        time.sleep(3)
        observed = host.observe()
        assert any("TCP port 5555" in said and "held by python3" in said for said in observed["server"]["warnings"])
        assert host.converge("hub") == ["nothing to change"]
        assert heard(host) == ""
    host.output("server", "systemctl", "restart", UNIT)
    is_as_before(host)


def test_a_program_between_learns_nothing_since_the_server_behind_it_proves_itself(host: AgentHost, pem: str) -> None:
    # The file names another port alone, so that the agent goes by way of the program in between.
    config = "/var/lib/softether/vpn_server.config"
    kept = host.output("server", "cat", config)
    with impostor(host, pem, "relay", 8443):
        moved = re.sub(r"Enabled true(\s+uint Port) (?!443)", r"Enabled false\1 ", kept).replace(
            "Port 443\n", "Port 8443\n"
        )
        host.output("server", "sh", "-c", f"cat >{config}", input=moved + "\n")
        observed = json.dumps(host.observe())
    host.output("server", "sh", "-c", f"cat >{config}", input=kept + "\n")
    assert "listener 5555 enabled=yes" in observed
    assert "the values come from its file" not in observed
    assert "canary" not in heard(host)
