import json
import shlex
import stat
import sys
from pathlib import Path

import pytest

from labvpn.probe import remote_vantage, scan, servers
from labvpn.probe.remote_vantage import RemoteVantage
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort, TargetError, Targets, targets
from tests.unit.probe.samples import FINE, SERVER
from tests.unit.probe.servers import LOOPBACK, certificate, tcp, vpn


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_vantage, "PATIENCE", 8.0)


def script(folder: Path, body: str, name: str = "labvpn") -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("campus=ssh a labvpn", "campus"),
        ("campus-library=x", "campus"),
        ("vpn=x", "vpn"),
        ("host=x", "host"),
        ("cafe=x", "outside"),
    ],
)
def test_a_vantage_point_stands_where_its_name_says(text: str, place: str) -> None:
    assert remote_vantage.vantage(text).place == place


def test_the_command_may_hold_quoted_words() -> None:
    assert remote_vantage.vantage("phone=labvpn rehearsal exec 'my phone' -- labvpn").prefix[3] == "my phone"


@pytest.mark.parametrize("text", ["campus", "=ssh", "campus=", "cam pus=ssh", "x='ssh"])
def test_a_vantage_point_that_cannot_be_one_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(TargetError, match="--vantage"):
        remote_vantage.vantage(text)


def test_a_labvpn_there_is_asked_for_the_same_ports_and_its_json(tmp_path: Path) -> None:
    view = VantageView("away", "outside", (FINE,))
    said = script(
        tmp_path, f'echo "$@" > {tmp_path}/words; echo {shlex.quote(json.dumps({"vantages": [scan.to_json(view)]}))}'
    )
    there = RemoteVantage("phone", "outside", (said,))
    wanted = targets("vpn.lab.example", tcp="443", udp="500", closed="8000,1701/udp")
    assert there.observe(wanted, SERVER) == VantageView("phone", "outside", (FINE,))
    words = (tmp_path / "words").read_text()
    assert (
        words
        == f"doctor probe vpn.lab.example --address {SERVER} --tcp 443 --udp 500 --closed 8000/tcp,1701/udp --json\n"
    )


def test_a_machine_with_python_alone_is_sent_the_whole_probe(tmp_path: Path) -> None:
    there = RemoteVantage("host", "host", ("env", "-i", "-C", str(tmp_path), sys.executable))
    with tcp(vpn(certificate(tmp_path))) as port:
        view = there.observe(targets(LOOPBACK, tcp=str(port)), LOOPBACK)
    assert (view.name, view.place, view.trouble) == ("host", "host", "")
    assert view.observations[0].port == ProbedPort("tcp", port)
    assert view.observations[0].services == ("TLS", "SSTP", "OpenVPN")


def test_what_is_sent_needs_nothing_but_the_standard_library() -> None:
    for module in remote_vantage.SENT:
        for line in (Path(remote_vantage.__file__).parent / f"{module}.py").read_text().splitlines():
            if line.startswith(("import ", "from ")):
                top = line.split()[1].split(".")[0]
                assert top in sys.stdlib_module_names or top == "labvpn", f"{module}: {line}"


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("echo nothing here; exit 0", "it printed no report (exit status 0); it printed: nothing here"),
        ("echo 'Permission denied (publickey).' >&2; exit 255", "Permission denied (publickey). (exit status 255)"),
        ("echo '{\"vantages\": []}'; exit 1", 'it printed no report (exit status 1); it printed: {"vantages": []}'),
        ("echo '[1]'; exit 1", "it printed no report (exit status 1); it printed: [1]"),
    ],
)
def test_a_vantage_point_that_fails_says_why_and_stops_nothing(tmp_path: Path, body: str, trouble: str) -> None:
    there = RemoteVantage("phone", "outside", (script(tmp_path, body),))
    assert there.observe(targets("h"), SERVER) == VantageView("phone", "outside", trouble=trouble)


def test_a_command_that_does_not_exist_is_told() -> None:
    there = RemoteVantage("phone", "outside", ("/nowhere/labvpn",))
    assert there.observe(targets("h"), SERVER).trouble == "/nowhere/labvpn: No such file or directory"


def test_a_command_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_vantage, "PATIENCE", 0.2)
    there = RemoteVantage("phone", "outside", (script(tmp_path, "exec sleep 20"),))
    assert "did not end within" in there.observe(targets("h"), SERVER).trouble


def test_no_word_that_a_shell_reads_is_sent_to_another_machine() -> None:
    wanted = targets("vpn.lab.example", tcp="443", closed="8000", address=SERVER)
    assert all(shlex.quote(word) == word for word in remote_vantage.arguments(wanted, SERVER))


def test_where_every_port_should_be_closed_nothing_else_is_asked_there() -> None:
    closed = (ProbedPort("tcp", 22), ProbedPort("tcp", 443))
    words = remote_vantage.arguments(Targets(SERVER, SERVER, (), closed), SERVER)
    assert words == [SERVER, "--address", SERVER, "--tcp", ",", "--closed", "22/tcp,443/tcp"]
    lists = dict(zip((word.removeprefix("--") for word in words[1::2]), words[2::2], strict=True))
    made, _ = servers.wanted(SERVER, None, **lists)
    assert (made.opened, made.closed) == ((), closed)
