"""Several servers in one lab, as equals: what each needs of its own, and what is the same for all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from pydantic import ValidationError

from labvpn.connect import paths
from labvpn.model.lab import Lab
from labvpn.model.ports import Port
from labvpn.model.problems import problems_of
from labvpn.parse.fortigate.tables import Path
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.impact import openings, unanswered
from labvpn.render import fortigate, outputs
from labvpn.render.certificate import create_authority, server_certificate
from labvpn.render.documents import Concern, documents
from rehearsal.fortigate import box as boxes
from rehearsal.fortigate.initial import initial
from tests.unit.boxes import above, box, policy, read
from tests.unit.samples import FULL, credentials, lab

FIRST = {"address": "203.0.113.20"}
SECOND = {"name": "two", "address": "203.0.113.22", "host": "vpn-two"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9"


def both(**changes: Any) -> Lab:
    second = SECOND if changes.get("dns", FULL["dns"]) else {**SECOND, "host": None}
    return lab(server=None, servers=[FIRST, second], **changes)


def mistakes(**changes: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        lab(**changes)
    return [str(problem).lstrip(".: ") for problem in problems_of(caught.value, "", Lab)]


def test_one_server_is_the_same_lab_as_a_list_of_one() -> None:
    one, listed = lab(), lab(server=None, servers=[FIRST])
    assert documents(one, "") == documents(listed, "")
    assert outputs.stack_outputs(one, credentials(), str) == outputs.stack_outputs(listed, credentials(), str)
    assert one.fortigate and listed.fortigate
    assert fortigate.wanted(one, one.fortigate) == fortigate.wanted(listed, listed.fortigate)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"server": None}, "is missing; add the server's address as server.address"),
        ({"servers": [SECOND]}, "servers: is given beside server"),
        ({"server": None, "servers": [FIRST, {"address": "203.0.113.22"}]}, "two servers have no name"),
        ({"server": None, "servers": [SECOND, {**SECOND, "address": "203.0.113.23"}]}, "have the name two"),
        ({"server": None, "servers": [FIRST, {**SECOND, **FIRST}]}, "have the address 203.0.113.20"),
        (
            {"server": None, "servers": [{**FIRST, "generation": 5}, {**SECOND, "generation": 4}]},
            "are of SoftEther 4 and 5",
        ),
        ({"server": None, "servers": [FIRST, {**SECOND, "name": "A b"}]}, "servers[1].name: "),
        ({"server": None, "servers": [FIRST, {**SECOND, "host": "vpn"}]}, "host vpn of a server is the name of all"),
        ({"server": None, "servers": [FIRST, SECOND], "dns": None}, "host vpn-two is a name of a server in dns.zone"),
    ],
)
def test_what_cannot_stand_beside_another_is_named_with_its_remedy(changes: dict[str, Any], part: str) -> None:
    assert any(part in line for line in mistakes(**changes)), mistakes(**changes)


def test_a_mistake_of_a_server_comes_with_those_of_other_parts() -> None:
    places = [line.split(":")[0] for line in mistakes(servers=[SECOND], vpn={"listeners": [0]})]
    assert places == ["servers", "vpn.listeners[0]"]


def test_a_translation_stands_for_one_server() -> None:
    vip = {**FULL["fortigate"], "vip": {"mapped": "10.0.0.2"}}
    assert any(
        "fortigate.vip is for one server" in line
        for line in mistakes(server=None, servers=[FIRST, SECOND], fortigate=vip)
    )


def test_each_server_has_its_own_host_key_and_every_missing_one_is_named() -> None:
    authority = create_authority("vpn.lab.example", datetime.now(UTC))
    found = [str(problem) for problem in credentials(authority=authority, hostKeys={"three": KEY}).problems(both())]
    assert found == [
        "hostKeys.two: is missing; record it: labvpn hostkey 203.0.113.22 --server two",
        "hostKeys.three: is of no server of the lab; remove it or give a server that name",
    ]
    whole = credentials(authority=authority, hostKeys={"two": f"{KEY}-two".replace("-two", "Q")})
    assert list(whole.problems(both())) == []
    assert [whole.host_key_of(server) for server in both().servers] == [KEY, f"{KEY}Q"]


def test_no_key_at_all_is_a_mistake_without_looking_at_the_lab() -> None:
    with pytest.raises(ValidationError, match="is missing; record it: labvpn hostkey HOST"):
        credentials(hostKey=None)


def test_servers_of_one_name_need_one_authority() -> None:
    found = [str(problem) for problem in credentials(hostKeys={"two": KEY}).problems(both())]
    assert len(found) == 1 and found[0].startswith("authority: is missing, and several servers answer to one name")


def test_a_second_server_changes_nothing_on_the_first() -> None:
    whole = credentials(authority=create_authority("vpn.lab.example", datetime.now(UTC)))
    assert documents(lab(), "") == documents(both().at(both().server), "")
    assert server_certificate(lab(), whole) == server_certificate(both(), whole)


def test_a_closed_port_of_a_host_is_open_to_the_vpn_of_every_server() -> None:
    firewall = {"zone": "public", "closed": ["8000/tcp"]}
    for server in both().servers:
        text = documents(both(firewall=firewall).at(server), "")[Concern.FIREWALL]
        assert "closed public/8000/tcp only=203.0.113.20,203.0.113.22" in text


def test_each_server_shows_a_certificate_with_the_name_of_all_and_its_own_address() -> None:
    whole = credentials(authority=create_authority("vpn.lab.example", datetime.now(UTC)))
    certificate = server_certificate(both().at(both().servers[1]), whole)
    assert certificate is not None
    names = x509.load_pem_x509_certificate(certificate.certificate.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["vpn.lab.example", "vpn-two.lab.example"]
    assert [str(address) for address in names.value.get_values_for_type(x509.IPAddress)] == ["203.0.113.22"]


def test_one_name_has_an_address_of_every_server_and_a_server_may_have_its_own() -> None:
    pointed = {each.label: (each.name.fqdn, [str(one) for one in each.addresses]) for each in both().names}
    assert pointed == {
        "name": ("vpn.lab.example", ["203.0.113.20", "203.0.113.22"]),
        "name-vpn-two": ("vpn-two.lab.example", ["203.0.113.22"]),
    }


def test_the_fortigate_lets_users_reach_every_server_and_keeps_the_first_ones_object() -> None:
    two = both(fortigate={**FULL["fortigate"], "behindVpn": BEHIND})
    assert two.fortigate
    wanted = fortigate.wanted(two, two.fortigate)
    assert {"vpn-server", "vpn-server-two"} <= {address.name for address in wanted.objects.addresses}
    by_name = {each.name: each for each in wanted.objects.policies}
    assert by_name["vpn-allow"].destinations == by_name["vpn-dial"].destinations == ("vpn-server", "vpn-server-two")
    assert by_name["vpn-through"].sources == ("vpn-server", "vpn-server-two")


BEHIND = {"from": ["campus"], "to": "wan1", "before": "campus-any", "hosts": {"workstation": "203.0.113.21"}}


def test_a_preview_says_to_which_server_a_port_opens() -> None:
    two = both()
    assert two.fortigate
    (sentence,) = openings(Comparison.of(two, two.fortigate, fortigate.wanted(two, two.fortigate), box()))
    assert sentence.endswith("open for everyone outside (to 203.0.113.20), everyone outside (to 203.0.113.22)")


def test_a_rule_that_silences_ipsec_is_said_for_each_server() -> None:
    two = both()
    stored, _ = boxes.create(initial(), *policy("no-ike", "wan1", "dmz", "deny", service="IKE"))
    assert two.fortigate
    seen = read(above(stored, "no-ike", "deny-outside"))
    found = unanswered(Comparison.of(two, two.fortigate, fortigate.wanted(two, two.fortigate), seen))
    assert [sentence.split(" for ")[0][-15:] for sentence in found] == [
        "(to 203.0.113.20)"[-15:],
        "(to 203.0.113.22)"[-15:],
    ]


def test_a_deny_must_close_the_way_to_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def path(_what: str, host: str, _port: Port) -> Iterator[Path]:
        asked.append(host)
        return iter(())

    monkeypatch.setattr(paths, "_path", path)
    paths.own(both(fortigate=None, dns=None))
    assert asked == ["203.0.113.20", "203.0.113.22"]


def test_the_outputs_tell_every_server_and_keep_the_first_ones_address() -> None:
    exported = outputs.stack_outputs(both(), credentials(hostKeys={"two": f"{KEY}Q"}), str)
    assert (exported["name"], exported["address"]) == ("vpn.lab.example", "203.0.113.20")
    assert [(one["name"], one["address"], one["dialled"], one["ssh"]["hostKey"]) for one in exported["servers"]] == [
        (None, "203.0.113.20", "203.0.113.20", KEY),
        ("two", "203.0.113.22", "vpn-two.lab.example", f"{KEY}Q"),
    ]
