"""A users' list that lost its users removes nobody unless that is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future

import pulumi
import pytest

from components import inspection
from labvpn.connect import inspect as hops
from labvpn.connect.inspect import Snapshot
from labvpn.parse.host import HostState
from labvpn.plan.losses import refusal
from labvpn.render.documents import Concern, documents
from tests.unit.samples import credentials, lab

OWNER = {"name": "owner", "reach": "free", "hub": "OWNER"}
GUESTS = [{"name": f"guest{number}"} for number in range(1, 8)]


def document(users: Iterable[dict[str, str]]) -> str:
    return documents(lab(users=list(users), hubs={"OWNER": {}}), "the agent")[Concern.HUB]


def sentence(
    before: list[dict[str, str]], after: list[dict[str, str]], may_remove: bool = False, protect: bool = False
) -> str | None:
    there = document(before)
    return refusal("203.0.113.20", HostState(there, there), document(after), may_remove, protect)


def test_a_list_that_loses_more_than_half_is_refused_with_the_remedy() -> None:
    assert sentence([OWNER, *GUESTS], [OWNER, *GUESTS[:2]]) == (
        "The users' list would remove 5 of 8 users from the VPN host 203.0.113.20 (guest3, guest4, guest5, guest6, "
        "guest7); put them back into the list, or set `users.mayRemove: true` for this run if you want that"
    )


def test_half_of_the_users_may_be_removed() -> None:
    assert sentence([OWNER, *GUESTS], [OWNER, *GUESTS[:3]]) is None
    assert sentence([], []) is None
    assert sentence([], GUESTS) is None


def test_an_empty_list_is_refused() -> None:
    assert "would remove 1 of 1 users" in str(sentence(GUESTS[:1], []))


def test_an_owner_is_not_lost_among_others() -> None:
    said = str(sentence([OWNER, *GUESTS], GUESTS))
    assert "would remove 1 of 8 users" in said
    assert "(owner; owner reaches everything, as an owner does)" in said
    device = {**OWNER, "devices": "00-AC-11-22-33-44"}
    assert "owner reaches everything" in str(sentence([device, *GUESTS], GUESTS))


def test_removal_may_be_allowed_but_protect_still_forbids_it() -> None:
    assert sentence([OWNER, *GUESTS], [], may_remove=True) is None
    said = str(sentence([OWNER, *GUESTS], [], may_remove=True, protect=True))
    assert "`protect` forbids that: put them back into the list, or switch protect off first" in said
    assert "and 3 more" in said


def test_a_name_in_another_case_is_not_a_loss() -> None:
    assert sentence(GUESTS[:1], [{"name": "GUEST1"}]) is None


def test_users_made_by_hand_or_already_gone_do_not_count_as_losses() -> None:
    applied, now = document(GUESTS[:3]), document([*GUESTS[:2], {"name": "by-hand"}])
    assert refusal("host", HostState(now, applied), document(GUESTS[:1]), False, False) is None


def test_a_user_who_moves_to_another_hub_is_lost_to_the_first_alone() -> None:
    moved = [{**GUESTS[0], "hub": "OWNER"}, *GUESTS[1:]]
    assert sentence(GUESTS, moved) is None


@pytest.mark.parametrize("protect", [False, True])
def test_the_preview_ends_before_anything_is_planned(monkeypatch: pytest.MonkeyPatch, protect: bool) -> None:
    there = document([OWNER, *GUESTS])
    pending: Future[Snapshot] = Future()
    pending.set_result(Snapshot([{Concern.HUB: HostState(there, there)}]))
    monkeypatch.setattr(hops, "inspect_hops", lambda *_: pending)
    one = lab(users=[], hubs={"OWNER": {}}, fortigate=None, dns=None, protect=protect)
    with pytest.raises(pulumi.RunError, match="would remove 8 of 8 users"):
        inspection.inspect(one, credentials(), inspection.host_plans(one, credentials())).result()
    said = one.model_copy(update={"may_remove": True, "protect": False})
    assert inspection.inspect(said, credentials(), inspection.host_plans(said, credentials())).result().hosts
