"""Each port of a generated matrix of networks is blamed on a hop that closes it, by a simulation of its own."""

from itertools import combinations, product

import pytest

from labvpn.probe.fault_localisation import Hop, Witness, locate
from labvpn.probe.targets import ProbedPort

PORT = ProbedPort("tcp", 443)
PLACES = {"here": "outside", "phone": "outside", "campus": "campus", "host": "host"}
ROUTES = {
    "here": ("way here", "fortigate", "firewalld", "server"),
    "phone": ("way phone", "fortigate", "firewalld", "server"),
    "campus": ("way campus", "firewalld", "server"),
    "host": ("server",),
}
SENDERS = {"fortigate": "firewall:elsewhere", "firewalld": "firewall:server"}

Network = dict[str, str]
NETWORKS: list[Network] = [
    {"way here": here, "fortigate": fortigate, "firewalld": firewalld, "server": server}
    for here, fortigate, firewalld, server in product(
        ("pass", "drop", "reject"), ("pass", "drop", "reject"), ("pass", "drop", "reject"), ("pass", "deaf")
    )
]


def seen(network: Network, name: str) -> str:
    for hop in ROUTES[name]:
        match network.get(hop, "pass"):
            case "drop":
                return "silence"
            case "reject":
                return SENDERS.get(hop, "firewall:elsewhere")
            case "deaf":
                return "no listener"
    return "open"


def witnesses(network: Network, *names: str) -> list[Witness]:
    return [Witness(name, PLACES[name], seen(network, name)) for name in names]


def hop(name: str) -> Hop:
    kind, _, of = name.partition(" ")
    return Hop(kind, of)


def closing(network: Network) -> list[Hop]:
    return [hop(name) for name, does in network.items() if does != "pass"]


def test_an_open_port_is_blamed_on_nobody() -> None:
    assert locate(PORT, witnesses({}, *PLACES)) is None


@pytest.mark.parametrize("network", [network for network in NETWORKS if len(closing(network)) == 1], ids=str)
def test_one_closed_hop_is_the_one_blamed_and_without_a_doubt(network: Network) -> None:
    blamed = locate(PORT, witnesses(network, *PLACES))
    assert blamed and blamed.certain
    assert [blamed.hop] == closing(network)


@pytest.mark.parametrize("network", [network for network in NETWORKS if closing(network)], ids=str)
def test_of_several_closed_hops_none_that_is_open_is_blamed(network: Network) -> None:
    blamed = locate(PORT, witnesses(network, *PLACES))
    assert blamed and blamed.hop in closing(network)


@pytest.mark.parametrize("network", [network for network in NETWORKS if len(closing(network)) == 2], ids=str)
def test_of_two_closed_hops_the_second_is_named_or_hidden_but_no_other(network: Network) -> None:
    blamed = locate(PORT, witnesses(network, *PLACES))
    assert blamed and {blamed.hop, *blamed.behind} <= set(closing(network))


@pytest.mark.parametrize("network", [network for network in NETWORKS if network["way here"] == "pass"], ids=str)
def test_a_fortigate_that_rejects_is_blamed_before_all_that_is_behind_it(network: Network) -> None:
    blamed = locate(PORT, witnesses({**network, "fortigate": "reject"}, *PLACES))
    assert blamed and blamed.hop == Hop("fortigate")


@pytest.mark.parametrize("network", [network for network in NETWORKS if len(closing(network)) == 1], ids=str)
def test_fewer_vantage_points_may_doubt_but_never_exclude_the_culprit(network: Network) -> None:
    for count in (1, 2, 3):
        for names in combinations(PLACES, count):
            blamed = locate(PORT, witnesses(network, *names))
            if blamed:
                assert blamed.hop
                assert closing(network)[0] in (blamed.hop, *blamed.rivals)


def test_silence_alone_is_most_likely_the_fortigate_and_says_who_else_it_may_be() -> None:
    blamed = locate(PORT, witnesses({"fortigate": "drop"}, "here"))
    assert blamed and blamed.hop == Hop("fortigate") and not blamed.certain
    assert {rival.kind for rival in blamed.rivals} == {"way", "firewalld", "server"}


def test_a_zone_that_drops_is_told_from_the_fortigate_by_the_campus() -> None:
    assert (blamed := locate(PORT, witnesses({"firewalld": "drop"}, "here", "campus", "host")))
    assert blamed.hop == Hop("firewalld") and blamed.certain


def test_a_fortigate_that_resets_in_the_servers_name_is_found_by_the_campus() -> None:
    sees = [Witness("here", "outside", "no listener"), Witness("phone", "outside", "no listener")]
    blamed = locate(PORT, [*sees, Witness("campus", "campus", "open")])
    assert blamed and blamed.hop == Hop("fortigate") and blamed.certain


def test_a_closed_campus_is_not_blamed_on_the_policy_for_the_outside() -> None:
    sees = [Witness("here", "outside", "open"), Witness("campus", "campus", "firewall:fortigate")]
    blamed = locate(PORT, sees)
    assert blamed and blamed.hop == Hop("campus", "campus") and blamed.certain


def test_the_tunnel_is_blamed_if_only_a_client_in_it_is_cut_off() -> None:
    sees = [Witness("here", "outside", "open"), Witness("vpn", "vpn", "silence")]
    blamed = locate(PORT, sees)
    assert blamed and blamed.hop == Hop("tunnel", "vpn")


def test_a_service_that_is_off_is_silent_for_a_client_in_the_vpn_and_blamed_all_the_same() -> None:
    sees = [Witness("here", "outside", "no listener"), Witness("vpn", "vpn", "silence")]
    blamed = locate(PORT, [*sees, Witness("host", "host", "no listener")])
    assert blamed and blamed.hop == Hop("server") and blamed.certain


def test_a_client_in_the_vpn_passes_the_hosts_firewall_like_the_host_itself() -> None:
    sees = [Witness("here", "outside", "firewall:server"), Witness("vpn", "vpn", "open")]
    blamed = locate(PORT, sees)
    assert blamed and blamed.hop == Hop("firewalld") and blamed.certain


@pytest.mark.parametrize(("without", "blamed_hop"), [(["fortigate"], "way"), (["fortigate", "firewalld"], "way")])
def test_a_hop_that_the_lab_does_not_have_is_never_blamed(without: list[str], blamed_hop: str) -> None:
    blamed = locate(PORT, [Witness("here", "outside", "silence")], without)
    assert blamed and blamed.hop and blamed.hop.kind == blamed_hop
    assert not {hop.kind for hop in blamed.rivals} & set(without)


def test_a_system_that_hides_the_offender_still_leads_to_the_hop() -> None:
    sees = [Witness("mac", "outside", "firewall:unseen"), Witness("campus", "campus", "open")]
    blamed = locate(PORT, [*sees, Witness("phone", "outside", "firewall:unseen")])
    assert blamed and blamed.hop == Hop("fortigate") and blamed.certain


def test_vantage_points_that_contradict_each_other_blame_nobody() -> None:
    sees = [Witness("here", "outside", "open"), Witness("host", "host", "no listener")]
    blamed = locate(PORT, sees)
    assert blamed and blamed.hop is None
