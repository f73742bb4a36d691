"""Which flows of a barred source are forgotten, and what the kernel's messages are made of."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.machine import Machine
from labvpn.agent.firewalld import flow_removal
from labvpn.agent.firewalld.flow_removal import FlowRemoval, Transport, carries, near, source_of, transport_of
from labvpn.agent.firewalld.flows import ENTRY, FORGET, Flow, attribute, attributes, flow_of, is_near, message, messages
from labvpn.agent.softether.rpc import Unreachable

SERVER, GUESSER, NEIGHBOUR = "203.0.113.20", "198.51.100.66", "198.51.100.67"
PORTS = {"443/tcp", "1194/udp", "4500/udp", "500/udp"}


def flow(
    source: str = GUESSER, source_port: int = 40000, port: int = 1194, protocol: str = "udp", to: str = SERVER
) -> Flow:
    key = f"{source}:{source_port}>{to}:{port}/{protocol}".encode()
    return Flow(protocol, source, source_port, to, port, 2, key)


def wire(source: str, source_port: int, destination: str, port: int, number: int = 17) -> bytes:
    """An entry as the kernel sends it."""
    six = ":" in source
    kinds = (3, 4) if six else (1, 2)
    pack = [socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, one) for one in (source, destination)]
    addresses = attribute(1, b"".join(attribute(kind, one) for kind, one in zip(kinds, pack, strict=True)), nested=True)
    ends = attribute(2, struct.pack(">H", source_port)) + attribute(3, struct.pack(">H", port))
    original = attribute(1, addresses + attribute(2, attribute(1, bytes([number])) + ends, nested=True), nested=True)
    return bytes([10 if six else 2, 0, 0, 0]) + original + attribute(12, b"\1\2\3\4")


@pytest.mark.parametrize(("source", "server"), [(GUESSER, SERVER), ("2001:db8::66", "2001:db8::20")])
def test_a_flow_is_read_from_the_kernels_message_and_named_back_to_it(source: str, server: str) -> None:
    found = flow_of(wire(source, 40000, server, 1194))
    assert found is not None
    assert found[:5] == ("udp", source, 40000, server, 1194)
    assert set(attributes(found.key)) == {1, 12}
    assert is_near(wire(source, 40000, server, 1194), near([source]))
    assert is_near(wire(server, 1194, source, 40000), near([source]))
    assert not is_near(wire(source, 40000, server, 1194), near([NEIGHBOUR, "2001:db8:9::/64"]))
    ((kind, body),) = messages(message(FORGET, 5, found.family, found.key))
    assert (kind, body[4:]) == (FORGET, found.key)


@pytest.mark.parametrize("body", [b"", b"\2\0\0\0", b"\2\0\0\0" + attribute(1, b"", nested=True), b"\2\0\0\0\1\0\0\0"])
def test_a_message_that_says_no_flow_is_none(body: bytes) -> None:
    assert flow_of(body) is None
    assert list(messages(struct.pack("=IH", 3, ENTRY) + b"\0" * 30)) == []


@pytest.mark.parametrize(
    ("one", "source"),
    [
        (flow(), GUESSER),
        (flow(port=443, protocol="tcp"), GUESSER),
        # The server's own answer began it: the guesser's next packet would be an answer to that.
        (flow(SERVER, 1194, 40000, to=GUESSER), GUESSER),
        (flow(port=0, protocol="esp"), GUESSER),
        (flow(port=22, protocol="tcp"), ""),
        (flow(port=1194, protocol="tcp"), ""),
        (flow(NEIGHBOUR), ""),
        (flow("2001:db8:1:2::99", to="2001:db8::20"), "2001:db8:1:2::99"),
        (flow("2001:db8:1:3::99", to="2001:db8::20"), ""),
    ],
)
def test_only_a_barred_sources_flows_to_the_vpns_ports_are_meant(one: Flow, source: str) -> None:
    assert source_of(one, PORTS, {GUESSER, "2001:db8:1:2::/64"}) == source


def test_the_port_of_a_session_is_read_as_the_server_writes_it() -> None:
    assert transport_of("SID-GUEST1-[OPENVPN_L3]-2", {"ClientPort_u32": 264568832}) == Transport(50447, "port")
    assert transport_of("SID-GUEST1-3", {"ClientPort_u32": 264568832}).by == "tcp"
    assert transport_of("SID-GUEST1-[L2TP]-3", {}).by == "ipsec"
    assert transport_of("SID-GUEST1-[SOMETHING]-3", {"ClientPort_u32": 1}).by == ""
    assert transport_of("SID-GUEST1-[OPENVPN_L3]-2", {}).by == ""


@pytest.mark.parametrize(
    ("session", "one", "kept"),
    [
        (Transport(40000, "port"), flow(), True),
        (Transport(40001, "port"), flow(), False),
        (Transport(40001, "port"), flow(SERVER, 1194, 40001, to=GUESSER), True),
        (Transport(50000, "tcp"), flow(port=443, protocol="tcp"), True),
        (Transport(50000, "tcp"), flow(), False),
        (Transport(1701, "ipsec"), flow(port=4500), True),
        (Transport(1701, "ipsec"), flow(port=0, protocol="esp"), True),
        (Transport(1701, "ipsec"), flow(), False),
        (Transport(0, ""), flow(), True),
    ],
)
def test_what_may_be_a_live_sessions_flow_is_kept(session: Transport, one: Flow, kept: bool) -> None:
    assert carries(session, one) is kept


class FakeKernel:
    """A kernel that knows these flows."""

    known: tuple[Flow, ...] = ()

    def __enter__(self) -> FakeKernel:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing to close."""

    def flows(self, _near: set[bytes]) -> tuple[Flow, ...]:
        return type(self).known

    def forget(self, one: Flow) -> bool:
        type(self).known = tuple(other for other in type(self).known if other != one)
        return True


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> FlowRemoval:
    monkeypatch.setattr(flow_removal, "Kernel", FakeKernel)
    found = FlowRemoval(Machine(), ["LAB"])

    def call(method: str, **_parameters: Any) -> Any:
        if method == "EnumSession":
            return {"SessionList": [{"Name_str": "SID-GUEST1-[OPENVPN_L3]-2", "ClientIP_ip": GUESSER}]}
        return {"ClientPort_u32": 264568832, "ClientIpAddress_ip": GUESSER}

    monkeypatch.setattr(found.softether, "call", call)
    return found


def test_everything_but_the_live_session_and_the_neighbours_is_forgotten(watch: FlowRemoval) -> None:
    live, others = flow(source_port=50447), [flow(source_port=port) for port in range(40000, 40012)]
    FakeKernel.known = (live, *others, flow(NEIGHBOUR), flow(port=22, protocol="tcp"))
    assert watch.forget(PORTS, {GUESSER}) == ""
    assert set(FakeKernel.known) == {live, flow(NEIGHBOUR), flow(port=22, protocol="tcp")}


def test_without_an_answer_of_the_server_no_session_is_risked_and_that_is_said(
    watch: FlowRemoval, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_words: Any, **_more: Any) -> Any:
        raise Unreachable("no answer")

    monkeypatch.setattr(watch.softether, "call", silent)
    FakeKernel.known = (flow(),)
    assert "no answer" in watch.forget(PORTS, {GUESSER})
    assert FakeKernel.known == (flow(),)


def test_the_kernel_of_another_root_is_not_asked(tmp_path: Path) -> None:
    assert FlowRemoval(Machine(str(tmp_path)), ["LAB"]).forget(PORTS, {GUESSER}) == ""
