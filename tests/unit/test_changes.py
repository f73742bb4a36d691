"""Differences in an administrator's words."""

from labvpn.model.document import Entry, read, write
from labvpn.observe.changes import drifted, planned
from labvpn.observe.host import Observed

ONE = 'user LAB/a realname="A B" MultiLogins=1\n'
FREE = 'user LAB/a realname="A B" MultiLogins=0\n'
OTHER = "user LAB/b MultiLogins=1\n"


def test_a_document_reads_as_it_was_written() -> None:
    entries = (Entry("user", "LAB/a", {"realname": "A B", "note": ""}), Entry("udp", "", {"ports": "1194,5555"}))
    assert read(write(entries)) == entries


def test_a_new_object_is_announced() -> None:
    assert planned(Observed(ONE), ONE + OTHER) == ["+ user LAB/b"]


def test_an_object_that_leaves_the_configuration_is_announced() -> None:
    assert planned(Observed(ONE + OTHER), ONE) == ["- user LAB/b"]


def test_a_changed_setting_is_announced_with_both_values() -> None:
    assert planned(Observed(ONE), FREE) == ["~ user LAB/a: MultiLogins 1 -> 0"]


def test_equal_documents_have_no_change() -> None:
    assert planned(Observed(ONE), ONE) == []


def test_a_change_by_hand_is_told_apart_from_a_wanted_one() -> None:
    assert drifted(Observed(FREE, applied=ONE), ONE) == ["user LAB/a: MultiLogins is 0 on the server, 1 here"]
    assert drifted(Observed(ONE, applied=ONE), FREE) == []


def test_what_somebody_removed_or_added_is_named() -> None:
    assert drifted(Observed("", applied=ONE), ONE) == ["user LAB/a is gone from the server"]
    assert drifted(Observed(ONE + OTHER, applied=ONE), ONE) == ["user LAB/b was added on the server"]


def test_a_host_that_was_never_converged_has_not_drifted() -> None:
    assert drifted(Observed(ONE, applied=None), FREE) == []
