"""The lab's web pages, in one file that any Python can run: `pages.py portal|whoami ADDRESS PORT`.

`portal` looks like a JupyterHub's login page; `whoami` answers with the caller's address as plain text.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORTAL = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>JupyterHub of the lab</title></head>
<body>
<h1>JupyterHub of the lab</h1>
<form action="/hub/login" method="post">
<label>Username <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button>
</form>
</body>
</html>
"""


class _Page(BaseHTTPRequestHandler):
    server_version = "page"

    def send(self, kind: str, text: str, status: int = 200) -> None:
        """Answer with a text of this media type."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep no record of who came."""


class Portal(_Page):
    """A login page that lets nobody in."""

    def do_GET(self) -> None:
        """Show the login form, at whatever address."""
        self.send("text/html", PORTAL)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Refuse the login."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send("text/html", PORTAL, 403)


class Whoami(_Page):
    """A page that tells its caller under which address it was seen."""

    def do_GET(self) -> None:
        """Answer with the caller's address."""
        self.send("text/plain", f"{self.client_address[0]}\n")

    do_HEAD = do_GET


def main(page: str, address: str, port: str) -> None:
    """Serve one of the pages until the process ends."""
    ThreadingHTTPServer((address, int(port)), {"portal": Portal, "whoami": Whoami}[page]).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
