"""The sheet to print, in English and in Japanese."""

from __future__ import annotations

import re
from string import Formatter

from labvpn.kit import build, sheet
from labvpn.kit.request import KitRequest
from labvpn.kit.words import LANGUAGES, WORDS
from tests.unit.kit.orders import order, split


def text(each: KitRequest) -> str:
    return build.kit(each).files[build.SHEET].decode()


def pages(each: KitRequest) -> dict[str, str]:
    found = re.findall(r'<section lang="(\w+)">(.*?)</section>', text(each), re.DOTALL)
    return dict(found)


def test_there_is_one_page_in_each_language() -> None:
    assert list(pages(order())) == ["en", "ja"]


def test_every_sentence_exists_in_both_languages_with_the_same_values() -> None:
    def fields(sentence: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(sentence) if name}

    first, second = (WORDS[language] for language in LANGUAGES)
    assert first.keys() == second.keys()
    assert {key for key in first if fields(first[key]) != fields(second[key])} == set()


def test_a_sheet_names_the_server_the_user_and_the_preshared_key_and_no_password() -> None:
    for page in pages(order()).values():
        assert "vpn.lab.example" in page
        assert "guest1" in page
        assert "it&#39;s a preshared key" in page
    password = order(secrets=True).password
    assert password and password not in text(order())
    assert password in text(order(secrets=True))


def test_the_order_to_try_begins_with_ipsec_and_goes_on_with_what_passes_on_443() -> None:
    english = pages(split())["en"]
    places = [
        english.index(word) for word in ("L2TP/IPsec:", "OpenVPN over TCP 443", "SSTP over TCP 443", "OpenVPN over UDP")
    ]
    assert places == sorted(places)


def test_a_sheet_names_only_files_that_are_in_the_kit() -> None:
    for each in (order(), split(), order(protocols={"l2tpIpsec": False})):
        files = build.kit(each).files
        named = set(re.findall(r"[\w.-]+\.(?:ovpn|ps1|mobileconfig|vpn|crt)\b", text(each)))
        assert named <= files.keys()
        assert not [name for name in files if name.endswith((".mobileconfig", ".ps1")) and name not in named]


def test_a_value_cannot_break_the_page() -> None:
    users = {"guest1": {"password": "x", "realName": "<script>alert(1)</script>"}}
    assert "<script>" not in text(order(users=users))


def test_the_time_limit_is_said_in_minutes_and_not_at_all_without_one() -> None:
    assert "after 30 minutes" in text(order())
    assert "minutes" not in text(order(users={"guest1": {"password": "x", "AutoDisconnect": 0}}))


def test_a_page_loads_nothing_from_elsewhere() -> None:
    assert not re.search(r"src=|<link|url\(|@import", text(order()))
    links = re.findall(r"<(\w+)[^>]*href=", text(order()))
    assert set(links) <= {"a"}
    assert sheet.environment().autoescape


def test_a_sheet_says_what_one_reaches_and_links_what_a_browser_opens() -> None:
    services = [
        {"name": "jupyterhub", "to": "203.0.113.21/32", "port": 8000},
        {"name": "files", "to": "10.1.0.0/16", "port": None, "protocol": "tcp"},
        {"name": "login", "to": "10.1.0.5/32", "port": 22},
    ]
    each = order(network={"router": "192.168.30.1", "routes": ["10.0.0.0/8"], "services": services})
    for page in pages(each).values():
        assert '<a href="http://203.0.113.21:8000/" rel="noreferrer">' in page
        assert "10.1.0.0/16 (tcp" in page
        assert "10.1.0.5 (tcp 22)" in page
        assert page.count("<a ") == 1


def test_the_steps_come_in_the_order_of_the_ways() -> None:
    english = pages(split())["en"].partition("<h2>Steps</h2>")[2]
    places = [
        english.index(word) for word in ("Mac, iPhone", "l2tp.ps1", "OpenVPN (any", "sstp.ps1", "SoftEther VPN Client")
    ]
    assert places == sorted(places)


def test_a_phone_reads_the_sheet_without_scrolling_sideways() -> None:
    assert "@media screen and (max-width: 600px)" in text(order())


def test_an_end_is_said_in_the_time_zone_in_which_it_was_given() -> None:
    users = {"guest1": {"password": "x", "expires": "2027-03-31T23:59:00+09:00"}}
    assert "2027-03-31 23:59 (UTC+0900)" in text(order(users=users))


def test_android_12_is_not_sent_to_l2tp() -> None:
    assert "Android 12 and later has no L2TP" in text(order())
    assert "Android" not in text(order(protocols={"l2tpIpsec": False}))


def test_android_12_is_sent_to_openvpn_only_where_the_kit_has_it() -> None:
    for protocols, ports in (({"openvpn": False}, [443]), ({"openvpn": True}, [5555])):
        page = pages(order(protocols={"l2tpIpsec": True, **protocols}, ports={"tcp": ports, "udp": [500, 4500]}))
        assert "No way of this lab serves Android 12" in page["en"]
        assert "OpenVPN" not in page["en"] + page["ja"]


def test_a_limit_that_is_no_whole_number_of_minutes_is_said_in_seconds() -> None:
    for seconds, said in ((45, "after 45 seconds"), (60, "after 60 seconds"), (119, "after 119 s"), (120, "after 2 m")):
        assert said in text(order(users={"guest1": {"password": "x", "AutoDisconnect": seconds}}))


def test_where_there_is_one_profile_of_openvpn_no_other_is_offered() -> None:
    one, several = (pages(order(ports={"tcp": [443], "udp": udp})) for udp in ([500], [1194]))
    assert "If a network blocks it: openvpn-tcp-443.ovpn" in several["en"]
    assert "If a network blocks it" not in one["en"]
    assert "つながらない回線では" not in one["ja"]
