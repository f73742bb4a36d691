"""`labvpn probe` of a stack with two servers, one of which may be down."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from labvpn.probe import host_vantage, scan, services, sockets
from labvpn.probe.cli import probe
from labvpn.probe.observation import Observation
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort
from tests.unit.probe.samples import LOGIN, stack
from tests.unit.probe.servers import LOOPBACK, certificate, tcp, vpn

APP = typer.Typer()
APP.command()(probe)

SILENT = "127.0.0.2"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "WAITS", (0.05,) * 5)
    monkeypatch.setattr(services, "_PATIENCE", 0.5)
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A port where the first server answers and the second one does not."""
    with tcp(vpn(certificate(tmp_path_factory.mktemp("server")))) as number:
        yield number


@pytest.fixture
def outputs(tmp_path: Path, port: int) -> Path:
    """The outputs of the stack, whose servers are dialled by their addresses."""
    file = tmp_path / "outputs.json"
    servers = [{"name": name, "address": one, "dialled": one, "ssh": {**LOGIN, "host": one}} for name, one in NAMED]
    file.write_text(stack(servers, name=LOOPBACK, address=LOOPBACK, ports={"tcp": [port]}))
    return file


NAMED = ((None, LOOPBACK), ("two", SILENT))


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(APP, [*words])
    return result.exit_code, result.output


def test_without_a_host_every_server_is_probed_and_the_worst_decides(outputs: Path) -> None:
    code, out = run("--outputs", str(outputs))
    assert code == 1
    assert f"✗ {SILENT} does not answer at its port" in out
    assert f"✓ {LOOPBACK} answers, and all is as expected" in out


@pytest.mark.parametrize(("host", "code"), [(LOOPBACK, 0), ("two", 1), (SILENT, 1)])
def test_a_host_that_is_one_of_the_servers_is_probed_alone(outputs: Path, host: str, code: int) -> None:
    ended, out = run(host, "--outputs", str(outputs), "--json")
    assert ended == code
    assert json.loads(out)["address"] == (LOOPBACK if host == LOOPBACK else SILENT)


def test_the_stack_that_is_selected_here_is_probed_where_neither_host_nor_outputs_are_given(
    outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = outputs.parent / "pulumi"
    pulumi.write_text(f"#!/bin/sh\nexec cat {outputs}\n")
    pulumi.chmod(0o700)
    monkeypatch.setenv("PATH", str(outputs.parent), prepend=":")
    code, out = run("--json")
    assert (code, [one["as_expected"] for one in json.loads(out)["servers"]]) == (1, [True, False])
    monkeypatch.setenv("PATH", "/nowhere")
    code, out = run()
    assert code == 2 and "no host to probe" in out and "--outputs" in out


def test_every_host_is_logged_in_on_by_its_own_login(outputs: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []

    def execute(host: host_vantage.HostVantage, *_: object) -> str:
        reached.append(host.server_outputs.ssh.host)
        seen = Observation(ProbedPort("tcp", port), 1, True, ("TLS",))
        return json.dumps(scan.to_json(VantageView("host", "host", (seen,))))

    monkeypatch.setattr(host_vantage.HostVantage, "run", execute)
    _, out = run("--outputs", str(outputs), "--on-host", "--json")
    assert reached == [LOOPBACK, SILENT]
    names = [[view["name"] for view in one["vantages"]] for one in json.loads(out)["servers"]]
    assert names == [["here", "host"], ["here", "host-two"]]
    reached.clear()
    run("two", "--outputs", str(outputs), "--on-host")
    assert reached == [SILENT]


def test_a_place_in_the_vpn_must_say_at_which_server_it_is(outputs: Path) -> None:
    code, out = run("--outputs", str(outputs), "--vantage", "vpn-laptop=true")
    assert code == 2 and "vpn-two" in out


def test_metrics_and_page_tell_of_both(outputs: Path, tmp_path: Path) -> None:
    _, out = run("--outputs", str(outputs), "--prometheus", "--html", str(tmp_path / "page.html"))
    assert f'labvpn_probe_as_expected{{host="{LOOPBACK}"}} 1.0' in out
    assert f'labvpn_probe_as_expected{{host="{SILENT}"}} 0.0' in out
    assert (tmp_path / "page.html").read_text().count("The network, hop by hop") == 2
