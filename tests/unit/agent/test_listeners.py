"""A port that another program has is no listener of SoftEther's: refused before anything, and never passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.concern import observed_text
from labvpn.agent.core.document import parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.paths import KEPT_PASSWORD
from labvpn.agent.core.state import State
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.server import ServerConcern
from tests.unit.agent.fakes import SECRETS, FakeMachine, FakeSoftEther

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
CONFIG = """declare root
{
	declare ListenerList
	{
		declare Listener0
		{
			bool Enabled true
			uint Port 443
		}
		declare Listener1
		{
			bool Enabled true
			uint Port 8000
		}
		declare Listener2
		{
			bool Enabled false
			uint Port 992
		}
	}
	declare ServerConfiguration
	{
		byte HashedPassword NZOQaZntNIRGHx2Efxcw+O7I1nI=
	}
}
"""
SOFTETHER = ("vpnserver", "softether-vpnserver.service")
JUPYTER = ("python3", "jupyterhub.service")
KNOWN = "listener 443 enabled=yes\nlistener 992 enabled=no\nlistener 8000 enabled=yes\n"


def listening(
    root: Path, held: dict[int, tuple[str, str] | None], address: str = "00000000", table: str = "tcp"
) -> None:
    """/proc as it is while programs hold TCP ports; None for one that has no process."""
    lines = [HEADER]
    start = 1 if table == "tcp" else 51
    for number, (port, owner) in enumerate(held.items(), start):
        inode = 1000 + number
        lines.append(f" {number}: {address}:{port:04X} 00000000:0000 0A 0:0 00:0 0 0 0 {inode} 1 0\n")
        if owner:
            process = root / "proc" / str(200 + number)
            (process / "fd").mkdir(parents=True, exist_ok=True)
            (process / "fd/3").symlink_to(f"socket:[{inode}]")
            (process / "comm").write_text(owner[0] + "\n")
            (process / "cgroup").write_text(f"0::/system.slice/{owner[1]}\n")
    (root / "proc/net").mkdir(parents=True, exist_ok=True)
    (root / "proc/net" / table).write_text("".join(lines))


def server(root: Path, config: str = CONFIG) -> ServerConcern:
    softether = FakeSoftEther(FakeMachine(root), config)
    return ServerConcern(State(softether.machine, "server"), softether)


@pytest.mark.parametrize("address", ["00000000", "0100007F"], ids=["everywhere", "loopback"])
def test_a_listener_on_anothers_port_is_refused_by_that_programs_name(tmp_path: Path, address: str) -> None:
    listening(tmp_path, {443: SOFTETHER, 8000: JUPYTER}, address)
    ((what, remedy),) = server(tmp_path).refusals(parse(KNOWN))
    assert what == "has python3, jupyterhub.service on TCP port 8000, where vpn.listeners wants SoftEther to listen"
    assert "remove 8000 from vpn.listeners" in remedy
    assert observed_text(server(tmp_path), KNOWN) == KNOWN.replace("8000 enabled=yes", "8000 enabled=blocked")


ANY6 = "0" * 32


def test_softethers_ipv6_half_of_a_port_does_not_make_it_a_listener(tmp_path: Path) -> None:
    listening(tmp_path, {443: SOFTETHER, 8000: JUPYTER})
    listening(tmp_path, {8000: SOFTETHER}, ANY6, "tcp6")
    assert len(server(tmp_path).refusals(parse(KNOWN))) == 1
    assert "8000 enabled=blocked" in observed_text(server(tmp_path), KNOWN)


def test_anothers_ipv6_half_of_a_port_takes_nothing_from_softether(tmp_path: Path) -> None:
    listening(tmp_path, {443: SOFTETHER, 8000: SOFTETHER})
    listening(tmp_path, {8000: JUPYTER}, ANY6, "tcp6")
    assert server(tmp_path).refusals(parse(KNOWN)) == []
    assert observed_text(server(tmp_path), KNOWN) == KNOWN


def test_a_port_that_another_program_has_by_ipv6_alone_for_both_is_refused(tmp_path: Path) -> None:
    listening(tmp_path, {443: SOFTETHER})
    listening(tmp_path, {8000: JUPYTER}, ANY6, "tcp6")
    assert len(server(tmp_path).refusals(parse(KNOWN))) == 1


def test_a_udp_port_of_anothers_is_a_warning(tmp_path: Path) -> None:
    listening(tmp_path, {443: SOFTETHER})
    listening(tmp_path, {500: ("charon", "strongswan.service")}, table="udp")
    (tmp_path / "proc/net/udp").write_text((tmp_path / "proc/net/udp").read_text().replace(" 0A ", " 07 "))
    text = KNOWN + "udp ports=1194\nipsec l2tp=yes\n"
    (said,) = server(tmp_path).warnings(parse(text))
    assert said.startswith("charon, strongswan.service has UDP port 500")


def test_every_up_fails_before_it_touches_anything(tmp_path: Path) -> None:
    listening(tmp_path, {443: SOFTETHER, 8000: JUPYTER})
    concern = server(tmp_path)
    for _ in range(2):
        with pytest.raises(AgentError, match="TCP port 8000"):
            concern.converge(KNOWN)
    softether = concern.softether
    assert isinstance(softether, FakeSoftEther)
    assert softether.calls == []


def test_sshs_port_is_refused_on_a_host_without_softether_too(tmp_path: Path) -> None:
    listening(tmp_path, {22: ("sshd", "ssh.service"), 8443: None})
    concern = server(tmp_path)
    concern.softether.machine.delete(concern.softether.place.program)
    found = concern.refusals(parse("listener 22 enabled=yes\nlistener 8443 enabled=yes\nlistener 443 enabled=yes\n"))
    assert [what.partition(",")[0] for what, _ in found] == ["has sshd", "has another program on TCP port 8443"]


def test_a_listener_that_nobody_has_and_that_does_not_listen_is_blocked(tmp_path: Path) -> None:
    listening(tmp_path, {443: SOFTETHER})
    assert "listener 8000 enabled=blocked" in observed_text(server(tmp_path), KNOWN)
    assert server(tmp_path).refusals(parse(KNOWN)) == []


def test_a_server_that_does_not_run_has_no_blocked_listener(tmp_path: Path) -> None:
    listening(tmp_path, {})
    assert observed_text(server(tmp_path), KNOWN) == KNOWN


def test_a_holder_that_cannot_be_told_may_be_softether_itself(tmp_path: Path) -> None:
    listening(tmp_path, {443: None, 8000: None})
    assert server(tmp_path).refusals(parse(KNOWN)) == []
    assert observed_text(server(tmp_path), KNOWN) == KNOWN


def test_a_listener_that_is_kept_is_neither_drift_nor_touched(tmp_path: Path) -> None:
    listening(tmp_path, {443: SOFTETHER, 8000: JUPYTER})
    kept = (
        "listener 443 enabled=yes\nlistener 992 enabled=kept\nlistener 7777 enabled=kept\nlistener 8000 enabled=kept\n"
    )
    concern = server(tmp_path)
    assert concern.converge(kept) == []
    assert concern.refusals(parse(kept)) == []


def test_the_last_listener_that_listens_is_not_deleted(tmp_path: Path) -> None:
    concern = server(tmp_path)
    assert isinstance(concern.softether, FakeSoftEther)
    listed = [
        {"Ports_u32": port, "Enables_bool": True, "Errors_bool": failed}
        for port, failed in ((443, False), (8000, True))
    ]
    concern.softether.answers["EnumListener"] = {"ListenerList": listed}
    with pytest.raises(AgentError, match="no listener left"):
        concern.listeners.remove([parse("listener 443 enabled=yes")[0]])


def test_the_password_is_kept_also_where_it_had_not_to_be_set(tmp_path: Path) -> None:
    concern = server(tmp_path)
    text = "administrator password=current\n" + KNOWN
    assert concern.converge(text) == []
    assert concern.softether.machine.read(KEPT_PASSWORD) == SECRETS["administrator"]
    concern.softether.machine.delete(KEPT_PASSWORD)
    concern.refresh()
    assert "administrator password=forgotten" in observed_text(concern, text)


def test_a_server_that_the_agent_cannot_ask_is_refused_with_the_setting(tmp_path: Path) -> None:
    for setting in ("bool DisableJsonRpcWebApi true", "string ListenIP 203.0.113.20"):
        concern = server(tmp_path, CONFIG.replace("byte Hashed", f"{setting}\n\t\tbyte Hashed"))
        ((_, remedy),) = concern.refusals([])
        assert setting.split()[1] in remedy


def test_a_server_is_ready_where_one_of_its_listeners_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    concern = server(tmp_path)
    asked = []

    def trouble_at(_self: SoftEther, port: int) -> str:
        asked.append(port)
        return "" if port == 5555 else "closed"

    monkeypatch.setattr(SoftEther, "ports", lambda _self: [443, 5555])
    monkeypatch.setattr(SoftEther, "trouble_at", trouble_at)
    concern.softether.wait_ready(1)
    assert asked == [443, 5555]
    monkeypatch.setattr(SoftEther, "trouble_at", lambda _self, port: "closed")
    with pytest.raises(AgentError, match="answered on no listener"):
        concern.softether.wait_ready(0)
