import json

import pytest

from labvpn.probe.targets import ProbedPort, TargetError, ports, targets

OUTPUTS = {"name": "vpn.lab.example", "address": "203.0.113.20", "ports": {"tcp": [443], "udp": [500]}, "users": ["a"]}


def outputs(**changed: object) -> str:
    return json.dumps({**OUTPUTS, **changed})


def test_the_outputs_of_the_stack_say_all() -> None:
    found = targets(None, outputs())
    assert (found.name, found.address, found.opened) == (
        "vpn.lab.example",
        "203.0.113.20",
        (ProbedPort("tcp", 443), ProbedPort("udp", 500)),
    )


def test_lists_win_over_the_outputs() -> None:
    assert targets(None, outputs(), tcp="992").opened == (ProbedPort("tcp", 992),)


def test_the_outputs_say_that_there_is_no_fortigate_and_where_the_server_is_inside_the_vpn() -> None:
    found = targets(None, outputs(fortigate=False, network={"hostAddress": "192.168.31.1"}))
    assert (found.without, found.inner) == (("fortigate",), "192.168.31.1")
    assert targets(None, outputs(fortigate=True)).without == ()


def test_a_lab_without_a_name_is_probed_by_its_address() -> None:
    found = targets(None, outputs(name=None))
    assert (found.host, found.name) == ("203.0.113.20", None)


def test_a_port_of_the_closed_ones_is_tcp_unless_it_says_otherwise() -> None:
    assert ports("22, 8000/tcp 1701/udp", "--closed") == (
        ProbedPort("tcp", 22),
        ProbedPort("tcp", 8000),
        ProbedPort("udp", 1701),
    )


def test_a_port_is_probed_once_however_often_it_is_named() -> None:
    assert targets("h", tcp="443,443").opened == (ProbedPort("tcp", 443),)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"host": None}, "no host to probe"),
        ({"host": "a b"}, "'a b' is neither a DNS name nor an IPv4 address"),
        ({"host": "-oProxyCommand=x"}, "neither a DNS name"),
        ({"host": "h;reboot"}, "neither a DNS name"),
        ({"host": "h", "tcp": "443,x"}, "--tcp: 'x' is not a port"),
        ({"host": "h", "udp": "70000"}, "--udp: '70000' is not a port; ports are numbers from 1 to 65535"),
        ({"host": "h", "tcp": "٤٤٣"}, "is not a port"),
        ({"host": "h", "closed": "22/sctp"}, "--closed: 'sctp' is not a protocol"),
        ({"host": "h", "tcp": "443", "closed": "443"}, "--closed: 443/tcp should be open as well"),
        ({"host": "h", "address": "h"}, "--address: 'h' is not an IPv4 address"),
        ({"host": "h", "fortigate": "wan1"}, "--fortigate: 'wan1' is not an IPv4 address"),
        ({"host": "h", "without": "router"}, "--without: 'router' is none of the hops that a lab may lack"),
        ({"host": None, "outputs": "nope"}, "--outputs: not JSON"),
        ({"host": None, "outputs": "[]"}, "outputs lack its ports; run `pulumi up` once"),
        ({"host": None, "outputs": outputs(ports={"tcp": [0]})}, "--outputs: ports.tcp: '0' is not a port"),
        ({"host": None, "outputs": outputs(address="x")}, "--outputs: address: 'x' is not an IPv4 address"),
    ],
)
def test_a_mistake_is_told_with_its_place(words: dict[str, str | None], said: str) -> None:
    with pytest.raises(TargetError) as raised:
        targets(**words)
    assert said in str(raised.value)
