"""The table of the port matrix, against what the protocols' own documents say."""

import pytest

from rehearsal.soak import ports

LISTENERS = {"443/tcp", "992/tcp", "1194/tcp", "5555/tcp"}
L2TP = {"500/udp", "4500/udp"}
NEEDS = {
    "all together": {*LISTENERS, *L2TP, "1194/udp", "esp"},
    "l2tp_ipsec": {*LISTENERS, *L2TP},
    "esp": {*LISTENERS, *L2TP, "esp"},
    "openvpn": {*LISTENERS, "1194/udp"},
    "sstp": LISTENERS,
    "none": LISTENERS,
}


@pytest.mark.parametrize("case", ports.cases(), ids=lambda case: f"{case.name}, by {case.open_by}")
def test_the_matrix_expects_of_each_protocol_what_it_needs(case: ports.Case) -> None:
    rows = {(row.place, row.machine, row.hop): row.open for row in ports.table(case)}
    assert rows["internet", "server", "came"] == NEEDS[case.name]
    assert rows["phone", "server", "passed"] == NEEDS[case.name] - {"esp"}
    assert rows["campus", "workstation", "came"] == set()


def test_a_port_too_many_or_too_few_is_named_with_its_hop() -> None:
    case = next(case for case in ports.cases() if case.name == "openvpn")
    found = {(row.place, row.machine, row.hop): set(row.open) for row in ports.table(case)}
    assert ports.compared(case, found, 65535).kept
    found["campus", "workstation", "came"].add("8000/tcp")
    found["internet", "server", "passed"].remove("1194/udp")
    outcome = ports.compared(case, found, 65535)
    assert not outcome.kept
    assert outcome.complaints == (
        "openvpn: 1194/udp is closed: server from internet, firewalld lets in too",
        "openvpn: 8000/tcp is open: workstation from campus, the FortiGate lets through",
    )
