"""Pebble, Let's Encrypt's small authority, on a machine of the rehearsal, and a stand-in that only refuses."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from labvpn.render.certificate import create_authority, server_certificate
from rehearsal import network
from rehearsal.toolchain import authority
from tests.rehearsal.conftest import Rehearsal
from tests.unit.samples import credentials, lab

MACHINE = "internet"
ADDRESS = network.WHOAMI
DIRECTORY = f"https://{ADDRESS}:14000/dir"
MANAGEMENT = f"https://{ADDRESS}:15000"
SECONDS = 15

# The authority asks a resolver of its own, which keeps nothing.
RESOLVER = """
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile none;
    listen-on {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    dnssec-validation no;
    max-cache-ttl 0;
    max-ncache-ttl 0;
}};
controls {{ }};
zone "." {{ type hint; file "hints"; }};
"""

# Every answer but a nonce is a refusal, as of an authority that was asked too often.
REFUSING = """
import http.server, json, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Replay-Nonce", "bm9uY2U")
        self.send_header("Retry-After", "3600")
        self.send_header("Content-Type", "application/problem+json" if status > 399 else "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def do_HEAD(self):
        self.answer(200, {})
    def do_GET(self):
        base = "https://" + self.headers["Host"]
        calls = ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange")
        self.answer(200, {one: base + "/" + one for one in calls})
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        detail = "too many certificates already issued for lab.example"
        self.answer(429, {"type": "urn:ietf:params:acme:error:rateLimited", "detail": detail, "status": 429})
    def log_message(self, *words):
        pass
server = http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3], sys.argv[4])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


class Authority:
    """The authority: what it serves by, and the root that it signs by."""

    def __init__(self, machines: Rehearsal, folder: Path) -> None:
        self.machines = machines
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        own = create_authority(ADDRESS, datetime.now(UTC), [ADDRESS])
        signed = server_certificate(lab(server={"address": ADDRESS}, dns=None), credentials(authority=own))
        assert signed is not None and signed.authority is not None
        self.web_root = signed.authority
        (folder / "cert.pem").write_text(signed.certificate)
        (folder / "key.pem").write_text(signed.key)
        (folder / "root.pem").write_text(signed.authority)

    def be_trusted(self) -> None:
        """Have the VPN host trust the certificate that it serves by."""
        place = "cat >/usr/local/share/ca-certificates/lab.crt && update-ca-certificates"
        self.machines.output("server", "sh", "-c", place, input=self.web_root)

    def start(self, resolver: str = "127.0.0.1") -> None:
        """Have it answer; another start has new roots, and knows nothing of what was before."""
        names = {"certificate": str(self.folder / "cert.pem"), "privateKey": str(self.folder / "key.pem")}
        ports = {"listenAddress": f"{ADDRESS}:14000", "managementListenAddress": f"{ADDRESS}:15000"}
        waits = {"retryAfter": {"authz": 1, "order": 1}, "httpPort": 80, "tlsPort": 443, "keyAlgorithm": "rsa"}
        profiles = {"default": {"description": "classic", "validityPeriod": 90 * 86400, "promoteCommonName": True}}
        settings = {"pebble": {**names, **ports, **waits, "profiles": profiles}}
        (self.folder / "pebble.json").write_text(json.dumps(settings))
        (self.folder / "named.conf").write_text(RESOLVER.format(folder=self.folder))
        (self.folder / "hints").write_text(f". 60 NS a.root.\na.root. 60 A {network.ROOT}\n")
        named = ["named", "-f", "-g", "-4", "-n", "1", "-c", str(self.folder / "named.conf")]
        named = self.machines.line("exec", MACHINE, "--", *named)
        program = str(authority.ensure(print))
        line = self.machines.line("exec", MACHINE, "--", program, "-config", str(self.folder / "pebble.json"))
        env = {
            **self.machines.environment,
            "PEBBLE_VA_NOSLEEP": "1",
            "PEBBLE_WFE_NONCEREJECT": "0",
            "PEBBLE_AUTHZREUSE": "0",
        }
        with (self.folder / "pebble.log").open("ab") as log:
            for words in (named, [*line, "-dnsserver", f"{resolver}:53"]):
                self.running.append(subprocess.Popen(words, env=env, stdout=log, stderr=subprocess.STDOUT))
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS
        while self.machines.run(MACHINE, "curl", "-skf", DIRECTORY).returncode:
            assert time.monotonic() < until, (self.folder / "pebble.log").read_text()
            time.sleep(0.2)

    def stop(self) -> None:
        """Have it answer nothing."""
        for one in self.running:
            one.terminate()
            one.wait(10)
        self.running.clear()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing of it is reached, until the block ends."""
        drop = "add table ip away; add chain ip away in { type filter hook input priority 0; }; "
        rule = "add rule ip away in tcp dport 14000 reject with tcp reset"
        self.machines.output(MACHINE, "nft", drop + rule)
        try:
            yield
        finally:
            self.machines.output(MACHINE, "nft", "delete table ip away")

    def ask(self, path: str, body: str | None = None) -> str:
        """What its own administration says."""
        more = ["--data-binary", "@-"] if body is not None else []
        return self.machines.output(MACHINE, "curl", "-skf", *more, f"{MANAGEMENT}{path}", input=body or "")

    @property
    def root(self) -> str:
        """The root that signs, in PEM."""
        text = self.ask("/roots/0") + "\n"
        assert ssl.PEM_cert_to_DER_cert(text)
        return text

    @property
    def intermediate(self) -> str:
        """What signs below the root, in PEM."""
        return self.ask("/intermediates/0") + "\n"

    def suggest(self, certificate: str, start: datetime, end: datetime) -> None:
        """Have it suggest a window for a certificate's renewal."""
        window = {"start": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "end": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        answer = json.dumps({"suggestedWindow": window})
        self.ask("/set-renewal-info/", json.dumps({"Certificate": certificate, "ARIResponse": answer}))

    @contextmanager
    def refusing(self) -> Iterator[str]:
        """A directory whose every request is refused, until the block ends."""
        files = [str(self.folder / name) for name in ("cert.pem", "key.pem")]
        line = self.machines.line("exec", MACHINE, "--", "python3", "-c", REFUSING, ADDRESS, "14443", *files)
        with subprocess.Popen(line, env=self.machines.environment) as server:
            directory = f"https://{ADDRESS}:14443/dir"
            until = time.monotonic() + SECONDS
            while self.machines.run(MACHINE, "curl", "-skf", directory).returncode:
                assert time.monotonic() < until
                time.sleep(0.2)
            try:
                yield directory
            finally:
                server.terminate()
