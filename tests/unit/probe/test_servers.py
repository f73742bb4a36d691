"""Several servers of one stack: which are probed, what is asked of each, and from where."""

import pytest

from labvpn.probe import servers as probed_servers
from labvpn.probe.targets import TargetError
from tests.unit.probe.samples import ONE, SERVERS, SHARED, TWO, stack

OWN = "vpn-two.lab.example"


def addresses(host: str | None, outputs: str | None = None) -> list[str | None]:
    wanted, servers = probed_servers.wanted(host, outputs or stack())
    return [probed_servers.asked(wanted, server).address for server in servers] or [wanted.address]


@pytest.mark.parametrize("host", [None, SHARED, "www.lab.example"])
def test_every_server_is_looked_at_unless_one_is_named(host: str | None) -> None:
    assert addresses(host) == [ONE, TWO]


@pytest.mark.parametrize("host", ["two", TWO, OWN, f"{OWN.upper()}."])
def test_a_server_is_named_by_its_name_its_address_or_what_reaches_it_alone(host: str) -> None:
    assert addresses(host) == [TWO]


def test_an_address_of_none_of_them_is_probed_itself() -> None:
    assert addresses("198.51.100.9") == ["198.51.100.9"]
    assert addresses("198.51.100.9", stack(servers=SERVERS[:1])) == ["198.51.100.9"]


def test_an_address_that_is_given_wins_over_all_servers() -> None:
    wanted, servers = probed_servers.wanted(None, stack(), address="198.51.100.9")
    assert (wanted.host, wanted.address, servers) == (SHARED, "198.51.100.9", ())
    assert probed_servers.wanted("two", stack(), address="198.51.100.9")[0].address == "198.51.100.9"


@pytest.mark.parametrize("servers", [(), SERVERS[:1]])
def test_one_server_is_looked_at_as_ever(servers: tuple[dict[str, object], ...]) -> None:
    wanted, several = probed_servers.wanted(None, stack(servers))
    assert (wanted.host, wanted.address, wanted.shared, several) == (SHARED, ONE, None, ())


def test_each_server_is_asked_by_the_name_that_users_dial_and_its_own() -> None:
    wanted, servers = probed_servers.wanted(None, stack())
    assert [probed_servers.asked(wanted, server).names for server in servers] == [(SHARED,), (SHARED, OWN)]
    assert probed_servers.wanted(TWO, stack())[0].names == (SHARED,)
    assert probed_servers.wanted(None, stack(name=ONE))[0].names == ()


def test_a_small_file_of_ones_own_may_name_servers_by_their_addresses() -> None:
    _, servers = probed_servers.wanted(None, stack(servers=({"address": ONE}, {"address": TWO})))
    assert [server.label for server in servers] == [ONE, TWO]


@pytest.mark.parametrize(
    ("servers", "said"),
    [
        (({"address": ONE}, {"address": "x"}), r"servers\[1\]\.address: 'x' is not an IPv4 address"),
        (({"address": ONE}, {"address": TWO, "dialled": "a b"}), "'a b' is neither"),
        ((ONE, TWO), "servers is not a list of objects"),
    ],
)
def test_a_mistake_in_a_server_is_told_with_its_place(servers: tuple[dict[str, object], ...], said: str) -> None:
    with pytest.raises(TargetError, match=said):
        probed_servers.wanted(None, stack(servers))


def seen_from(point: str) -> list[str]:
    _, servers = probed_servers.wanted(None, stack())
    return [server.address for server in servers if server.is_seen_from(point)]


def test_a_place_in_the_vpn_or_on_a_host_sees_one_server_and_every_other_place_sees_all() -> None:
    assert seen_from("campus") == seen_from("phone-two") == [ONE, TWO]
    assert (seen_from("vpn"), seen_from("vpn-two"), seen_from("host"), seen_from("host-two")) == (
        [ONE],
        [TWO],
        [ONE],
        [TWO],
    )


def test_a_place_that_says_nothing_of_its_server_is_refused_with_what_to_call_it() -> None:
    _, servers = probed_servers.wanted(None, stack())
    with pytest.raises(TargetError, match=r"call it vpn \(203\.0\.113\.20\) or vpn-two \(vpn-two\.lab\.example \(203"):
        probed_servers.check_places(servers, ["here", "vpn-laptop"])
    with pytest.raises(TargetError, match="give that one's address as HOST"):
        probed_servers.check_places(probed_servers.found((ONE, TWO)), ["here", "vpn"])


def test_a_server_that_nobody_would_look_at_is_told_before_anything_is_probed() -> None:
    _, servers = probed_servers.wanted(None, stack())
    with pytest.raises(TargetError, match=r"no vantage point sees vpn-two\.lab\.example"):
        probed_servers.check_places(servers, ["vpn"])


def test_without_lists_a_whole_server_is_expected() -> None:
    found = probed_servers.wanted("vpn.lab.example", None)[0].opened
    assert [str(port) for port in found] == [
        *("443/tcp", "992/tcp", "1194/tcp", "5555/tcp"),
        *("500/udp", "1194/udp", "4500/udp"),
    ]


def test_a_list_of_one_transport_asks_for_nothing_of_the_other() -> None:
    assert [str(port) for port in probed_servers.wanted("vpn.lab.example", None, udp="500")[0].opened] == ["500/udp"]
