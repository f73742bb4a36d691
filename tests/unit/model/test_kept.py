"""What was found on a server may be anything that SoftEther takes; rules of form hold for what the stack makes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.model import accounts
from labvpn.model.lab import Lab
from labvpn.model.outputs import Outputs
from labvpn.model.users import User
from labvpn.model.users_file import read_users
from labvpn.model.vpn import Vpn
from labvpn.render.documents import Concern, documents
from labvpn.render.outputs import stack_outputs
from tests.unit.samples import credentials, lab


def refused(model: type[Any], **values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return str(caught.value)


def lines(one: Lab, kind: str) -> list[str]:
    return [line for text in documents(one, "").values() for line in text.splitlines() if line.split()[0] == kind]


@pytest.mark.parametrize("off", [None, False, "off", "Off", "none"])
def test_no_secure_nat_can_be_said_for_the_main_hub(off: object) -> None:
    one = lab(vpn={"secureNat": off})
    assert lines(one, "securenat") == ["securenat LAB enabled=no"]
    exported = Outputs.model_validate(json.loads(json.dumps(stack_outputs(one, credentials(), str))))
    assert exported.network.router is None
    assert exported.of("owner").network.routes == ()


def test_what_is_kept_is_left_out_of_what_the_stack_wants() -> None:
    kept = ["preshared-key", "l2tp-hub", "l2tp-raw", "etherip"]
    assert lines(lab(vpn={"kept": kept}), "ipsec") == ["ipsec l2tp=yes"]
    one = lab(vpn={"keptListeners": [8000]}, hubs={"LAB": {"kept": ["securenat", "log", "radius"]}})
    assert "listener 8000 enabled=kept" in lines(one, "listener")
    assert [lines(one, kind) for kind in ("securenat", "log", "radius")] == [[], [], []]
    (line,) = lines(lab(vpn={"secureNat": {"kept": ["dhcp", "nat", "dns", "mode", "first", "last"]}}), "securenat")
    assert not {"dhcp", "nat", "dns", "mode", "first", "last"} & {word.partition("=")[0] for word in line.split()}


def test_a_kept_listener_is_no_port_of_any_hop() -> None:
    assert 8000 not in {port.number for port in Vpn(kept_listeners=(8000,)).ports}
    assert "both name port 443" in refused(Vpn, keptListeners=[443])


def test_sshs_own_port_is_no_listener() -> None:
    assert "22, which is SSH's" in refused(Lab, server={"address": "203.0.113.20"}, vpn={"listeners": [443, 22]})


@pytest.mark.parametrize("name", ["My Hub v1.2", "研究室", "a=b"])
def test_a_new_hub_has_a_plain_name_and_a_found_one_what_softether_takes(name: str) -> None:
    assert "is not a name" in refused(Vpn, hub=name) or "takes no such name" in refused(Vpn, hub=name)
    if name.isascii() and "=" not in name:
        assert Vpn(hub=name, kept=("hub-password",)).hub == name


def test_a_found_user_has_any_name_that_softether_takes_and_a_new_one_a_plain_name() -> None:
    text = 'name,auth,note\n"J. Smith (MSc) #1 & 50%",kept,"say ""hi""\nand \\ more"\n'
    (user,), problems = read_users(text, "users.csv")
    assert problems == []
    assert user.note == 'say "hi"\nand \\ more'
    (line,) = lines(lab(users=[user.model_dump(by_alias=True)]), "user")
    assert '"LAB/J. Smith (MSc) #1 & 50%"' in line
    assert read_users(text.replace("kept", "password"), "users.csv")[1]
    for name in ("x/y", "研究", " a", "", "a\nb"):
        assert read_users(f'name,auth\n"{name}",kept\n', "users.csv")[1], name


def test_who_inherits_says_no_policy_of_his_own() -> None:
    groups = {"LAB": {"groups": {"staff": {"policies": {"MaxDownload": 8}}}}}
    one = lab(hubs=groups, users=[{"name": "a", "auth": "kept", "group": "staff", "policies": "inherited"}])
    assert one.policies_of(one.users[0]) == {"AutoDisconnect": 0, "MultiLogins": 0, "MaxDownload": 8}
    (line,) = lines(one, "user")
    assert line.endswith("expires=never policies=inherited")
    assert "policies is inherited, but MultiLogins is given" in refused(
        User, name="a", policies="inherited", MultiLogins=1
    )


@pytest.mark.parametrize(
    ("key", "word"), [("presharedKey", "lab12"), ("presharedKey", "vpn"), ("administratorPassword", "short")]
)
def test_a_secret_that_the_stack_would_not_set_may_be_kept(key: str, word: str) -> None:
    given = credentials(**{key: word})
    (problem,) = given.badly_chosen(())
    assert problem.place == key
    assert word not in problem.message or word == "vpn"
    assert list(given.badly_chosen(["preshared-key", "administrator-password"])) == []


def test_a_kept_key_need_not_be_known_and_a_poor_one_is_a_warning() -> None:
    one = lab(vpn={"kept": ["preshared-key"]})
    assert [str(problem) for problem in credentials(presharedKey=None).problems(one)] == []
    assert any("everyone knows" in words for words in accounts.warnings(one, credentials(presharedKey="vpn")))


def test_a_login_that_the_kept_part_of_a_hub_checks_is_no_mistake() -> None:
    users = [{"name": "r", "auth": "radius"}, {"name": "s", "auth": "signed"}]
    assert len(list(accounts.problems(lab(users=users)))) == 2
    assert list(accounts.problems(lab(users=users, hubs={"LAB": {"kept": ["radius", "authorities"]}}))) == []


def test_a_user_may_be_called_as_a_group_where_no_rule_would_mean_both() -> None:
    found = {"users": [{"name": "ops", "auth": "kept"}], "hubs": {"LAB": {"groups": {"OPS": {}}}}}
    assert len(list(accounts.problems(lab(**found)))) == 1
    assert list(accounts.problems(lab(**found, vpn={"kept": ["access"]}))) == []


def test_the_documents_are_read_back_as_they_were_written() -> None:
    text = documents(lab(users=[{"name": "a b", "auth": "kept", "note": "x\u2028y\r\n"}]), "")[Concern.HUB]
    assert [line for line in text.splitlines() if line.startswith("user ")] == [
        line for line in text.split("\n") if line.startswith("user ")
    ]
