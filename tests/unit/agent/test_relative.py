"""A look's answer by what was asked with: of many users only the lines come that differ."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.agent.core import document
from labvpn.agent.core.document import parse, relative
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import State
from labvpn.agent.session import Session
from labvpn.parse.host import HostState, read_answer
from labvpn.render.agent_request import question
from labvpn.render.documents import Concern
from tests.unit.agent.fakes import FakeMachine

USERS = [f"user LAB/guest{number} password=current\n" for number in range(300)]
LINES = st.lists(st.sampled_from(["a x=1\n", "b\n", 'c "two words"\n', "d\u2028\n", "", "\n", "no end"]), max_size=12)


def there_and_back(text: str, asked: str) -> str:
    answer = json.dumps({"hub": {"observed": relative(text, asked)}})
    return read_answer(answer, {"hub": asked})["hub"].document


@given(LINES, LINES)
def test_every_document_arrives_as_it_is(text: list[str], asked: list[str]) -> None:
    assert there_and_back("".join(text), "".join(asked)) == "".join(text)


def test_what_is_equal_takes_one_number_whatever_its_length() -> None:
    assert relative("".join(USERS), "".join(USERS)) == [[0, len(USERS)]]


def test_of_a_changed_user_one_line_comes() -> None:
    changed = "user LAB/guest7 password=differs\n"
    there = "".join([*USERS[:7], changed, *USERS[8:]])
    assert relative(there, "".join(USERS)) == [[0, 7], changed, [8, 292]]


def test_a_removed_and_an_added_user_take_no_other_lines() -> None:
    there = "".join([*USERS[:100], *USERS[101:], "user LAB/new password=current\n"])
    assert relative(there, "".join(USERS)) == [[0, 100], [101, 199], "user LAB/new password=current\n"]


@pytest.mark.parametrize("piece", [[0, 4], [-1, 1], [3, 1], [0, 0], [0], ["0", 1], None, 7, {}])
def test_an_answer_beyond_what_was_asked_is_refused(piece: object) -> None:
    with pytest.raises(ValueError, match="not of the expected shape"):
        read_answer(json.dumps({"hub": {"observed": [piece]}}), {"hub": "a\nb\nc\n"})


def test_the_host_answers_a_preview_so(tmp_path: Path) -> None:
    machine, desired = FakeMachine(tmp_path), "address 10.0.0.1 interface=lo\n"
    State(machine, "host").record(desired)
    request = json.loads(question({Concern.HOST: desired}, {}))
    answer = Session(machine, request).observe()
    part = json.loads(answer)["host"]
    assert (part["applied"], part["begun"]) == ([[0, 1]], None)
    assert read_answer(answer, request["documents"])["host"].applied == desired


def test_who_asks_without_that_word_is_answered_in_whole(tmp_path: Path) -> None:
    machine, desired = FakeMachine(tmp_path), "address 10.0.0.1 interface=lo\n"
    State(machine, "host").record(desired)
    answer = read_answer(Session(machine, {"documents": {"host": desired}}).observe())
    assert isinstance(answer["host"], HostState)
    assert answer["host"].applied == desired


def test_a_document_is_parsed_once_however_often_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = document.parse_line

    def parse_line(text: str) -> document.Line:
        read.append(text)
        return real(text)

    monkeypatch.setattr(document, "parse_line", parse_line)
    for _ in range(3):
        parse("".join(USERS[:5]) + "address 10.9.9.9 interface=lo\n")
    assert len(read) == 6


def test_what_one_reader_does_with_a_document_does_not_reach_another() -> None:
    parse("address 10.0.0.7 interface=lo\n").clear()
    assert len(parse("address 10.0.0.7 interface=lo\n")) == 1


def test_a_document_with_a_mistake_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(AgentError, match="twice"):
            parse("address 10.0.0.1\naddress 10.0.0.1\n")
