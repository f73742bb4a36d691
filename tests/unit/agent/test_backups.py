"""The copies of the server's configuration, and the settings that came with the certificate."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.softether.backups import MOST_BACKUPS, back_up, backups
from labvpn.agent.softether.certificate import CertificateSetting, CipherSetting
from labvpn.agent.softether.presented_certificate import fingerprint
from labvpn.agent.softether.server_settings import Setting
from labvpn.agent.softether.syslog import SyslogSetting
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

STORED = base64.b64encode(b"a certificate").decode()
CONFIG = f"""declare root
{{
declare ServerConfiguration
{{
byte ServerCert {STORED}
string CipherName ECDHE-RSA-AES256-GCM-SHA384
declare SyslogSettings
{{
string HostName 10.98.0.2
uint Port 515
uint SaveType 2
}}
}}
}}
"""


@pytest.fixture
def softether(tmp_path: Path) -> FakeSoftEther:
    return FakeSoftEther(FakeMachine(tmp_path), CONFIG)


def test_the_configuration_is_kept_before_a_change_and_root_alone_may_read_it(softether: FakeSoftEther) -> None:
    softether.machine.write(softether.place.config, "one")
    back_up(softether)
    assert softether.methods() == ["Flush"]
    (path,) = backups(softether.machine)
    assert gzip.decompress(path.read_bytes()) == b"one"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_is_kept_already_is_not_kept_twice_and_ten_copies_stay(softether: FakeSoftEther) -> None:
    for number in range(MOST_BACKUPS + 3):
        softether.machine.write(softether.place.config, str(number))
        back_up(softether)
        back_up(softether)
    kept = [gzip.decompress(path.read_bytes()).decode() for path in backups(softether.machine)]
    assert kept == [str(number) for number in range(3, MOST_BACKUPS + 3)]


@pytest.mark.parametrize("now", ["one and more", "on", "", "One"])
def test_a_copy_of_something_else_is_not_taken_for_this_one(softether: FakeSoftEther, now: str) -> None:
    for text in ("one", now):
        softether.machine.write(softether.place.config, text)
        back_up(softether)
    kept = [gzip.decompress(path.read_bytes()).decode() for path in backups(softether.machine)]
    assert kept == ["one", now]


@pytest.mark.parametrize("left", [0, 5, 20])
def test_a_copy_that_was_cut_off_does_not_stop_the_next(softether: FakeSoftEther, left: int) -> None:
    softether.machine.write(softether.place.config, "one" * 1000)
    back_up(softether)
    (cut,) = backups(softether.machine)
    cut.write_bytes(cut.read_bytes()[:left])
    back_up(softether)
    assert gzip.decompress(backups(softether.machine)[-1].read_bytes()) == b"one" * 1000


def test_a_host_without_a_configuration_has_nothing_to_keep(softether: FakeSoftEther) -> None:
    back_up(softether)
    assert backups(softether.machine) == []


@pytest.mark.parametrize(
    ("kind", "text", "method"),
    [
        (CertificateSetting, f"certificate sha256={fingerprint(STORED)}", "SetServerCert"),
        (CipherSetting, "cipher name=ECDHE-RSA-AES256-GCM-SHA384", "SetServerCipher"),
        (SyslogSetting, "syslog send=security host=10.98.0.2 port=515", "SetSysLog"),
    ],
)
def test_each_setting_is_shown_as_the_document_has_it_and_set_by_one_call(
    softether: FakeSoftEther, kind: type[Setting], text: str, method: str
) -> None:
    line = parse_line(text)
    handler = kind(softether)
    assert handler.read(line) == line.values
    softether.secrets.certificate = {"certificate": "-----BEGIN X-----\nAA\nBB\n-----END X-----\n", "key": "CC\n"}
    handler.apply([Change(line, None)])
    assert softether.methods() == [method]
    if kind is CertificateSetting:
        assert softether.calls[0][1] == {"Cert_bin": "AABB", "Key_bin": "CC"}


def test_a_certificate_that_did_not_come_is_named(softether: FakeSoftEther) -> None:
    with pytest.raises(AgentError, match="has no certificate"):
        CertificateSetting(softether).apply([Change(parse_line("certificate sha256=00"), None)])


def test_the_certificate_before_us_comes_back(softether: FakeSoftEther) -> None:
    softether.answers["GetServerCert"] = {"Cert_bin": "OLD", "Key_bin": "KEY", "Flag1_bool": False}
    handler, line = CertificateSetting(softether), parse_line("certificate sha256=00")
    handler.restore(line, handler.remember(line) or {})
    assert softether.calls[-1] == ("SetServerCert", {"Cert_bin": "OLD", "Key_bin": "KEY"})
