"""Users' lists and configurations as people write them, on a lab that is up: understood, or nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from labvpn.kit.guests import invitation
from rehearsal import stack as engine
from rehearsal.places import PROJECT
from tests.rehearsal.stack import Stack

LIST = (PROJECT / "users.csv").read_text()
FROM_EXCEL = {
    "cp932.csv": LIST.replace("\n", "\r\n").encode("cp932"),
    "utf-16.csv": LIST.replace(",", "\t").encode("utf-16"),
    "semicolons.csv": b"\xef\xbb\xbf" + b"sep=;\r\n" + LIST.replace(",", ";").replace("\n", ";;\r\n").encode(),
    "wide.csv": LIST.replace("guest1", "ｇｕｅｓｔ１　").replace(",0,", ",０,").encode(),
}
"""The example's own list as other programs save it."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    stack = Stack("people-test")
    stack.stop()
    stack.start()
    engine.configured(stack.state, print)
    stack.up()
    yield stack
    stack.stop()


def everything(lab: Stack) -> dict[str, str]:
    """Every machine's state, to be compared before and after a run that was refused."""
    accounts = "declare (owner|guest[0-9]+)|HashedKey|NtLmSecureHash|RealName|Note|GroupName|ExpireTime"
    users = lab.output("server", "grep", "-E", accounts, "/var/lib/softether/vpn_server.config")
    return {**lab.bare("server"), "softether": users}


def refused(lab: Stack, file: Path, verb: str = "preview") -> str:
    """What a run says that ends before anything is touched."""
    done = lab.pulumi(verb, *(["--yes", "--skip-preview"] if verb == "up" else []), "--config-file", str(file))
    assert done.returncode != 0, done.stdout
    return str(done.stdout + done.stderr)


def with_users(lab: Stack, folder: Path, data: bytes, **more: Any) -> Path:
    (folder / "users.csv").write_bytes(data)
    return lab.variant(folder, users={"file": str(folder / "users.csv"), **more.pop("users", {})}, **more)


@pytest.mark.parametrize("name", FROM_EXCEL)
def test_a_list_from_any_spreadsheet_is_the_same_list(lab: Stack, tmp_path: Path, name: str) -> None:
    assert lab.is_settled("--config-file", str(with_users(lab, tmp_path, FROM_EXCEL[name])))


def test_a_list_that_lost_its_users_touches_nothing_in_preview_nor_up(lab: Stack, tmp_path: Path) -> None:
    before = everything(lab)
    header, owner, *guests = LIST.splitlines(keepends=True)
    for rows, sentence in (
        ("", "would remove 3 of 3 users"),
        (owner, "would remove 2 of 3 users"),
        ("".join(guests), "owner reaches everything, as an owner does"),
    ):
        file = with_users(lab, tmp_path, (header + rows).encode())
        for verb in ("preview", "up"):
            assert sentence in refused(lab, file, verb)
    file = with_users(lab, tmp_path, header.encode(), users={"mayRemove": True}, protect=True)
    assert "`protect` forbids that" in refused(lab, file)
    assert everything(lab) == before


def test_it_may_be_said_that_users_go(lab: Stack, tmp_path: Path) -> None:
    header, owner, *_ = LIST.splitlines(keepends=True)
    file = with_users(lab, tmp_path, (header + owner).encode(), users={"mayRemove": True})
    done = lab.pulumi("preview", "--config-file", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "- user LAB/guest1" in done.stdout


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty; give it a first line that names the columns"),
        (b"PK\x03\x04xl/workbook.xml", "is a damaged workbook or ZIP archive"),
        (b"guest1,First guest\n", "has no header"),
        ("名前,備考\nguest1,x\n".encode("cp932"), "did you mean 'name'?"),
        (b"name,expires\nguest1,31.03.2027\n", "write the year first, as in 2027-03-31"),
    ],
)
def test_what_cannot_be_understood_is_one_sentence_with_its_remedy(
    lab: Stack, tmp_path: Path, data: bytes, sentence: str
) -> None:
    said = refused(lab, with_users(lab, tmp_path, data))
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("wrong", "right"), [("fortigat", "fortigate"), ("firewal", "firewall"), ("protct", "protect")]
)
def test_a_misspelt_key_plans_no_deletion(lab: Stack, tmp_path: Path, wrong: str, right: str) -> None:
    before = everything(lab)
    file = lab.variant(tmp_path, **{right: None, wrong: lab.example.get(right, True)})
    for verb in ("preview", "up"):
        said = refused(lab, file, verb)
        assert f"labvpn:{wrong}: there is no such setting" in said
        assert f"did you mean 'labvpn:{right}'?" in said
    assert everything(lab) == before


@pytest.mark.parametrize("prefix", ["lavpn", "lab-vpn", "mylab"])
def test_a_key_below_a_wrong_prefix_plans_no_deletion(lab: Stack, tmp_path: Path, prefix: str) -> None:
    file = lab.variant(tmp_path, fortigate=None)
    values = yaml.safe_load(file.read_text())
    values["config"][f"{prefix}:fortigate"] = lab.example["fortigate"]
    file.write_text(yaml.safe_dump(values))
    assert "did you mean 'labvpn:fortigate'?" in refused(lab, file)


def test_keys_of_others_and_yamls_own_ways_are_understood(lab: Stack, tmp_path: Path) -> None:
    protocols = {"l2tpIpsec": "YES", "openvpn": "ON", "sstp": "OFF"}
    file = lab.variant(tmp_path, vpn={**lab.example["vpn"], "protocols": protocols})
    values = yaml.safe_load(file.read_text())
    values["config"] |= {"pulumi:tags": {"team": "lab"}, "fortios:hostname": "fw", "aws:region": "eu-west-1"}
    text = yaml.safe_dump(values)
    for word in protocols.values():
        text = text.replace(f"'{word}'", word.lower())
    assert "sstp: off" in text
    file.write_text(text)
    assert lab.is_settled("--config-file", str(file))


def test_an_empty_section_is_not_its_absence(lab: Stack, tmp_path: Path) -> None:
    file = lab.variant(tmp_path, fortigate=None)
    values = yaml.safe_load(file.read_text())
    values["config"]["labvpn:fortigate"] = None
    file.write_text(yaml.safe_dump(values))
    said = refused(lab, file)
    assert "fortigate: " in said
    assert "- 7 to delete" not in said


def test_invited_guests_stand_in_a_list_of_shift_jis_as_the_others_do(lab: Stack, tmp_path: Path) -> None:
    guests = "name;realName;expires\r\nguest3;髙橋　花子;2099/3/31\r\n".encode("cp932")
    invited = invitation(guests, "guests.csv", FROM_EXCEL["cp932.csv"], "users.csv", datetime.now(UTC))
    assert invited.data.startswith(FROM_EXCEL["cp932.csv"].partition(b"\r\n")[0])
    done = lab.pulumi("preview", "--config-file", str(with_users(lab, tmp_path, invited.data)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+ user LAB/guest3" in done.stdout
