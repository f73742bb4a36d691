"""Profiles of OpenVPN, one for each way to the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from labvpn.kit.request import KitRequest, Trust
from labvpn.model.ports import IKE, NAT_TRAVERSAL, OPENVPN_UDP


class ProfileReader(StrEnum):
    """Which program reads the profile: the two differ in what they allow in it."""

    OPENVPN = "openvpn"
    CONNECT = "openvpn-connect"


@dataclass(frozen=True)
class OpenVpnWay:
    """A transport and a port of the server."""

    transport: str
    port: int

    def __str__(self) -> str:
        return f"{self.transport}-{self.port}"


def ways(request: KitRequest) -> tuple[OpenVpnWay, ...]:
    """The ways that the server offers, in the order in which a user tries them: 1194 is OpenVPN's own port."""
    if not request.stack.protocols.openvpn:
        return ()
    numbers = [port for port in request.stack.ports.get("udp", ()) if port not in (IKE, NAT_TRAVERSAL)]
    udp = [OpenVpnWay("udp", port) for port in sorted(numbers, key=lambda port: port != OPENVPN_UDP)]
    return (*udp, *(OpenVpnWay("tcp", port) for port in request.tcp if port in (443, OPENVPN_UDP)))


def readers(request: KitRequest) -> tuple[ProfileReader, ...]:
    """One profile serves every program, unless a split tunnel needs the line that OpenVPN Connect refuses."""
    return (ProfileReader.OPENVPN, ProfileReader.CONNECT) if names_gateway(request) else (ProfileReader.OPENVPN,)


def names_gateway(request: KitRequest) -> bool:
    """Whether a split tunnel needs the line: SoftEther 5 pushes routes without the gateway that they go by.

    SoftEther 4 pushes the other end of the tunnel, and with another gateway no route can be made.
    """
    return request.splits and request.stack.generation >= 5


def profile(request: KitRequest, trust: Trust, way: OpenVpnWay, reader: ProfileReader = ProfileReader.OPENVPN) -> str:
    """The .ovpn of one way to the server."""
    return "".join(f"{line}\n" for line in _lines(request, trust, way, reader))


def _lines(request: KitRequest, trust: Trust, way: OpenVpnWay, reader: ProfileReader) -> Iterator[str]:
    yield f"# {request.title}, {request.user}, {way.transport.upper()} port {way.port}"
    yield from ("client", "dev tun", f"proto {way.transport}", *_remotes(request, way), "nobind")
    # The server's own sample says AES-128-CBC, which OpenVPN 2.6 does not negotiate; the server follows this one.
    yield from ("cipher AES-256-GCM", "data-ciphers AES-256-GCM", "auth SHA1")
    if names_gateway(request) and reader is ProfileReader.OPENVPN:
        # OpenVPN Connect needs none, and its core refuses a profile with this line as one that only a server may push.
        yield f"route-gateway {request.stack.network.router}"
    # Without it a pushed route would lead the tunnel's own packets into the tunnel (--route in OpenVPN's manual).
    yield from (f"route {address} 255.255.255.255 net_gateway" for address in request.around)
    yield from _restarts(request)
    yield from _server(request, trust)
    yield from _user(request)
    yield "verb 3"


def _remotes(request: KitRequest, way: OpenVpnWay) -> Iterator[str]:
    yield from (f"remote {host} {way.port}" for host in request.hosts)
    if len(request.hosts) > 1:
        yield "remote-random"


def _restarts(request: KitRequest) -> Iterator[str]:
    if not request.redials:
        # A session that the server ends stays ended: any restart, and any failed attempt, ends the program.
        yield from ("remap-usr1 SIGTERM", "connect-retry-max 1", "resolv-retry 20", "server-poll-timeout 20")
        return
    # Each restart goes on to the name's next address.
    yield from ("connect-retry-max 10", "resolv-retry 20", "server-poll-timeout 5")
    if request.limit:
        # The next server knows nothing of a session's limit on this one. OpenVPN 2.5 does not know the option.
        yield from ("ignore-unknown-option session-timeout", f"session-timeout {request.limit}")


def _server(request: KitRequest, trust: Trust) -> Iterator[str]:
    if trust.is_authority:
        yield "remote-cert-tls server"
        # The stack's authority signs its servers alone; those without a name of all have each its own address for one.
        if len(request.hosts) == 1:
            yield f"verify-x509-name {request.hosts[0]} name"
    yield from _inline("ca", trust.pem)


def _user(request: KitRequest) -> Iterator[str]:
    if request.identity is None:
        yield from ("auth-user-pass", "auth-retry none", "auth-nocache")
    elif request.secrets:
        yield from _inline("cert", request.identity.certificate)
        yield from _inline("key", request.identity.key)
    else:
        yield from (f"cert {request.user}.crt", f"key {request.user}.key")


def _inline(tag: str, pem: str) -> tuple[str, str, str]:
    return f"<{tag}>", pem.strip(), f"</{tag}>"
