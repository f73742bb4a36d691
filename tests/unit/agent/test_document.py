"""Documents: read, written, compared, and told in words."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.agent.core.document import (
    Change,
    actual_line,
    compare,
    describe,
    line_of,
    parse,
    parse_line,
    quote,
    render,
    words,
)
from labvpn.agent.core.errors import AgentError
from labvpn.state.document import Entry, read, write
from tests.unit.agent.fakes import DOCUMENTS

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])).map(lambda text: " ".join(text.split()))


@given(TEXT)
def test_a_value_comes_back_from_its_line(value: str) -> None:
    line = line_of("user", "LAB/owner", {"note": value})
    assert parse_line(line.text).values == {"note": value}


@given(TEXT)
def test_a_line_is_split_as_shlex_does(value: str) -> None:
    line = "user LAB/owner note=" + quote(value) + " a=b"
    assert words(line) == shlex.split(line)


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_every_document_of_the_stack_is_read_and_written_back_byte_by_byte(text: str) -> None:
    assert render(parse(text)) == text
    assert render(line_of(line.kind, line.name, line.values) for line in parse(text)) == text


def test_the_stack_and_the_agent_write_the_same_line() -> None:
    fields = {"realname": "Jün Ödön", "note": "", "AutoDisconnect": "1800"}
    assert write([Entry("user", "LAB/owner", fields)]) == render([line_of("user", "LAB/owner", fields)])


def test_a_line_that_agrees_keeps_its_own_text() -> None:
    want = parse_line("user LAB/owner   note='x y'")
    assert actual_line(want, {"note": "x y"}).text == want.text
    assert actual_line(want, {"note": "z"}).text == "user LAB/owner note=z"


def test_a_value_with_a_line_end_stays_on_one_line() -> None:
    assert "\n" not in quote("one\ntwo")


@pytest.mark.parametrize("text", ["user LAB/owner note", 'user LAB/owner note="x', "user LAB/owner\nuser LAB/owner"])
def test_a_document_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AgentError, match="document"):
        parse(text)


def test_changes_are_told_in_plain_words() -> None:
    desired = parse("user LAB/a x=1\nuser LAB/b x=2\nadministrator password=current\n")
    observed = parse("user LAB/b x=1\nlistener 8080 enabled=yes\nadministrator password=differs\n")
    assert [describe(change) for change in compare(desired, observed)] == [
        "+ user LAB/a",
        "~ user LAB/b: x 1 -> 2",
        "~ administrator: password set again",
        "- listener 8080",
    ]


def test_no_difference_is_no_change() -> None:
    assert compare(parse(DOCUMENTS["hub"]), parse(DOCUMENTS["hub"])) == []


def test_a_change_without_a_line_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="needs a line"):
        _ = Change(None, None).line


ANY = st.text(st.characters(exclude_categories=["Cs"]))


@given(ANY, ANY.filter(lambda text: "\n" not in text))
def test_any_text_and_any_name_come_back_from_a_document_on_both_sides(value: str, name: str) -> None:
    entry = Entry("user", f"LAB/{name}", {"note": value, "group": "none"})
    text = write([entry])
    assert text == render([line_of("user", f"LAB/{name}", {"note": value, "group": "none"})])
    assert len(text.splitlines()) == 1
    assert read(text) == (entry,)
    (line,) = parse(text)
    assert (line.name, line.values) == (f"LAB/{name}", {"note": value, "group": "none"})


@pytest.mark.parametrize("name", ["a=b", "=", 'say "hi"', "back\\slash", "o'neil", "John Smith", "研究\u2028室"])
def test_a_name_is_never_taken_for_a_field(name: str) -> None:
    assert parse(write([Entry("user", name, {"note": name})]))[0].name == name
