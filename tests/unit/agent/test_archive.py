"""SoftEther from an archive: what is refused, what is built, and that a cut leaves nothing half done."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.paths import KEPT_ARCHIVE
from labvpn.agent.softether.administration import Administration, FirstStart
from labvpn.agent.softether.installations import UNPACKED
from labvpn.agent.softether.tarball import DRAFT, SENT
from labvpn.agent.softether.tarball_install import INSTALLED_MARK, SERVER_FILE, TarballInstall
from tests.unit.agent.fakes import DOCUMENTS, Answers, FakeMachine, FakeSoftEther

SOURCE = "/srv/vpnserver.tar.gz"
MAKEFILE = "default:\n\t@./.install.sh\n\nmain:\n\tlink\n"
PARTS = {"vpnserver/Makefile": MAKEFILE, "vpnserver/code/vpnserver.a": "parts", "vpnserver/hamcore.se2": "words"}
WHOLE = {"vpnserver/vpnserver": "program", "vpnserver/hamcore.se2": "words", "vpnserver/lib/a": "library"}


class Builder(FakeMachine):
    """A host whose `make` makes the program, once it is told what."""

    making = ""

    def run(self, command: Sequence[str], seconds: float = 60, environment: dict[str, str] | None = None) -> Outcome:
        if command[0] == "make" and "-C" in command and self.making:
            self.write(DRAFT + "/vpnserver", self.making)
        return super().run(command, seconds, environment)


class Site:
    """A host with an archive on it, and the handler that installs from it."""

    def __init__(self, root: Path, answers: Answers | None = None) -> None:
        self.machine = Builder(root, answers)
        softether = FakeSoftEther(self.machine)
        self.machine.delete(softether.place.program)
        softether.place = UNPACKED
        first = FirstStart(softether, Administration(softether))
        first.server_document = DOCUMENTS["server"]
        self.unpacked = TarballInstall(softether, first)

    def pack(self, files: dict[str, str], change: Callable[[tarfile.TarInfo], None] = lambda _: None) -> str:
        """Put an archive on the host; its SHA-256."""
        path = self.machine.path(SOURCE)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:gz") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(text), 0o4777
                change(member)
                archive.addfile(member, io.BytesIO(text.encode()))
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def install(self, digest: str) -> None:
        line = parse_line(f"archive vpnserver sha256={digest} from=file://{SOURCE} unit=current")
        self.unpacked.apply([Change(line, None)])

    def text(self, name: str) -> str | None:
        return self.machine.read(f"{UNPACKED.folder}/{name}")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_an_archive_is_unpacked_locked_and_placed_with_our_unit(site: Site) -> None:
    digest = site.pack(WHOLE)
    site.install(digest)
    assert (site.text("vpnserver"), site.text("lib/a"), site.text(".labvpn")) == ("program", "library", digest + "\n")
    assert "HashedPassword" in (site.text("vpn_server.config") or "")
    assert site.text("adminip.txt") == "127.0.0.1\n::1\n"
    assert site.machine.path(UNPACKED.program).stat().st_mode & 0o7777 == 0o755
    assert "Type=forking" in (site.machine.read(SERVER_FILE) or "")
    assert not site.machine.path(DRAFT).exists()
    line = parse_line(f"archive vpnserver sha256={digest} from=file://{SOURCE} unit=current")
    assert site.unpacked.read(line) == line.values


def test_an_archive_with_another_checksum_installs_nothing(site: Site) -> None:
    site.pack(WHOLE)
    with pytest.raises(AgentError, match=r"has SHA-256 \w{64} and not 0{64}, so nothing was installed"):
        site.install("0" * 64)
    assert not site.machine.path(UNPACKED.folder).exists()
    assert not site.machine.path(KEPT_ARCHIVE + ".new").exists()
    assert site.machine.ran == []


def test_another_archive_keeps_users_and_settings_whatever_it_brings(site: Site) -> None:
    site.install(site.pack(WHOLE))
    site.machine.write(UNPACKED.config, "users")
    site.machine.write(UNPACKED.folder + "/chain_certs/ca.pem", "certificate")
    brought = {"vpnserver": "newer", "vpn_server.config": "none", "chain_certs/x": "x", "lib/b": "b"}
    site.install(site.pack({f"vpnserver/{name}": text for name, text in brought.items()}))
    assert (site.text("vpnserver"), site.text("vpn_server.config")) == ("newer", "users")
    assert (site.text("chain_certs/ca.pem"), site.text("chain_certs/x")) == ("certificate", None)
    assert (site.text("lib/a"), site.text("lib/b")) == (None, "b")


def test_a_server_that_runs_is_stopped_for_its_new_programs_alone_and_started_again(site: Site) -> None:
    started: list[str] = []
    site.unpacked.softether.start = lambda seconds=0: started.append(  # type: ignore[method-assign]
        site.text("vpnserver") or ""
    )
    site.install(site.pack(WHOLE))
    assert started == []
    site.machine.ran.clear()
    site.install(site.pack({"vpnserver": "newer"}))
    assert site.machine.commands("stop") == ["systemctl stop vpnserver"]
    assert started == ["newer"]


def test_a_run_cut_off_while_it_places_is_done_again_as_a_whole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.install(site.pack(WHOLE))
    site.machine.write(UNPACKED.config, site.unpacked.softether.text)  # type: ignore[attr-defined]
    later, rename = site.pack({"vpnserver": "newer", "hamcore.se2": "newer"}), Path.replace

    def cut(self: Path, target: Path) -> Path:
        if self.name == "vpnserver":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(KeyboardInterrupt):
        site.install(later)
    assert site.unpacked.placed() == "none"
    monkeypatch.undo()
    site.install(later)
    assert (site.text("vpnserver"), site.text("hamcore.se2"), site.unpacked.placed()) == ("newer", "newer", later)


def test_an_archive_once_fetched_is_not_fetched_again(site: Site) -> None:
    digest = site.pack(WHOLE)
    site.install(digest)
    site.machine.delete(SOURCE)
    site.machine.delete(UNPACKED.folder)
    site.install(digest)
    assert site.text("vpnserver") == "program"


def test_what_the_stack_has_sent_is_taken_away_once_it_is_kept(site: Site) -> None:
    digest = site.pack(WHOLE)
    sent = site.machine.path(SENT + "1.tar.gz")
    sent.parent.mkdir(parents=True)
    site.machine.path(SOURCE).rename(sent)
    line = parse_line(f"archive vpnserver sha256={digest} from=file://{SENT}1.tar.gz unit=current")
    site.unpacked.apply([Change(line, None)])
    assert not sent.exists()
    assert site.machine.path(KEPT_ARCHIVE).exists()


def test_an_archive_in_parts_is_built_by_the_target_that_asks_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with pytest.raises(AgentError, match="neither the program vpnserver nor a Makefile"):
        site.install(site.pack({"vpnserver/readme": "nothing to build"}))
    with pytest.raises(AgentError, match="did not build the program vpnserver"):
        site.install(site.pack(PARTS))
    assert not site.machine.path(UNPACKED.folder).exists()
    site.machine.making = "linked"
    site.install(site.pack(PARTS))
    assert site.text("vpnserver") == "linked"
    assert site.machine.commands("make -C")[1:] == [f"make -C {site.machine.path(DRAFT)} main"]


def test_a_missing_compiler_is_named_with_the_lines_that_install_it(tmp_path: Path) -> None:
    site = Site(tmp_path, {"gcc": Outcome(127), "ranlib": Outcome(127)})
    with pytest.raises(AgentError) as caught:
        site.install(site.pack(PARTS))
    words = "the VPN host lacks gcc and ranlib, so nothing was installed: `apt-get install gcc make libc6-dev`"
    assert words in str(caught.value)
    assert "`yum install gcc make`" in str(caught.value)
    assert not site.machine.path(UNPACKED.folder).exists()


def test_a_program_for_another_machine_is_named_and_not_placed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.machine.answers[f"{site.machine.path(DRAFT)}/vpnserver help"] = Outcome(127, "", "libssl.so.1.1: not found")
    with pytest.raises(AgentError, match=r"does not run on the VPN host \(libssl.so.1.1: not found\)"):
        site.install(site.pack(WHOLE))
    assert not site.machine.path(UNPACKED.folder).exists()


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        (["libncurses.so.6"], "`apt-get install libncurses6` (Debian, Ubuntu) or `yum install ncurses-libs`"),
        (["libssl.so.3", "libcrypto.so.3"], "`apt-get install libssl3` (Debian, Ubuntu) or `yum install openssl-libs`"),
        (["libcedar.so", "libmayaqua.so", "libsodium.so.23"], "pack libcedar.so and libmayaqua.so beside vpnserver"),
        (["libcedar.so", "libsodium.so.23"], "`apt-get install libsodium23`"),
        (["libodd.so.1"], "install the package that holds libodd.so.1"),
    ],
)
def test_every_missing_library_is_named_with_its_package(tmp_path: Path, lacks: list[str], words: str) -> None:
    site = Site(tmp_path)
    program = f"{site.machine.path(DRAFT)}/vpnserver"
    site.machine.answers[f"{program} help"] = Outcome(127, "", f"error while loading shared libraries: {lacks[0]}")
    site.machine.answers[f"ldd {program}"] = "\tlibc.so.6 => /lib/libc.so.6 (0x7f)\n" + "".join(
        f"\t{name} => not found\n" for name in [*lacks, lacks[0]]
    )
    with pytest.raises(AgentError) as caught:
        site.install(site.pack(WHOLE))
    assert f"lacks {' and '.join(lacks)} on the VPN host, so nothing was installed: " in str(caught.value)
    assert words in str(caught.value)
    assert not site.machine.path(UNPACKED.folder).exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "vpnserver/../../etc/passwd"])
def test_an_archive_that_reaches_outside_of_itself_is_refused(site: Site, name: str) -> None:
    with pytest.raises(AgentError, match="points outside of it"):
        site.install(site.pack({**WHOLE, name: "x"}))


def test_a_device_in_an_archive_is_refused(site: Site) -> None:
    def device(member: tarfile.TarInfo) -> None:
        if member.name.endswith("a"):
            member.type, member.size = tarfile.CHRTYPE, 0

    with pytest.raises(AgentError, match="is not a file"):
        site.install(site.pack(WHOLE, device))


def test_what_is_no_archive_is_named(site: Site) -> None:
    site.machine.write(SOURCE, "a page that says: not found")
    with pytest.raises(AgentError, match="cannot be unpacked"):
        site.install(hashlib.sha256(site.machine.path(SOURCE).read_bytes()).hexdigest())


def test_an_archive_that_cannot_be_had_is_named_with_another_way(site: Site) -> None:
    with pytest.raises(AgentError, match=r"No such file or directory.*give the archive as a `file`"):
        site.install("0" * 64)


def test_what_goes_leaves_nothing_of_ours(site: Site) -> None:
    site.install(site.pack(WHOLE))
    site.machine.write(DRAFT + "/half", "")
    site.unpacked.remove([parse_line("archive vpnserver")])
    left = [name for name in (UNPACKED.folder, DRAFT, KEPT_ARCHIVE, SERVER_FILE) if site.machine.path(name).exists()]
    assert left == []
    assert site.unpacked.read(parse_line("archive vpnserver")) is None
    assert INSTALLED_MARK.startswith(UNPACKED.folder)
