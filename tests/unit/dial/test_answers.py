"""What a dial asks for and says: requests from outputs, sentences in both languages, text, metrics, vantage points."""

from __future__ import annotations

import json
import re
import string
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import monitor, openvpn, report, requests, vantage, why, words
from labvpn.dial.inside import Inside, Target
from labvpn.dial.outcome import DialCause, DialOutcome, Finding
from labvpn.dial.requests import DialUsageError, Options
from labvpn.dial.run import Dial
from labvpn.dial.sizes import Sizes
from labvpn.dial.sstp_call import SstpCall
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.tunnel import Tunnel
from labvpn.dial.ways import L2TP, Way
from labvpn.dial.words import en, ja
from labvpn.probe.observation import Refusal
from tests.unit.dial.outputs import SERVER, never, outputs

SOURCES = [path.read_text() for path in Path(words.__file__).parents[1].rglob("*.py")]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_sentences_with_the_same_values() -> None:
    for one, other in ((en.WORDS.findings, ja.WORDS.findings), (en.WORDS.layout, ja.WORDS.layout)):
        assert {key: fields(text) for key, text in one.items()} == {key: fields(text) for key, text in other.items()}
    assert set(en.WORDS.advice) == set(ja.WORDS.advice) == {*DialCause, Cause.UNKNOWN}


def test_every_id_of_a_finding_has_a_sentence() -> None:
    text = "\n".join(SOURCES)
    named = set(re.findall(r'Finding\(\s*"([a-z0-9-]+)"', text)) | set(re.findall(r'_end\("([a-z0-9-]+)"', text))
    named |= {each.silence[2] for each in (Tunnel, SstpCall)} | {each.lost for each in (Tunnel, SstpCall)}
    assert named
    assert named <= set(en.WORDS.findings)


def got_in(inside: Inside | None = None) -> Dial:
    found = DialOutcome(Cause.CONNECTED, Stage.CONNECTED, None, "AES-256/SHA256/modp2048", "AES-256/SHA1", "mschapv2")
    address, router = IPv4Address("192.168.30.10"), IPv4Address("192.168.30.1")
    return Dial(
        replace(found, address=address, router=router, resolver=router), inside or Inside(True, sizes=FINE), 2.0
    )


FINE = Sizes(1452, 1452, 1404)


def test_a_dial_that_got_in_says_what_passes() -> None:
    inside = Inside(True, SERVER, (), FINE, {Target(IPv4Address("192.0.2.1"), 80, "web", True): "open"}, "192.0.2.3")
    said = report.as_text(report.as_json(SYSTEMS["mac"], got_in(inside), "en"), "vpn.lab.example", "en")
    for part in ("192.168.30.10", "192.0.2.1:80 (web): open", "Seen from outside as 192.0.2.3", "all traffic"):
        assert part in said


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("cause", [*Cause, *DialCause])
def test_every_cause_is_said_with_advice(cause: Any, language: str) -> None:
    failed = Dial(DialOutcome(cause, Stage.PHASE_1, Finding("keys-differ")))
    said = report.as_text(report.as_json(SYSTEMS["mac"], failed, language), "vpn.lab.example", language)
    assert (str(cause) in said) is (cause is not Cause.CONNECTED)


@pytest.mark.parametrize(
    ("sizes", "way", "problems"),
    [
        (FINE, 1500, []),
        (Sizes(1452, 1452, 1196), 1280, ["small-mtu"]),
        (Sizes(1196, 1180, 1196), 1280, ["small-mtu", "fragments-lost"]),
        (Sizes(1404, 1388, 1404), 1500, ["fragments-lost-unneeded"]),
        (Sizes(1452, 1000, 1404), 1500, ["large-lost"]),
        (Sizes(0, 0, 0), 84, ["small-mtu", "fragments-lost"]),
    ],
)
def test_sizes_are_judged(sizes: Sizes, way: int, problems: list[str]) -> None:
    assert (sizes.way, [each.id for each in sizes.problems]) == (way, problems)


def test_a_vantage_points_report_is_found_among_what_its_login_prints(tmp_path: Path) -> None:
    (request,) = requests.requests(Options("guest1"), outputs(), never)
    answer = {"host": "x", "dials": [report.as_json(request.system, got_in(), "en")]}
    program = tmp_path / "labvpn"
    program.write_text(f"#!/bin/sh\necho 'Welcome {{'\ncat >{tmp_path}/asked\necho '{json.dumps(answer)}'\necho bye\n")
    program.chmod(0o755)
    assert vantage.dial(vantage.vantage(f"phone={program}"), Way(L2TP, request), "en")["from"] == "phone"
    assert json.loads((tmp_path / "asked").read_text())["password"] == "word-canary"
    program.write_text("#!/bin/sh\ncat >/dev/null\necho no such command >&2\nexit 2\n")
    with pytest.raises(vantage.VantageError, match="phone: no such command"):
        vantage.dial(vantage.vantage(f"phone={program}"), Way(L2TP, request), "en")


def test_metrics_tell_each_dial_apart_and_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    several = [report.as_json(SYSTEMS["mac"], got_in(), "en"), report.of_openvpn("tcp-443", got_in(), "en")]
    several.append(report.of_sstp(got_in(), "en"))
    text = report.metrics(several, "vpn.lab.example", 1.0)
    assert 'labvpn_dial_connected{as="mac",from="",host="vpn.lab.example"} 1.0' in text
    assert 'labvpn_dial_connected{as="openvpn-tcp-443",from="",host="vpn.lab.example"} 1.0' in text
    assert 'labvpn_dial_connected{as="sstp",from="",host="vpn.lab.example"} 1.0' in text
    with pytest.raises(DialUsageError, match="--prometheus"):
        monitor._write(tmp_path / "missing" / "x.prom", text)


def test_the_ways_that_are_open_are_named_in_their_order() -> None:
    failed = report.as_json(SYSTEMS["mac"], Dial(DialOutcome(Cause.PSK, Stage.PHASE_1)), "en")
    assert report.of_ways([failed, report.of_openvpn("tcp-443", got_in(), "en")], "en").endswith(": OpenVPN tcp-443")
    assert report.of_ways([failed, report.of_sstp(got_in(), "en")], "ja").endswith("：SSTP")
    assert report.of_ways([failed], "en") == "No way is open from here."


def test_a_profile_names_its_way(tmp_path: Path) -> None:
    file = tmp_path / "x.ovpn"
    file.write_text("client\nproto tcp\nremote vpn.lab.example 443\n")
    assert openvpn.of_file(file).way == "tcp-443"
    file.write_text("client\n")
    with pytest.raises(ValueError, match="names no server"):
        openvpn.of_file(file)


@pytest.mark.parametrize(
    ("refusal", "note"),
    [
        (Refusal("ECONNREFUSED", 13, SERVER), "rejected-by-firewall"),
        (Refusal("EHOSTUNREACH", 13, "192.0.2.1"), "rejected-on-the-way"),
        (Refusal("ECONNREFUSED"), "rejected"),
    ],
)
def test_who_rejects_a_port_is_told_where_the_system_shows_it(refusal: Refusal, note: str) -> None:
    (request,) = requests.requests(Options("guest1"), outputs(), never)
    outcome = DialOutcome(Cause.IPSEC_PORTS, Stage.PHASE_1, Finding("no-first", {"port": 500, "tries": 4}))
    found = why.rejected(request, SERVER, outcome, {500: refusal})
    assert (found.cause, [each.id for each in found.notes]) == (Cause.IPSEC_PORTS, [note])
    assert words.sentence(found.notes[0], "ja")


STARTED = ["IPSec connection started", "IPSec phase 1 client started"]
REPLIED = [*STARTED, "IPSec phase 1 server replied"]
ASKED = [
    *REPLIED,
    *("IPSec phase 2 started", "IPSec phase 2 established", "IPSec connection established"),
    *("L2TP sent SCCRQ", "L2TP received SCCRP", "L2TP sent ICRQ", "L2TP received ICRP", "L2TP sent ICCN"),
    *("L2TP connection established.", "Using interface ppp0", "Connect: ppp0 <--> L2TP"),
    *("sent [LCP ConfReq id=0x1]", "rcvd [LCP ConfAck id=0x1]", "rcvd [CHAP Challenge id=0x2]"),
    "sent [CHAP Response id=0x2]",
]
ADDRESS = ["rcvd [CHAP Success id=0x2]", "rcvd [IPCP ConfAck id=0x5]", "local  IP address 192.168.30.10"]


@pytest.mark.parametrize(
    ("steps", "cause"),
    [
        (STARTED, Cause.IPSEC_PORTS),
        (REPLIED, Cause.ESP_OR_4500),
        (REPLIED, Cause.PSK),
        ([*ASKED, "rcvd [CHAP Failure id=0x2]"], Cause.CREDENTIALS),
        ([*ASKED, *ADDRESS], Cause.CONNECTED),
    ],
)
def test_a_dials_steps_are_read_like_a_macs_log(steps: list[str], cause: Cause) -> None:
    assert cause in diagnose(["\n".join(steps)]).causes
