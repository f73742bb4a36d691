"""The FortiGate's REST interface as the real plugin uses it, including its pitfalls.

The token is in the URL; only the body is read, not the HTTP status; connection errors are retried every second, 17
times in all. This stand-in talks only to a box that identifies itself as the rehearsal's, and checks that before it
sends the token.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from rehearsal.toolchain.kind import ProviderError
from rehearsal.toolchain.values import Object

INSTALL = "pulumi plugin install resource fortios 0.0.6 --server github://api.github.com/pulumiverse/pulumi-fortios"
MARK = "X-Labvpn-Rehearsal"
TRIES, VERSION_TRIES = 17, 4
SILENCE = 250.0  # seconds that a try waits for a peer that accepts and does not answer

_MEANINGS = {
    400: "Bad Request - Request cannot be processed by the API",
    401: "Not Authorized - Request without successful login session",
    403: "Forbidden - Request is missing CSRF token or administrator is missing access profile permissions",
    404: "Resource Not Found - Unable to find the specified resource",
    405: "Method Not Allowed - Specified HTTP method is not allowed for this resource",
    413: "Request Entity Too Large - Request cannot be processed due to large entity",
    424: "Failed Dependency - Fail dependency can be duplicate resource, missing required parameter, "
    "missing required attribute, invalid attribute value",
    429: "Access temporarily blocked - Maximum failed authentications reached. The offended source is temporarily "
    "blocked for certain amount of time",
    500: "Internal Server Error - Internal error when processing the request",
}

Debug = Callable[[str], Awaitable[None]]


class BoxError(ProviderError):
    """An error of the box with the status that its answer names, or the reason why it did not answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class FortiosClient:
    """One FortiGate, from the provider's configuration."""

    install = INSTALL

    def __init__(self, config: Object, debug: Debug, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.vdom: str = config.get("vdom", "")
        self._host, self._token, self._debug = config["hostname"], config["token"], debug
        trust: Any = _trust(config) if transport is None else True
        self._http = httpx.AsyncClient(verify=trust, timeout=SILENCE, trust_env=False, transport=transport)
        self._version = ""

    @property
    def headers(self) -> dict[str, str]:
        """What proves who asks, as a header: nothing."""
        return {}

    def query(self, vdom: str, extra: str) -> str:
        """The query of a request: the virtual domain, the token, and what more is asked."""
        place = f"vdom={vdom}&" if vdom else ""
        return f"?{place}access_token={self._token}{extra}"

    async def greet(self) -> None:
        """Check that this is the rehearsal's box, and get its version; a refused token is not noticed yet."""
        try:
            reply = await self._send("GET", f"https://{self._host}/api/v2/monitor/system/status", None, TRIES)
        except BoxError as error:
            raise BoxError(f"Error create fortios client: Error using Token to login: {error}") from error
        if reply.headers.get(MARK) != "1":
            raise ProviderError(
                f"{self._host} is not the rehearsal's FortiGate, and this stand-in changes no other: "
                f"install the real plugin: {self.install}"
            )
        try:
            await self._learn_version()
        except BoxError as error:
            await self._debug(str(error))

    async def _learn_version(self) -> None:
        url = f"https://{self._host}/api/v2/cmdb/system/global{self.query('', '')}"
        try:
            self._version = _succeeded(await self._send("GET", url, None, VERSION_TRIES)).get("version", "")
        except BoxError as error:
            raise BoxError(f"[Warning] Can not update device version: {error}") from error

    async def ask(self, method: str, path: str, *, vdom: str, body: Object | None = None, extra: str = "") -> Object:
        """Make one request of the configuration interface; return the body, `{}` for what a GET does not find."""
        if not self._version:
            await self._learn_version()
        url = f"https://{self._host}/api/v2/cmdb/{path}{self.query(vdom, extra)}"
        reply = await self._send(method, url, body, TRIES)
        if method == "GET" and _content(reply).get("http_status") == 404:
            return {}
        return _succeeded(reply)

    async def _send(self, method: str, url: str, body: Object | None, tries: int) -> httpx.Response:
        content = None if body is None else json.dumps(body, sort_keys=True, separators=(",", ":"))
        # The first request of all is sent before anything is known of the peer, so it has no token.
        known = {} if "/monitor/" in url else self.headers
        headers = {"Content-Type": "application/json", **known}
        for number in range(tries):
            try:
                reply = await self._http.request(method, url, content=content, headers=headers)
            except httpx.TransportError as error:
                await self._again(method, url, error, last=number == tries - 1, sent=content is not None)
                continue
            await self._debug(f"FOS-fortios reading response: {reply.text}")
            return reply
        raise AssertionError("the last try raises an error")

    async def _again(self, method: str, url: str, error: httpx.TransportError, *, last: bool, sent: bool) -> None:
        """Wait before the next try, or give up: after the last one, without trust, or if a body may have arrived."""
        masked = url.replace(self._token, "***************")
        problem = f'{method.capitalize()} "{masked}": {error}'
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise BoxError(f"Error found: {problem} (x509: the certificate is not trusted by the CA bundle)")
        if last or (sent and not isinstance(error, httpx.ConnectError)):
            raise BoxError(f"Cannot send request: lost connection to firewall with error: {problem}")
        # As in the real plugin, the debug log contains the whole URL with the token.
        await self._debug(f"Error found: {problem}, will resend again {url}")
        await asyncio.sleep(1)


def _trust(config: Object) -> ssl.SSLContext:
    """Return the trusted CAs: only the CA bundle, never the system's; everything with `insecure`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bundle, content = config.get("cabundlefile"), config.get("cabundlecontent")
    if bundle and content:
        raise BoxError("this stand-in takes cabundlefile or cabundlecontent, not both: leave one out")
    if bundle:
        _load(context, bundle)
    if content:
        _trust_in(context, content, "cabundlecontent")
    if str(config.get("insecure", "false")).lower() == "true":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif not bundle and not content:
        raise BoxError(
            "Error create fortios client: Error getting CA Bundle, CA Bundle should be set when insecure is false"
        )
    return context


def _load(context: ssl.SSLContext, bundle: str) -> None:
    try:
        text = Path(bundle).read_text()
    except OSError as error:
        raise BoxError(f"Error create fortios client: Error reading CA Bundle: {bundle}: {error.strerror}") from error
    _trust_in(context, text, bundle)


def _trust_in(context: ssl.SSLContext, text: str, place: str) -> None:
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise BoxError(
            f"Error create fortios client: Error reading CA Bundle: {place} contains no certificate"
        ) from error


def _content(reply: httpx.Response) -> Object:
    try:
        content = reply.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _succeeded(reply: httpx.Response) -> Object:
    """Return the body of a success; the HTTP status is ignored, and the numeric `error` is not reported."""
    content = _content(reply)
    if content.get("status") == "success":
        return content
    status = content.get("http_status")
    if "status" not in content or status is None:
        raise BoxError(f"\n{reply.text}")
    hint = f"\nCli response: \n{content['cli_error']}" if content.get("cli_error") else ""
    raise BoxError(f"{_MEANINGS.get(status, 'Unknow Error')} ({status}){hint}", status)
