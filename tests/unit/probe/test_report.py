import json
from dataclasses import replace

from labvpn.probe.observation import Certificate, Observation
from labvpn.probe.report import report, to_json
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import targets
from tests.unit.probe.samples import (
    ANSWERED,
    CERTIFICATE,
    CLOSED,
    FINE,
    HTTPS,
    IKE,
    NOTEBOOK,
    NOW,
    blocked,
    denied,
    good,
    report_of,
)


def with_certificate(certificate: Certificate) -> VantageView:
    return VantageView("here", "outside", (replace(FINE, certificate=certificate), ANSWERED, CLOSED))


def test_a_server_that_is_as_wanted_has_nothing_wrong() -> None:
    assert (good().as_expected, good().findings, good().problems, good().notes) == (True, (), (), ())


def test_the_hop_that_closes_a_port_is_named_with_its_remedy() -> None:
    finding = blocked().findings[0]
    assert finding.headline == "500/udp: closed by the FortiGate"
    assert finding.because == (
        "here (outside): rejected by 198.51.100.1: the FortiGate, ICMP 3/13",
        "campus: open",
    )
    assert "pulumi up" in finding.remedy


def test_a_port_that_nobody_asked_for_is_wrong_if_the_outside_sees_it_open() -> None:
    assert "8000/tcp: open for here, though it should be closed" in blocked().findings[1].headline


def test_what_is_closed_to_the_outside_may_be_open_on_the_campus() -> None:
    campus = VantageView("campus", "campus", (FINE, ANSWERED, replace(CLOSED, connected=True)))
    assert report_of(*good().views, campus).as_expected


def test_a_vantage_point_that_does_not_report_is_a_problem() -> None:
    assert blocked().problems == ("the vantage point phone did not report: ssh: <connect> failed",)


def test_a_verdict_that_one_vantage_point_cannot_prove_is_only_likely_and_says_what_would_tell() -> None:
    finding = report_of(VantageView("here", "outside", (FINE, replace(CLOSED, port=IKE), CLOSED))).findings[0]
    assert finding.headline == "500/udp: closed by the FortiGate, most likely"
    assert "It may also be the network between here and the lab" in finding.remedy
    assert "a second probe on the campus (--vantage) would show which" in finding.remedy


def test_ports_that_are_closed_alike_make_one_finding() -> None:
    here = VantageView("here", "outside", (denied(HTTPS), denied(IKE), CLOSED))
    assert [finding.headline for finding in report_of(here).findings] == ["443/tcp, 500/udp: closed by the FortiGate"]


def test_a_port_that_accepts_and_speaks_no_tls_is_not_the_server() -> None:
    here = VantageView("here", "outside", (Observation(HTTPS, 5, True, (), "it sends nothing"), ANSWERED, CLOSED))
    assert report_of(here).findings[0].message == "open, but it sends nothing"


def test_an_expired_certificate_is_a_problem() -> None:
    found = report_of(with_certificate(replace(CERTIFICATE, not_after=int(NOW) - 3 * 86400)))
    assert found.problems == ("the certificate of vpn.lab.example expired 3 days ago",)


def test_a_certificate_that_ends_soon_is_said_and_is_no_failure() -> None:
    found = report_of(with_certificate(replace(CERTIFICATE, not_after=int(NOW) + 86400)))
    assert found.as_expected and found.notes == ("the certificate of vpn.lab.example expires in 1 day",)


def test_a_certificate_for_another_name_is_said() -> None:
    assert "not for vpn.lab.example" in report_of(with_certificate(Certificate("ab", ("vm",)))).notes[0]
    assert not report_of(with_certificate(Certificate("ab", ("*.lab.example",)))).notes


def test_a_system_that_hides_the_offender_is_said() -> None:
    mac = VantageView("mac", "outside", (FINE, ANSWERED, CLOSED), shows_offender=False)
    assert report_of(mac).notes == ("mac does not run Linux: which machine rejects a packet cannot be seen from there",)


def test_the_json_names_the_hop_by_its_id_and_carries_what_every_vantage_point_saw() -> None:
    data = json.loads(json.dumps(to_json(blocked())))
    ike = next(port for port in data["ports"] if port["port"] == 500)
    assert ike["blame"]["hop"] == "fortigate" and ike["blame"]["certain"] and not ike["as_expected"]
    assert ike["blame"]["stops"] == {"here": "fortigate"}
    assert [view["name"] for view in data["vantages"]] == ["here", "campus", "phone"]
    assert data["as_expected"] is False and NOTEBOOK.number in [port["port"] for port in data["ports"]]


def test_a_host_whose_address_nobody_knows_is_a_problem_and_not_a_crash() -> None:
    found = report(targets("vpn.lab.example"), "", (), None, NOW, 0.1)
    assert not found.as_expected and not found.ports
    assert "no address is known for vpn.lab.example" in found.problems[0]
