"""Documents, objects and secrets as they are told to each machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.model import accounts
from labvpn.model.lab import Lab
from labvpn.render import fortigate, outputs
from labvpn.render.agent_request import request, secrets
from labvpn.render.documents import Concern, documents
from labvpn.state.document import read, write
from labvpn.state.fortigate import ServiceObject
from tests.unit.samples import CANARY, credentials, lab


def services_of(one: Lab) -> tuple[ServiceObject, ...]:
    assert one.fortigate is not None
    return fortigate.wanted(one, one.fortigate).objects.services


CASES = Path(__file__).parent.parent / "cases" / "documents"


@pytest.mark.parametrize("concern", Concern)
def test_a_document_is_as_its_case_file_says(concern: Concern) -> None:
    assert documents(lab(), "the agent")[concern] == (CASES / f"{concern}.txt").read_text()


@pytest.mark.parametrize("concern", Concern)
def test_a_document_reads_back_to_the_same_text(concern: Concern) -> None:
    text = documents(lab(), "the agent")[concern]
    assert write(read(text)) == text


def test_no_document_holds_a_secret() -> None:
    assert CANARY not in "".join(documents(lab(), "the agent").values())


def test_l2tp_off_closes_its_ports_in_every_document_and_object() -> None:
    without = lab(vpn={"protocols": {"l2tpIpsec": False}})
    text = documents(without, "")
    assert "ipsec l2tp=no" in text[Concern.SERVER]
    assert "4500/udp" not in text[Concern.FIREWALL]
    assert [each.tcp or each.udp for each in services_of(without)] == ["443 992 1194 5555", "1194"]


def test_no_udp_service_exists_where_no_protocol_needs_one() -> None:
    bare = lab(vpn={"protocols": {"l2tpIpsec": False, "openvpn": False}})
    assert [each.name for each in services_of(bare)] == ["SoftEther"]


def test_a_lab_without_a_firewall_leaves_firewalld_alone() -> None:
    text = documents(lab(firewall=None), "")
    assert Concern.FIREWALL not in text
    assert "firewalld" not in text[Concern.HOST]


def test_an_installation_that_is_present_is_not_installed_again() -> None:
    present = lab(server={"address": "203.0.113.20", "install": "present"})
    text, unit = documents(present, "")[Concern.HOST], "unit softether enabled=yes active=yes\n"
    assert "softether-vpn" not in text
    assert text.endswith("softether installation=present\nadministration from=127.0.0.1,::1\n" + unit)


def test_an_archive_is_named_by_its_checksum_and_place_and_brings_no_package_of_softethers() -> None:
    address = {"address": "https://vpn.example/a.tar.gz", "sha256": "ab" * 32}
    text = documents(lab(server={"address": "203.0.113.20", "install": "tarball", "tarball": address}), "")
    lines = text[Concern.HOST].splitlines()
    digest = "ab" * 32
    assert f"archive vpnserver sha256={digest} from=https://vpn.example/a.tar.gz unit=current" in lines
    assert "unit vpnserver enabled=yes active=yes" in lines
    assert [line for line in lines if line.startswith("package")] == [
        "package firewalld installed=yes",
        "package netbase installed=yes",
    ]


def test_outputs_have_the_generation_that_was_found_unless_the_configuration_overrules_it() -> None:
    four = lab(server={"address": "203.0.113.20", "generation": 4})
    assert [outputs.generation(lab(), found) for found in (None, 4, 5)] == [5, 4, 5]
    assert [outputs.generation(four, found) for found in (None, 4, 5)] == [4, 4, 4]


def test_outputs_name_accepted_holes_only_where_there_are_some() -> None:
    def accepted(**server: Any) -> Any:
        given = lab(server={"address": "203.0.113.20", **server})
        return outputs.stack_outputs(given, credentials(), str)["servers"][0].get("acceptKnownHoles")

    assert accepted() is None
    assert accepted(acceptKnownHoles=True) is True
    assert accepted(acceptKnownHoles=["CVE-2023-22308"]) == ["CVE-2023-22308"]


def test_only_a_server_of_generation_4_is_told_which_it_is() -> None:
    four = lab(server={"address": "203.0.113.20", "generation": 4})
    assert documents(four, "")[Concern.SERVER].startswith("generation number=4\n")
    assert "generation" not in documents(lab(), "")[Concern.SERVER]
    assert outputs.stack_outputs(four, credentials(), str)["generation"] == 4


def test_a_split_tunnel_pushes_its_routes_and_no_default_route() -> None:
    split = lab(vpn={"secureNat": {"routes": ["203.0.113.16/28"]}})
    text = documents(split, "")[Concern.HUB]
    assert "gateway=none" in text
    assert "routes=203.0.113.16/255.255.255.240/192.168.30.1" in text


def test_the_agent_is_sent_every_secret_by_stdin_alone() -> None:
    sent = json.loads(request(3, "doc", secrets(lab(), credentials())))
    assert sent["secrets"]["administrator"] == f"{CANARY}-admin"
    assert sent["secrets"]["ipsec"] == f"{CANARY}-psk"
    assert set(sent["secrets"]["users"]) == {"LAB/owner", "LAB/guest1"}


def test_a_password_that_is_set_wins_over_the_derived_one() -> None:
    given = credentials(passwords={"guest1": "chosen-by-hand"})
    sent = secrets(lab(), given)["users"]
    assert sent["LAB/guest1"] == "chosen-by-hand"
    assert sent["LAB/owner"] != sent["LAB/guest1"]


def test_the_outputs_name_what_the_doctor_needs_of_the_hops_and_the_tunnel() -> None:
    nat = {"secureNat": {"hostAddress": "192.168.31.1"}}
    rendered = outputs.stack_outputs(lab(vpn=nat, fortigate=None), credentials(), str)
    assert (rendered["fortigate"], rendered["network"]["hostAddress"]) == (False, "192.168.31.1")


def test_the_outputs_name_ports_by_transport() -> None:
    assert outputs.ports(lab()) == {"tcp": [443, 992, 1194, 5555], "udp": [500, 1194, 4500]}


def test_what_is_kept_stands_in_no_document() -> None:
    kept = ["access", "administration", "hub-password", "tls", "nat-traversal"]
    hubs: dict[str, dict[str, list[str]]] = {"LAB": {"services": []}}
    rendered = "".join(documents(lab(vpn={"kept": kept}, hubs=hubs), "").values())
    lines = rendered.splitlines()
    assert not [line for line in lines if line.split()[0] in kept]
    assert next(line for line in lines if line.startswith("hub LAB")) == "hub LAB online=yes exclusive=no"


def test_a_kept_password_is_no_secret_of_ours_until_a_new_one_is_set() -> None:
    one = lab(users=[{"name": "eve", "auth": "kept"}])
    assert "user LAB/eve password=kept " in documents(one, "")[Concern.HUB]
    assert secrets(one, credentials())["users"] == {}
    rendered = outputs.stack_outputs(one, credentials(), str)["users"]["eve"]
    assert (rendered["password"], rendered["kept"]) == (None, True)
    for change, known in (({}, {"eve": "a-new-password"}), ({"rotation": 1}, {})):
        user = one.users[0].model_copy(update=change)
        (settled,) = accounts.settled([user], credentials(passwords=known))
        assert settled.auth == "password"
