"""The sentences of an answer are complete in both languages and name no user."""

import pytest

from labvpn.diagnose import codes, recognise, words
from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.event import Cause, DialStep, Stage
from labvpn.diagnose.render import as_json, as_text
from tests.unit.diagnose.cases import ALL, diagnosed

NAMES = ("hanako", "taro", "tarou", "guest1", "guest2", "guest9", "198.51.100.77", "203.0.113.20", "vpn.lab")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_stage_step_and_cause_has_a_sentence(language: str) -> None:
    texts = words.of(language)
    assert set(texts.stages) == set(Stage)
    assert set(texts.steps) == set(DialStep)
    assert set(texts.advice) == set(Cause)


def test_both_languages_have_the_same_sentences() -> None:
    english, japanese = words.of("en"), words.of("ja")
    assert set(english.reasons) == set(japanese.reasons)
    assert set(english.layout) == set(japanese.layout)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_answer_repeats_a_user_or_an_address(language: str) -> None:
    for case in ALL:
        verdict = diagnosed(case)
        answer = as_text(verdict, language) + as_json(verdict, language)
        assert [name for name in NAMES if name in answer] == [], case.name


def test_the_answer_names_the_attempt_that_it_diagnoses() -> None:
    case = next(case for case in ALL if case.name == "mac-failed-then-connected")
    assert "attempt 2 of 2" in as_text(diagnose([case.text]))


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
