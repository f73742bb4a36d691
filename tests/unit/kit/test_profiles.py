"""What every profile promises, beyond its exact text."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.kit import build, openvpn, softether, windows
from labvpn.kit.openvpn import OpenVpnWay, ProfileReader
from labvpn.kit.request import KitRequest, Trust
from labvpn.render import outputs
from tests.unit.kit.orders import AUTHORITY, identity, order, several, split
from tests.unit.samples import CANARY, credentials, lab

UDP = OpenVpnWay("udp", 1194)


def options(profile: str) -> dict[str, str]:
    return dict(
        line.partition(" ")[::2] for line in profile.splitlines() if not line.startswith(("<", "-", "#", "MII"))
    )


def ovpn(each: KitRequest, reader: ProfileReader = ProfileReader.OPENVPN) -> dict[str, str]:
    return options(openvpn.profile(each, AUTHORITY, UDP, reader))


def test_every_transport_that_the_server_offers_has_a_profile_and_no_other() -> None:
    assert [str(way) for way in openvpn.ways(order())] == ["udp-1194", "tcp-443", "tcp-1194"]
    assert [str(way) for way in openvpn.ways(order(ports={"tcp": [992], "udp": [500]}))] == []
    assert openvpn.ways(order(protocols={"openvpn": False})) == ()


def test_a_profile_by_udp_is_for_the_ports_by_which_openvpn_is_dialled() -> None:
    made = outputs.stack_outputs(lab(vpn={"openvpnPorts": [25000, 1194], "listeners": [443]}), credentials(), str)
    assert made["ports"]["udp"] == [500, 1194, 4500, 25000]
    assert [str(way) for way in openvpn.ways(order(ports=made["ports"]))] == ["udp-1194", "udp-25000", "tcp-443"]
    made = outputs.stack_outputs(lab(vpn={"openvpnPorts": [], "listeners": [443]}), credentials(), str)
    assert [str(way) for way in openvpn.ways(order(ports=made["ports"]))] == ["tcp-443"]


def test_a_session_that_the_server_cuts_stays_cut() -> None:
    found = ovpn(order())
    assert found["remap-usr1"] == "SIGTERM"
    assert found["auth-retry"] == "none"
    assert "uint NumRetry 0\r\n" in softether.setting(order(), AUTHORITY)


def test_where_another_server_may_answer_a_device_dials_again_up_to_the_limit_of_its_session() -> None:
    found = ovpn(several(limit=1800))
    assert "remap-usr1" not in found
    assert int(found["connect-retry-max"]) > 1
    assert (found["session-timeout"], found["ignore-unknown-option"]) == ("1800", "session-timeout")
    assert "session-timeout" not in ovpn(several(limit=0))
    assert "uint NumRetry 0\r\n" in softether.setting(several(limit=0), AUTHORITY)


def test_servers_without_a_name_of_all_are_each_named_in_the_profile() -> None:
    text = openvpn.profile(several(name="203.0.113.20"), AUTHORITY, UDP)
    assert "remote 203.0.113.20 1194\nremote 203.0.113.22 1194\nremote-random\n" in text
    assert "remote-cert-tls server" in text and "verify-x509-name" not in text


def test_a_split_tunnel_names_its_gateway_and_openvpn_connect_gets_no_line_that_it_refuses() -> None:
    assert ovpn(split())["route-gateway"] == "192.168.30.1"
    assert "route-gateway" not in ovpn(split(), ProfileReader.CONNECT)
    assert "route-gateway" not in ovpn(order())
    assert openvpn.readers(split()) == (ProfileReader.OPENVPN, ProfileReader.CONNECT)


def test_a_split_tunnel_of_softether_4_names_no_gateway_so_one_profile_serves_every_program() -> None:
    assert "route-gateway" not in ovpn(split(generation=4))
    assert openvpn.readers(split(generation=4)) == (ProfileReader.OPENVPN,)


@pytest.mark.parametrize("reader", list(ProfileReader))
def test_a_pushed_network_with_the_server_in_it_does_not_lead_the_tunnel_into_itself(reader: ProfileReader) -> None:
    network = {"router": "192.168.30.1", "routes": ["203.0.113.0/24"]}
    text = openvpn.profile(several(network=network, generation=4), AUTHORITY, UDP, reader)
    for address in ("203.0.113.20", "203.0.113.22"):
        assert f"\nroute {address} 255.255.255.255 net_gateway\n" in text
    assert "net_gateway" not in openvpn.profile(split(), AUTHORITY, UDP, reader)
    assert "net_gateway" not in openvpn.profile(order(), AUTHORITY, UDP, reader)


def test_the_server_is_known_by_its_name_and_by_its_authority() -> None:
    found = ovpn(order())
    assert found["verify-x509-name"] == "vpn.lab.example name"
    assert found["remote-cert-tls"] == "server"
    assert AUTHORITY.pem.strip() in openvpn.profile(order(), AUTHORITY, UDP)


def test_a_certificate_that_is_no_authority_is_pinned_as_it_is() -> None:
    own = Trust(identity("server").certificate)
    assert not own.is_authority
    assert "verify-x509-name" not in options(openvpn.profile(order(), own, UDP))
    assert f"byte ServerCert {base64.b64encode(own.der).decode()}\r\n" in softether.setting(order(), own)
    assert "byte ServerCert" not in softether.setting(order(), AUTHORITY)


def test_sstp_is_in_no_kit_where_windows_would_refuse_the_servers_name() -> None:
    own = Trust(identity("server").certificate)
    offered = split()
    made = build.kit(KitRequest(offered.stack, "guest1", own))
    assert "windows-sstp.ps1" not in made.files
    assert any("without SSTP" in note for note in made.notes)


def test_no_kit_holds_the_password_unless_it_was_asked_for() -> None:
    password = order(secrets=True).password
    assert password
    assert not any(password.encode() in content for content in build.kit(order()).files.values())
    assert any(password.encode() in content for content in build.kit(order(secrets=True)).files.values())


def test_no_kit_holds_another_users_password_or_a_secret_of_the_server() -> None:
    made = b"".join(build.kit(order(secrets=True)).files.values())
    other = order("owner", secrets=True).password
    assert other
    assert other.encode() not in made
    assert CANARY.encode() not in made


def test_a_private_key_is_in_the_kit_only_with_its_secrets() -> None:
    given_key = identity().key.encode()
    assert not any(given_key.strip() in content for content in build.kit(order(identity=identity())).files.values())
    secret = build.kit(order(identity=identity(), secrets=True)).files
    assert given_key.strip() in secret["openvpn-udp-1194.ovpn"]
    assert b"byte ClientKey " in secret["softether.vpn"]


def test_the_kit_of_a_user_of_radius_has_the_client_send_the_password_itself() -> None:
    rita = lab(users=[{"name": "rita", "auth": "radius"}], hubs={"LAB": {"radius": {"server": "198.51.100.9"}}})
    exported = outputs.stack_outputs(rita, credentials(), str)
    made = build.kit(order("rita", secrets=True, users=exported["users"]))
    assert b"uint AuthType 2\r\n" in made.files["softether.vpn"]
    assert b"stays the one that you have" in made.files[build.SHEET]
    assert made.notes == ("without the password, which remains the one that the user has",)
    assert b"uint AuthType 1\r\n" in build.kit(order()).files["softether.vpn"]


def test_the_rule_for_translation_is_set_only_where_the_server_stands_behind_one() -> None:
    assert windows.NAT_RULE in windows.l2tp(split())
    assert windows.NAT_RULE not in windows.l2tp(order())


@pytest.mark.parametrize("kind", ["presharedKey", "users"])
def test_secrets_that_the_engine_kept_back_are_said_to_be_missing(kind: str) -> None:
    masked = {"presharedKey": "[secret]"} if kind == "presharedKey" else {"users": {"guest1": {"password": "[secret]"}}}
    assert any("--show-secrets" in note for note in build.kit(order(secrets=True, **masked)).notes)


def test_a_windows_script_asks_for_a_preshared_key_that_is_not_known() -> None:
    assert "Read-Host" in windows.l2tp(order(presharedKey=None))


@given(st.text(st.characters(min_codepoint=32)))
def test_no_text_breaks_out_of_a_quoted_powershell_string(text: str) -> None:
    quoted = windows.quoted(text)
    # Between the outer marks every mark that PowerShell takes for a quote must stand doubled.
    assert re.fullmatch("'(?:[^'‘’‚‛]|['‘’‚‛]{2})*'", quoted)


def test_a_control_character_is_refused_by_powershells_quoting() -> None:
    with pytest.raises(ValueError, match="control character"):
        windows.quoted("two\nlines")


@given(st.text(min_size=1))
def test_softethers_escape_can_be_undone(text: str) -> None:
    escaped = softether._string(text.encode("utf-8", "ignore").decode())
    undone = re.sub(rb"\$([0-9A-F]{2})", lambda byte: bytes([int(byte[1], 16)]), escaped.encode())
    assert re.fullmatch(r"[A-Za-z0-9._$-]+", escaped)
    assert escaped == "$" or undone.decode() == text.encode("utf-8", "ignore").decode()
