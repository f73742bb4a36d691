"""The server's certificate from a real ACME authority, by real name servers: fetched, renewed, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labvpn.render.documents import Concern
from rehearsal import names, network
from rehearsal.zones import BIND_ZONE, CHALLENGES_ZONE
from tests.rehearsal import softether_client
from tests.rehearsal.acme_authority import Authority
from tests.rehearsal.acme_host import NAME, USER, AcmeHost, ordered, stays
from tests.rehearsal.agent_host import SECRETS
from tests.rehearsal.kit_lab import running
from tests.rehearsal.openvpn_client import IN

PRIVATE = "find /var/lib/labvpn -path '*acme*' -type f ! -name '*.lock'"
LEFT = (
    "find /var/lib/labvpn /etc/systemd/system /usr/local/lib/labvpn /var/lib/softether/chain_certs "
    "| grep -e acme -e renew -e challenge -e labvpn-0 || true"
)


@pytest.fixture(scope="module")
def host() -> Iterator[AcmeHost]:
    host = AcmeHost("acme")
    yield host
    SECRETS.pop("acme", None)
    host.stop()


@pytest.fixture(scope="module")
def authority(host: AcmeHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    found = Authority(host, tmp_path_factory.mktemp("authority"))
    host.prepare(found)
    found.start()
    host.apply(ordered(), Concern.HOST)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def kits(host: AcmeHost, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's kit, made once, and the name that it dials."""
    host.point_to_server()
    return host.kit(ordered(root=authority.root), tmp_path_factory.mktemp("kit"))


def test_the_first_up_shows_a_certificate_that_clients_of_the_authority_trust(
    host: AcmeHost, authority: Authority
) -> None:
    said = host.apply(ordered(), Concern.SERVER, Concern.HUB)
    assert [line for line in said if line.startswith("!")] == []
    assert host.presented(authority.root).startswith("-----BEGIN CERTIFICATE-----")
    assert host.in_zone() == ""
    assert host.apply(ordered()) == ["nothing to change"]


def test_a_preview_says_until_when_it_is_valid_and_finds_nothing_to_change(host: AcmeHost) -> None:
    assert host.is_settled(ordered())
    snapshot = host.snapshot(ordered())
    (note,) = [note for note in snapshot["notes"] if note.startswith("certificate of ")]
    assert f"renewed {datetime.now(UTC):%Y-%m-%d}" in note
    assert f"valid until {datetime.now(UTC) + timedelta(days=90):%Y-%m}" in note
    assert snapshot["failing"] == []


def test_keys_are_readable_by_root_alone_and_no_secret_is_seen(host: AcmeHost) -> None:
    modes = host.output("server", "sh", "-c", f"{PRIVATE} -exec stat -c '%a %U %n' {{}} +").splitlines()
    assert len(modes) >= 6
    assert [line for line in modes if line.split()[:2] not in (["600", "root"], ["400", "root"])] == []
    assert host.output("server", "stat", "-c", "%a", "/var/lib/labvpn") == "700"
    assert host.secrets_seen(SECRETS["acme"]) == []


def test_it_is_renewed_when_due_and_no_session_is_cut(host: AcmeHost, authority: Authority, kits: Path) -> None:
    account = host.softether_account(kits, authority)
    home = kits / "client"
    home.mkdir()
    with (
        running(host, host.openvpn(kits)) as client,
        softether_client.dialling(host, "campus", home, account, SECRETS["users"][f"LAB/{USER}"]) as other,
    ):
        assert client.reads(IN)
        assert other.becomes("Connected")
        before, presented = host.sessions(), host.presented(authority.root)
        assert host.renew(days=1).stdout == "nothing is due\n"
        assert "renewed: due" in host.renew(days=80).stdout
        assert host.presented(authority.root) != presented
        assert host.sessions() == before
        assert stays(client)
        assert other.becomes("Connected")
    with running(host, host.openvpn(kits)) as client:
        assert client.reads(IN)
    assert host.in_zone() == ""
    assert host.is_settled(ordered())


def test_the_same_kit_of_softethers_client_dials_after_the_renewal(
    host: AcmeHost, authority: Authority, kits: Path
) -> None:
    account = host.softether_account(kits, authority)
    home = kits / "again"
    home.mkdir()
    with softether_client.dialling(host, "campus", home, account, SECRETS["users"][f"LAB/{USER}"]) as client:
        assert client.becomes("Connected")


def test_a_revoked_certificate_is_replaced_at_the_next_run_with_another_key(
    host: AcmeHost, authority: Authority
) -> None:
    revoked = host.presented(authority.root)
    key = host.output("server", "openssl", "pkey", "-in", "/var/lib/labvpn/acme.pem", "-pubout")
    host.revoke()
    host.output("server", "systemctl", "start", "labvpn-renew")
    assert host.presented(authority.root) != revoked
    assert host.output("server", "openssl", "pkey", "-in", "/var/lib/labvpn/acme.pem", "-pubout") != key


def test_the_authoritys_suggestion_is_followed_before_the_certificate_is_old(
    host: AcmeHost, authority: Authority
) -> None:
    now, presented = datetime.now(UTC), host.presented(authority.root)
    authority.suggest(presented, now + timedelta(days=20), now + timedelta(days=21))
    assert host.renew(days=19).stdout == "nothing is due\n"
    assert host.renew(days=22).stdout == "renewed: due by the word of its authority\n"
    assert host.presented(authority.root) != presented


def test_an_authority_that_is_down_for_a_week_is_told_and_the_certificate_stays(
    host: AcmeHost, authority: Authority
) -> None:
    presented = host.presented(authority.root)
    with authority.silent():
        for days in (80, 83, 86):
            assert "gave no certificate" in host.failure(days)
        assert host.presented(authority.root) == presented
        (sentence,) = host.snapshot(ordered())["failing"]
        assert sentence.startswith(f"the certificate has not been renewed since {datetime.now(UTC) + timedelta(80):%F}")
        assert json.loads(host.agent("status"))["renewal"]["trouble"] == sentence
    assert host.renew(days=87).stdout.startswith("renewed: ")
    assert host.snapshot(ordered())["failing"] == []
    assert host.presented(authority.root) != presented


def test_what_a_rate_limit_says_is_handed_on_and_the_certificate_stays(host: AcmeHost, authority: Authority) -> None:
    presented = host.presented(authority.root)
    with authority.refusing() as directory:
        (said,) = [line for line in host.apply(ordered(directory=directory)) if line.startswith("!")]
    assert "too many certificates already issued" in said
    assert "(rateLimited)" in said
    assert host.presented(authority.root) == presented
    host.apply(ordered())


def test_a_wrong_key_leaves_no_record_and_is_told_by_who_refused_it(host: AcmeHost, authority: Authority) -> None:
    root, presented = authority.root, host.presented(authority.root)
    # An authority that has verified the name before may ask for no challenge at all.
    authority.stop()
    authority.start()
    (said,) = [line for line in host.apply(ordered(key=names.STRANGER)) if line.startswith("!")] or [""]
    said = said or host.failure(80)
    assert f"the name server {network.PRIMARY} did not change _acme-challenge.{NAME}" in said
    assert host.in_zone() == ""
    assert host.presented(root) == presented
    assert host.apply(ordered())[0].startswith("~ acme: keyname")


def test_another_servers_proof_for_the_same_name_stays(host: AcmeHost) -> None:
    host.update(f'add _acme-challenge.{NAME} 60 TXT "of another server"')
    assert host.renew(days=80).stdout.startswith("renewed: ")
    assert host.in_zone() == '"of another server"'
    host.update(f"delete _acme-challenge.{NAME} TXT")


def test_a_run_that_is_killed_in_the_middle_leaves_no_record(host: AcmeHost) -> None:
    proof = "killed-in-the-middle"
    host.output("server", "/usr/local/lib/labvpn/agent", "challenge", "deploy_challenge", NAME, "token", proof)
    assert host.in_zone() == f'"{proof}"'
    assert host.renew().stdout == "nothing is due\n"
    assert host.in_zone() == ""


def test_the_challenge_follows_the_alias_by_which_it_is_delegated(host: AcmeHost, authority: Authority) -> None:
    one = ordered("vpn.acme.example")
    assert [line for line in host.apply(one) if line.startswith("!")] == []
    assert host.presented(authority.root, "vpn.acme.example")
    assert host.in_zone(f"vpn.{CHALLENGES_ZONE}") == ""
    host.apply(ordered())


def test_a_challenge_that_fails_leaves_no_record_and_an_account_that_was_lost_is_made_again(
    host: AcmeHost, authority: Authority
) -> None:
    authority.stop()
    authority.start(resolver=network.KNOT)
    assert "gave no certificate" in host.failure(80)
    assert host.in_zone() == ""
    authority.stop()
    authority.start()
    assert host.renew(days=80).stdout.startswith("renewed: ")
    assert host.presented(authority.root)


def test_a_preview_refuses_a_key_that_may_do_less_or_more_than_the_challenge(host: AcmeHost) -> None:
    assert host.checked(ordered(), SECRETS["acme"]) == "[]"
    assert host.checked(ordered("vpn.acme.example"), SECRETS["acme"]) == "[]"
    assert "does not let the key 'stranger' change" in host.checked(ordered(key=names.STRANGER), host.dns_key)
    powerful = ordered(f"vpn.{BIND_ZONE}", key="labvpn-hmac-sha256")
    assert f"lets the key 'labvpn-hmac-sha256' change TXT of vpn.{BIND_ZONE}" in host.checked(powerful, host.dns_key)
    assert "refused the secret" in host.checked(ordered(), host.dns_key)


def test_when_it_goes_nothing_of_it_is_left(host: AcmeHost) -> None:
    host.remove("server")
    assert host.output("server", "sh", "-c", LEFT) == ""
    assert host.in_zone() == ""
