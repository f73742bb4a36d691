"""`labvpn dial` as a command: exit statuses, what it prints for programs, and that it is a monitor until stopped."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from labvpn.connect import stack_outputs
from labvpn.dial import openvpn
from labvpn.dial.cli import dial
from labvpn.model.outputs import OutputsError
from tests.unit.dial.outputs import outputs

SECRETS = "word-canary\nkey-canary\n"
APP = typer.Typer()
APP.command()(dial)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack is selected here, and no name resolves."""

    def no_stack(file: Path | None) -> None:
        raise OutputsError("no stack is selected here")

    def no_name(host: str) -> str:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(stack_outputs, "outputs", no_stack)
    monkeypatch.setattr(socket, "gethostbyname", no_name)


def called(*words: str, stdin: str = SECRETS) -> tuple[int, str]:
    done = CliRunner().invoke(APP, list(words), input=stdin)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("vpn.lab.example", "--stdin"), "--user"),
        (("--user", "guest1"), "no stack is selected here"),
        (("vpn.lab.example", "--user", "guest1"), "--stdin"),
        (("vpn.lab.example", "--user", "guest1", "--stdin", "--service", "x"), "--service x"),
        (("vpn.lab.example", "--user", "guest1", "--stdin", "--here", "none"), "--vantage"),
        (("vpn.lab.example", "--user", "guest1", "--stdin", "--vantage", "x"), "--vantage"),
        (("--request",), "--request"),
    ],
)
def test_wrong_usage_is_named_and_no_secret_is_repeated(words: tuple[str, ...], said: str) -> None:
    status, output = called(*words)
    assert (status, said in output) == (2, True), output
    assert "canary" not in output


def test_one_secret_missing_from_standard_input_is_named() -> None:
    status, output = called("vpn.lab.example", "--user", "guest1", "--stdin", stdin="only one\n")
    assert (status, "two lines" in output) == (2, True)


def test_a_dial_that_fails_prints_its_cause_for_programs_and_exits_with_1() -> None:
    status, output = called("vpn.lab.example", "--user", "guest1", "--stdin", "--json", "--as", "all")
    answer = json.loads(output)
    assert status == 1
    assert [(each["as"], each["cause"], each["connected"]) for each in answer["dials"]] == [
        (name, "name-not-found", False) for name in ("iphone", "mac", "windows", "android")
    ]


@pytest.mark.parametrize(("language", "said"), [("en", "What the user can do:"), ("ja", "vpn.lab.example の IPv4")])
def test_a_dial_that_fails_says_who_can_do_what(language: str, said: str) -> None:
    status, output = called("vpn.lab.example", "--user", "guest1", "--stdin", "--lang", language)
    assert (status, said in output) == (1, True), output


def test_a_monitor_prints_a_line_each_round_and_writes_its_metrics_until_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    file = tmp_path / "dial.prom"
    words = ("vpn.lab.example", "--user", "guest1", "--stdin", "--json", "--every", "60", "--prometheus", str(file))
    status, output = called(*words)
    assert status == 130
    assert [json.loads(line)["dials"][0]["cause"] for line in output.splitlines()] == ["name-not-found"] * 3
    assert all(0 < seconds <= 60 for seconds in slept)
    assert 'cause="name-not-found"' in file.read_text()
    assert list(tmp_path.iterdir()) == [file]


def test_outputs_give_everything_and_openvpn_is_asked_for_only_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stack_outputs, "outputs", lambda file: outputs())
    status, output = called("--user", "guest1", "--json", stdin="")
    assert (status, json.loads(output)["host"]) == (1, "vpn.lab.example")
    monkeypatch.setattr(openvpn, "program", lambda: None)
    status, output = called("--user", "guest1", "--protocol", "openvpn", stdin="")
    assert (status, "not installed" in output) == (2, True)
    status, output = called("--user", "guest1", "--protocol", "all", stdin="")
    assert (status, "not installed" in output, "No way is open from here" in output) == (1, True, True)


def test_sstp_needs_no_pre_shared_key(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("vpn.lab.example", "--user", "guest1", "--stdin", "--protocol", "sstp", "--json")
    status, output = called(*words, stdin="word-canary\n")
    (report,) = json.loads(output)["dials"]
    assert (status, report["protocol"], report["cause"]) == (1, "sstp", "name-not-found")
    monkeypatch.setattr(stack_outputs, "outputs", lambda file: outputs(presharedKey=None))
    status, output = called("--user", "guest1", "--protocol", "sstp", "--json", stdin="")
    assert (status, json.loads(output)["dials"][0]["as"]) == (1, "sstp")
    assert "canary" not in output


def test_of_all_ways_those_are_tried_that_the_stack_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvpn, "program", lambda: None)
    for offered, expected in (
        ({"l2tpIpsec": True, "sstp": True}, ["l2tp", "sstp"]),
        ({"l2tpIpsec": False, "sstp": True}, ["sstp"]),
        ({"l2tpIpsec": True, "sstp": False}, ["l2tp"]),
    ):
        monkeypatch.setattr(stack_outputs, "outputs", lambda file, offered=offered: outputs(protocols=offered))
        _, output = called("--user", "guest1", "--protocol", "all", "--json", stdin="")
        answer = json.loads(output)
        assert ([each["protocol"] for each in answer["dials"]], answer["untried"]) == (expected, ["openvpn"])


def test_every_way_is_dialled_at_a_vantage_point_with_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(openvpn, "program", lambda: None)
    monkeypatch.setattr(stack_outputs, "outputs", lambda file: outputs())
    profile = tmp_path / "kit.ovpn"
    profile.write_text("client\nproto tcp\nremote vpn.lab.example 443\n")
    there = tmp_path / "labvpn"
    report = {"protocol": "openvpn", "as": "openvpn", "way": "tcp-443", "connected": True, "cause": "connected"}
    more = {"stage": "connected", "detail": "", "seconds": 1.0, "address": "", "notes": [], "steps": []}
    there.write_text(f"#!/bin/sh\ncat >{tmp_path}/asked\necho '{json.dumps({'dials': [{**report, **more}]})}'\n")
    there.chmod(0o755)
    words = ("--user", "guest1", "--protocol", "openvpn", "--profile", str(profile), "--here", "none", "--json")
    status, output = called(*words, "--vantage", f"phone={there}", stdin="")
    (answer,) = json.loads(output)["dials"]
    assert (status, answer["from"], answer["way"]) == (0, "phone", "tcp-443")
    asked = json.loads((tmp_path / "asked").read_text())
    assert (asked["protocol"], asked["profile"]) == ("openvpn", ["tcp-443", profile.read_text()])
    assert asked["password"] == "word-canary"


def test_a_way_that_cannot_be_prepared_stops_no_other_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvpn, "program", lambda: "openvpn")
    every = ("--protocol", "all", "--json")
    status, output = called("vpn.lab.example", "--user", "guest1", "--stdin", *every)
    answer = json.loads(output)
    assert (status, [each["protocol"] for each in answer["dials"]]) == (1, ["l2tp", "sstp"])
    assert "--profile" in answer["untriedBecause"]["openvpn"]
    monkeypatch.setattr(stack_outputs, "outputs", lambda file: outputs(protocols={"l2tpIpsec": True, "sstp": True}))

    def closed(host: str, port: int) -> str:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(stack_outputs, "current_certificate", closed)
    for words, said in (((), "--trust-shown"), (("--trust-shown",), "shows no certificate")):
        status, output = called("--user", "guest1", *every, *words, stdin="")
        answer = json.loads(output)
        assert (status, [each["protocol"] for each in answer["dials"]]) == (1, ["l2tp", "sstp"])
        assert said in answer["untriedBecause"]["openvpn"]
    for language, said in (("en", "Note: OpenVPN is not tried: "), ("ja", "注意：OpenVPN は試していません（")):
        _, output = called("--user", "guest1", "--protocol", "all", "--lang", language, stdin="")
        assert any(line.startswith(said) for line in output.splitlines())
    status, output = called("--user", "guest1", "--protocol", "openvpn", stdin="")
    assert (status, "--trust-shown" in output) == (2, True)


def test_a_closed_port_is_a_cause_and_no_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        port = ear.getsockname()[1]
    monkeypatch.setattr(socket, "gethostbyname", lambda host: "127.0.0.1")
    words = ("127.0.0.1", "--user", "guest1", "--stdin", "--protocol", "sstp", "--trust-shown", "--tcp", str(port))
    status, output = called(*words, "--json")
    (report,) = json.loads(output)["dials"]
    assert (status, report["cause"], report["because"]) == (1, "tcp-443-blocked", "tcp-rejected")


def test_no_pre_shared_key_is_asked_for_where_the_stack_has_no_l2tp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvpn, "program", lambda: None)
    offered = {"l2tpIpsec": False, "sstp": True}
    monkeypatch.setattr(stack_outputs, "outputs", lambda file: outputs(protocols=offered, presharedKey=None))
    status, output = called("--user", "guest1", "--protocol", "all", "--json", stdin="")
    assert (status, [each["protocol"] for each in json.loads(output)["dials"]]) == (1, ["sstp"])
