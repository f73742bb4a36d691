import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from labvpn.probe import scan, services, sockets
from labvpn.probe.cli import probe
from labvpn.probe.observation import Observation
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort
from tests.unit.probe.servers import LOOPBACK, certificate, tcp, unused, vpn

APP = typer.Typer()
APP.command()(probe)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "WAITS", (0.05,) * 5)
    monkeypatch.setattr(services, "_PATIENCE", 0.5)
    monkeypatch.setenv("COLUMNS", "160")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(APP, [*words])
    return result.exit_code, result.output


def test_all_as_expected_ends_with_0(tmp_path: Path) -> None:
    with tcp(vpn(certificate(tmp_path))) as port:
        code, out = run(LOOPBACK, "--tcp", str(port), "--closed", str(unused(socket.SOCK_STREAM)))
    assert code == 0, out
    assert "All is as expected" in out and "TLS, SSTP, OpenVPN" in out


def test_a_closed_port_ends_with_1_and_a_reason() -> None:
    port = unused(socket.SOCK_STREAM)
    code, out = run(LOOPBACK, "--tcp", str(port))
    assert code == 1
    assert f"{port}/tcp: closed by the VPN server" in out


def test_a_machine_that_only_asks_others_does_not_probe(tmp_path: Path) -> None:
    script = tmp_path / "labvpn"
    view = VantageView("away", "outside", (Observation(ProbedPort("tcp", 443), 1, True, ("TLS",)),))
    script.write_text(f"#!/bin/sh\necho '{json.dumps(scan.to_json(view))}'\n")
    script.chmod(0o700)
    code, out = run("192.0.2.1", "--tcp", "443", "--here", "none", "--vantage", f"phone={script}", "--json")
    assert (code, [view["name"] for view in json.loads(out)["vantages"]]) == (0, ["phone"])


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("a b",),
        (LOOPBACK, "--tcp", "x"),
        (LOOPBACK, "--here", "moon"),
        (LOOPBACK, "--here", "none"),
        (LOOPBACK, "--outputs", "/nowhere"),
    ],
)
def test_wrong_usage_ends_with_2(words: tuple[str, ...]) -> None:
    assert run(*words)[0] == 2


def test_json_is_all_that_is_printed(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.json"
    port = unused(socket.SOCK_STREAM)
    outputs.write_text(
        json.dumps({"name": None, "address": LOOPBACK, "ports": {"tcp": [port], "udp": []}, "users": []})
    )
    code, out = run("--outputs", str(outputs), "--json")
    assert code == 1
    assert json.loads(out)["ports"][0]["blame"]["hop"] == "server"


def test_prometheus_text_is_all_that_is_printed() -> None:
    code, out = run(LOOPBACK, "--tcp", str(unused(socket.SOCK_STREAM)), "--prometheus")
    assert code == 1
    assert all(line.startswith(("# ", "labvpn_probe_")) for line in out.splitlines())


def test_the_page_is_written_beside_the_table(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, out = run(LOOPBACK, "--tcp", str(unused(socket.SOCK_STREAM)), "--html", str(page))
    assert code == 1 and "port by port" in out
    assert page.read_text().startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_is_told() -> None:
    code, out = run(LOOPBACK, "--tcp", str(unused(socket.SOCK_STREAM)), "--html", "/nowhere/page.html")
    assert code == 2 and "No such file" in out


def test_help_says_what_the_exit_status_means() -> None:
    _, out = run("--help")
    assert "0 if all is as expected, 1 if something is not, 2 for wrong usage" in " ".join(out.split())


def test_the_command_is_there_at_once() -> None:
    loaded = "import sys, labvpn.probe.cli; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not {"rich.table", "prometheus_client", "dns", "ssl", "labvpn.probe.run", "labvpn.diagnose"} & set(modules)
