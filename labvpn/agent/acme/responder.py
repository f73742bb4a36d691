"""The answer to HTTP-01 (RFC 8555, section 8.3): on port 80, the client's proofs and nothing else, while it orders."""

import re
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Dict, Optional

PORT = 80
ASKED = re.compile(r"/\.well-known/acme-challenge/([A-Za-z0-9_-]{1,200})")
MOST_AT_ONCE = 64
"""Requests that are answered at the same time: for one more the oldest is dropped, since anybody may ask slowly."""

REQUEST_SECONDS = 10
"""The longest that one whole request may take."""


class Answer(BaseHTTPRequestHandler):
    """The answer to one request."""

    timeout = REQUEST_SECONDS
    server_version, sys_version = "labvpn", ""

    def do_GET(self) -> None:
        """The proof that is asked for, or 404."""
        asked = ASKED.fullmatch(self.path)
        proof = self.proof(asked.group(1)) if asked else None
        self.send_response(404 if proof is None else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(proof or b"")))
        self.end_headers()
        self.wfile.write(proof or b"")

    def proof(self, token: str) -> Optional[bytes]:
        """What the client left for a token."""
        folder: Path = getattr(self.server, "folder")  # noqa: B009 -- the library's type knows no folder
        try:
            return (folder / token).read_bytes()
        except OSError:
            return None

    def log_message(self, *words: Any) -> None:
        """Nothing: a stranger's text belongs in no log."""


class Server(ThreadingMixIn, HTTPServer):
    """Every address of the host, by IPv6 with IPv4 in it, or by IPv4 where there is no other."""

    daemon_threads = True
    # Connections that wait to be taken: strangers must not fill the five of the library.
    request_queue_size = 128

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        # When each request that is not finished began, the oldest first.
        self.begun: Dict[socket.socket, float] = {}
        self.address_family = socket.AF_INET6 if socket.has_ipv6 else socket.AF_INET
        try:
            super().__init__(("", port), Answer)
        except OSError:
            if self.address_family == socket.AF_INET:
                raise
            self.address_family = socket.AF_INET
            super().__init__(("", port), Answer)

    def server_bind(self) -> None:
        """Listen without a look-up of the host's own name, which may take long."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a request, in the place of the oldest where there is no other."""
        if len(self.begun) >= MOST_AT_ONCE:
            self.drop(next(iter(list(self.begun))))
        self.begun[request] = time.monotonic()
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Drop the requests that take too long, several times in a second."""
        for request, began in list(self.begun.items()):
            if time.monotonic() - began > REQUEST_SECONDS:
                self.drop(request)

    def drop(self, request: socket.socket) -> None:
        """End a request, for which its thread waits no longer."""
        self.begun.pop(request, None)
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        """A request is finished, however it ended."""
        self.begun.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: whoever asks badly gets no answer."""


class Responder:
    """Answers while its block lasts. OSError where it cannot listen, because another program does."""

    def __init__(self, folder: Path, port: int = PORT) -> None:
        self.folder = folder
        self.port = port

    def __enter__(self) -> "Responder":
        self.server = Server(self.folder, self.port)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.2,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
