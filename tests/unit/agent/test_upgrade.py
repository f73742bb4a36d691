"""Another program in the place of the one that runs: it has to prove itself, or the old one comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.softether.installations import PACKAGED, UNPACKED
from labvpn.agent.softether.rpc import Unreachable, WrongPassword
from labvpn.agent.softether.tarball_install import SERVER_FILE
from labvpn.agent.softether.upgrade import OLD
from tests.unit.agent.fakes import CONFIG, FakeSoftEther
from tests.unit.agent.test_archive import WHOLE, Site

NEWER = {"vpnserver": "newer", "hamcore.se2": "newer", "libnew.so": "newer"}


class Upgraded(Site):
    """A host with a running server from an archive; `becomes` is what the new server makes of its configuration."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.first_archive = self.pack(WHOLE)
        self.install(self.first_archive)
        self.machine.write(UNPACKED.config, CONFIG)
        self.machine.write(UNPACKED.folder + "/server_log/vpn.log", "kept")
        self.fake.close = lambda: None  # type: ignore[method-assign]
        self.fake.start = self.started  # type: ignore[method-assign]
        self.fake.secrets.hubs = {}
        self.becomes: Callable[[str], str] = lambda text: text
        self.starts: list[str] = []

    @property
    def fake(self) -> FakeSoftEther:
        fake = self.unpacked.softether
        assert isinstance(fake, FakeSoftEther)
        return fake

    def started(self, seconds: float = 0.0) -> None:
        program = self.text("vpnserver") or ""
        self.starts.append(program)
        text = self.text("vpn_server.config") or ""
        if program == "newer":
            text = self.becomes(text)
            self.machine.write(UNPACKED.config, text)
        self.fake.text = text
        self.fake.refresh()

    def upgrade(self) -> str:
        """Install the newer archive; why it failed, '' where it did not."""
        try:
            self.install(self.pack(NEWER))
        except AgentError as error:
            return str(error)
        return ""

    def is_old(self) -> bool:
        there = [self.text(name) for name in ("vpnserver", "hamcore.se2", "lib/a", "libnew.so", "vpn_server.config")]
        return there == ["program", "words", "library", None, CONFIG]


@pytest.fixture
def host(tmp_path: Path) -> Upgraded:
    return Upgraded(tmp_path)


def test_a_new_server_that_has_everything_stays_and_nothing_of_the_old_one_does(host: Upgraded) -> None:
    assert host.upgrade() == ""
    assert (host.text("vpnserver"), host.text("lib/a"), host.starts) == ("newer", "library", ["newer"])
    assert not host.machine.path(OLD).exists()
    assert host.unpacked.placed() not in ("none", host.first_archive)


def fails(_text: str) -> str:
    raise Unreachable("no listener answered within 15 s")


@pytest.mark.parametrize(
    ("becomes", "words"),
    [
        (fails, "no listener answered within 15 s"),
        (lambda text: text.replace("declare LAB", "declare OTHER"), "it lacks the hub LAB"),
        (lambda text: text.replace("declare owner", "declare other"), "users of LAB, such as owner"),
        (lambda text: text.replace("AuthPassword ", "AuthPassword x"), "the password of"),
        (lambda text: text.replace("uint Port 1194", "uint Port 1195"), "it lacks the listener 1194"),
        (lambda _text: "declare root\n{\n}\n", "it lacks the hub LAB"),
    ],
)
def test_a_server_that_lacks_something_goes_and_the_old_one_runs_again(
    host: Upgraded, becomes: Callable[[str], str], words: str
) -> None:
    host.becomes = becomes
    said = host.upgrade()
    assert words in said
    assert "so the old program and configuration are back" in said
    assert host.is_old()
    assert host.starts == ["newer", "program"]
    assert host.unpacked.placed() == host.first_archive
    assert not host.machine.path(OLD).exists()
    assert host.text("server_log/vpn.log") == "kept"


def test_a_server_that_refuses_the_administrator_goes(host: Upgraded) -> None:
    def refuses(text: str) -> str:
        host.fake.trouble = WrongPassword("SoftEther did not accept the administrator password")
        return text

    host.becomes = refuses
    assert "the administrator cannot log in" in host.upgrade()
    assert host.is_old()


def test_a_port_on_which_the_new_server_cannot_listen_is_a_reason_to_go_back(host: Upgraded) -> None:
    deaf = {"Ports_u32": 443, "Enables_bool": True, "Errors_bool": True}
    host.fake.answers["EnumListener"] = {"ListenerList": [deaf, dict(deaf, Ports_u32=8443, Errors_bool=False)]}
    assert "it cannot listen on 443" in host.upgrade()
    assert host.is_old()


def test_after_a_run_cut_off_the_oldest_programs_are_the_way_back(
    host: Upgraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_text: str) -> str:
        raise KeyboardInterrupt

    host.becomes = cut
    with pytest.raises(KeyboardInterrupt):
        host.upgrade()
    assert host.unpacked.placed() == "none"
    assert host.machine.path(OLD).exists()
    host.becomes = fails
    assert "no listener answered" in host.upgrade()
    assert host.is_old()


def test_what_a_cut_has_left_after_the_proof_goes_with_the_next_run(host: Upgraded) -> None:
    host.machine.write(OLD + "/vpnserver", "stale")
    line = parse_line(f"archive vpnserver sha256={host.first_archive} from=file:///srv/a.tar.gz unit=current")
    host.unpacked.apply([Change(line, None)])
    assert not host.machine.path(OLD).exists()
    assert host.starts == []


def test_destroy_takes_the_kept_programs_too(host: Upgraded) -> None:
    host.machine.write(OLD + "/vpnserver", "kept")
    host.unpacked.remove([parse_line("archive vpnserver")])
    assert not host.machine.path(OLD).exists()


def test_a_first_installation_starts_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.machine.answers["systemctl is-active"] = "inactive"
    site.install(site.pack(WHOLE))
    assert site.machine.commands("systemctl stop") == []
    assert not site.machine.path(OLD).exists()


class Moved(Upgraded):
    """A host with the running server of the package, which an archive replaces."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.machine.delete(UNPACKED.folder)
        self.machine.delete(SERVER_FILE)
        self.machine.write(PACKAGED.program, "program")
        self.machine.write(PACKAGED.config, CONFIG)
        self.fake.place = PACKAGED

    def started(self, seconds: float = 0.0) -> None:
        if self.fake.place == UNPACKED:
            super().started(seconds)
        else:
            self.starts.append("package")
            self.fake.text = CONFIG
            self.fake.refresh()


def test_an_archive_in_the_place_of_the_package_has_to_prove_itself_too(tmp_path: Path) -> None:
    host = Moved(tmp_path)
    assert host.upgrade() == ""
    assert (host.starts, host.fake.place) == (["newer"], UNPACKED)
    assert host.machine.path(SERVER_FILE).exists()
    assert host.unpacked.placed() != "none"


def test_the_package_runs_again_where_the_archive_does_not_prove_itself(tmp_path: Path) -> None:
    host = Moved(tmp_path)
    host.becomes = fails
    assert "no listener answered" in host.upgrade()
    assert (host.starts, host.fake.place) == (["newer", "package"], PACKAGED)
    assert not host.machine.path(UNPACKED.folder).exists()
    assert not host.machine.path(SERVER_FILE).exists()
    assert host.machine.read(PACKAGED.config) == CONFIG
