"""The answer's words: complete in both languages, and silent about who dialled."""

import pytest

from labvpn.diagnose import codes, recognise, words
from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.event import Cause, DialStep, Stage
from labvpn.diagnose.render import as_json, as_text
from tests.unit.diagnose.cases import ALL

NAMES = ("hanako", "taro", "tarou", "guest1", "guest2", "guest9", "198.51.100.77", "203.0.113.20", "vpn.lab")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_stage_step_and_cause_has_its_words(language: str) -> None:
    said = words.of(language)
    assert set(said.stages) == set(Stage)
    assert set(said.steps) == set(DialStep)
    assert set(said.advice) == set(Cause)


def test_both_languages_say_the_same_things() -> None:
    english, japanese = words.of("en"), words.of("ja")
    assert set(english.reasons) == set(japanese.reasons)
    assert set(english.layout) == set(japanese.layout)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_answer_repeats_a_user_or_an_address(language: str) -> None:
    for case in ALL:
        verdict = diagnose([case.text], case.server)
        answer = as_text(verdict, language) + as_json(verdict, language)
        assert [name for name in NAMES if name in answer] == [], case.name


def test_the_answer_says_which_dial_was_judged() -> None:
    case = next(case for case in ALL if case.name == "mac-failed-then-connected")
    assert "dial 2 of 2" in as_text(diagnose([case.text]))


def test_a_code_alone_is_called_weak_and_has_alternatives() -> None:
    verdict = diagnose(["Error 789"])
    assert len(verdict.causes) > 2
    assert "weak evidence" in as_json(verdict)


def test_every_pattern_compiles_and_every_code_has_causes() -> None:
    assert len(recognise._compiled()) > 300
    assert len(recognise._sentences()) > 60
    assert all(causes for _, causes in (*codes.WINDOWS.values(), *codes.SOFTETHER.values()))


@pytest.mark.parametrize("code", sorted(codes.WINDOWS))
def test_every_windows_code_is_read_from_its_event(code: int) -> None:
    text = f"CoId={{0}}: LAB\\x dialed a connection which has failed. The error code returned on failure is {code}."
    assert diagnose([text]).causes == codes.WINDOWS[code][1]


@pytest.mark.parametrize("code", sorted(codes.SOFTETHER))
def test_every_softether_code_is_read_from_the_clients_log(code: int) -> None:
    text = f'VPN Connection Setting "lab": The connection has been disconnected or it failed. Cause: X. (code {code})'
    assert diagnose([text]).causes == codes.SOFTETHER[code][1]
